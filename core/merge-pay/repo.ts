import type { Filter } from "mongodb";
import type { Deps } from "../deps.ts";
import { PAYMENTS, type StoredPayment } from "./model.ts";
import type { PaymentState } from "./states.ts";

/** The states in which a payment may still be sent, or asked about, by its account. */
const UNDER_WAY: readonly PaymentState[] = ["locking", "submitting", "unknown", "requires_action"];

/** Whether a payment of a payer that is under way is to be taken from an account. */
export async function paymentsUnderWay(deps: Deps) {
  const payments = await deps.store.collection<StoredPayment>(PAYMENTS);
  return async (userId: string, accountId: string): Promise<boolean> => {
    const filter: Filter<StoredPayment> = { userId, accountId, state: { $in: [...UNDER_WAY] } };
    return (await payments.findOne(filter)) !== null;
  };
}

/** What became of payments, by their ids. */
export async function paymentsById(deps: Deps) {
  const payments = await deps.store.collection<StoredPayment>(PAYMENTS);
  return async (ids: readonly string[]): Promise<ReadonlyMap<string, StoredPayment>> => {
    if (ids.length === 0) return new Map();
    const found = await payments.find({ _id: { $in: [...ids] } }).toArray();
    return new Map(found.map((payment) => [payment._id, payment]));
  };
}

export type PaymentsById = Awaited<ReturnType<typeof paymentsById>>;
