/** Refunds that the house itself asks for, until the money is back or a person has to look: a pure part. */
import type { ErrorCode } from "../errors/codes.ts";
import type { Refund } from "../../schemas/types.generated.ts";

export interface InVain {
  readonly code: string;
  readonly reason: string;
}

/** What came of a refund for whoever asked for it: money is back · an operator refused it · in vain, to be tried again · under way, and whether a person is waited for. */
export type Fate =
  | { readonly is: "back" }
  | { readonly is: "refused"; readonly reason: string }
  | { readonly is: "in_vain"; readonly error: InVain }
  | { readonly is: "under_way"; readonly forPerson: boolean };

const NO_REASON: InVain = { code: "INTERNAL", reason: "The refund does not say why it has ended." };

export function fateOf({ state, rejection, error = NO_REASON }: Refund): Fate {
  switch (state) {
    case "succeeded":
      return { is: "back" };
    case "rejected":
      return rejection === undefined ? { is: "in_vain", error } : { is: "refused", reason: rejection.reason };
    case "failed":
      return { is: "in_vain", error };
    case "awaiting_approval":
    case "requested":
    case "submitting":
    case "unknown":
      return { is: "under_way", forPerson: state === "awaiting_approval" };
  }
}

/** Refusals of the refund itself; anything else is trouble of the house, and is tried again when that is over. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  "REFUND_TOO_LARGE",
  "STATE_REFUSED",
  "UNSUPPORTED",
  "NOT_FOUND",
  "IDEMPOTENCY_KEY_REUSED",
]);
export const isRefusal = (code: ErrorCode): boolean => REFUSALS.has(code);

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** Waits before a refund that was in vain is tried again; after the last one an operator must look. */
const RETRY_MS: readonly number[] = [MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS];

/** When the next refund is tried, in milliseconds from now; undefined when an operator must look. @param tries how many were in vain, at least one */
export const retryAfter = (tries: number): number | undefined => RETRY_MS[tries - 1];

/** What is waited for (a payment, a bank, an operator) is looked at after a quarter of the time that it was waited for, but between these. */
const LOOK_MS = { least: 10_000, most: HOUR_MS } as const;
export const lookAfter = (waitedMs: number): number =>
  Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, Math.floor(waitedMs / 4)));

/** The key of a refund that is asked for again and again, each once. @param opened how many were asked for before */
export const keyAgain = (key: string, opened: number): string => (opened === 0 ? key : `${key}-${opened + 1}`);
