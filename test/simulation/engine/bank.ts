/** The bank of the simulation: a driver below the real bank-adapter, with a ledger that is the oracle, and lies by fault. */
import { minorOf, moneyOf } from "../../../core/money/money.ts";
import {
  type BankChallenge,
  type BankDriver,
  type BankFailure,
  type BankOutcome,
  defineBankDriver,
  MergepayError,
  type Money,
} from "../../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../../plugins/bank-adapter/adapter.ts";
import { Broken } from "./contract.ts";

export const BANK = "test";
/** An instruction that the bank does not know this long after it was sent will not be executed. */
export const FINALITY_MS = 120_000;
/** The only right answer to a challenge, and how long it may be given. */
export const ANSWER = "right";
const CHALLENGE_MS = 1_800_000;
/** A debit of such an amount is challenged, as banks do by rules of their own. */
const CHALLENGED = 3n;
/** Whether the bank challenges a debit of all of these. */
export const isChallenged = (amounts: readonly Money[]): boolean =>
  amounts.reduce((sum, { value, currency }) => sum + minorOf(value, currency), 0n) % CHALLENGED === 0n;

/** Of these it books such an amount after its challenge is over, whatever it said: the other thing that the contract of drivers forbids. */
const BOOKED_ALL_THE_SAME = 30n;

/** What became of an instruction at the bank. */
export interface BankLine {
  readonly kind: "debit" | "refund" | "payout" | "chargeback" | "reversal";
  readonly bankRequestId: string;
  readonly amount: Money;
  /** Of a refund or chargeback: the debit that it gives back from; of a reversal: that of the chargeback. */
  readonly debitRequestId?: string;
  /** Of a reversal: the chargeback that it gives up. */
  readonly of?: string;
  /** Of a debit or payout: whose account. */
  readonly accountToken?: string;
  readonly bookedAt: string;
}

type Instruction = Omit<BankLine, "bookedAt">;

/** Lies and troubles of the bank. Instructions: what it does with the next one; inquiries: what it says to the next one. */
export const BANK_FAULTS = [
  "bank.declines",
  "bank.books-in-silence",
  "bank.swallows",
  "bank.cannot-be-reached",
  "bank.books-and-says-pending",
  "bank.books-late",
  "bank.books-after-its-word",
  "bank.tells-other-amount",
  "bank.garbled-answer",
  "bank.challenges-in-silence",
  "bank.books-after-its-challenge",
  "bank.redirects",
  "confirm.silence",
  "confirm.heard-in-silence",
  "confirm.heard-late",
  "confirm.cannot-be-reached",
  "inquiry.silence",
  "inquiry.not-found-yet",
  "inquiry.pending",
  "inquiry.other-amount",
  "inquiry.for-another-id",
  "rate.stale",
] as const;

/** Rates that round in every way. */
const RATES = ["1.0834", "0.333333", "7.5", "0.005", "1"];
const RATE_MS = 4 * 60_000;

export interface SimBank {
  readonly adapter: ReturnType<typeof createBankAdapter>;
  /** Every line that was booked, in order. */
  readonly ledger: readonly BankLine[];
  /** Ids that the bank has refused for good. */
  readonly declined: ReadonlyMap<string, BankFailure>;
  /** The payer allows a debit that waits for it on the bank's own page. */
  allow(bankRequestId: string): void;
  /** Or refuses it there. */
  refuse(bankRequestId: string): void;
  /** Takes back what a debit brought, whatever was refunded of it since; of all chargebacks together no more than that. */
  chargeBack(debitRequestId: string, amount: Money): void;
  /** Gives a chargeback up: what it took comes again, once. */
  giveUp(chargeback: string): void;
  /** Executes what was held up on the way and is due by now. */
  deliver(): void;
}

