import type { WidthOf } from "./byte-widths.ts";

/** A line that is not blank, without its end. */
export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number;
  /** Places that are there: characters, or bytes. */
  readonly length: number;
  /** The line goes on: it is longer than any may be. */
  readonly cutOff: boolean;
  /** The characters from one place to another, both included, the first is 1. Of one that is partly outside: nothing. */
  readonly cut: (from: number, to: number) => string;
  /** Where bytes are counted: what keeps the characters from being told apart between two places, as the rest of a sentence. */
  readonly faultIn?: (from: number, to: number) => string | undefined;
}

/**
 * Cuts text into lines, which end with LF, CR LF or CR, also mixed. Of a line longer than `longest` characters no more is kept than
 * shows that it is.
 * @param widthOf the bytes of a character, where places are bytes
 */
export function createLineScanner(
  longest: number,
  onLine: (line: Line) => void,
  widthOf?: WidthOf,
): { write(text: string): void; end(): void } {
  // A character may take two places of a text.
  const most = longest * 2 + 1;
  const ends = /\r\n?|\n/g;
  let held = "";
  let number = 1;
  /** The last piece ended with a CR, whose LF may be in the next. */
  let afterCr = false;

  function keep(text: string, from: number, to: number): void {
    if (held.length < most) held += text.slice(from, Math.min(to, from + most - held.length));
  }

  function lineEnd(): void {
    const cutOff = held.length === most;
    if (held.trim() !== "")
      onLine(widthOf === undefined ? lineOf(held, number, cutOff) : byteLineOf(held, number, cutOff, widthOf));
    held = "";
    number++;
  }

  return {
    write(text) {
      if (text === "") return;
      let from = afterCr && text.startsWith("\n") ? 1 : 0;
      ends.lastIndex = from;
      for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
        keep(text, from, end.index);
        lineEnd();
        from = ends.lastIndex;
      }
      keep(text, from, text.length);
      afterCr = text.endsWith("\r");
    },
    end: lineEnd,
  };
}

const SURROGATE = /[\ud800-\udfff]/;

function lineOf(text: string, number: number, cutOff: boolean): Line {
  if (!SURROGATE.test(text))
    return { number, length: text.length, cutOff, cut: (from, to) => text.slice(from - 1, to) };
  const chars = Array.from(text);
  return { number, length: chars.length, cutOff, cut: (from, to) => chars.slice(from - 1, to).join("") };
}

/** A character of a line whose places are bytes: where it begins, counted from 0, and where it ends. */
interface Placed {
  readonly char: string;
  readonly begin: number;
  readonly end: number;
}

function byteLineOf(text: string, number: number, cutOff: boolean, widthOf: WidthOf): Line {
  const chars: Placed[] = [];
  let twofold: Placed | undefined;
  let end = 0;
  for (const char of text) {
    const begin = end;
    const width = widthOf(char);
    end += width ?? 1;
    const placed = { char, begin, end };
    if (width === undefined) twofold ??= placed;
    chars.push(placed);
  }
  const across = (edge: number): Placed | undefined => chars.find((one) => one.begin < edge && edge < one.end);
  return {
    number,
    length: end,
    cutOff,
    cut: (from, to) => chars.flatMap((one) => (one.begin >= from - 1 && one.end <= to ? [one.char] : [])).join(""),
    faultIn(from, to) {
      if (twofold !== undefined && twofold.begin < to)
        return `has the character ${codeOf(twofold.char)}, which its encoding has in two ways of different lengths`;
      const split = across(from - 1) ?? across(to);
      return split === undefined
        ? undefined
        : `has a character, ${codeOf(split.char)}, in bytes ${split.begin + 1} to ${split.end}`;
    },
  };
}

const codeOf = (char: string): string => `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
