import type { Encoding } from "./contract.ts";

/** How many bytes a character takes; undefined when the encoding writes it in two ways, of different lengths. */
export type WidthOf = (char: string) => number | undefined;

/** How many bytes each character takes in an encoding. */
export function widthsIn(encoding: Encoding): WidthOf {
  switch (encoding) {
    case "utf-8":
      return (char) => Buffer.byteLength(char);
    case "utf-16le":
    case "utf-16be":
      return (char) => char.length * 2;
    case "gb18030":
      return gb18030Width;
    case "shift_jis":
      return shiftJisWidth;
    case "iso-8859-1":
    case "iso-8859-15":
    case "windows-1252":
      return () => 1;
  }
}

/** One byte: ASCII and half-width katakana. */
const shiftJisWidth: WidthOf = (char) => (/^[\0-\x80\uff61-\uff9f]$/.test(char) ? 1 : 2);

/** Characters that GB18030 has at two bytes and, of another edition, at four; the euro sign is of two, and of one on Windows. */
const AT_BOTH = /^[\u20ac\u9fb4-\u9fbb\ufe10-\ufe19]$/;

/** What GB18030 has at two bytes, which is GBK; all else outside of ASCII is at four. */
let gbk: ReadonlySet<string> | undefined;

const gb18030Width: WidthOf = (char) => {
  if (char <= "\x7f") return 1;
  if (AT_BOTH.test(char)) return undefined;
  gbk ??= new Set(twoBytes());
  return gbk.has(char) ? 2 : 4;
};

function* twoBytes(): Generator<string> {
  const decoder = new TextDecoder("gb18030");
  for (let lead = 0x81; lead <= 0xfe; lead++)
    for (let trail = 0x40; trail <= 0xfe; trail++) if (trail !== 0x7f) yield decoder.decode(Uint8Array.of(lead, trail));
}
