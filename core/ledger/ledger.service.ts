import { shell } from "../shell.ts";
import type { LedgerService } from "./service.ts";

export const ledgerShell = ({ entries }: LedgerService) => shell("ledger", { entries });
