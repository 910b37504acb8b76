import type { AccountSecret } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { faultOfNumber, masked, plainNumber } from "./number.ts";

/** What a bank knows an account by, as it was given, and what may be shown of it: nothing of a token, as nobody knows it by heart. */
export interface Given {
  readonly secret: string;
  readonly shown: { readonly masked?: string };
}

/** @throws BODY_INVALID unless there is either a token or an account number that can be one */
export function secretOf({ token, number }: AccountSecret): Given {
  if (token !== undefined && number === undefined) return { secret: token, shown: {} };
  if (token !== undefined || number === undefined)
    throw new MergepayError("BODY_INVALID", "An account is given by its token or by its number.", { field: "/number" });
  const plain = plainNumber(number);
  const fault = faultOfNumber(plain);
  if (fault !== undefined)
    throw new MergepayError("BODY_INVALID", `number ${fault}; look at it again.`, { field: "/number" });
  return { secret: plain, shown: { masked: masked(plain) } };
}

/** @throws BODY_INVALID when there is no such bank */
export async function assertBank(deps: Deps, bank: string): Promise<void> {
  const { items } = await deps.call("bank-adapter.banks", {});
  if (!items.some((known) => known.bank === bank))
    throw new MergepayError("BODY_INVALID", "There is no bank of this name here.", { field: "/bank" });
}
