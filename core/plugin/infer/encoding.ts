import type { Encoding } from "../../formats/contract.ts";
import { decode } from "../../formats/decode.ts";
import { isLabelOf } from "../../formats/xml-labels.ts";

/** In the order in which they are tried: from those that take the fewest bytes for text to those that take any. */
const TRIED: readonly Encoding[] = ["utf-8", "gb18030", "windows-1252", "iso-8859-1"];
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
 * GB18030 when its bytes above 127 come in the pairs of Chinese text, else Windows-1252.
 */
export async function decodeSample(bytes: Uint8Array): Promise<Decoded> {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return { encoding: marked, text: await textOf(bytes, marked), confidence: "certain" };
  const declared = declaredEncoding(bytes);
  for (const encoding of declared === undefined ? TRIED : [declared, ...TRIED]) {
    if (encoding === "gb18030" && declared !== encoding && !looksChinese(bytes)) continue;
    const text = await textOf(bytes, encoding).catch(() => undefined);
    // What an encoding does not take is tried as the next one; Latin-1 takes any bytes.
    if (text === undefined) continue;
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
  return label === undefined ? undefined : TRIED.find((encoding) => isLabelOf(encoding, label));
}

/** Whether bytes above 127 come in pairs of the zone of common Chinese characters rather than alone among letters. */
function looksChinese(bytes: Uint8Array): boolean {
  let pairs = 0;
  let alone = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if ((bytes[at] ?? 0) < 0x80) continue;
    const paired = (bytes[at] ?? 0) >= 0xa1 && (bytes[at + 1] ?? 0) >= 0xa1;
    if (paired) {
      pairs += 1;
      at += 1;
    } else alone += 1;
  }
  return pairs > alone * 4;
}
