import type { AccountsService } from "../accounts/service.ts";
import type { Deps } from "../deps.ts";
import { paymentsById } from "../merge-pay/repo.ts";
import type { MergePayService } from "../merge-pay/service.ts";
import type { OrdersService } from "../orders/service.ts";
import { mandateBook } from "./book.ts";
import { mandateCharges } from "./charges.ts";
import { MANDATES, type StoredMandate } from "./model.ts";

/** The book of mandates alone: payments take from it, and so it is there before them. */
export async function mandatesBook(deps: Deps, accounts: AccountsService) {
  const mandates = await deps.store.collection<StoredMandate>(MANDATES);
  return mandateBook({ deps, mandates, accounts });
}

interface MandatesDeps {
  readonly deps: Deps;
  readonly book: Awaited<ReturnType<typeof mandatesBook>>;
  readonly mergePay: MergePayService;
  readonly orders: OrdersService;
}

/** Standing permissions of payers to be charged for their orders without being there. */
export async function mandatesService({ deps, book, mergePay, orders }: MandatesDeps) {
  const mandates = await deps.store.collection<StoredMandate>(MANDATES);
  const { create, get, list } = book;
  const charges = mandateCharges({ deps, mandates, book, mergePay, orders, paymentsById: await paymentsById(deps) });
  return { create, get, list, ...charges };
}

export type MandatesService = Awaited<ReturnType<typeof mandatesService>>;
