import { frameBroken } from "./faults.ts";

/** What the scanner tells about the part of a document that is outside of records. Indexes are into the text being written. */
export interface JsonEvents {
  /** A value begins. True: it is a record, and nothing is told of its inside until `recordEnd`. */
  begin(kind: "object" | "array" | "scalar", index: number): boolean;
  /** The name of the next value of the open object, its escapes still in. */
  name(raw: string): void;
  /** The open object or array is over; `index` is behind its bracket. */
  close(index: number): void;
  recordEnd(index: number): void;
  /** Well-formed, but not what strict JSON takes, outside of records. */
  fault(reason: string, position: string): void;
}

export interface JsonScanner {
  write(text: string): void;
  end(): void;
}

/** Deeper than this no record is, and no document is honest. One byte is kept a level. */
const NESTING_MAX = 1_000_000;

const VALUE = 0;
const FIRST_ITEM = 1;
const FIRST_NAME = 2;
const NAME = 3;
const COLON = 4;
const AFTER = 5;
const DONE = 6;
const STRING = 7;
const ESCAPE = 8;
const HEX = 9;
const NUMBER = 10;
const LITERAL = 11;

const N_MINUS = 0;
const N_ZERO = 1;
const N_INT = 2;
const N_DOT = 3;
const N_FRAC = 4;
const N_E = 5;
const N_SIGN = 6;
const N_EXP = 7;

const IN_ARRAY = 0;
const IN_OBJECT = 1;

/**
 * A push scanner of RFC 8259 text: every syntax error of the document is thrown as FILE_FRAME_BROKEN, wherever it is.
 * It builds nothing and does not recurse, so that neither size nor nesting costs memory.
 * @param nameChars the longest name outside of records, in characters
 */
