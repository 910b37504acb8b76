import type { ErrorCode } from "../errors/codes.ts";
import type { BankChallenge, BankOutcome } from "../plugin/bank-outcome.ts";
import type { Money } from "../../schemas/types.generated.ts";

/** An instruction to a bank as it stands in its payment, refund or payout: written there before each call that it counts. */
export interface Instruction {
  /** Made with its document and never changed: the bank executes it once, however often it is sent. */
  readonly bankRequestId: string;
  readonly bank: string;
  readonly amount: Money;
  readonly sends: number;
  readonly inquiries?: number;
  readonly createdAt: string;
  readonly lastSentAt?: string;
}

/** What decides beside the record and the bank's answer. */
export interface Terms {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Waits between inquiries; the last one repeats. */
  readonly inquiryMs: readonly number[];
  /** An instruction that the bank does not know this long after it was sent will never be executed. */
  readonly finalityMs: number;
  /** Nothing of it left us, and it was the first time: it has failed, as if it had never been tried. Otherwise it is tried again later. */
  readonly failsUnsent: boolean;
  /** The bank never got it: whether the same instruction is still wanted. */
  readonly maySendAgain: boolean;
}

export type Succeeded = BankOutcome & { readonly state: "succeeded" };

/** Why an operator must look: the bank's word does not fit what was asked of it, or it keeps silent beyond its finality window. */
export type Doubt = "differs" | "silent";

/** Where the bank's word comes from: the answer to a sending, the answer to an inquiry, or a statement of what it has booked. */
export type Heard = "send" | "inquiry" | "statement";

/** What comes next. `challenged`: the bank waits for the payer, as long as its challenge lasts · `ask`: it is unknown what became of it, ask at `atMs` (epoch milliseconds) · `send`: the same again, under the same id. */
export type Step =
  | { readonly next: "succeeded"; readonly answer: Succeeded }
  | { readonly next: "failed"; readonly code: ErrorCode }
  | { readonly next: "challenged"; readonly challenge: BankChallenge }
  | { readonly next: "ask"; readonly atMs: number; readonly doubt?: Doubt }
  | { readonly next: "send" };

/**
 * The life of an instruction, the same for deductions, refunds and payouts: what the bank's answer to a call makes of it. It ends by the bank's
 * word only, never by a timeout, and nothing is sent a second time that might still be executed.
 * @param call what was answered: the sending of the instruction, or an inquiry, which the record has counted already; or a statement
 */
export function nextStep(instruction: Instruction, call: Heard, answer: BankOutcome, terms: Terms): Step {
  const { amount, sends } = instruction;
  switch (answer.state) {
    case "succeeded":
      if (answer.amount.value !== amount.value || answer.amount.currency !== amount.currency)
        return askAgain(instruction, terms, "differs");
      return { next: "succeeded", answer };
    case "failed":
      return { next: "failed", code: answer.code };
    case "not_sent":
      if (call === "send" && sends === 1 && terms.failsUnsent) return { next: "failed", code: "BANK_UNAVAILABLE" };
      return askAgain(instruction, terms);
    case "unknown":
      if (answer.code !== undefined) return askAgain(instruction, terms, "differs");
      return silence(instruction, call, terms);
    case "requires_action":
      // Over by our clock: what the bank makes of that, it is asked.
      if (isOver(answer.challenge, terms.now)) return silence(instruction, call, terms);
      return { next: "challenged", challenge: answer.challenge };
    case "pending":
      return silence(instruction, call, terms);
    case "not_found":
      return call === "inquiry" ? notFound(instruction, terms) : askAgain(instruction, terms);
  }
}

/** When the bank's answer to an inquiry is the last word on what was sent. */
const finalAt = ({ lastSentAt, createdAt }: Instruction, { finalityMs }: Terms): number =>
  Date.parse(lastSentAt ?? createdAt) + finalityMs;

/** No answer to the challenge counts any more, by our clock. @param now epoch milliseconds */
export const isOver = ({ expiresAt }: Pick<BankChallenge, "expiresAt">, now: number): boolean =>
  Date.parse(expiresAt) <= now;

/** The time of the first inquiry after a call, and of each one after a wait of the schedule; epoch milliseconds. */
export function nextInquiry({ inquiries = 0 }: Instruction, { now, inquiryMs }: Pick<Terms, "now" | "inquiryMs">) {
  return now + (inquiryMs[Math.min(inquiries, inquiryMs.length - 1)] ?? 0);
}

const askAgain = (instruction: Instruction, terms: Terms, doubt?: Doubt) =>
  ({
    next: "ask",
    atMs: nextInquiry(instruction, terms),
    ...(doubt === undefined ? {} : { doubt }),
  }) as const satisfies Step;

/** The schedule is through and the finality window over, and the bank still does not say: an operator must look. */
function silence(instruction: Instruction, call: Heard, terms: Terms): Step {
  const through = (instruction.inquiries ?? 0) >= terms.inquiryMs.length && finalAt(instruction, terms) <= terms.now;
  return askAgain(instruction, terms, call === "inquiry" && through ? "silent" : undefined);
}

/** The bank does not know the id. Within its finality window that means nothing yet; after it nothing can come of what was sent. */
function notFound(instruction: Instruction, terms: Terms): Step {
  const final = finalAt(instruction, terms);
  if (final <= terms.now)
    return terms.maySendAgain ? { next: "send" } : { next: "failed", code: "BANK_NEVER_RECEIVED" };
  const step = askAgain(instruction, terms);
  // As soon as the window closes, if the schedule would wait longer.
  return { ...step, atMs: Math.min(step.atMs, final) };
}
