import type { Encoding } from "./contract.ts";
import { encodingInvalid } from "./faults.ts";
import { wholeCharacters } from "./characters.ts";

/** Bytes decoded at a time: it bounds memory whatever pieces the source gives. */
const PIECE_BYTES = 64 * 1024;

/** Decodes whole characters. @throws TypeError when the bytes are anything else */
type Decoder = (bytes: Uint8Array) => string;

/**
 * Turns bytes into text piece by piece; a byte order mark at the start is skipped.
 * @throws FILE_ENCODING_INVALID at the first byte at which no character of the encoding begins, `position: "byte 12"` counted from 0:
 * the bytes before it are all of the encoding. In a compressed file bytes count in what is unpacked
 */
export async function* decode(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = decoderOf(encoding);
  /** Bytes decoded so far, and the beginning of a character that goes on in the next piece. */
  let offset = 0;
  let begun: Uint8Array = new Uint8Array(0);
  let started = false;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const next = chunk.subarray(from, from + PIECE_BYTES);
      const piece = begun.length === 0 ? next : Buffer.concat([begun, next]);
      const end = wholeCharacters(piece, encoding);
      let text = attempt(decoder, piece.subarray(0, end), encoding, offset);
      offset += end;
      // A copy: the source may use its buffer again.
      begun = piece.slice(end);
      if (text === "") continue;
      if (!started) {
        started = true;
        assertOrder(text, encoding);
        if (text.startsWith("\ufeff")) text = text.slice(1);
        if (text === "") continue;
      }
      yield text;
    }
  }
  if (begun.length > 0)
    throw encodingInvalid(
      `The file is not ${encoding}: it ends inside of the character that begins at byte ${offset}.`,
      {
        position: `byte ${offset}`,
      },
    );
}

/** U+FFFE is what the mark of the other byte order looks like. @param text the beginning of the file */
function assertOrder(text: string, encoding: Encoding): void {
  if (text.startsWith("\ufffe"))
    throw encodingInvalid(`The file is not ${encoding}: its byte order is the other one.`, { position: "byte 0" });
}

function attempt(decoder: Decoder, bytes: Uint8Array, encoding: Encoding, offset: number): string {
  try {
    return decoder(bytes);
  } catch (error) {
    // The decoder says only that something is wrong, as a TypeError; anything else is a fault of ours.
    if (!(error instanceof TypeError)) throw error;
    const good = goodBytes(bytes, encoding);
    // What is told does not hang on how the bytes were cut: the first of two faults is.
    if (offset === 0) assertOrder(decoderOf(encoding)(bytes.subarray(0, good)), encoding);
    const byte = (bytes[good] ?? 0).toString(16).padStart(2, "0");
    throw encodingInvalid(
      `The file is not ${encoding}: no character of it begins with what is at byte ${offset + good} (0x${byte}), counted from 0.`,
      { position: `byte ${offset + good}` },
    );
  }
}

/** How many bytes at the beginning of bytes that can't be decoded are whole characters: found by halving. */
function goodBytes(bytes: Uint8Array, encoding: Encoding): number {
  const isGood = (from: number, to: number): boolean => {
    try {
      // A new one: a decoder that has failed may have kept something.
      decoderOf(encoding)(bytes.subarray(from, to));
      return true;
    } catch {
      return false;
    }
  };
  let good = 0;
  let bad = bytes.length;
  // A character is at most four bytes, so that half of more than eight has at least one.
  while (bad - good > 8) {
    const half = bytes.subarray(good, good + Math.floor((bad - good) / 2));
    const middle = good + wholeCharacters(half, encoding);
    if (isGood(good, middle)) good = middle;
    else bad = middle;
  }
  while (bad > good && !isGood(good, bad)) bad--;
  return bad;
}

function decoderOf(encoding: Encoding): Decoder {
  switch (encoding) {
    case "iso-8859-1":
      return latin1;
    case "windows-1252":
      return windows1252;
    case "utf-8":
    case "utf-16le":
    case "utf-16be":
    case "gb18030":
    case "shift_jis":
    case "iso-8859-15":
      break;
  }
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}

/** True Latin-1: byte n is U+00nn. The web's decoder of that name would read windows-1252. */
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/** The characters of bytes 0x80 to 0x9f; the five that windows-1252 leaves open are spaces here. */
const WINDOWS_1252 = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

const windows1252 = (bytes: Uint8Array): string =>
  latin1(bytes).replace(/[\u0080-\u009f]/g, (char) => {
    const mapped = WINDOWS_1252.charAt(char.charCodeAt(0) - 0x80);
    if (mapped === " ") throw new TypeError("byte without a character");
    return mapped;
  });
