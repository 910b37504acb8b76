/** A line that is not blank, without its end. */
export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number;
  /** Characters that are there. */
  readonly length: number;
  /** The line goes on: it is longer than any may be. */
  readonly cutOff: boolean;
  /** The characters from one place to another, both included, the first is 1. */
  readonly cut: (from: number, to: number) => string;
}

/**
 * Cuts text into lines, which end with LF, CR LF or CR, also mixed. Of a line longer than `longest` characters no more is kept than
 * shows that it is.
 */
export function createLineScanner(
  longest: number,
  onLine: (line: Line) => void,
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
    if (held.trim() !== "") onLine(lineOf(held, number, held.length === most));
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
