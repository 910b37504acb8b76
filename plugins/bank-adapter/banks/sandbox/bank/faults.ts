/**
 * How the sandbox bank misbehaves when told to.
 *
 * By script, always possible: `POST /faults [{ "on": "debit", "fault": "timeout_after_debit", "times": 2 }]`; each entry is used up by the
 * next requests of its kind. `on` is `debit`, `confirm` (a payer's answer to a challenge), `refund`, `payout`, `inquiry` or `rate`;
 * `{ "on": "inquiry", "fault": "not_found", "times": 3 }` hides what is booked three times.
 *
 * By magic amount, only when the bank runs with `--faults magic`: an instruction whose amount ends in these two decimals misbehaves every time.
 *
 * | ends   | fault                  | booked | what the caller sees                         |
 * | ------ | ---------------------- | ------ | -------------------------------------------- |
 * | `.89`  | `challenge`            | no     | requires_action; the answer is 246810        |
 * | `.91`  | `declined`             | no     | failed, BANK_DECLINED                        |
 * | `.92`  | `timeout_after_debit`  | yes    | no answer, the connection stays open         |
 * | `.93`  | `timeout_before_debit` | no     | no answer, the request is swallowed          |
 * | `.94`  | `error_before`         | no     | 503                                          |
 * | `.95`  | `error_after`          | yes    | 500                                          |
 * | `.96`  | `half_answer`          | yes    | half of the answer, then a reset             |
 * | `.97`  | `html`                 | yes    | status 200 with a page of HTML               |
 * | `.98`  | `reset_before`         | no     | the connection is reset                      |
 *
 * A debit that is challenged is booked by `POST /debits/{bankRequestId}/confirm` with the right answer; three wrong ones decline it, and five
 * minutes without one end it.
 *
 * By script only: `insufficient` (failed, BANK_INSUFFICIENT_FUNDS), `slow_bytes` (booked; one byte of the answer a second), `other_amount`
 * (booked rightly, answered with another amount), `not_found` (inquiries only). On an inquiry nothing is booked; `declined` and
 * `insufficient` are lies there. On a rate: `stale_rate`, `zero_rate`, `negative_rate`, `text_rate` and `other_pair`, each of which no house may use.
 */
export const FAULTS = [
  "challenge",
  "declined",
  "insufficient",
  "timeout_after_debit",
  "timeout_before_debit",
  "error_before",
  "error_after",
  "half_answer",
  "html",
  "reset_before",
  "not_found",
  "slow_bytes",
  "other_amount",
  "stale_rate",
  "zero_rate",
  "negative_rate",
  "text_rate",
  "other_pair",
] as const;

export type Fault = (typeof FAULTS)[number];

/** Of rates only; nothing else is told in their place but that the bank can't be asked. */
const RATE_FAULTS: ReadonlySet<Fault> = new Set<Fault>([
  "stale_rate",
  "zero_rate",
  "negative_rate",
  "text_rate",
  "other_pair",
]);

export const FAULTY = ["debit", "confirm", "refund", "payout", "inquiry", "rate"] as const;
export type FaultOn = (typeof FAULTY)[number];

export interface ScriptedFault {
  readonly on: FaultOn;
  readonly fault: Fault;
  readonly times: number;
}

const MAGIC: ReadonlyMap<string, Fault> = new Map([
  [".89", "challenge"],
  [".91", "declined"],
  [".92", "timeout_after_debit"],
  [".93", "timeout_before_debit"],
  [".94", "error_before"],
  [".95", "error_after"],
  [".96", "half_answer"],
  [".97", "html"],
  [".98", "reset_before"],
]);

/** The fault of a magic amount of a two-decimal currency. */
export const magicFault = (value: string): Fault | undefined => MAGIC.get(value.slice(-3));

const MAX_TIMES = 1000;
const MAX_ENTRIES = 1000;

/** Reads a fault script strictly; gives the reason when it is none. */
export function parseScript(body: unknown): readonly ScriptedFault[] | string {
  if (!Array.isArray(body) || body.length > MAX_ENTRIES)
    return `The script is a list of at most ${MAX_ENTRIES} faults.`;
  const script: ScriptedFault[] = [];
  for (const entry of body as readonly unknown[]) {
    if (typeof entry !== "object" || entry === null) return "Each fault is an object with on, fault and times.";
    const { on, fault, times = 1, ...others } = entry as Record<string, unknown>;
    const known = FAULTS.find((one) => one === fault);
    const call = FAULTY.find((one) => one === on);
    if (Object.keys(others).length > 0) return "A fault knows only on, fault and times.";
    if (call === undefined) return `on must be one of ${FAULTY.join(", ")}.`;
    if (known === undefined) return `fault must be one of ${FAULTS.join(", ")}.`;
    if (RATE_FAULTS.has(known) && call !== "rate") return `${known} is for rates only.`;
    if (known === "not_found" && call !== "inquiry") return "not_found is for inquiries only.";
    if (known === "challenge" && call !== "debit") return "challenge is for debits only.";
    if (typeof times !== "number" || !Number.isInteger(times) || times < 1 || times > MAX_TIMES)
      return `times must be a whole number from 1 to ${MAX_TIMES}.`;
    script.push({ on: call, fault: known, times });
  }
  return script;
}

export interface FaultQueue {
  add(script: readonly ScriptedFault[]): void;
  /** Takes the next fault for a request of this kind. */
  next(on: FaultOn): Fault | undefined;
}

export function createFaultQueue(): FaultQueue {
  const queues: Readonly<Record<FaultOn, { fault: Fault; left: number }[]>> = {
    debit: [],
    confirm: [],
    refund: [],
    payout: [],
    inquiry: [],
    rate: [],
  };
  return {
    add(script) {
      for (const { on, fault, times } of script) queues[on].push({ fault, left: times });
    },
    next(on) {
      const [first] = queues[on];
      if (first === undefined) return undefined;
      first.left -= 1;
      if (first.left === 0) queues[on].shift();
      return first.fault;
    },
  };
}
