import { type Deps, instant } from "../deps.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { StoredOrder } from "./model.ts";

/** The users of those buyer keys that are linked to one. */
export type UsersOf = (buyers: readonly string[]) => Promise<Map<string, string>>;

/** How many orders a link gave its user, and how many an ended one took back. */
export interface Settled {
  claimed: number;
  released: number;
}

/** Whose orders are: an order without a user waits for a link; an open one is its buyer's user's; a locked or paid one keeps its user. */
export function orderOwners(deps: Deps, orders: StoreCollection<StoredOrder>, usersOf: UsersOf) {
  async function settleOne(buyer: string, userId: string | null): Promise<Settled> {
    const update = { $set: { userId, updatedAt: instant(deps.now()) } };
    // Each is a compare-and-set on the order: one that a payment locks meanwhile stays as it was locked.
    const foreign = { buyer, state: "open" as const, userId: { $nin: userId === null ? [null] : [null, userId] } };
    const released = (await orders.updateMany(foreign, update)).modifiedCount;
    const claimed = userId === null ? 0 : (await orders.updateMany({ buyer, userId: null }, update)).modifiedCount;
    return { claimed, released };
  }

  /**
   * Brings the orders of these buyers in line with their links, until the links read after the writing are those that it went by: a link
   * made or ended meanwhile either is seen here or sees what was written.
   */
  async function settle(buyers: readonly string[]): Promise<Settled> {
    const sum: Settled = { claimed: 0, released: 0 };
    let users = await usersOf(buyers);
    for (let due = buyers; due.length > 0;) {
      const done = await Promise.all(due.map((buyer) => settleOne(buyer, users.get(buyer) ?? null)));
      for (const { claimed, released } of done) {
        sum.claimed += claimed;
        sum.released += released;
      }
      const now = await usersOf(due);
      due = due.filter((buyer) => now.get(buyer) !== users.get(buyer));
      users = now;
    }
    return sum;
  }

  return {
    usersOf,
    settle,

    /** After orders were written by the links as they were: settles the buyers whose link is another one now. */
    async settleChanged(buyers: readonly string[], before: ReadonlyMap<string, string>): Promise<void> {
      const now = await usersOf(buyers);
      await settle(buyers.filter((buyer) => now.get(buyer) !== before.get(buyer)));
    },

    /** Orders that were locked when their buyer's link ended kept their user; open again, they are whose the link says. */
    async settleOpened(orderIds: readonly string[]): Promise<void> {
      const opened = await orders
        .find({ _id: { $in: [...orderIds] }, state: "open" }, { projection: { buyer: 1, userId: 1 } })
        .toArray();
      const users = await usersOf([...new Set(opened.map(({ buyer }) => buyer))]);
      const others = opened.filter(({ buyer, userId }) => (users.get(buyer) ?? null) !== userId);
      await settle([...new Set(others.map(({ buyer }) => buyer))]);
    },
  };
}

export type OrderOwners = ReturnType<typeof orderOwners>;
