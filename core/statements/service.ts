import type { Filter } from "mongodb";
import type { Actions } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import { exponentOf } from "../money/currency.ts";
import { bound, placeOfCursor } from "../pages.ts";
import { PAYOUTS, type StoredPayout } from "../payouts/model.ts";
import { instantOf } from "../plugin/instant.ts";
import { dayBegins } from "../settlement/days.ts";
import { type KeptLine, LINES } from "../settlement/model.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { Doc, StoreCollection } from "../store/contract.ts";
import type { Money, Statement, StatementItem } from "../../schemas/types.generated.ts";
import { itemOfLine, itemOfPayout, PLACE, placeOf } from "./model.ts";

/** Documents that are read at a time to sum what was before. */
const AT_A_TIME = 2_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What merchants were owed and paid, explained line by line. */
export async function statementsService(
  deps: Pick<Deps, "store" | "limits" | "now">,
  settlement: Pick<SettlementService, "settlementRuleOf">,
) {
  const lines = await deps.store.collection<KeptLine>(LINES);
  const payouts = await deps.store.collection<StoredPayout>(PAYOUTS);

  /** All that is before a time, read in the order of `at` and id, a part at a time. */
  async function sumBefore<T extends Doc>(
    collection: StoreCollection<T>,
    at: "postedAt" | "paidAt",
    payee: string,
    end: string,
    amountOf: (doc: T) => Money,
  ): Promise<bigint> {
    let sum = 0n;
    let last: T | undefined;
    for (;;) {
      const found: T[] = await after(
        collection,
        at,
        { payee, [at]: { $lt: end } } as unknown as Filter<T>,
        AT_A_TIME,
        last,
      );
      for (const doc of found) sum += minorOfMoney(amountOf(doc));
      last = found.at(-1);
      if (found.length < AT_A_TIME) return sum;
    }
  }

  /** What the merchant was owed at a moment: all lines before it, less what was paid out. */
  async function balanceAt(payee: string, end: string): Promise<Money> {
    const [owed, paid] = await Promise.all([
      sumBefore(lines, "postedAt", payee, end, ({ net }) => net),
      sumBefore(payouts, "paidAt", payee, end, ({ amount }) => amount),
    ]);
    return moneyOf(owed - paid, payee.slice(payee.lastIndexOf("/") + 1));
  }

  /** A moment as asked for: a time with a zone, or a day of the merchant's zone. */
  function momentOf(field: "from" | "to", text: string, zone: string): string {
    const given = DAY.test(text) ? dayBegins(text, zone) : instantOf(text);
    if (given === undefined)
      throw new MergepayError(
        "QUERY_INVALID",
        `${field} must be a day such as 2026-03-01 or an ISO 8601 date and time with a zone.`,
        { field },
      );
    return instant(Date.parse(given));
  }

  return {
    /**
     * One page of the statement of a merchant in a currency.
     * @throws QUERY_INVALID for times that are none, the wrong way round or to come, for a cursor that is none, a limit out of range; CURRENCY_UNKNOWN
     */
    async get(params: Actions["statements.get"]["params"]): Promise<Statement> {
      const { platform, merchant, currency, after: cursor } = params;
      const { ordersPerPage } = deps.limits;
      const limit = params.limit ?? ordersPerPage;
      if (exponentOf(currency) === undefined)
        throw new MergepayError("CURRENCY_UNKNOWN", undefined, { field: "currency" });
      if (!Number.isInteger(limit) || limit < 1 || limit > ordersPerPage)
        throw new MergepayError("QUERY_INVALID", `limit is a whole number from 1 to ${ordersPerPage}.`, {
          field: "limit",
        });
      const { zone = "UTC" } = await settlement.settlementRuleOf(platform, merchant);
      const [from, to] = [momentOf("from", params.from, zone), momentOf("to", params.to, zone)];
      if (from >= to) throw new MergepayError("QUERY_INVALID", "from must be before to.", { field: "from" });
      // What is still to come would be missing from a statement that was issued before.
      if (to > instant(deps.now()))
        throw new MergepayError("QUERY_INVALID", "to must not be to come.", { field: "to" });
      const list = [platform, merchant, currency, from, to];
      const place = cursor === undefined ? undefined : PLACE.exec(placeOfCursor(cursor, list, PLACE));
      const seen = cursor === undefined ? undefined : { at: place?.[1] ?? "", _id: place?.[2] ?? "" };
      const payee = `${platform}/${merchant}/${currency}`;
      const within = { $gte: from, $lt: to };
      const [ofLines, ofPayouts] = await Promise.all([
        after(lines, "postedAt", { payee, postedAt: within }, limit + 1, seen && { postedAt: seen.at, _id: seen._id }),
        after(payouts, "paidAt", { payee, paidAt: within }, limit + 1, seen && { paidAt: seen.at, _id: seen._id }),
      ]);
      const all: StatementItem[] = [...ofLines.map(itemOfLine), ...ofPayouts.map(itemOfPayout)];
      all.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      const items = all.slice(0, limit);
      const last = items.at(-1);
      const more = all.length > limit && last !== undefined;
      return {
        platform,
        merchant,
        currency,
        from,
        to,
        ...(cursor === undefined ? { opening: await balanceAt(payee, from) } : {}),
        items,
        ...(more ? { next: bound(placeOf(last), list) } : { closing: await balanceAt(payee, to) }),
      };
    },
  };
}

export type StatementsService = Awaited<ReturnType<typeof statementsService>>;

/** The documents behind one, in the order of a time and then of their ids. */
async function after<T extends Doc>(
  collection: StoreCollection<T>,
  at: "postedAt" | "paidAt",
  filter: Filter<T>,
  limit: number,
  last?: { readonly _id: string; readonly [name: string]: unknown },
): Promise<T[]> {
  const behind =
    last === undefined ? {} : { $or: [{ [at]: { $gt: last[at] } }, { [at]: last[at], _id: { $gt: last._id } }] };
  return collection
    .find({ $and: [filter, behind as Filter<T>] } as Filter<T>)
    .sort({ [at]: 1, _id: 1 })
    .limit(limit)
    .toArray();
}
