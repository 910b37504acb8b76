import { MergepayError } from "../errors/errors.ts";
import { bareObject } from "./bare.ts";
import { exceedsBytes } from "./faults.ts";

export interface JsonLimits {
  /** Deepest nesting that is taken: `[[1]]` is 2. */
  readonly depth: number;
  /** Longest string, number or name in bytes of UTF-8. Absent: no limit but that of the text. */
  readonly fieldBytes?: number;
  /**
   * `text` (default): a number is its literal as a string, lossless. `number`: a JavaScript number; one that can't hold the
   * literal's whole number or size is refused. Never for money.
   */
  readonly numbers?: "text" | "number";
}

export type JsonFaultKind = "syntax" | "strict" | "depth" | "field";

/** Why a text is not the strict JSON that is read. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";
  readonly kind: JsonFaultKind;
  /** JSON Pointer of the value at fault. */
  readonly pointer: string;
  /** Characters before the fault. */
  readonly offset: number;

  constructor(kind: JsonFaultKind, reason: string, pointer: string, offset: number) {
    super(reason);
    this.kind = kind;
    this.pointer = pointer;
    this.offset = offset;
  }
}

/**
 * Parses JSON strictly after RFC 8259: one value, nothing after it, no duplicate names, no lone surrogates, no `__proto__`,
 * no nesting over the limit. Objects have no prototype, as the store takes them. A byte order mark at the start is skipped.
 * @throws JSON_INVALID with the JSON Pointer as `field` and the character offset as `position`
 */
export function parseJson(text: string, limits: JsonLimits): unknown {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    if (!body.isWellFormed()) throw new JsonFault("syntax", "the text has half of a surrogate pair", "", 0);
    return createJsonParser(limits, () => Object.create(null) as Record<string, unknown>)(body);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new MergepayError("JSON_INVALID", `This is not strict JSON: ${error.message} (character ${error.offset}).`, {
      field: error.pointer,
      position: `character ${error.offset}`,
    });
  }
}

export const escapePointer = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const INTEGER = /^-?[0-9]+$/;
const POINTER_CHARS = 512;

/**
 * Gives a parser to use many times. It takes the text of one value whose characters are well-formed, and the depth at which the
 * value already lies. It recurses at most `limits.depth` levels.
 * @param newObject makes its objects; they must inherit nothing
 * @throws JsonFault
 */
