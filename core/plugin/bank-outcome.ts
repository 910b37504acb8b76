import type { Money } from "../../schemas/types.generated.ts";

/**
 * What became of an instruction, in the bank's word or for want of it:
 * `succeeded`, `failed`: the bank says so · `pending`: the bank has it and has not decided · `not_found`: the bank does not know the id (now) ·
 * `not_sent`: it is certain that no byte of the instruction left us · `unknown`: it may have been sent; nothing can be said.
 * `requires_action`: the bank waits for the payer's answer to its challenge, and executes nothing before it has that ·
 * An `unknown` with `BANK_ANSWER_DIFFERS` is one where the bank did answer, but of another amount, currency, id or content than was asked:
 * a person must look at it. A reason names no account, key or token.
 */
export type BankOutcome =
  | { readonly state: "succeeded"; readonly bankReference: string; readonly amount: Money; readonly bookedAt: string }
  | { readonly state: "failed"; readonly code: BankFailure; readonly reason: string }
  | { readonly state: "pending" | "not_found" }
  | { readonly state: "requires_action"; readonly challenge: BankChallenge }
  | { readonly state: "not_sent"; readonly reason: string; readonly code?: "UNSUPPORTED" }
  | { readonly state: "unknown"; readonly reason: string; readonly code?: "BANK_ANSWER_DIFFERS" };

export type BankFailure =
  "BANK_DECLINED" | "BANK_INSUFFICIENT_FUNDS" | "BANK_ACCOUNT_UNKNOWN" | "BANK_CHALLENGE_EXPIRED";

/** What the bank asks the payer before it executes a debit. */
export interface BankChallenge {
  /** Opaque; the answer names it. */
  readonly id: string;
  /**
   * `code`: the payer's answer goes through us, and nothing is executed without it · `redirect`: the payer is sent to a page of the bank,
   * and may allow the debit there.
   */
  readonly kind: "code" | "redirect";
  /** For the payer to read, at most 200 characters. */
  readonly text: string;
  /** Of a redirect: the bank's page, https. */
  readonly url?: string;
  /** ISO 8601: the bank takes no answer after it. */
  readonly expiresAt: string;
}
