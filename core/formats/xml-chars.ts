/** The characters of XML 1.0 (fifth edition), as one table for the scanner's loops. */

/** May stand in a name. */
export const NAME = 1;
/** May begin a name. */
export const NAME_START = 2;
/** Ends the plain part of a text: `<`, `&`, `]`, a carriage return, and what is no character of XML. */
export const SPECIAL = 4;

/** Flags by UTF-16 unit. Surrogates stand for the characters above U+FFFF; decoding has seen to it that they come in pairs. */
export const CHARS = new Uint8Array(0x10000);

const STARTS: readonly (readonly [number, number])[] = [
  [0x3a, 0x3a],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
  [0xc0, 0xd6],
  [0xd8, 0xf6],
  [0xf8, 0x2ff],
  [0x370, 0x37d],
  [0x37f, 0x1fff],
  [0x200c, 0x200d],
  [0x2070, 0x218f],
  [0x2c00, 0x2fef],
  [0x3001, 0xd7ff],
  [0xf900, 0xfdcf],
  [0xfdf0, 0xfffd],
  // U+10000 to U+EFFFF, as their two halves.
  [0xd800, 0xdb7f],
  [0xdc00, 0xdfff],
];
const OTHERS: readonly (readonly [number, number])[] = [
  [0x2d, 0x2e],
  [0x30, 0x39],
  [0xb7, 0xb7],
  [0x300, 0x36f],
  [0x203f, 0x2040],
];
const ENDS = [0x3c, 0x26, 0x5d, 0x0d, 0xfffe, 0xffff];

for (const [first, last] of STARTS) CHARS.fill(NAME | NAME_START, first, last + 1);
for (const [first, last] of OTHERS) CHARS.fill(NAME, first, last + 1);
for (let code = 0; code < 0x20; code++) if (code !== 0x09 && code !== 0x0a) CHARS[code] = SPECIAL;
for (const code of ENDS) CHARS[code] = SPECIAL;

const NO_CHARACTER = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** True when all of the text is characters of XML. */
export const isText = (text: string): boolean => !NO_CHARACTER.test(text);

/** True for a character that a reference by number may name. */
export const isCharacter = (code: number): boolean =>
  code <= 0x10ffff && code >= 0 && isText(String.fromCodePoint(code));

export function isName(text: string): boolean {
  if (text === "" || ((CHARS[text.charCodeAt(0)] ?? 0) & NAME_START) === 0) return false;
  for (let at = 1; at < text.length; at++) if (((CHARS[text.charCodeAt(at)] ?? 0) & NAME) === 0) return false;
  return true;
}

export const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

export function isBlank(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isSpace(text.charCodeAt(at))) return false;
  return true;
}
