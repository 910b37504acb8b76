import type {
  BankChallenge,
  BankFailure,
  BankOutcome,
  BankRate,
  Money,
  RatePair,
} from "../../core/plugin/bank-contract.ts";
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
  | "succeed"
  | "decline"
  | "book-then-silence"
  | "silence"
  | "not-sent"
  | "pending"
  | "arrives-late"
  | "challenge"
  | "redirect"
  | "challenge-then-silence";

/** How the bank takes the payer's answer to a challenge. */
export type Hearing = "hear" | "hear-then-silence" | "silence" | "not-sent" | "arrives-late";

/** The only right answer to a challenge, and how long it may be given. */
export const ANSWER = "right";
export const CHALLENGE_MS = 300_000;

/** A bank in memory that is told what to do; idempotent by bankRequestId, and gives back no more than it took, as the real ones do. */
export function testBank(now: () => number) {
  const books = new Map<string, Instruction>();
  const declined = new Map<string, BankFailure>();
  const challenged = new Map<string, { instruction: Instruction; challenge: BankChallenge }>();
  const sends: string[] = [];
  const sentAt = new Map<string, number>();
  let late: Instruction[] = [];
  let lateAnswers: { bankRequestId: string; answer: string }[] = [];
  let hearing: () => Hearing = () => "hear";
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
    if (tooMuch) declined.set(id, "BANK_DECLINED");
    else books.set(id, instruction);
  }

  function decide(id: string): BankOutcome | undefined {
    const booked = books.get(id);
    if (booked !== undefined) return success(booked);
    const challenge = challenged.get(id)?.challenge;
    if (challenge !== undefined && !declined.has(id)) {
      if (now() < Date.parse(challenge.expiresAt)) return { state: "requires_action", challenge };
      declined.set(id, "BANK_CHALLENGE_EXPIRED");
    }
    const code = declined.get(id);
    return code === undefined ? undefined : { state: "failed", code, reason: "declined" };
  }

  function challenge(instruction: Instruction, kind: BankChallenge["kind"]): void {
    const id = instruction.bankRequestId;
    const expiresAt = new Date(now() + CHALLENGE_MS).toISOString();
    const page = kind === "redirect" ? { url: "https://bank.example/allow" } : {};
    challenged.set(id, {
      instruction,
      challenge: { id: `chl-${id}`, kind, text: "Type the code.", expiresAt, ...page },
    });
  }

  /** The right answer books a debit that waits for it, whichever way it came. */
  function hear(id: string, answer: string): BankOutcome {
    const waiting = challenged.get(id);
    const decision = decide(id);
    if (waiting === undefined || decision === undefined) return { state: "not_found" };
    if (decision.state === "requires_action" && answer === ANSWER) book(waiting.instruction);
    return decide(id) ?? decision;
  }

  function confirm({ bankRequestId, answer }: Actions["bank-adapter.confirm"]["params"]): BankOutcome {
    const how = hearing();
    if (how === "not-sent") return { state: "not_sent", reason: "refused" };
    sentAt.set(bankRequestId, now());
    if (how === "hear") return hear(bankRequestId, answer);
    if (how === "hear-then-silence") hear(bankRequestId, answer);
    if (how === "arrives-late") lateAnswers.push({ bankRequestId, answer });
    return { state: "unknown", reason: "silence" };
  }

  function instruct(instruction: Instruction): BankOutcome {
    const how = behaviour(instruction);
    const id = instruction.bankRequestId;
    if (how === "not-sent") return { state: "not_sent", reason: "refused" };
    sends.push(id);
    sentAt.set(id, now());
    const silence: BankOutcome = { state: "unknown", reason: "silence" };
    const before = decide(id);
    if (before !== undefined) return /silence|late|pending/.test(how) ? silence : before;
    switch (how) {
      case "succeed":
        book(instruction);
        return decide(id) ?? silence;
      case "decline":
        declined.set(id, "BANK_DECLINED");
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
      case "challenge":
        challenge(instruction, "code");
        return decide(id) ?? silence;
      case "redirect":
        challenge(instruction, "redirect");
        return decide(id) ?? silence;
      case "challenge-then-silence":
        challenge(instruction, "code");
        return silence;
      case "silence":
        return silence;
    }
  }

  function inquire(id: string): BankOutcome {
    const how = inquiry(id);
    if (how === "silence") return { state: "unknown", reason: "silence" };
    return (how === "truth" ? decide(id) : undefined) ?? { state: "not_found" };
  }

  let rates = 0;
  let rateOf: (pair: RatePair, number: number) => Partial<BankRate> = () => ({});
  /** One and a quarter of anything for a unit of anything else, for ten minutes; or what the test says. */
  const lock = ({ from, to }: RatePair): BankRate => {
    rates += 1;
    const expiresAt = new Date(now() + 600_000).toISOString();
    return { rateId: `rate-${rates}`, from, to, rate: "1.25", expiresAt, ...rateOf({ from, to }, rates) };
  };

  const outside: Outside = {
    "bank-adapter.debit": (params) => Promise.resolve().then(() => instruct({ kind: "debit", ...params })),
    "bank-adapter.refund": (params) => Promise.resolve().then(() => instruct({ kind: "refund", ...params })),
    "bank-adapter.payout": (params) => Promise.resolve().then(() => instruct({ kind: "payout", ...params })),
    "bank-adapter.confirm": (params) => Promise.resolve().then(() => confirm(params)),
    "bank-adapter.rate": (params) => Promise.resolve().then(() => lock(params)),
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
    /** What it says of a rate from now on, in the place of what it would. */
    lockRates: (how: typeof rateOf) => void (rateOf = how),
    hearAnswers: (how: typeof hearing) => void (hearing = how),
    /** The payer allows it on the bank's own page. */
    allow: (id: string): BankOutcome => hear(id, ANSWER),
    /** Executes a debit whose challenge it has called over: no bank may. */
    bookAfterAll(id: string): void {
      declined.delete(id);
      const { instruction } = challenged.get(id) ?? {};
      if (instruction !== undefined) book(instruction);
    },
    behave: (how: typeof behaviour) => void (behaviour = how),
    answerInquiries: (how: typeof inquiry) => void (inquiry = how),
    /** Tells this amount from now on, whatever was booked. */
    misreport: (amount: Money | undefined) => void (told = amount),
    /** How long ago an instruction was last sent, in milliseconds. */
    age: (id: string): number => now() - (sentAt.get(id) ?? now()),
    /** Executes what has been held up on the way for that long. */
    deliverLate(afterMs = 0): void {
      const old = ({ bankRequestId }: { bankRequestId: string }) => now() - (sentAt.get(bankRequestId) ?? 0) >= afterMs;
      late.filter(old).forEach(book);
      late = late.filter((instruction) => !old(instruction));
      for (const { bankRequestId, answer } of lateAnswers.filter(old)) hear(bankRequestId, answer);
      lateAnswers = lateAnswers.filter((said) => !old(said));
    },
  };
}

export type TestBank = ReturnType<typeof testBank>;