export function createJsonParser(
  limits: JsonLimits,
  newObject: () => Record<string, unknown> = bareObject,
): (text: string, depth?: number) => unknown {
  const { fieldBytes = Number.MAX_SAFE_INTEGER } = limits;
  const asNumbers = limits.numbers === "number";
  const path: (string | number)[] = [];
  let text = "";
  let at = 0;
  let base = 0;

  const pointer = (level: number): string => {
    const parts = path.slice(base, level).map((part) => `/${escapePointer(String(part))}`);
    return parts.join("").slice(0, POINTER_CHARS);
  };
  const fault = (kind: JsonFaultKind, reason: string, level: number, offset = at): JsonFault =>
    new JsonFault(kind, reason, pointer(level), offset);

  function unexpected(level: number): JsonFault {
    if (at >= text.length) return fault("syntax", "the text is cut off", level);
    return fault(
      "syntax",
      `${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))} has no place there`,
      level,
    );
  }

  /** The next character that is not white space; NaN at the end. */
  function next(): number {
    let code = text.charCodeAt(at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
    return code;
  }

  function value(level: number): unknown {
    const code = next();
    switch (code) {
      case 0x22:
        return string(level);
      case 0x7b:
        return object(level);
      case 0x5b:
        return array(level);
      case 0x74:
        return literal("true", true, level);
      case 0x66:
        return literal("false", false, level);
      case 0x6e:
        return literal("null", null, level);
      default:
        return number(code, level);
    }
  }

  function literal<T>(word: string, meaning: T, level: number): T {
    if (!text.startsWith(word, at)) throw unexpected(level);
    at += word.length;
    return meaning;
  }

  function object(level: number): Record<string, unknown> {
    if (level >= limits.depth) throw fault("depth", `nested deeper than ${limits.depth} levels`, level);
    const result = newObject();
    at++;
    let code = next();
    if (code === 0x7d) {
      at++;
      return result;
    }
    for (;;) {
      if (code !== 0x22) throw unexpected(level);
      const start = at;
      const name = string(level);
      if (name === "__proto__" || (name === "prototype" && level > base && path[level - 1] === "constructor"))
        throw fault("strict", `the name ${name} is not taken`, level, start);
      path[level] = name;
      if (result[name] !== undefined) throw fault("strict", "the same name twice in one object", level + 1, start);
      if (next() !== 0x3a) throw unexpected(level + 1);
      at++;
      result[name] = value(level + 1);
      code = next();
      at++;
      if (code === 0x7d) return result;
      if (code !== 0x2c) {
        at--;
        throw unexpected(level);
      }
      code = next();
    }
  }

  function array(level: number): unknown[] {
    if (level >= limits.depth) throw fault("depth", `nested deeper than ${limits.depth} levels`, level);
    const result: unknown[] = [];
    at++;
    if (next() === 0x5d) {
      at++;
      return result;
    }
    for (;;) {
      path[level] = result.length;
      result.push(value(level + 1));
      const code = next();
      at++;
      if (code === 0x5d) return result;
      if (code !== 0x2c) {
        at--;
        throw unexpected(level);
      }
    }
  }

  function string(level: number): string {
    const from = ++at;
    let code = text.charCodeAt(at);
    while (code >= 0x20 && code !== 0x22 && code !== 0x5c) code = text.charCodeAt(++at);
    const result = code === 0x22 ? text.slice(from, at) : escaped(from, level);
    at++;
    if (exceedsBytes(result, fieldBytes)) throw fault("field", `longer than ${fieldBytes} bytes`, level, from);
    return result;
  }

  /** The rest of a string that has an escape (or a fault) at `at`. */
  function escaped(from: number, level: number): string {
    let code = text.charCodeAt(at);
    while (code >= 0x20 && code !== 0x22) {
      if (code === 0x5c) at++;
      code = text.charCodeAt(++at);
    }
    if (code < 0x20) throw fault("syntax", "a control character in a string must be escaped", level);
    if (code !== 0x22) throw unexpected(level);
    const result = unescape(text.slice(from - 1, at + 1));
    if (result === undefined) throw fault("syntax", "no such escape in a string", level, from);
    if (!result.isWellFormed()) throw fault("strict", "an escape is half of a surrogate pair only", level, from);
    return result;
  }

  function number(code: number, level: number): string | number {
    const from = at;
    while ((code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65)
      code = text.charCodeAt(++at);
    if (at === from) throw unexpected(level);
    if (at - from > fieldBytes) throw fault("field", `longer than ${fieldBytes} bytes`, level, from);
    const digits = text.slice(from, at);
    if (!NUMBER.test(digits)) throw fault("syntax", "this is not a number of JSON", level, from);
    return asNumbers ? toNumber(digits, level, from) : digits;
  }

  function toNumber(digits: string, level: number, from: number): number {
    const result = JSON.parse(digits) as number;
    const lost =
      !Number.isFinite(result) ||
      (INTEGER.test(digits) && !Number.isSafeInteger(result)) ||
      (result === 0 && /[1-9]/.test(digits.replace(/[eE].*$/, "")));
    if (lost)
      throw fault("strict", "the number is too large or too small to be held; send it as a string", level, from);
    return result === 0 ? 0 : result;
  }

  return (source, depth = 0) => {
    text = source;
    at = 0;
    base = depth;
    try {
      const result = value(depth);
      if (!Number.isNaN(next())) throw fault("syntax", "more follows after the value", depth);
      return result;
    } finally {
      text = "";
    }
  };
}

/** The text of a quoted string, or undefined when an escape of it is none of JSON's. */
export function unescape(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