export function createJsonScanner(events: JsonEvents, nameChars: number): JsonScanner {
  let state = VALUE;
  let stack = new Uint8Array(64);
  let depth = 0;
  /** Depth at which the open record lies; -1 outside of records. */
  let recordDepth = -1;
  let isName = false;
  let nameFrom = 0;
  let nameHeld = "";
  let hexDigits = 0;
  let hexValue = 0;
  /** The last escape was the first half of a surrogate pair. */
  let half = false;
  let number = N_MINUS;
  let literal = "";
  let literalAt = 0;
  let line = 1;
  /** Characters before this text, and where the present line began, counted from the start of the file. */
  let before = 0;
  let lineFrom = 0;

  const place = (index: number): string => `line ${line}, character ${before + index - lineFrom + 1}`;
  const broken = (reason: string, index: number): Error =>
    frameBroken(`The JSON is not well-formed at ${place(index)}: ${reason}.`, { position: place(index) });
  const unexpected = (text: string, index: number): Error => {
    const code = text.charCodeAt(index);
    if (code < 0x20) return broken("a control character that has no place there", index);
    return broken(
      `the character ${JSON.stringify(String.fromCodePoint(text.codePointAt(index) ?? code))} has no place there`,
      index,
    );
  };

  function push(kind: number, index: number): void {
    if (depth === stack.length) {
      if (depth >= NESTING_MAX) throw broken(`nested deeper than ${NESTING_MAX} levels`, index);
      const larger = new Uint8Array(stack.length * 2);
      larger.set(stack);
      stack = larger;
    }
    stack[depth++] = kind;
  }

  /** `index` is behind the value. */
  function valueEnd(index: number): void {
    state = depth === 0 ? DONE : AFTER;
    if (depth === recordDepth) {
      recordDepth = -1;
      events.recordEnd(index);
    }
  }

  function beginValue(code: number, text: string, index: number): void {
    const kind = code === 0x7b ? "object" : code === 0x5b ? "array" : "scalar";
    if (recordDepth < 0 && events.begin(kind, index)) recordDepth = depth;
    if (code === 0x22) {
      isName = false;
      state = STRING;
    } else if (code === 0x7b) {
      push(IN_OBJECT, index);
      state = FIRST_NAME;
    } else if (code === 0x5b) {
      push(IN_ARRAY, index);
      state = FIRST_ITEM;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      number = code === 0x2d ? N_MINUS : code === 0x30 ? N_ZERO : N_INT;
      state = NUMBER;
    } else {
      literal = code === 0x74 ? "true" : code === 0x66 ? "false" : code === 0x6e ? "null" : "";
      if (literal === "") throw unexpected(text, index);
      literalAt = 1;
      state = LITERAL;
    }
  }

  function closeContainer(code: number, text: string, index: number): void {
    if (depth === 0 || code !== (stack[depth - 1] === IN_OBJECT ? 0x7d : 0x5d)) throw unexpected(text, index);
    depth--;
    if (recordDepth < 0) events.close(index + 1);
    valueEnd(index + 1);
  }

  function stringEnd(text: string, index: number): void {
    if (!isName) return valueEnd(index + 1);
    state = COLON;
    if (recordDepth >= 0) return;
    events.name(nameHeld + text.slice(nameFrom, index));
    nameHeld = "";
  }

  function lone(index: number): void {
    if (recordDepth < 0) events.fault("an escape is half of a surrogate pair only", place(index));
  }

  function structural(code: number, text: string, index: number): void {
    switch (state) {
      case FIRST_ITEM:
        if (code === 0x5d) return closeContainer(code, text, index);
        return beginValue(code, text, index);
      case VALUE:
        return beginValue(code, text, index);
      case FIRST_NAME:
      case NAME:
        if (code === 0x7d && state === FIRST_NAME) return closeContainer(code, text, index);
        if (code !== 0x22) throw unexpected(text, index);
        isName = true;
        nameFrom = index + 1;
        state = STRING;
        return;
      case COLON:
        if (code !== 0x3a) throw unexpected(text, index);
        state = VALUE;
        return;
      case AFTER:
        if (code !== 0x2c) return closeContainer(code, text, index);
        state = stack[depth - 1] === IN_OBJECT ? NAME : VALUE;
        return;
      default:
        throw broken("the document is over, but more follows", index);
    }
  }

  /** Takes one character of a number; false when it is no longer part of it. */
  function numberTakes(code: number): boolean {
    if (code >= 0x30 && code <= 0x39) {
      if (number === N_ZERO) return false;
      if (number === N_MINUS) number = code === 0x30 ? N_ZERO : N_INT;
      else if (number === N_DOT) number = N_FRAC;
      else if (number === N_E || number === N_SIGN) number = N_EXP;
      return true;
    }
    if (code === 0x2e && (number === N_ZERO || number === N_INT)) number = N_DOT;
    else if ((code === 0x65 || code === 0x45) && (number === N_ZERO || number === N_INT || number === N_FRAC))
      number = N_E;
    else if ((code === 0x2b || code === 0x2d) && number === N_E) number = N_SIGN;
    else return false;
    return true;
  }

  const numberWhole = (): boolean => number === N_ZERO || number === N_INT || number === N_FRAC || number === N_EXP;

  function escape(code: number, index: number): void {
    if (code === 0x75) {
      hexDigits = hexValue = 0;
      state = HEX;
      return;
    }
    if (!'"\\/bfnrt'.includes(String.fromCharCode(code))) throw broken("no such escape in a string", index);
    if (half) lone(index);
    half = false;
    state = STRING;
  }

  function hex(code: number, index: number): void {
    const digit =
      code >= 0x30 && code <= 0x39
        ? code - 0x30
        : (code | 0x20) >= 0x61 && (code | 0x20) <= 0x66
          ? (code | 0x20) - 0x57
          : -1;
    if (digit < 0) throw broken("\\u is not followed by four hexadecimal digits", index);
    hexValue = hexValue * 16 + digit;
    if (++hexDigits < 4) return;
    const low = hexValue >= 0xdc00 && hexValue <= 0xdfff;
    const high = hexValue >= 0xd800 && hexValue <= 0xdbff;
    if (half !== low) lone(index);
    half = high;
    state = STRING;
  }

  function write(text: string): void {
    const length = text.length;
    let i = 0;
    nameFrom = 0;
    while (i < length) {
      if (state === STRING) {
        let code = 0;
        if (half && text.charCodeAt(i) !== 0x5c) {
          lone(i);
          half = false;
        }
        while (i < length && (code = text.charCodeAt(i)) !== 0x22 && code !== 0x5c && code >= 0x20) i++;
        if (i === length) break;
        if (code === 0x22) stringEnd(text, i);
        else if (code === 0x5c) state = ESCAPE;
        else throw broken("a control character in a string must be escaped", i);
        i++;
      } else if (state < STRING) {
        const code = text.charCodeAt(i);
        if (code > 0x20) structural(code, text, i);
        else if (code === 0x0a) {
          line++;
          lineFrom = before + i + 1;
        } else if (code !== 0x20 && code !== 0x0d && code !== 0x09) throw unexpected(text, i);
        i++;
      } else if (state === NUMBER) {
        while (i < length && numberTakes(text.charCodeAt(i))) i++;
        if (i === length) break;
        if (!numberWhole()) throw broken("the number is not complete", i);
        valueEnd(i);
      } else if (state === LITERAL) {
        if (text.charCodeAt(i) !== literal.charCodeAt(literalAt)) throw unexpected(text, i);
        i++;
        if (++literalAt === literal.length) valueEnd(i);
      } else if (state === ESCAPE) escape(text.charCodeAt(i), i++);
      else hex(text.charCodeAt(i), i++);
    }
    holdName(text);
    before += length;
  }

  function holdName(text: string): void {
    if (!isName || recordDepth >= 0 || state < STRING || state > HEX) return;
    if (nameHeld.length <= nameChars) nameHeld += text.slice(nameFrom);
  }

  function end(): void {
    if (state === NUMBER && numberWhole()) valueEnd(0);
    if (state !== DONE) throw broken("the document is cut off", 0);
  }

  return { write, end };
}
