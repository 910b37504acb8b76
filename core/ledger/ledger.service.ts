import { shell } from "../shell.ts";
import type { LedgerService } from "./service.ts";

export const ledgerShell = ({ entries, balances }: LedgerService) => shell("ledger", { entries, balances });
