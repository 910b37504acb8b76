import type { ReadLimits } from "./contract.ts";
import { partsTooLarge } from "./faults.ts";

/** What holding a part costs beside its text, counted as characters. */
const PART_CHARS = 100;

/** How many records that were held are given out at a time, so that not all of them are built at once. */
export const HELD_RECORDS = 500;

/**
 * Counts what is held until the end of a file.
 * @returns adds a part of so many characters @throws FILE_PARTS_TOO_LARGE with the position of the first part that is too much
 */
export function createHold({ heldChars }: ReadLimits): (chars: number, position: string) => void {
  let held = 0;
  return (chars, position) => {
    held += chars + PART_CHARS;
    if (held > heldChars) throw partsTooLarge(heldChars, position);
  };
}

/** The same text in memory of its own: a piece cut from a larger text keeps all of that in memory. */
export const flat = (text: string): string => Buffer.from(text).toString();
