/** Lets at most so many jobs run at the same time; the others wait in the order that they came. */
export interface Turns {
  readonly take: <T>(job: () => Promise<T>) => Promise<T>;
  /** Jobs that run. */
  readonly busy: () => number;
}

export function createTurns(atOnce: number): Turns {
  const queue: (() => void)[] = [];
  let busy = 0;
  return {
    async take(job) {
      if (busy >= atOnce) {
        const free = Promise.withResolvers<void>();
        queue.push(free.resolve);
        await free.promise;
      } else busy += 1;
      try {
        return await job();
      } finally {
        // Whoever waits takes over this place, so that nobody new slips in between.
        const next = queue.shift();
        if (next === undefined) busy -= 1;
        else next();
      }
    },
    busy: () => busy,
  };
}