/** @param broken told when we ask the bank for what must never be asked: the adapter would take a throw for trouble at the bank */
export function simBank(
  now: () => number,
  struck: (fault: string) => boolean,
  broken: (what: Broken) => void,
): SimBank {
  const ledger: BankLine[] = [];
  const booked = new Map<string, BankLine>();
  const declined = new Map<string, BankFailure>();
  const waiting = new Map<string, { readonly instruction: Instruction; readonly challenge: BankChallenge }>();
  const contents = new Map<string, string>();
  const sentAt = new Map<string, number>();
  let late: { readonly at: number; readonly arrive: () => void }[] = [];

  let rates = 0;

  const minor = ({ amount }: Instruction): bigint => minorOf(amount.value, amount.currency);

  /** What is left of a debit after its refunds. */
  function leftOf(debitRequestId: string | undefined): bigint {
    const debit = booked.get(debitRequestId ?? "");
    const refunds = ledger.filter((line) => line.kind === "refund" && line.debitRequestId === debitRequestId);
    return debit === undefined ? 0n : refunds.reduce((left, refund) => left - minor(refund), minor(debit));
  }

  function book(instruction: Instruction): void {
    const { bankRequestId: id, kind } = instruction;
    // An id that was decided on is never decided anew.
    if (booked.has(id) || declined.has(id)) return;
    if (kind === "refund" && minor(instruction) > leftOf(instruction.debitRequestId))
      return void declined.set(id, "BANK_DECLINED");
    const line: BankLine = { ...instruction, bookedAt: new Date(now()).toISOString() };
    booked.set(id, line);
    ledger.push(line);
  }

  const success = ({ bankRequestId, bookedAt }: BankLine, amount: Money): BankOutcome => ({
    state: "succeeded",
    bankReference: `ref-${bankRequestId}`,
    amount,
    bookedAt,
  });

  const truth = (id: string): BankOutcome | undefined => {
    const line = booked.get(id);
    if (line !== undefined) return success(line, line.amount);
    const challenge = waiting.get(id)?.challenge;
    if (challenge !== undefined && !declined.has(id)) {
      if (now() < Date.parse(challenge.expiresAt)) return { state: "requires_action", challenge };
      declined.set(id, "BANK_CHALLENGE_EXPIRED");
    }
    const code = declined.get(id);
    return code === undefined ? undefined : { state: "failed", code, reason: "declined" };
  };
  const silence: BankOutcome = { state: "unknown", reason: "silence" };
  const more = ({ value, currency }: Money): Money => moneyOf(minorOf(value, currency) + 1n, currency);

  function take(instruction: Instruction): BankOutcome {
    const { bankRequestId: id, amount } = instruction;
    if (struck("bank.cannot-be-reached")) throw new MergepayError("BANK_UNAVAILABLE");
    const content = JSON.stringify(instruction);
    const known = contents.get(id);
    if (known !== undefined && known !== content)
      broken(new Broken("one id, one instruction", `${id} came as ${known} and as ${content}`));
    contents.set(id, content);
    sentAt.set(id, now());
    if (struck("bank.swallows")) return silence;
    if (struck("bank.books-late")) {
      late.push({ at: now() + FINALITY_MS / 2, arrive: () => book(instruction) });
      return silence;
    }
    // What the contract of drivers forbids: the money must be seen all the same.
    if (struck("bank.books-after-its-word")) {
      late.push({ at: now() + 40 * 60_000, arrive: () => book(instruction) });
      return silence;
    }
    if (struck("bank.declines") && !booked.has(id)) declined.set(id, "BANK_DECLINED");
    if (instruction.kind === "debit" && truth(id) === undefined) {
      if (isChallenged([instruction.amount])) return challenge(instruction, "code");
      if (struck("bank.redirects")) return challenge(instruction, "redirect");
      if (struck("bank.challenges-in-silence")) {
        challenge(instruction, "code");
        return silence;
      }
    }
    if (!waiting.has(id)) book(instruction);
    if (struck("bank.books-in-silence")) return silence;
    if (struck("bank.books-and-says-pending")) return { state: "pending" };
    if (struck("bank.garbled-answer")) return { state: "succeeded", html: "<p>" } as unknown as BankOutcome;
    const line = booked.get(id);
    if (line !== undefined && struck("bank.tells-other-amount")) return success(line, more(amount));
    return truth(id) ?? silence;
  }

  function challenge(instruction: Instruction, kind: BankChallenge["kind"]): BankOutcome {
    const page = kind === "redirect" ? { url: "https://bank.example/allow" } : {};
    const id = `chl-${instruction.bankRequestId}`;
    const expiresAt = new Date(now() + CHALLENGE_MS).toISOString();
    waiting.set(instruction.bankRequestId, {
      instruction,
      challenge: { id, kind, text: "Type the code.", expiresAt, ...page },
    });
    if (minor(instruction) % BOOKED_ALL_THE_SAME === 0n || struck("bank.books-after-its-challenge"))
      late.push({
        at: now() + CHALLENGE_MS + 300_000,
        arrive() {
          // What its payer has refused it never books.
          if (declined.get(instruction.bankRequestId) === "BANK_CHALLENGE_EXPIRED")
            declined.delete(instruction.bankRequestId);
          book(instruction);
        },
      });
    return truth(instruction.bankRequestId) ?? silence;
  }

  /** The right answer books a debit that waits for it, whichever way it came. */
  function hear(id: string, given: string): BankOutcome {
    const asked = waiting.get(id);
    if (asked !== undefined && truth(id)?.state === "requires_action" && given === ANSWER) book(asked.instruction);
    return truth(id) ?? { state: "not_found" };
  }

  function confirm(id: string, given: string): BankOutcome {
    if (struck("confirm.cannot-be-reached")) throw new MergepayError("BANK_UNAVAILABLE");
    sentAt.set(id, now());
    if (struck("confirm.silence")) return silence;
    if (struck("confirm.heard-late")) {
      late.push({ at: now() + FINALITY_MS / 2, arrive: () => void hear(id, given) });
      return silence;
    }
    const said = hear(id, given);
    return struck("confirm.heard-in-silence") ? silence : said;
  }

  function inquire(id: string): BankOutcome {
    if (struck("inquiry.silence")) return silence;
    if (struck("inquiry.pending")) return { state: "pending" };
    const young = now() - (sentAt.get(id) ?? 0) < FINALITY_MS;
    if (young && struck("inquiry.not-found-yet")) return { state: "not_found" };
    const line = booked.get(id);
    if (line !== undefined && struck("inquiry.other-amount")) return success(line, more(line.amount));
    // A driver that compares ids says so of an answer that is about another one.
    if (struck("inquiry.for-another-id"))
      return { state: "unknown", code: "BANK_ANSWER_DIFFERS", reason: "another id" };
    return truth(id) ?? { state: "not_found" };
  }

  function chargeBack(debitRequestId: string, amount: Money): void {
    const debit = booked.get(debitRequestId);
    const before = ledger.filter((line) => line.debitRequestId === debitRequestId && line.kind !== "refund");
    const left = before.reduce(
      (sum, line) => (line.kind === "reversal" ? sum + minor(line) : sum - minor(line)),
      debit === undefined ? 0n : minor(debit),
    );
    if (minorOf(amount.value, amount.currency) > left) return;
    const bookedAt = new Date(now()).toISOString();
    ledger.push({ kind: "chargeback", bankRequestId: `cb-${ledger.length}`, debitRequestId, amount, bookedAt });
  }

  function giveUp(of: string): void {
    const taken = ledger.find(({ kind, bankRequestId }) => kind === "chargeback" && bankRequestId === of);
    if (taken === undefined || ledger.some((line) => line.of === of)) return;
    const { debitRequestId = "", amount } = taken;
    const bookedAt = new Date(now()).toISOString();
    ledger.push({ kind: "reversal", bankRequestId: `cr-${ledger.length}`, debitRequestId, of, amount, bookedAt });
  }

  const driver: BankDriver = {
    debit: async ({ bankRequestId, amount, accountToken }) =>
      take({ kind: "debit", bankRequestId, amount, accountToken }),
    refund: async ({ bankRequestId, amount, debitRequestId }) =>
      take({ kind: "refund", bankRequestId, amount, debitRequestId }),
    payout: async ({ bankRequestId, amount, accountToken }) =>
      take({ kind: "payout", bankRequestId, amount, accountToken }),
    confirm: async ({ bankRequestId, answer }) => confirm(bankRequestId, answer),
    inquire: async (id) => inquire(id),
    // Short locks, so that some are over before they are used.
    rate: async ({ from, to }) => {
      const expiresAt = new Date(now() + RATE_MS).toISOString();
      const rate = struck("rate.stale") ? { expiresAt: new Date(now() - 1).toISOString() } : {};
      return { rateId: `rate-${(rates += 1)}`, from, to, rate: RATES[rates % RATES.length] ?? "1", expiresAt, ...rate };
    },
    close: () => Promise.resolve(),
  };
  const plugin = defineBankDriver({ title: "Test bank", finalityMs: FINALITY_MS, open: () => Promise.resolve(driver) });
  const adapter = createBankAdapter({
    banks: new Map([[BANK, { plugin, driver }]]),
    limits: { bankCallMs: 30_000 },
  });

  return {
    adapter,
    ledger,
    declined,
    chargeBack,
    giveUp,
    allow: (id) => void hear(id, ANSWER),
    refuse(id) {
      if (truth(id)?.state === "requires_action") declined.set(id, "BANK_DECLINED");
    },
    deliver() {
      const due = late.filter(({ at }) => at <= now());
      late = late.filter(({ at }) => at > now());
      for (const { arrive } of due) arrive();
    },
  };
}
