import type { Deps, LogFields } from "../deps.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { BankChallenge, BankOutcome } from "../plugin/bank-outcome.ts";
import { type BankCalls, bankLeaseMs } from "./calls.ts";
import { type Doubt, type Instruction, nextInquiry, nextStep, type Succeeded } from "./instruction.ts";

/** How the document of an aggregate (a payment, refund or payout) carries its instruction. Each write is a compare-and-set. */
export interface Carrier<T, I extends Instruction> {
  instructionOf(doc: T): I;
  /** What the log says it is for. */
  about(doc: T): LogFields;
  /** Writes the record of a call before it is made; `dueAt` is when a sweeper takes over. */
  record(doc: T, instruction: I, dueAt: string): Promise<T>;
  /** The one call that sends it again. */
  send(doc: T): Promise<BankOutcome>;
  failsUnsent: boolean;
  maySendAgain(doc: T): boolean;
  succeed(doc: T, answer: Succeeded): Promise<T>;
  fail(doc: T, code: ErrorCode): Promise<T>;
  /** The bank waits for the payer. Absent: nobody can answer, and the bank is asked again as if it had said nothing. */
  challenged?(doc: T, challenge: BankChallenge): Promise<T>;
  /** Nobody knows what became of it: the bank is asked again at `dueAt`. */
  stayUnknown(doc: T, dueAt: string, doubt?: Doubt): Promise<T>;
}

/** Carries an instruction by `nextStep` from its durable record to the bank's last word. */
export function instructionLife<T, I extends Instruction>(deps: Deps, bank: BankCalls, carrier: Carrier<T, I>) {
  const lease = () => instant(deps.now() + bankLeaseMs(deps));

  /** Goes by the bank's answer; where that says that it never got the instruction, the same is sent once more. */
  async function follow(doc: T, call: "send" | "inquiry", answer: BankOutcome): Promise<T> {
    const instruction = carrier.instructionOf(doc);
    const step = nextStep(instruction, call, answer, {
      now: deps.now(),
      inquiryMs: deps.limits.inquiryMs,
      finalityMs: call === "send" ? Number.POSITIVE_INFINITY : await bank.finalityMs(instruction.bank),
      failsUnsent: carrier.failsUnsent,
      maySendAgain: carrier.maySendAgain(doc),
    });
    switch (step.next) {
      case "succeeded":
        return carrier.succeed(doc, step.answer);
      case "failed":
        return carrier.fail(doc, step.code);
      case "challenged":
        if (carrier.challenged !== undefined) return carrier.challenged(doc, step.challenge);
        return carrier.stayUnknown(
          doc,
          instant(nextInquiry(instruction, { now: deps.now(), inquiryMs: deps.limits.inquiryMs })),
        );
      case "ask":
        return carrier.stayUnknown(doc, instant(step.atMs), step.doubt);
      case "send": {
        const counted = { ...instruction, sends: instruction.sends + 1, lastSentAt: instant(deps.now()) };
        const again = await carrier.record(doc, counted, lease());
        return follow(again, "send", await carrier.send(again));
      }
    }
  }

  return {
    /** Goes by the bank's answer to an instruction that was sent; its record was durable before and counts this sending. */
    answered: (doc: T, answer: BankOutcome): Promise<T> => follow(doc, "send", answer),

    /** Asks the bank, and goes by its word. */
    async inquire(doc: T): Promise<T> {
      const instruction = carrier.instructionOf(doc);
      const counted = { ...instruction, inquiries: (instruction.inquiries ?? 0) + 1 };
      const asking = await carrier.record(doc, counted, lease());
      const { bankRequestId, bank: name } = instruction;
      return follow(asking, "inquiry", await bank.inquire({ bank: name, bankRequestId }, carrier.about(doc)));
    },
  };
}
