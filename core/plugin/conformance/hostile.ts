import type { InputSpec } from "../../formats/contract.ts";

/** A file that a sample was damaged into. */
export interface Hostile {
  /** What was done to the sample, and where: `cut at byte 120`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What stands between the names and values of a file, whatever its format. */
const STRUCTURE = /[{}[\],:<>;'+*~|\t\n"=]/g;
/** A value or a name: between quotes, or up to the next mark of structure. */
const TOKEN = /"(?:[^"\\\n]|\\.)*"|[^\s{}[\],:<>;'+*~|"=/]+/g;

/** Texts that are no name, no amount and no date, or too much of one. ASCII: the sample's own encoding has them all. */
const WORDS: readonly string[] = [
  "",
  " ",
  "-1",
  "0",
  "1e5",
  "0x1F",
  "NaN",
  "1,234.50",
  "12.345678901234567890",
  "9".repeat(31),
  "2026-02-30T99:00:00Z",
  "__proto__",
  "constructor",
  "null",
  "&amp;",
  // A mark that turns the direction of writing, as the bytes of UTF-8.
  "\u00e2\u0080\u00ae",
  "\\u0007",
  "%s",
  "x".repeat(4000),
  "x".repeat(5000),
];
/** JSON of other types than a text or a number, as deep as no platform goes. */
const JSON_VALUES: readonly string[] = [
  "null",
  "true",
  "[]",
  "{}",
  "[null]",
  '{"a":"1"}',
  "1e400",
  "[".repeat(40) + "]".repeat(40),
];
const XML_VALUES: readonly string[] = ["<a>1</a>", "<!-- -->", "<a/>1", "<a>".repeat(40) + "</a>".repeat(40)];

/** What is put in the place of a value. */
interface Value {
  readonly text: string;
  /** It is the format's own: not between the quotes of what was there. */
  readonly raw: boolean;
}

/** Longer than an order's number, shorter than what a reader refuses. */
const LONG: Value = { text: "x".repeat(150), raw: false };

/** `count` of the items, spread evenly; all when there are fewer. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)]).filter(
    (item) => item !== undefined,
  );
}

/** Text with one byte a character, so that what is cut and put in is the same in every encoding but UTF-16. */
function textOf(bytes: Uint8Array, wide: boolean): string {
  return Buffer.from(bytes).toString(wide ? "utf16le" : "latin1");
}

/**
 * Damages a sample in about `count` ways: cut at its marks of structure, bytes that no encoding has, values of other types and sizes,
 * nested deep, members and lines taken out and doubled. The same sample gives the same files.
 */
export function hostileFiles(sample: Uint8Array, input: InputSpec, count: number): Hostile[] {
  const wide = input.encoding === "utf-16le" || input.encoding === "utf-16be";
  const text = textOf(sample, wide);
  const made: Hostile[] = [];
  const add = (name: string, damaged: string): void => {
    if (damaged === text) return;
    made.push({ name, bytes: Buffer.from(damaged, wide ? "utf16le" : "latin1") });
  };
  const share = Math.max(4, Math.floor(count / 9));

  for (const { index } of spread([...text.matchAll(STRUCTURE)], share))
    add(`cut at byte ${index + 1}`, text.slice(0, index + 1));
  for (const { index } of spread([...text.matchAll(TOKEN)], 5))
    add(`bad byte at ${index + 1}`, `${text.slice(0, index + 1)}\u00ff\u00fe\u0000${text.slice(index + 1)}`);
  const put = ({ index, 0: token }: RegExpExecArray, { text: value, raw }: Value): void => {
    const quoted = token.startsWith('"') && !raw;
    add(
      `${shown(value)} at byte ${index}`,
      text.slice(0, index) + (quoted ? `"${value}"` : value) + text.slice(index + token.length),
    );
  };
  const tokens = spread(
    [...text.matchAll(TOKEN)].filter((token) => isValue(text, token)),
    share * 2,
  );
  // What is longer than an order's number or name may be goes everywhere: schemas forget it most.
  for (const token of tokens) put(token, LONG);
  const pairs = valuesOf(input).flatMap((value) => tokens.map((token) => [token, value] as const));
  for (const [token, value] of spread(pairs, share * 4)) put(token, value);
  for (const { index, 0: part } of spread([...text.matchAll(partsOf(input))], share / 2)) {
    add(
      `doubled at byte ${index}`,
      text.slice(0, index) + part + joint(input) + part + text.slice(index + part.length),
    );
    add(`left out at byte ${index}`, text.slice(0, index) + text.slice(index + part.length));
  }
  return made;
}

function valuesOf({ format }: InputSpec): readonly Value[] {
  const raw = format === "json" || format === "ndjson" ? JSON_VALUES : format === "xml" ? XML_VALUES : [];
  return [...WORDS.map((text) => ({ text, raw: false })), ...raw.map((text) => ({ text, raw: true }))];
}

/** False for a name before a colon and for one in a tag. */
const isValue = (text: string, { index, 0: token }: RegExpExecArray): boolean =>
  !/^\s*:/.test(text.slice(index + token.length, index + token.length + 8)) &&
  !/<\/?$/.test(text.slice(Math.max(0, index - 2), index));

/** What of a file may be left out or doubled: members of JSON, leaf elements of XML, lines of all else. */
function partsOf({ format }: InputSpec): RegExp {
  if (format === "json" || format === "ndjson") return /"[^"\\\n]+"\s*:\s*(?:"(?:[^"\\\n]|\\.)*"|[\w.+-]+)/g;
  if (format === "xml") return /<([\w:.-]+)(?:\s[^<>]*)?>[^<>]*<\/\1>/g;
  return format === "edi" ? /[^'~\n]+['~]/g : /[^\n]+\n/g;
}

const joint = ({ format }: InputSpec): string => (format === "json" || format === "ndjson" ? "," : "");

const shown = (text: string): string =>
  JSON.stringify(text.length <= 24 ? text : `${text.slice(0, 24)}... (${text.length})`);
