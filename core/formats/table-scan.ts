/** A row as scanned. Cells that are not kept are missing from the end. */
export interface Row {
  /** Where the row begins: `line 12` of a text, `row 12` of a sheet, counted from 1. */
  readonly position: string;
  readonly cells: readonly string[];
  /** How many cells the row has, kept or not. */
  readonly count: number;
  /** Characters of all cells, kept or not, and of the delimiters between them. */
  readonly chars: number;
  /** The row is larger than may be kept: `cells` is incomplete. */
  readonly tooLarge: boolean;
  /** What is wrong with the row although its end is clear, as the rest of a sentence. */
  readonly fault: string | undefined;
}

interface ScanOptions {
  /** One character. */
  readonly delimiter: string;
  /** Cells may be in double quotes (RFC 4180); false: a quote is a character as any other. */
  readonly quotes: boolean;
  readonly rowChars: number;
  /** Which cells are kept as text: all when absent, else those that it says; others are kept empty. */
  readonly keep?: (column: number) => boolean;
  readonly onRow: (row: Row) => void;
  /** The quoting is wrong in a way that leaves open where the row ends. */
  readonly broken: (reason: string, line: number) => Error;
}

const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** Behind a quote in a quoted cell: its end, or the first of two. */
const CLOSING = 3;

/**
 * Cuts the text of a table into rows. Lines end with LF, CR LF or CR, also mixed; blank lines give no row. A row over `rowChars` is
 * scanned to its end without being kept.
 */
export function createTableScanner(options: ScanOptions): { write(text: string): void; end(): void } {
  const { quotes, rowChars, onRow, broken } = options;
  const delimiter = options.delimiter.charCodeAt(0);
  let state = START;
  let cells: string[] = [];
  let count = 0;
  let size = 0;
  let held = "";
  let wasQuoted = false;
  let fault: string | undefined;
  let line = 1;
  let rowLine = 1;
  /** The last piece ended with the CR of a line end. */
  let afterCr = false;
  /** The last character of the open quoted cell is a CR. */
  let cellCr = false;

  const kept = (): boolean => size <= rowChars && (options.keep === undefined || options.keep(count));

  /** Adds a part of the open cell. */
  function add(text: string, from: number, to: number): void {
    if (kept()) held += text.slice(from, to);
    size += to - from;
  }

  function cellEnd(): void {
    if (size <= rowChars) cells.push(held);
    count++;
    size++;
    held = "";
    state = START;
  }

  function rowEnd(): void {
    const blank = count === 0 && size === 0 && !wasQuoted;
    if (!blank) {
      cellEnd();
      onRow({ position: `line ${rowLine}`, cells, count, chars: size - 1, tooLarge: size - 1 > rowChars, fault });
      cells = [];
    }
    state = START;
    count = size = 0;
    wasQuoted = false;
    fault = undefined;
  }

  function newLine(): void {
    line++;
    rowLine = line;
  }

  function write(text: string): void {
    const length = text.length;
    let i = 0;
    if (afterCr && length > 0) {
      if (text.charCodeAt(0) === 0x0a) i++;
      afterCr = false;
    }
    while (i < length) {
      if (state === QUOTED) i = quoted(text, i);
      else if (state === CLOSING) i = closing(text, i);
      else if (state === START && quotes && text.charCodeAt(i) === 0x22) {
        state = QUOTED;
        wasQuoted = true;
        cellCr = false;
        i++;
      } else i = plain(text, i);
    }
  }

  function plain(text: string, from: number): number {
    const length = text.length;
    let i = from;
    let code = 0;
    while (i < length && (code = text.charCodeAt(i)) !== delimiter && code !== 0x0a && code !== 0x0d) {
      if (code === 0x22 && quotes) fault = "has a quote inside of a cell that is not quoted";
      i++;
    }
    if (i > from) {
      add(text, from, i);
      state = PLAIN;
    }
    return i === length ? i : separator(text, i, code);
  }

  /** A delimiter or line end at `i`; gives the index behind it. */
  function separator(text: string, i: number, code: number): number {
    if (code === delimiter) {
      cellEnd();
      return i + 1;
    }
    rowEnd();
    newLine();
    return code === 0x0d ? skipLf(text, i) : i + 1;
  }

  /** Behind the CR at `i` and the LF that belongs to it, which may be in the next piece. */
  function skipLf(text: string, i: number): number {
    if (i + 1 === text.length) afterCr = true;
    return text.charCodeAt(i + 1) === 0x0a ? i + 2 : i + 1;
  }

  function quoted(text: string, from: number): number {
    const length = text.length;
    let i = from;
    let code = 0;
    while (i < length && (code = text.charCodeAt(i)) !== 0x22) {
      // The LF of a CR LF does not count again.
      if (code === 0x0d || (code === 0x0a && !(i > from ? text.charCodeAt(i - 1) === 0x0d : cellCr))) line++;
      i++;
    }
    cellCr = i > from ? text.charCodeAt(i - 1) === 0x0d : cellCr;
    add(text, from, i);
    if (i === length) return i;
    state = CLOSING;
    return i + 1;
  }

  function closing(text: string, i: number): number {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      add(text, i, i + 1);
      state = QUOTED;
      cellCr = false;
      return i + 1;
    }
    if (code === delimiter || code === 0x0a || code === 0x0d) return separator(text, i, code);
    throw broken("text follows a closing quote", line);
  }

  function end(): void {
    if (state === QUOTED) throw broken("a quote is opened and never closed", rowLine);
    rowEnd();
  }

  return { write, end };
}
