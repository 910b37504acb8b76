import { shell } from "../shell.ts";
import type { QuotesService } from "./quotes.ts";
import type { MergePayService } from "./service.ts";

export const mergePayShell = ({ pay, get, list, cancel, confirm }: MergePayService, quotes: QuotesService) =>
  shell("merge-pay", { pay, get, list, cancel, confirm, quote: quotes.create, getQuote: quotes.get });
