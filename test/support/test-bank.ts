import type { BankOutcome } from "../../core/plugin/bank-contract.ts";
import type { Actions } from "../../core/actions.ts";
import type { Outside } from "./house.ts";

type Debit = Actions["bank-adapter.debit"]["params"];

/** How the bank takes a debit: what it books, and what its caller gets to know. */
export type Behaviour =
  "succeed" | "decline" | "book-then-silence" | "silence" | "not-sent" | "pending" | "arrives-late";

/** A bank in memory that is told what to do; idempotent by bankRequestId, as the real ones are. */
export function testBank(now: () => number) {
  const booked = new Map<string, Debit>();
  const declined = new Set<string>();
  const sends: string[] = [];
  const sentAt = new Map<string, number>();
  let late: Debit[] = [];
  let told: Debit["amount"] | undefined;
  let behaviour: (debit: Debit) => Behaviour = () => "succeed";
  let inquiry: (id: string) => "truth" | "silence" | "not_found" = () => "truth";

  const success = (debit: Debit): BankOutcome => ({
    state: "succeeded",
    bankReference: `ref-${debit.bankRequestId}`,
    amount: told ?? debit.amount,
    bookedAt: new Date(now()).toISOString(),
  });
  /** An id that was decided on is never decided anew. */
  function book(debit: Debit): void {
    if (!declined.has(debit.bankRequestId)) booked.set(debit.bankRequestId, debit);
  }

  function decide(id: string): BankOutcome | undefined {
    const debit = booked.get(id);
    if (debit !== undefined) return success(debit);
    if (declined.has(id)) return { state: "failed", code: "BANK_DECLINED", reason: "declined" };
    return undefined;
  }

  function debit(params: Debit): BankOutcome {
    const how = behaviour(params);
    if (how === "not-sent") return { state: "not_sent", reason: "refused" };
    sends.push(params.bankRequestId);
    sentAt.set(params.bankRequestId, now());
    const before = decide(params.bankRequestId);
    if (before !== undefined)
      return how === "succeed" || how === "decline" ? before : { state: "unknown", reason: "silence" };
    switch (how) {
      case "succeed":
        book(params);
        return success(params);
      case "decline":
        declined.add(params.bankRequestId);
        return { state: "failed", code: "BANK_DECLINED", reason: "declined" };
      case "book-then-silence":
        book(params);
        return { state: "unknown", reason: "silence" };
      case "arrives-late":
        late.push(params);
        return { state: "unknown", reason: "silence" };
      case "pending":
        book(params);
        return { state: "pending" };
      case "silence":
        return { state: "unknown", reason: "silence" };
    }
  }

  function inquire(id: string): BankOutcome {
    const how = inquiry(id);
    if (how === "silence") return { state: "unknown", reason: "silence" };
    return (how === "truth" ? decide(id) : undefined) ?? { state: "not_found" };
  }

  const outside: Outside = {
    "bank-adapter.debit": (params) => Promise.resolve().then(() => debit(params)),
    "bank-adapter.inquire": ({ bankRequestId }) => Promise.resolve().then(() => inquire(bankRequestId)),
  };
  return {
    outside,
    /** Every debit that was executed, by id: the bank's ledger. */
    booked,
    /** The id of every debit instruction that reached the bank, in order. */
    sends,
    behave: (how: typeof behaviour) => void (behaviour = how),
    answerInquiries: (how: typeof inquiry) => void (inquiry = how),
    /** Tells this amount from now on, whatever was booked. */
    misreport: (amount: Debit["amount"]) => void (told = amount),
    /** How long ago an instruction was last sent, in milliseconds. */
    age: (id: string): number => now() - (sentAt.get(id) ?? now()),
    /** Executes what has been held up on the way for that long. */
    deliverLate(afterMs = 0): void {
      const old = (debit: Debit) => now() - (sentAt.get(debit.bankRequestId) ?? 0) >= afterMs;
      late.filter(old).forEach(book);
      late = late.filter((debit) => !old(debit));
    },
  };
}

export type TestBank = ReturnType<typeof testBank>;
