import type { Deps } from "../deps.ts";
import { MANDATES, type StoredMandate } from "./model.ts";

/** Whether an active mandate is for an account. */
export async function mandatesFor(deps: Deps) {
  const mandates = await deps.store.collection<StoredMandate>(MANDATES);
  return async (accountId: string): Promise<boolean> =>
    (await mandates.findOne({ accountId, state: "active" })) !== null;
}
