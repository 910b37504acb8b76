import type { Actions, QuoteRequest } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoredOrder } from "../orders/model.ts";
import { type Losers, reasonOf } from "../orders/lock.ts";
import type { OrdersService } from "../orders/service.ts";
import type { Quote, SelectedOrder } from "../../schemas/types.generated.ts";
import { changesSince } from "./changes.ts";
import { inParts, type Part } from "./parts.ts";
import { chargedIn, isOver, type RateLocks } from "./rates.ts";
import type { Atomicity, Selection } from "./requests.ts";
import { fingerprintOf, QUOTES, showQuote, type StoredQuote } from "./model.ts";

/** A selection with its price, and the locked rates that are in it. */
export type PricedIn = { readonly parts: Part[] } & Pick<StoredQuote, "rates" | "bank">;

type How = Pick<Atomicity, "atomicity">;

/** Prices selections of a payer's open orders, and keeps the quotes. */
export async function quotesService(deps: Deps, orders: OrdersService, locks: RateLocks) {
  const quotes = await deps.store.collection<StoredQuote>(QUOTES);
  const most = deps.limits.ordersPerPayment;

  /** The orders of a selection, and those of it that can't be had; there are some only of best_effort. */
  async function ordersOf(userId: string, selection: Selection, how: How): Promise<[StoredOrder[], Losers]> {
    if (selection.orders === "all") {
      const open = await orders.findOpen(userId, selection.currency, most + 1, selection.platforms);
      if (open.length === 0)
        throw new MergepayError(
          "SELECTION_EMPTY",
          selection.currency === undefined ? "You owe nothing." : "You owe nothing in this currency.",
        );
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
   * The selection with its total in each currency, and each order as it is now. Nothing is locked by it.
   * @throws SELECTION_EMPTY, SELECTION_TOO_LARGE, ORDERS_UNAVAILABLE (with the orders), TOTAL_TOO_LARGE
   */
  async function price(userId: string, selection: Selection, how: How = {}): Promise<Part[]> {
    const [selected, leftOut] = await ordersOf(userId, selection, how);
    if (selected.length > most) throw tooMany(most);
    return inParts(
      selected.map(({ _id, platform, merchant, orderNo, amount, revision }) => ({
        orderId: _id,
        platform,
        merchant,
        orderNo,
        amount,
        revision,
      })),
      leftOut,
    );
  }

  /** As `price`; where it is all paid in one currency, at rates that the bank has locked for it. */
  async function priceIn(userId: string, { payIn, accountId, ...selection }: QuoteRequest): Promise<PricedIn> {
    const parts = await price(userId, selection);
    const currencies = parts.map(({ total }) => total.currency);
    if (payIn === undefined || currencies.every((currency) => currency === payIn)) return { parts };
    assertFew(currencies, deps.limits.currenciesPerQuote);
    const { bank, rates } = await locks.lock(userId, accountId, currencies, payIn);
    const charged = chargedIn(
      parts.flatMap((part) => part.orders),
      rates,
      payIn,
    );
    return { parts: inParts(charged), bank, rates };
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
      const { parts, ...locked } = await priceIn(userId, selection);
      assertFew(parts, deps.limits.currenciesPerQuote);
      const now = deps.now();
      const selected = parts.flatMap((part) => part.orders);
      const totals = parts.map(({ total }) => total);
      const [total, another] = totals;
      const quote: StoredQuote = {
        _id: deps.newId("quo"),
        userId,
        orders: selected,
        ...(another === undefined && total !== undefined ? { total } : { totals }),
        ...locked,
        fingerprint: fingerprintOf(userId, selected, totals, locked.rates),
        createdAt: instant(now),
        // Text order is time order.
        expiresAt: [instant(now + deps.limits.quoteMs), ...(locked.rates ?? []).map((rate) => rate.expiresAt)].reduce(
          (first, at) => (at < first ? at : first),
        ),
      };
      await quotes.insertOne(quote);
      return showQuote(quote);
    },

    get: async ({ userId, quoteId }: Actions["merge-pay.getQuote"]["params"]): Promise<Quote> =>
      showQuote(await find(userId, quoteId)),

    /**
     * The quote to pay by: all of it, as it was seen; of best_effort, those of its orders that are as they were seen.
     * @throws NOT_FOUND, QUOTE_MISMATCH (with what changed), QUOTE_EXPIRED, RATE_EXPIRED
     */
    async toPay(userId: string, quoteId: string, fingerprint: string, how: How = {}): Promise<PricedIn> {
      const quote = await find(userId, quoteId);
      if (quote.fingerprint !== fingerprint)
        throw new MergepayError("QUOTE_MISMATCH", "The fingerprint is not that of the quote.", {
          field: "/fingerprint",
        });
      const { rates, bank } = quote;
      if (rates?.some((rate) => isOver(rate, deps.now())) === true) throw new MergepayError("RATE_EXPIRED");
      if (quote.expiresAt <= instant(deps.now())) throw new MergepayError("QUOTE_EXPIRED");
      const locked = rates === undefined || bank === undefined ? {} : { rates, bank };
      const present = await orders.findOwn(
        userId,
        quote.orders.map(({ orderId }) => orderId),
      );
      const changes = changesSince(quote.orders, present);
      if (changes.length === 0) return { parts: inParts(quote.orders), ...locked };
      const changed = new Set(changes.map(({ orderId }) => orderId));
      const kept = quote.orders.filter(({ orderId }) => !changed.has(orderId));
      if (how.atomicity !== "best_effort" || kept.length === 0)
        throw new MergepayError("QUOTE_MISMATCH", `${changed.size} of its orders changed since; take a new quote.`, {
          changes,
        });
      const byId = new Map(present.map((order) => [order._id, order]));
      const reasonFor = ({ orderId, revision }: SelectedOrder) => reasonOf(byId.get(orderId), userId, revision);
      const lost = quote.orders.filter(({ orderId }) => changed.has(orderId));
      const leftOut = lost.map((order) => ({ orderId: order.orderId, reason: reasonFor(order) }));
      return { parts: inParts(kept, leftOut), ...locked };
    },
  };
}

export type QuotesService = Awaited<ReturnType<typeof quotesService>>;

function assertFew(currencies: readonly unknown[], most: number): void {
  if (currencies.length > most)
    throw new MergepayError(
      "SELECTION_TOO_LARGE",
      `A quote is over at most ${most} currencies; select fewer and pay the rest after.`,
    );
}

const tooMany = (most: number) =>
  new MergepayError(
    "SELECTION_TOO_LARGE",
    `One payment takes at most ${most} orders; select fewer and pay the rest after.`,
  );
