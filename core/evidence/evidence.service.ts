import { shell } from "../shell.ts";
import type { EvidenceService } from "./service.ts";

export const evidenceShell = ({ read }: EvidenceService) => shell("evidence", { read });
