import type { Money } from "../../schemas/types.generated.ts";

/**
 * What became of an instruction, in the bank's word or for want of it:
 * `succeeded`, `failed`: the bank says so · `pending`: the bank has it and has not decided · `not_found`: the bank does not know the id (now) ·
 * `not_sent`: it is certain that no byte of the instruction left us · `unknown`: it may have been sent; nothing can be said.
 * An `unknown` with `BANK_ANSWER_DIFFERS` is one where the bank did answer, but of another amount, currency, id or content than was asked:
 * a person must look at it. A reason names no account, key or token.
 */
export type BankOutcome =
  | { readonly state: "succeeded"; readonly bankReference: string; readonly amount: Money; readonly bookedAt: string }
  | { readonly state: "failed"; readonly code: BankFailure; readonly reason: string }
  | { readonly state: "pending" | "not_found" }
  | { readonly state: "not_sent"; readonly reason: string }
  | { readonly state: "unknown"; readonly reason: string; readonly code?: "BANK_ANSWER_DIFFERS" };

export type BankFailure = "BANK_DECLINED" | "BANK_INSUFFICIENT_FUNDS" | "BANK_ACCOUNT_UNKNOWN";
