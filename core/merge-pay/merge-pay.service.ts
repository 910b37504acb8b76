import { shell } from "../shell.ts";
import type { QuotesService } from "./quotes.ts";
import type { MergePayService } from "./service.ts";

export const mergePayShell = (service: MergePayService, quotes: QuotesService) => {
  const { pay, payTogether, get, list, cancel, confirm, reviews, review, propose, approve, reject } = service;
  const ofPayments = { pay, payTogether, get, list, cancel, confirm, reviews, review, propose, approve, reject };
  return shell("merge-pay", { ...ofPayments, quote: quotes.create, getQuote: quotes.get });
};
