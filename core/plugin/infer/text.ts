import type { Encoding } from "../../formats/contract.ts";
import { isLabelOf } from "../../formats/xml-labels.ts";

/** A sample file as text, and the encoding that it is in as far as its bytes tell. */
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

const HAN = /[\p{Script=Han}\u3000-\u303f\uff00-\uffef]/u;

/** True when the text beyond ASCII is Chinese. Western letters read as Chinese stand alone between ASCII; Chinese words do not. */
function isChinese(text: string): boolean {
  const chars = Array.from(text);
  let beyond = 0;
  let inWords = 0;
  for (const [at, char] of chars.entries()) {
    if (char.charCodeAt(0) <= 0x7f) continue;
    beyond++;
    const beside = HAN.test(chars[at - 1] ?? "") || HAN.test(chars[at + 1] ?? "");
    if (HAN.test(char) && beside) inWords++;
  }
  return inWords * 2 > beyond;
}

const DECLARABLE: readonly Encoding[] = ["utf-8", "gb18030", "iso-8859-1", "windows-1252"];

/** The encoding that an XML declaration names, if it is one that is read. */
function declared(bytes: Uint8Array): Encoding | undefined {
  const head = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const label = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*\sencoding\s*=\s*["']([^"']+)["']/.exec(head)?.[1];
  return label === undefined ? undefined : DECLARABLE.find((encoding) => isLabelOf(encoding, label));
}

/** Reads a sample's bytes as text: by its byte order mark or declaration, else UTF-8, Chinese or Western as the bytes fit. */
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
  const chinese = read("gb18030", false);
  if (chinese !== undefined && isChinese(chinese.text)) return chinese;
  return (
    read("windows-1252", false) ?? {
      encoding: "iso-8859-1",
      text: Buffer.from(bytes).toString("latin1"),
      certain: false,
    }
  );
}
