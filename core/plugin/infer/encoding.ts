import type { Encoding } from "../../formats/contract.ts";
import { decode } from "../../formats/decode.ts";
import { isLabelOf } from "../../formats/xml-labels.ts";

/** In the order in which they are tried: from those that take the fewest bytes for text to those that take any. */
const TRIED: readonly Encoding[] = ["utf-8", "shift_jis", "gb18030", "windows-1252", "iso-8859-1"];
/** What XML may declare. */
const DECLARABLE: readonly Encoding[] = [...TRIED, "iso-8859-15"];
/** Bytes that are looked at for the marks of UTF-16. */
const HEAD_BYTES = 4096;
const DECLARED = /^<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']/;

/** A sample's text and the encoding that it is taken to be in. */
export interface Decoded {
  readonly encoding: Encoding;
  readonly text: string;
  /** `certain`: the bytes leave no doubt. `likely`: several encodings would take them. */
  readonly confidence: "certain" | "likely";
}

/**
 * Tells the encoding of a sample: its byte order mark, then what an XML declaration says, then UTF-8 where it is valid. What is left is
 * Shift_JIS or GB18030 where that makes words of it, else Windows-1252.
 */
export async function decodeSample(bytes: Uint8Array): Promise<Decoded> {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return { encoding: marked, text: await textOf(bytes, marked), confidence: "certain" };
  const declared = declaredEncoding(bytes);
  for (const encoding of declared === undefined ? TRIED : [declared, ...TRIED]) {
    const text = await textOf(bytes, encoding).catch(() => undefined);
    // What an encoding does not take is tried as the next one; Latin-1 takes any bytes.
    if (text === undefined || (declared !== encoding && !isPlausible(text, encoding))) continue;
    return { encoding, text, confidence: encoding === "utf-8" || encoding === declared ? "certain" : "likely" };
  }
  return { encoding: "iso-8859-1", text: await textOf(bytes, "iso-8859-1"), confidence: "likely" };
}

async function textOf(bytes: Uint8Array, encoding: Encoding): Promise<string> {
  let text = "";
  for await (const piece of decode(once(bytes), encoding)) text += piece;
  return text;
}

/** The bytes as the stream of one piece that the readers take. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function markedEncoding(bytes: Uint8Array): Encoding | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  // Without a mark: every second byte of text that is mostly ASCII is zero.
  const zeros = [0, 0];
  const head = bytes.subarray(0, HEAD_BYTES);
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (even + odd < head.length / 4) return undefined;
  return odd > even ? "utf-16le" : "utf-16be";
}

function declaredEncoding(bytes: Uint8Array): Encoding | undefined {
  const label = DECLARED.exec(Buffer.from(bytes.subarray(0, 200)).toString("latin1"))?.[1];
  return label === undefined ? undefined : DECLARABLE.find((encoding) => isLabelOf(encoding, label));
}

const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;
const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\u30a0-\u30ff\u3000-\u303f\uff01-\uff60]/u;
/** Read as Japanese, Chinese bytes give mostly these. */
const HALF_WIDTH = /[\uff61-\uff9f]/g;
const HALF_WIDTH_SHARE = 10;

/** Whether text that an encoding of many bytes gave is words of its letters: bytes of other encodings are read too, as single letters. */
function isPlausible(text: string, encoding: Encoding): boolean {
  if (encoding === "gb18030") return isWritten(text, CHINESE);
  if (encoding !== "shift_jis") return true;
  const beyond = text.match(/\P{ASCII}/gu)?.length ?? 0;
  return (text.match(HALF_WIDTH)?.length ?? 0) * HALF_WIDTH_SHARE <= beyond && isWritten(text, JAPANESE);
}

/** True when the text beyond ASCII is words of these letters. Western ones read as such stand alone between ASCII; words do not. */
function isWritten(text: string, letters: RegExp): boolean {
  const chars = Array.from(text);
  let beyond = 0;
  let inWords = 0;
  for (const [at, char] of chars.entries()) {
    if (char.charCodeAt(0) <= 0x7f) continue;
    beyond += 1;
    const beside = letters.test(chars[at - 1] ?? "") || letters.test(chars[at + 1] ?? "");
    if (letters.test(char) && beside) inWords += 1;
  }
  return inWords * 2 > beyond;
}
