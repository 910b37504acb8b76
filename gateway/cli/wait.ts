import { setTimeout as pause } from "node:timers/promises";
import { MergepayError } from "../../core/errors/errors.ts";

/** Asks until the answer will do. @throws OVERLOADED after `timeoutMs` */
export async function waitFor<T>(
  ask: () => Promise<T>,
  {
    until,
    timeoutMs,
    what,
    everyMs = 50,
  }: { until: (answer: T) => boolean; timeoutMs: number; what: string; everyMs?: number },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (until(answer)) return answer;
    if (performance.now() > deadline)
      throw new MergepayError("OVERLOADED", `Waited ${timeoutMs / 1000} s in vain for ${what}.`);
    await pause(everyMs);
  }
}
