/**
 * Ids: a prefix, 10 characters of time, 3 that count within the millisecond and 13 of randomness (65 bits), in Crockford's base 32:
 * unguessable, and each node's new ones sort last, in the order in which they were made.
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const COUNTS = 32 ** 3;
const TAIL_CHARS = 13;
const IDS_A_DRAW = 64;

export type IdPrefix =
  | "ord"
  | "pay"
  | "quo"
  | "ded"
  | "acc"
  | "evt"
  | "end"
  | "lnk"
  | "prp"
  | "mac"
  | "man"
  | "req"
  | "rfd"
  | "clm"
  | "fee"
  | "str"
  | "aud"
  | "pyo"
  | "out";

/** What ids of a kind look like, as the source of a regular expression. */
export const idPattern = (prefix: IdPrefix): string => `${prefix}_[0-9a-z]{26}`;

/** Makes ids such as `pay_01k...`. @param now epoch milliseconds @param random that many random bytes */
export function idSource(now: () => number, random: (bytes: number) => Uint8Array): (prefix: IdPrefix) => string {
  let last = 0;
  let count = 0;
  let pool: Uint8Array = new Uint8Array();
  let used = 0;

  /** Random bytes are drawn for many ids at once: a draw costs as much as all else. */
  const unused = (): Uint8Array => {
    if (used >= pool.length) {
      pool = random(TAIL_CHARS * IDS_A_DRAW);
      used = 0;
    }
    used += TAIL_CHARS;
    return pool.subarray(used - TAIL_CHARS, used);
  };

  return (prefix) => {
    const time = now();
    count = time === last ? (count + 1) % COUNTS : 0;
    last = time;
    let tail = "";
    for (const byte of unused()) tail += ALPHABET.charAt(byte & 31);
    return `${prefix}_${base32(time, 10)}${base32(count, 3)}${tail}`;
  };
}

function base32(value: number, chars: number): string {
  let text = "";
  for (let rest = value, i = 0; i < chars; i += 1, rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text;
  return text;
}
