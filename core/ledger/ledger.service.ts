import { shell } from "../shell.ts";
import type { LedgerService } from "./service.ts";

export const ledgerShell = ({ entries, balances, close, days, day, dayTotals }: LedgerService) =>
  shell("ledger", { entries, balances, close, days, day, dayTotals });
