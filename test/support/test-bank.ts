import { type BankOutcome, type Money } from "../../core/plugin/bank-contract.ts";
import { minorOfMoney } from "../../core/money/money.ts";
import type { Actions } from "../../core/actions.ts";
import type { Outside } from "./house.ts";

type Params<W extends "debit" | "refund" | "payout"> = Actions[`bank-adapter.${W}`]["params"];

/** An instruction as the bank got it. */
export type Instruction =
  | ({ readonly kind: "debit" } & Params<"debit">)
  | ({ readonly kind: "refund" } & Params<"refund">)
  | ({ readonly kind: "payout" } & Params<"payout">);

/** How the bank takes an instruction: what it books, and what its caller gets to know. */
export type Behaviour =
  "succeed" | "decline" | "book-then-silence" | "silence" | "not-sent" | "pending" | "arrives-late";

/** A bank in memory that is told what to do; idempotent by bankRequestId, and gives back no more than it took, as the real ones do. */
export function testBank(now: () => number) {
  const books = new Map<string, Instruction>();
  const declined = new Set<string>();
  const sends: string[] = [];
  const sentAt = new Map<string, number>();
  let late: Instruction[] = [];
  let told: Money | undefined;
  let behaviour: (instruction: Instruction) => Behaviour = () => "succeed";
  let inquiry: (id: string) => "truth" | "silence" | "not_found" = () => "truth";

  const ofKind = <K extends Instruction["kind"]>(kind: K): Map<string, Extract<Instruction, { kind: K }>> =>
    new Map([...books].filter((entry): entry is [string, Extract<Instruction, { kind: K }>] => entry[1].kind === kind));
  const minor = ({ amount }: Instruction): bigint => minorOfMoney(amount);

  /** What is left of a debit after its refunds. */
  function leftOf(debitRequestId: string, currency: string): bigint {
    const debit = books.get(debitRequestId);
    if (debit?.kind !== "debit" || debit.amount.currency !== currency) return 0n;
    const refunds = [...ofKind("refund").values()].filter((refund) => refund.debitRequestId === debitRequestId);
    return refunds.reduce((left, refund) => left - minor(refund), minor(debit));
  }

  const success = (instruction: Instruction): BankOutcome => ({
    state: "succeeded",
    bankReference: `ref-${instruction.bankRequestId}`,
    amount: told ?? instruction.amount,
    bookedAt: new Date(now()).toISOString(),
  });
  /** An id that was decided on is never decided anew. */
  function book(instruction: Instruction): void {
    const { bankRequestId: id, amount } = instruction;
    if (declined.has(id) || books.has(id)) return;
    const tooMuch =
      instruction.kind === "refund" && leftOf(instruction.debitRequestId, amount.currency) < minor(instruction);
    if (tooMuch) declined.add(id);
    else books.set(id, instruction);
  }

  function decide(id: string): BankOutcome | undefined {
    const booked = books.get(id);
    if (booked !== undefined) return success(booked);
    if (declined.has(id)) return { state: "failed", code: "BANK_DECLINED", reason: "declined" };
    return undefined;
  }

  function instruct(instruction: Instruction): BankOutcome {
    const how = behaviour(instruction);
    const id = instruction.bankRequestId;
    if (how === "not-sent") return { state: "not_sent", reason: "refused" };
    sends.push(id);
    sentAt.set(id, now());
    const silence: BankOutcome = { state: "unknown", reason: "silence" };
    const before = decide(id);
    if (before !== undefined) return how === "succeed" || how === "decline" ? before : silence;
    switch (how) {
      case "succeed":
        book(instruction);
        return decide(id) ?? silence;
      case "decline":
        declined.add(id);
        return decide(id) ?? silence;
      case "book-then-silence":
        book(instruction);
        return silence;
      case "arrives-late":
        late.push(instruction);
        return silence;
      case "pending":
        book(instruction);
        return { state: "pending" };
      case "silence":
        return silence;
    }
  }

  function inquire(id: string): BankOutcome {
    const how = inquiry(id);
    if (how === "silence") return { state: "unknown", reason: "silence" };
    return (how === "truth" ? decide(id) : undefined) ?? { state: "not_found" };
  }

  const outside: Outside = {
    "bank-adapter.debit": (params) => Promise.resolve().then(() => instruct({ kind: "debit", ...params })),
    "bank-adapter.refund": (params) => Promise.resolve().then(() => instruct({ kind: "refund", ...params })),
    "bank-adapter.payout": (params) => Promise.resolve().then(() => instruct({ kind: "payout", ...params })),
    "bank-adapter.inquire": ({ bankRequestId }) => Promise.resolve().then(() => inquire(bankRequestId)),
  };
  return {
    outside,
    /** Every debit that was executed, by id. */
    get booked() {
      return ofKind("debit");
    },
    /** Every refund that was executed, by id. */
    get refunded() {
      return ofKind("refund");
    },
    /** Every payout that was executed, by id. */
    get paidOut() {
      return ofKind("payout");
    },
    /** The id of every instruction that reached the bank, in order. */
    sends,
    behave: (how: typeof behaviour) => void (behaviour = how),
    answerInquiries: (how: typeof inquiry) => void (inquiry = how),
    /** Tells this amount from now on, whatever was booked. */
    misreport: (amount: Money | undefined) => void (told = amount),
    /** How long ago an instruction was last sent, in milliseconds. */
    age: (id: string): number => now() - (sentAt.get(id) ?? now()),
    /** Executes what has been held up on the way for that long. */
    deliverLate(afterMs = 0): void {
      const old = ({ bankRequestId }: Instruction) => now() - (sentAt.get(bankRequestId) ?? 0) >= afterMs;
      late.filter(old).forEach(book);
      late = late.filter((instruction) => !old(instruction));
    },
  };
}

export type TestBank = ReturnType<typeof testBank>;
