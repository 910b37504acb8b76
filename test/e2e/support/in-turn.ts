/**
 * Starts works one after the other, whether or not the one before went well, and gives a promise for each. Two such rows at once let
 * tests that mostly wait for child processes not wait for each other. A failure belongs to its own promise.
 */
export function inTurn(works: readonly (() => Promise<void>)[]): readonly Promise<void>[] {
  let before: Promise<unknown> = Promise.resolve();
  return works.map((work) => {
    const result = before.then(work);
    // Whoever awaits the result is told; the next one begins all the same.
    before = result.catch(() => undefined);
    return result;
  });
}
