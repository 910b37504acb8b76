/**
 * What a driver's folder brings beside driver.ts so that the one contract suite can run it: `harness.ts`, with `openHarness` as default
 * export. The bank behind it must be able to misbehave on demand.
 */
import type { Money } from "../../core/plugin/bank-contract.ts";

export interface HarnessFault {
  readonly on: "debit" | "confirm" | "refund" | "payout" | "inquiry";
  readonly fault: string;
  readonly times?: number;
}

export interface BookedInstruction {
  readonly kind: "debit" | "refund" | "payout";
  readonly bankRequestId: string;
  readonly amount: Money;
}

export interface BankHarness {
  /** Settings with which the driver talks to the harness's bank. */
  readonly settings: Readonly<Record<string, string>>;
  /** Settings of a bank that can't be reached. */
  readonly unreachable: Readonly<Record<string, string>>;
  openAccount(opening: Money): Promise<string>;
  balance(accountToken: string): Promise<Money>;
  /** Scripts the bank's next answers. */
  script(faults: readonly HarnessFault[]): Promise<void>;
  /** The right answer to a challenge; absent: the bank does not challenge. */
  readonly challengeAnswer?: string;
  /** What the bank has booked, in booking order. */
  booked(): Promise<readonly BookedInstruction[]>;
  /** Throws when the bank's books are wrong. */
  audit(): void;
  close(): Promise<void>;
}

/** @param dataDir an empty folder of the harness's own */
export type OpenHarness = (dataDir: string) => Promise<BankHarness>;
