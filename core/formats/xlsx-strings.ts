import { MergepayError } from "../errors/errors.ts";
import { createPartReader, unescaped } from "./xlsx-part.ts";

/** Bytes of all texts that the cells of a workbook share, and four more for each. */
const STRINGS_BYTES = 32 * 1024 * 1024;

/** The texts that cells share, by their number. */
export interface SharedStrings {
  readonly count: () => number;
  at(index: number): string;
}

export const NO_STRINGS: SharedStrings = { count: () => 0, at: () => "" };

/** Characters that one character is written as at most: `_x000D_`. */
const ESCAPE_CHARS = 7;

/**
 * Reads the texts that the cells of a workbook share. They are kept as bytes side by side: a million strings would take three times as much.
 * @param fieldBytes a text may be so long; of longer ones as much is kept as shows that they are: many cells may name the same one
 * @throws FILE_FRAME_BROKEN, FILE_TOO_LARGE
 */
export async function readSharedStrings(
  part: string,
  text: AsyncIterable<string>,
  fieldBytes: number,
): Promise<SharedStrings> {
  let bytes = Buffer.alloc(64 * 1024);
  let ends = new Uint32Array(1024);
  let count = 0;
  let size = 0;
  let own = "";
  /** Depth of the text that is being read, and of what is left out: how it is pronounced. */
  let inText = 0;
  let leftOut = 0;

  function keep(): void {
    const plain = unescaped(own).slice(0, fieldBytes + 1);
    const length = Buffer.byteLength(plain);
    if (size + length + 4 * count > STRINGS_BYTES) throw tooLarge();
    if (size + length > bytes.length) bytes = Buffer.concat([bytes], Math.max(bytes.length * 2, size + length));
    if (count === ends.length) {
      const longer = new Uint32Array(count * 2);
      longer.set(ends);
      ends = longer;
    }
    size += bytes.write(plain, size);
    ends[count++] = size;
  }

  function aside(): void {
    if (inText !== 0) throw reader.broken("a text is interrupted by something that is not text");
  }

  const reader = createPartReader(part, "sst", {
    open(local, depth) {
      aside();
      if (depth === 2 && local === "si") own = "";
      else if (local === "rPh" && leftOut === 0) leftOut = depth;
      else if (local === "t" && leftOut === 0 && depth > 2) inText = depth;
    },
    close(local, depth) {
      if (depth === inText) inText = 0;
      if (depth === leftOut) leftOut = 0;
      if (depth === 2 && local === "si") keep();
    },
    text(some) {
      if (inText !== 0 && own.length <= fieldBytes * ESCAPE_CHARS) own += some;
    },
    aside,
  });
  for await (const piece of text) reader.write(piece);
  reader.end();
  return {
    count: () => count,
    at: (index) => bytes.toString("utf8", index === 0 ? 0 : ends[index - 1], ends[index]),
  };
}

const tooLarge = (): Error =>
  new MergepayError("FILE_TOO_LARGE", "The workbook has too many different texts; send its sheet as CSV, or in parts.");
