import type { Encoding } from "./contract.ts";

/**
 * How many of the bytes are whole characters, when they begin with one: the rest, at most three bytes, is the beginning of a character.
 * Of bytes that are not of the encoding it is any such place; decoding finds out.
 */
export function wholeCharacters(bytes: Uint8Array, encoding: Encoding): number {
  switch (encoding) {
    case "utf-8":
      return wholeFrom(bytes, utf8Lead(bytes), utf8Length);
    case "utf-16le":
      return wholeUtf16(bytes, 1);
    case "utf-16be":
      return wholeUtf16(bytes, 0);
    case "gb18030":
      return wholeFrom(bytes, behindLast(bytes, 0x30), gb18030Length);
    case "shift_jis":
      return wholeFrom(bytes, behindLast(bytes, 0x80), shiftJisLength);
    case "iso-8859-1":
    case "iso-8859-15":
    case "windows-1252":
      return bytes.length;
  }
}

/** Goes over the characters from a place at which one begins. */
function wholeFrom(bytes: Uint8Array, from: number, lengthAt: (bytes: Uint8Array, at: number) => number): number {
  let at = from;
  while (at < bytes.length) {
    const next = at + lengthAt(bytes, at);
    if (next > bytes.length) return at;
    at = next;
  }
  return at;
}

/** The place behind the last byte below `limit`, which in the encoding is only ever a whole character or the end of one. */
function behindLast(bytes: Uint8Array, limit: number): number {
  let at = bytes.length;
  while (at > 0 && (bytes[at - 1] ?? 0) >= limit) at--;
  return at;
}

/** The last byte that begins a character, among the last four. */
function utf8Lead(bytes: Uint8Array): number {
  const first = Math.max(bytes.length - 4, 0);
  for (let at = bytes.length - 1; at > first; at--) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  return first;
}

function utf8Length(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

/** Two bytes, or four when the first of them are 0x81 to 0xfe and a digit. */
function gb18030Length(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x81 || lead > 0xfe) return 1;
  const second = bytes[at + 1] ?? 0x40;
  return second >= 0x30 && second <= 0x39 ? 4 : 2;
}

/** Between the two ranges of first bytes are half-width katakana, of one byte. */
function shiftJisLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  return (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xfc) ? 2 : 1;
}

/** `high`: place of the high byte of a unit. */
function wholeUtf16(bytes: Uint8Array, high: 0 | 1): number {
  const even = bytes.length - (bytes.length % 2);
  const last = bytes[even - 2 + high] ?? 0;
  return even >= 2 && last >= 0xd8 && last <= 0xdb ? even - 2 : even;
}
