import type { Encoding } from "./contract.ts";
import { encodingInvalid } from "./faults.ts";

/** Bytes decoded at a time: it bounds memory whatever pieces the source gives. */
const PIECE_BYTES = 64 * 1024;

interface Decoder {
  /** Throws when the bytes are not of the encoding. An unfinished character is kept for the next call. */
  write(bytes: Uint8Array): string;
  /** Throws when a character is left unfinished. */
  end(): string;
}

/**
 * Turns bytes into text piece by piece; a byte order mark at the start is skipped.
 * @throws FILE_ENCODING_INVALID at the first byte that the encoding does not have, with its place as near as it is known
 */
export async function* decode(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = decoderOf(encoding);
  let offset = 0;
  let started = false;
  for await (const chunk of bytes) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES);
      let text = attempt(() => decoder.write(piece), encoding, offset, piece.length);
      offset += piece.length;
      if (text === "") continue;
      if (!started) {
        started = true;
        // U+FFFE is what the mark of the other byte order looks like.
        if (text.startsWith("\ufffe"))
          throw encodingInvalid(`The file is not ${encoding}: its byte order is the other one.`);
        if (text.startsWith("\ufeff")) text = text.slice(1);
        if (text === "") continue;
      }
      yield text;
    }
  }
  const rest = attempt(() => decoder.end(), encoding, offset, 0);
  if (rest !== "") yield rest;
}

function attempt(step: () => string, encoding: Encoding, offset: number, length: number): string {
  try {
    return step();
  } catch (error) {
    // The decoder says only that something is wrong, as a TypeError; anything else is a fault of ours.
    if (!(error instanceof TypeError)) throw error;
    const where =
      length === 0 ? `the file ends inside of a character` : `a byte between ${offset} and ${offset + length} is wrong`;
    throw encodingInvalid(`The file is not ${encoding}: ${where}.`, { position: `byte ${offset}` });
  }
}

function decoderOf(encoding: Encoding): Decoder {
  switch (encoding) {
    case "iso-8859-1":
      return { write: latin1, end: () => "" };
    case "windows-1252":
      return { write: windows1252, end: () => "" };
    case "utf-8":
    case "utf-16le":
    case "utf-16be":
    case "gb18030":
      break;
  }
  return standard(encoding);
}

function standard(encoding: string): Decoder {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
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
