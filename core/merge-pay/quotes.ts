import type { Actions, Selection } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { sumMoney } from "../money/money.ts";
import type { StoredOrder } from "../orders/model.ts";
import { type Losers, reasonOf } from "../orders/lock.ts";
import type { OrdersService } from "../orders/service.ts";
import type { Money, Quote, SelectedOrder } from "../../schemas/types.generated.ts";
import { changesSince } from "./changes.ts";
import type { Atomicity } from "./requests.ts";
import { fingerprintOf, QUOTES, showQuote, type StoredQuote } from "./model.ts";

/** A selection with its price. */
export interface Priced {
  readonly orders: SelectedOrder[];
  readonly total: Money;
  /** Of best_effort: what was asked for and can't be had now. */
  readonly leftOut?: Losers;
}

type How = Pick<Atomicity, "atomicity">;

/** Prices selections of a payer's open orders, and keeps the quotes. */
export async function quotesService(deps: Deps, orders: OrdersService) {
  const quotes = await deps.store.collection<StoredQuote>(QUOTES);
  const most = deps.limits.ordersPerPayment;

  /** The orders of a selection, and those of it that can't be had; there are some only of best_effort. */
  async function ordersOf(userId: string, selection: Selection, how: How): Promise<[StoredOrder[], Losers]> {
    if (selection.orders === "all") {
      if (!("currency" in selection))
        throw new MergepayError("BODY_INVALID", 'orders: "all" needs a currency.', { field: "/currency" });
      const open = await orders.findOpen(userId, selection.currency, most + 1, selection.platforms);
      if (open.length === 0) throw new MergepayError("SELECTION_EMPTY", "You owe nothing in this currency.");
      return [open, []];
    }
    const ids = selection.orders;
    if (ids.length === 0) throw new MergepayError("SELECTION_EMPTY");
    if (ids.length > most) throw tooMany(most);
    if (new Set(ids).size < ids.length)
      throw new MergepayError("BODY_INVALID", "An order is selected twice; name each once.", { field: "/orders" });
    const found = await orders.findOwn(userId, ids);
    const byId = new Map(found.map((order) => [order._id, order]));
    const losers = ids
      .filter((id) => byId.get(id)?.state !== "open")
      .map((orderId) => ({ orderId, reason: reasonOf(byId.get(orderId), userId) }));
    if (losers.length > 0 && (how.atomicity !== "best_effort" || losers.length === ids.length))
      throw new MergepayError("ORDERS_UNAVAILABLE", undefined, { orders: losers });
    return [found.filter(({ state }) => state === "open"), losers];
  }

  /**
   * The selection with its total, and each order as it is now. Nothing is locked by it.
   * @throws SELECTION_EMPTY, SELECTION_TOO_LARGE, ORDERS_UNAVAILABLE (with the orders), CURRENCIES_MIXED, TOTAL_TOO_LARGE
   */
  async function price(userId: string, selection: Selection, how: How = {}): Promise<Priced> {
    const [selected, leftOut] = await ordersOf(userId, selection, how);
    if (selected.length > most) throw tooMany(most);
    return {
      orders: selected.map(({ _id, platform, merchant, orderNo, amount, revision }) => ({
        orderId: _id,
        platform,
        merchant,
        orderNo,
        amount,
        revision,
      })),
      total: sumMoney(selected.map(({ amount }) => amount)),
      ...(leftOut.length === 0 ? {} : { leftOut }),
    };
  }

  async function find(userId: string, quoteId: string): Promise<StoredQuote> {
    const quote = await quotes.findOne({ _id: quoteId });
    if (quote === null || quote.userId !== userId)
      throw new MergepayError("NOT_FOUND", "There is no such quote of yours.");
    return quote;
  }

  return {
    price,

    async create({ userId, selection }: Actions["merge-pay.quote"]["params"]): Promise<Quote> {
      const priced = await price(userId, selection);
      const now = deps.now();
      const quote: StoredQuote = {
        _id: deps.newId("quo"),
        userId,
        ...priced,
        fingerprint: fingerprintOf(userId, priced.orders, priced.total),
        createdAt: instant(now),
        expiresAt: instant(now + deps.limits.quoteMs),
      };
      await quotes.insertOne(quote);
      return showQuote(quote);
    },

    get: async ({ userId, quoteId }: Actions["merge-pay.getQuote"]["params"]): Promise<Quote> =>
      showQuote(await find(userId, quoteId)),

    /**
     * The quote to pay by: all of it, as it was seen; of best_effort, those of its orders that are as they were seen.
     * @throws NOT_FOUND, QUOTE_MISMATCH (with what changed), QUOTE_EXPIRED
     */
    async toPay(userId: string, quoteId: string, fingerprint: string, how: How = {}): Promise<Priced> {
      const quote = await find(userId, quoteId);
      if (quote.fingerprint !== fingerprint)
        throw new MergepayError("QUOTE_MISMATCH", "The fingerprint is not that of the quote.", {
          field: "/fingerprint",
        });
      if (quote.expiresAt <= instant(deps.now())) throw new MergepayError("QUOTE_EXPIRED");
      const present = await orders.findOwn(
        userId,
        quote.orders.map(({ orderId }) => orderId),
      );
      const changes = changesSince(quote.orders, present);
      if (changes.length === 0) return { orders: quote.orders, total: quote.total };
      const changed = new Set(changes.map(({ orderId }) => orderId));
      const kept = quote.orders.filter(({ orderId }) => !changed.has(orderId));
      if (how.atomicity !== "best_effort" || kept.length === 0)
        throw new MergepayError("QUOTE_MISMATCH", `${changed.size} of its orders changed since; take a new quote.`, {
          changes,
        });
      const byId = new Map(present.map((order) => [order._id, order]));
      return {
        orders: kept,
        total: sumMoney(kept.map(({ amount }) => amount)),
        leftOut: quote.orders
          .filter(({ orderId }) => changed.has(orderId))
          .map(({ orderId, revision }) => ({ orderId, reason: reasonOf(byId.get(orderId), userId, revision) })),
      };
    },
  };
}

export type QuotesService = Awaited<ReturnType<typeof quotesService>>;

const tooMany = (most: number) =>
  new MergepayError(
    "SELECTION_TOO_LARGE",
    `One payment takes at most ${most} orders; select fewer and pay the rest after.`,
  );
