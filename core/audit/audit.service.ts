import { shell } from "../shell.ts";
import type { AuditService } from "./service.ts";

export const auditShell = ({ entries }: AuditService) => shell("audit", { entries });
