import type { Encoding } from "../../formats/contract.ts";
import { isLabelOf } from "../../formats/xml-labels.ts";

/** A sample file as text, unpacked, and the encoding that it is in as far as its bytes tell. */
export interface SampleText {
  readonly encoding: Encoding;
  /** Without a byte order mark. */
  readonly text: string;
  /** Bytes that several encodings would read tell nothing for sure. */
  readonly certain: boolean;
}

function decoded(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;

const JAPANESE = /[\p{Script=Han}\p{Script=Hiragana}\u30a0-\u30ff\u3000-\u303f\uff01-\uff60]/u;
/** As Japanese, Chinese bytes give mostly these. */
const HALF_WIDTH = /[\uff61-\uff9f]/g;

/** True when the text beyond ASCII is words of these letters. Western ones read as such stand alone between ASCII; words do not. */
function isWritten(text: string, letters: RegExp): boolean {
  const chars = Array.from(text);
  let beyond = 0;
  let inWords = 0;
  for (const [at, char] of chars.entries()) {
    if (char.charCodeAt(0) <= 0x7f) continue;
    beyond++;
    const beside = letters.test(chars[at - 1] ?? "") || letters.test(chars[at + 1] ?? "");
    if (letters.test(char) && beside) inWords++;
  }
  return inWords * 2 > beyond;
}

function isJapanese(text: string): boolean {
  const halfWidth = text.match(HALF_WIDTH)?.length ?? 0;
  const beyond = text.match(/\P{ASCII}/gu)?.length ?? 0;
  return halfWidth * 10 <= beyond && isWritten(text, JAPANESE);
}

const DECLARABLE: readonly Encoding[] = ["utf-8", "gb18030", "shift_jis", "iso-8859-1", "iso-8859-15", "windows-1252"];

/** The encoding that an XML declaration names, if it is one that is read. */
function declared(bytes: Uint8Array): Encoding | undefined {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const label = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/.exec(head)?.[1];
  return label === undefined ? undefined : DECLARABLE.find((encoding) => isLabelOf(encoding, label));
}

/** Reads a sample's bytes as text: by its byte order mark or declaration, else UTF-8, Japanese, Chinese or Western as the bytes fit. */
export function sampleText(bytes: Uint8Array): SampleText {
  const read = (encoding: Encoding, certain: boolean): SampleText | undefined => {
    const text = decoded(bytes, encoding);
    return text === undefined ? undefined : { encoding, text: text.replace(/^\ufeff/, ""), certain };
  };
  const [first = 0, second = 0] = bytes;
  const marked: Encoding | undefined =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : declared(bytes);
  const byMark = marked === undefined ? undefined : read(marked, true);
  const utf8 = byMark ?? read("utf-8", true);
  if (utf8 !== undefined) return utf8;
  const japanese = read("shift_jis", false);
  if (japanese !== undefined && isJapanese(japanese.text)) return japanese;
  const chinese = read("gb18030", false);
  if (chinese !== undefined && isWritten(chinese.text, CHINESE)) return chinese;
  return (
    read("windows-1252", false) ?? {
      encoding: "iso-8859-1",
      text: Buffer.from(bytes).toString("latin1"),
      certain: false,
    }
  );
}
