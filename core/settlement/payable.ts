import type { Filter } from "mongodb";
import { MINOR_LIMIT, minorOfMoney, moneyOf } from "../money/money.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { Money } from "../../schemas/types.generated.ts";
import type { KeptLine } from "./model.ts";
import { LINE_STATES } from "./states.ts";

/** A line as a payout was planned with it: taken only as long as no other payout has taken it since. */
export interface PlannedLine {
  readonly id: string;
  readonly claims: number;
}

/** What can be paid to a payee now. `payable` is below zero when the payee owes it. */
export interface Plan {
  readonly payable: Money;
  readonly planned: readonly PlannedLine[];
}

/** Lines of one payout. */
const LINES_PER_PAYOUT = 5_000;
/** Kinds that take from the payee: all of them are netted before anything is paid. */
const TAKING = ["refund", "chargeback", "reserve"] as const;

/** The lines as payouts take them. Each step changes lines one by one by compare-and-set, and done twice it changes nothing. */
export function payableLines(lines: StoreCollection<KeptLine>) {
  const some = (filter: Filter<KeptLine>, limit: number): Promise<KeptLine[]> =>
    limit === 0 ? Promise.resolve([]) : lines.find(filter).sort({ _id: 1 }).limit(limit).toArray();

  return {
    /** The payees that have lines which are not paid out, in order. @param after the last one of the page before */
    async payees(after: string, limit: number, only: Filter<KeptLine> = {}): Promise<string[]> {
      const open = { payee: { $gt: after }, state: { $in: ["due", "held", "payable"] } };
      const found = await lines
        .aggregate<{ _id: string }>([
          { $match: { $and: [open, only] } },
          { $group: { _id: "$payee" } },
          { $sort: { _id: 1 } },
          { $limit: limit },
        ])
        .toArray();
      return found.map(({ _id }) => _id);
    },

    /** What can be paid now: what takes from the payee first, then the oldest of what is owed. */
    async plan(payee: string): Promise<Plan> {
      const payable = { payee, state: "payable" } as const;
      const taking = await some({ ...payable, kind: { $in: [...TAKING] } }, LINES_PER_PAYOUT);
      const owed = await some({ ...payable, kind: { $nin: [...TAKING] } }, LINES_PER_PAYOUT - taking.length);
      let sum = 0n;
      const planned: PlannedLine[] = [];
      for (const { _id: id, claims, net } of [...taking, ...owed]) {
        const next = sum + minorOfMoney(net);
        if (next >= MINOR_LIMIT || next <= -MINOR_LIMIT) break;
        sum = next;
        planned.push({ id, claims });
      }
      return { payable: moneyOf(sum, payee.slice(payee.lastIndexOf("/") + 1)), planned };
    },

    /** The last line by which a refund or chargeback took from a payee and which no payout has netted. */
    async lastTaking(payee: string): Promise<KeptLine | undefined> {
      const taking = { payee, state: "payable", kind: { $in: ["refund", "chargeback"] } } as const;
      const [last] = await lines.find(taking).sort({ _id: -1 }).limit(1).toArray();
      return last;
    },

    /** What a payee is owed in all, of lines that are in no payout; below zero when it owes. */
    async balanceOf(payee: string): Promise<Money> {
      const open = await lines
        .find({ payee, state: { $in: ["due", "held", "payable"] } }, { projection: { net: 1 } })
        .toArray();
      const sum = open.reduce((minor, { net }) => minor + minorOfMoney(net), 0n);
      return moneyOf(sum, payee.slice(payee.lastIndexOf("/") + 1));
    },

    /** What waits for its time or a delivery, and when the next of it becomes payable. */
    async heldOf(payee: string): Promise<{ held: Money; nextAt?: string }> {
      const waiting = await lines
        .find({ payee, state: { $in: ["due", "held"] } }, { projection: { net: 1, payableAt: 1 } })
        .toArray();
      const currency = payee.slice(payee.lastIndexOf("/") + 1);
      const sum = waiting.reduce((minor, { net }) => minor + minorOfMoney(net), 0n);
      const [nextAt] = waiting.flatMap(({ payableAt }) => payableAt ?? []).toSorted((a, b) => (a < b ? -1 : 1));
      return { held: moneyOf(sum, currency), ...(nextAt === undefined ? {} : { nextAt }) };
    },

    /**
     * Takes planned lines into a payout. A line that another payout has taken since the plan is left alone, whatever became of that one.
     * @returns the lines that the payout has
     */
    async claim(payoutId: string, planned: readonly PlannedLine[]): Promise<KeptLine[]> {
      await lines.bulkWrite(
        planned.map(({ id, claims }) => ({
          updateOne: {
            filter: { _id: id, state: { $in: [...LINE_STATES.into("in_payout")] }, claims },
            update: { $set: { state: "in_payout" as const, payoutId, claims: claims + 1 } },
          },
        })),
        { ordered: false },
      );
      return lines.find({ payoutId, state: "in_payout" }).toArray();
    },

    /** Gives the lines of a payout back that is not paid. */
    async release(payoutId: string): Promise<void> {
      await lines.updateMany(
        { payoutId, state: "in_payout" },
        { $set: { state: "payable" }, $unset: { payoutId: true } },
      );
    },

    /** The lines of a payout are paid. @returns the orders that they are for */
    async paidOut(payoutId: string): Promise<string[]> {
      await lines.updateMany({ payoutId, state: "in_payout" }, { $set: { state: "paid_out" } });
      const paid = await lines.find({ payoutId, kind: "order" }, { projection: { orderId: 1 } }).toArray();
      return paid.map(({ orderId }) => orderId);
    },
  };
}
