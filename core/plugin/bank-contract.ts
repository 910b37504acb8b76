/**
 * The contract between Mergepay and the bank side: bank drivers (`plugins/bank-adapter/banks/<driver>/driver.ts`) and bank-adapter
 * itself. All that they may import of core.
 */
import type { Actions, PlatformRegistration } from "../actions.ts";
import type { ErrorCode } from "../errors/codes.ts";
import type { Money } from "../../schemas/types.generated.ts";
import type { BankOutcome } from "./bank-outcome.ts";

export type { PlatformRegistration } from "../actions.ts";
export type { ErrorCode } from "../errors/codes.ts";
export type { BankChallenge, BankFailure, BankOutcome } from "./bank-outcome.ts";
export type { Money } from "../../schemas/types.generated.ts";
export { MergepayError } from "../errors/errors.ts";
export { exponentOf } from "../money/currency.ts";
export { isRate } from "../money/convert.ts";
export { canonicalMoney, minorOf, moneyOf } from "../money/money.ts";
export { faultOfFeeRule } from "../settlement/fee-rule.ts";

/** The one debit instruction of a payment. Sent again only with the same id and content. */
export interface DebitInstruction {
  readonly bankRequestId: string;
  /** Opaque token of the payer's account at the bank. Never logged. */
  readonly accountToken: string;
  readonly amount: Money;
  /** Text for the payer's statement, at most 140 characters. */
  readonly reference: string;
}

/** The payer's answer to a challenge. */
export interface Confirmation {
  readonly bankRequestId: string;
  readonly challengeId: string;
  /** Never logged, never stored. */
  readonly answer: string;
}

export interface BankCall {
  /** Aborts at the total deadline of the call. */
  readonly signal: AbortSignal;
}

