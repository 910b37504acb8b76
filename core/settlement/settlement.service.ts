import { shell } from "../shell.ts";
import type { SettlementService } from "./service.ts";

export const settlementShell = ({ list }: SettlementService) => shell("settlement", { lines: list });
