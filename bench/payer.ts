import type { Node } from "../gateway/node.ts";
import { ORDERS, type StoredOrder } from "../core/orders/model.ts";
import { importFile } from "./node.ts";

/** More than any measurement pays. */
const OPENING = { value: "9000000000.00", currency: "USD" };
const userId = "usr_bench";

/** A payer with an account and open orders, who pays for them in the order in which they came. */
export interface Payer {
  readonly userId: string;
  /** Ids of the next orders that nobody has paid for. */
  take(count: number): string[];
  /** Pays for the next orders. @returns the payment's id @throws unless it succeeds */
  pay(orders: number): Promise<string>;
  /** Milliseconds that so many payments take with so many under way at any time. */
  paying(payments: number, orders: number, atOnce: number): Promise<number>;
}

/** Imports the file for a payer who has an account. @param platform the sender of the file, whose buyer the payer is */
export async function newPayer(node: Node, platform: string, file: string): Promise<Payer> {
  const { call, store } = node;
  await importFile(node, platform, file);
  const orders = await store.collection<StoredOrder>(ORDERS);
  const { buyerId } = (await orders.findOne({})) ?? {};
  if (buyerId === undefined) throw new Error("The orders of the file have no buyer.");
  await call("links.create", { platform, userId, buyerId });
  const { items } = await call("bank-adapter.banks", {});
  const [{ bank } = { bank: "" }] = items;
  const { accountToken } = await call("bank-adapter.openTestAccount", { bank, opening: OPENING });
  await call("accounts.create", { userId, bank, token: accountToken, label: "Bench" });
  return knownPayer(node);
}

/** The payer of a data folder that was used before. */
export async function knownPayer({ call, store }: Node): Promise<Payer> {
  const orders = await store.collection<StoredOrder>(ORDERS);
  const own = await orders
    .find({ userId, state: "open" }, { projection: { _id: 1 } })
    .sort({ _id: 1 })
    .toArray();
  const run = `${Date.now()}`;
  let taken = 0;
  let paid = 0;

  const take = (count: number): string[] => {
    const some = own.slice(taken, (taken += count)).map(({ _id }) => _id);
    if (some.length !== count) throw new Error(`There are not ${count} more open orders.`);
    return some;
  };
  const pay = async (count: number): Promise<string> => {
    const request = { orders: take(count) };
    const { id, state } = await call("merge-pay.pay", { userId, idempotencyKey: `bench-${run}-${paid++}`, request });
    if (state !== "succeeded") throw new Error(`A payment of ${count} orders is ${state}.`);
    return id;
  };
  return {
    userId,
    take,
    pay,
    async paying(payments, count, atOnce) {
      let left = payments;
      const began = performance.now();
      const payer = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await pay(count);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, payer));
      return performance.now() - began;
    },
  };
}
