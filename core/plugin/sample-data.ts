/** What `samples/generate.ts` of a plugin is made of: made-up files of any size, for the suite and the bench. */

/** What a generated file is to be like. */
export interface GenerateOptions {
  /** Other seeds give other order numbers; the same seed gives the same file. Default 1. */
  readonly seed?: number;
  /** Indexes of orders with something that is not an amount where one must be: they are rejected. */
  readonly bad?: readonly number[];
  /** One buyer for all orders, as the plugin names it in `buyerId`. */
  readonly buyer?: string;
}

/** Gives the text, in pieces, of a file of so many open orders in the platform's own format. */
export type Generate = (count: number, options?: GenerateOptions) => Iterable<string>;

/** A stream of whole numbers below the bound given, the same for the same seed (mulberry32, public domain algorithm by Tommy Ettinger). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Cents as decimal text: `1234n` is `12.34`. */
export const centsText = (cents: bigint): string => `${cents / 100n}.${(cents % 100n).toString().padStart(2, "0")}`;
