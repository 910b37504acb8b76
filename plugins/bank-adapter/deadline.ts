import type { BankCall } from "../../core/plugin/bank-contract.ts";

export type Called<T> =
  | { readonly kind: "answer"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "deadline" };

/** How long a driver may take to say what it knows when its signal has aborted: that it never had a connection, for one. */
const LAST_WORD_MS = 50;

/**
 * Runs one call under a total deadline: its signal aborts then, and the call counts as unanswered even when it ignores the signal.
 * Never throws.
 * @param late told when the call ends after its deadline (with its error, if it failed): that end changes nothing
 */
export function callWithDeadline<T>(
  call: (call: BankCall) => Promise<T>,
  deadlineMs: number,
  late: (error?: unknown) => void,
): Promise<Called<T>> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    let over = false;
    const giveUp = (): void => {
      over = true;
      resolve({ kind: "deadline" });
    };
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, LAST_WORD_MS);
      controller.abort(new DOMException("The deadline of the bank call is over.", "TimeoutError"));
    }, deadlineMs);
    const end = (result: Called<T>): void => {
      clearTimeout(timer);
      if (!over) resolve(result);
      else late(result.kind === "error" ? result.error : undefined);
    };
    // Inside a promise, so that a driver that throws at once is treated like one that rejects.
    Promise.resolve()
      .then(() => call({ signal: controller.signal }))
      .then(
        (value) => end({ kind: "answer", value }),
        (error: unknown) => end({ kind: "error", error }),
      );
  });
}