export interface BankDriverContext {
  /** A folder that the driver may keep its own files in. */
  readonly dataDir: string;
  /** Settings of this driver from the environment, `MERGEPAY_BANK_<NAME>` without the prefix, such as `{ URL, KEY }`. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * A running driver. Optional power = optional method; absent means UNSUPPORTED. A call sends at most once. Instructions and `inquire` answer with an
 * outcome, `inquire` of an id of any kind; should one throw all the same, that is `unknown`, but for a MergepayError `BANK_UNAVAILABLE`, whose word is that nothing was sent.
 */
export interface BankDriver {
  /** This driver's finality window where its settings say another one than the plugin's. */
  readonly finalityMs?: number;
  debit(instruction: DebitInstruction, call: BankCall): Promise<BankOutcome>;
  inquire(bankRequestId: string, call: BankCall): Promise<BankOutcome>;
  /** Hands the payer's answer to a challenge on, once; a wrong one is answered by the challenge again. */
  confirm?(confirmation: Confirmation, call: BankCall): Promise<BankOutcome>;
  refund?(instruction: RefundInstruction, call: BankCall): Promise<BankOutcome>;
  payout?(instruction: PayoutInstruction, call: BankCall): Promise<BankOutcome>;
  /** What was booked on our account in a time, in pages: `after` is the `next` of the page before. Throws when the bank can't be asked. */
  statement?(range: StatementRange, call: BankCall): Promise<StatementPage>;
  /**
   * Locks a rate: how much of `to` a whole unit of `from` is, good until it expires. Throws UNSUPPORTED for a pair that it does not change, anything else
   * when the bank can't be asked. What it says is looked at by the house.
   */
  rate?(pair: RatePair, call: BankCall): Promise<BankRate>;
  /** A test account of a payer or merchant (sandboxes only): its token. The opening may be zero. */
  openTestAccount?(opening: Money): Promise<{ accountToken: string }>;
  close(): Promise<void>;
}

/** ISO 4217 codes. */
export interface RatePair {
  readonly from: string;
  readonly to: string;
}

/** A rate as a bank has locked it. */
export interface BankRate extends RatePair {
  /** The bank's own id of it. */
  readonly rateId: string;
  /** Plain decimal text above zero, at most 12 digits before and after the dot: `"0.9132"`. */
  readonly rate: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** Money back to the account that a debit took it from; all refunds of a debit together are at most what it took. */
export interface RefundInstruction {
  readonly bankRequestId: string;
  readonly debitRequestId: string;
  readonly amount: Money;
  /** Text for the payer's statement, at most 140 characters. */
  readonly reference: string;
}

/** Collected money to a merchant's or platform's account. */
export interface PayoutInstruction {
  readonly bankRequestId: string;
  /** Opaque token of the account at the bank. Never logged. */
  readonly accountToken: string;
  readonly amount: Money;
  /** Text for the statement of whoever is paid, at most 140 characters. */
  readonly reference: string;
}

/** `from` is within, `to` is not; ISO 8601, UTC. */
export interface StatementRange {
  readonly from: string;
  readonly to: string;
  readonly after?: string;
}

export interface StatementPage {
  readonly items: readonly StatementLine[];
  readonly next?: string;
}

export interface StatementLine {
  readonly bankReference: string;
  /** Absent: the bank booked what was no instruction of ours. */
  readonly bankRequestId?: string;
  readonly amount: Money;
  /** On our account: a deduction is a credit, a refund or payout a debit. */
  readonly direction: "debit" | "credit";
  readonly bookedAt: string;
  /** The bank took an earlier booking back by it: with a deduction's id a debit is a chargeback, a credit gives one up again. */
  readonly reversal?: true;
}

export interface BankDriverPlugin {
  readonly contract: 1;
  readonly title: string;
  /** An instruction that the bank does not know this long after it was sent will never be executed. */
  readonly finalityMs: number;
  open(context: BankDriverContext): Promise<BankDriver>;
}

/** Marks a value as a bank driver and freezes it. */
export function defineBankDriver(driver: Omit<BankDriverPlugin, "contract">): BankDriverPlugin {
  return Object.freeze({ contract: 1 as const, ...driver });
}

/** One line for the log; the host adds time and level. Holds no account, key or token. */
export type BankLog = (entry: {
  readonly event: string;
  readonly bank: string;
  readonly bankRequestId?: string;
  readonly code?: string;
}) => void;

export interface BankAdapterContext {
  /** Each driver gets a folder of its own name in here. */
  readonly dataDir: string;
  /** The environment's `MERGEPAY_BANK_*` without that prefix: `{ SANDBOX_URL: "..." }` is the setting `URL` of the driver `sandbox`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly limits: { readonly bankCallMs: number };
  readonly log?: BankLog;
}

type Params<N extends keyof Actions> = Actions[N]["params"];
type Result<N extends keyof Actions> = Actions[N]["result"];

/** A running bank-adapter: one method for each of its actions, beside what the host needs. */
export interface BankAdapter {
  /** Registers a platform, or replaces what was registered of it. @throws PLUGIN_REGISTRATION_FAILED with the field at fault */
  register(registration: PlatformRegistration): Result<"bank-adapter.register">;
  /** The platform is gone: nothing more is taken from it. Its name need not be known. */
  unregister(params: Params<"bank-adapter.unregister">): Result<"bank-adapter.unregister">;
  platforms(): Result<"bank-adapter.platforms">;
  banks(): Result<"bank-adapter.banks">;
  /**
   * Sends one debit instruction, once, under one deadline; never throws after the first byte may have left.
   * @throws UNSUPPORTED (no such bank), CONFIG_INVALID (its driver did not open), BODY_INVALID; nothing was sent then
   */
  debit(params: Params<"bank-adapter.debit">): Promise<BankOutcome>;
  /** As `debit`. @throws UNSUPPORTED also when the bank gives nothing back */
  refund(params: Params<"bank-adapter.refund">): Promise<BankOutcome>;
  /** As `debit`. @throws UNSUPPORTED also when the bank pays nothing out */
  payout(params: Params<"bank-adapter.payout">): Promise<BankOutcome>;
  /** Asks what became of an instruction of any kind; `unknown` when the bank can't be asked. @throws as `debit` does */
  inquire(params: Params<"bank-adapter.inquire">): Promise<BankOutcome>;
  /**
   * Hands the payer's answer to a challenge on, once, under one deadline.
   * @throws UNSUPPORTED (no such bank, or it takes no answers), CONFIG_INVALID, BODY_INVALID; nothing was sent then
   */
  confirm(params: Params<"bank-adapter.confirm">): Promise<BankOutcome>;
  /** One page of the bank's statement. @throws UNSUPPORTED when the bank gives none, BANK_UNAVAILABLE when it can't be had or is none */
  statement(params: Params<"bank-adapter.statement">): Promise<StatementPage>;
  /** Locks a rate. @throws UNSUPPORTED when the bank has none (of this pair), BANK_UNAVAILABLE when it can't be asked, RATE_INVALID when it gave none */
  rate(params: Params<"bank-adapter.rate">): Promise<BankRate>;
  /** @throws UNSUPPORTED when the bank is not a sandbox, BANK_UNAVAILABLE when it can't be reached */
  openTestAccount(params: Params<"bank-adapter.openTestAccount">): Promise<Result<"bank-adapter.openTestAccount">>;
  /** Driver folders that could not be used, by name. */
  refused(): readonly RefusedBank[];
  /** Closes every driver. */
  close(): Promise<void>;
}

export interface RefusedBank {
  readonly bank: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** What `plugins/bank-adapter/plugin.ts` exports: the host opens it before any platform's plugin. */
export interface BankAdapterPlugin {
  readonly kind: "bank-adapter";
  readonly contract: 1;
  open(context: BankAdapterContext): Promise<BankAdapter>;
}
