import type { Filter } from "mongodb";
import type { Deps, LogFields } from "../deps.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { BankChallenge, BankOutcome } from "../plugin/bank-outcome.ts";
import type { StoreCollection } from "../store/contract.ts";
import { Overtaken, type Versioned } from "../versioned.ts";
import { type BankCalls, bankLeaseMs } from "./calls.ts";
import { type Doubt, type Heard, type Instruction, nextInquiry, nextStep, type Succeeded } from "./instruction.ts";

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

/** The states in which nobody knows what became of an instruction and no call about it is under way: what a statement says of it is its end. */
const WAITING: ReadonlySet<string> = new Set(["unknown", "requires_action"]);

interface Waiting extends Versioned {
  readonly state: string;
}

/** What a bank's statement ends: the method of the services of payments, refunds and payouts. */
export function endedByStatement<T extends Waiting>(
  collection: StoreCollection<T>,
  booked: (doc: T, word: Succeeded) => Promise<T>,
) {
  /** @returns whether it ended by this; not when it had ended before, when a call about it is under way, or when somebody was quicker */
  return async (id: string, word: Succeeded): Promise<boolean> => {
    const doc = (await collection.findOne({ _id: id } as Filter<T>)) as T | null;
    if (doc === null || !WAITING.has(doc.state)) return false;
    try {
      return (await booked(doc, word)).state === "succeeded";
    } catch (error) {
      if (error instanceof Overtaken) return false;
      throw error;
    }
  };
}

/** Carries an instruction by `nextStep` from its durable record to the bank's last word. */
export function instructionLife<T, I extends Instruction>(deps: Deps, bank: BankCalls, carrier: Carrier<T, I>) {
  const lease = () => instant(deps.now() + bankLeaseMs(deps));

  /** Goes by the bank's answer; where that says that it never got the instruction, the same is sent once more. */
  async function follow(doc: T, call: Heard, answer: BankOutcome): Promise<T> {
    const instruction = carrier.instructionOf(doc);
    const step = nextStep(instruction, call, answer, {
      now: deps.now(),
      inquiryMs: deps.limits.inquiryMs,
      finalityMs: call === "inquiry" ? await bank.finalityMs(instruction.bank) : Number.POSITIVE_INFINITY,
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
    /**
     * Goes by what the bank has booked, as its statement says it: its word, as an answer to an inquiry is. The document must be one of which it is not
     * known what became of its instruction; whoever changed it since it was read goes on with it.
     */
    booked: (doc: T, word: Succeeded): Promise<T> => follow(doc, "statement", word),

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
