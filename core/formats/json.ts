import { createAssembly, type Place } from "./assemble.ts";
import type { JsonInput, ReadLimits } from "./contract.ts";
import { exceedsBytes, fieldTooLarge, malformed, recordTooDeep, recordTooLarge } from "./faults.ts";
import type { Emit, Read, Refusal, TextReader } from "./faults.ts";
import { createJsonFrame } from "./json-frame.ts";
import { createJsonScanner } from "./json-scan.ts";
import { createJsonParser, JsonFault } from "./json-value.ts";

/** The text of a value that may go over several pieces; given up when it is larger than a record may be. */
export interface Capture {
  /** Index in the present text where the value (or its rest) begins. */
  from: number;
  held: string;
}

/**
 * Reads one JSON document. The whole of it must be well-formed, or FILE_FRAME_BROKEN is thrown; what is strict beyond the
 * grammar (duplicate names, depth, half surrogates) refuses the record that it is in, and the file when it is in none.
 */
export function createJsonReader(input: JsonInput, limits: ReadLimits, emit?: Emit): TextReader {
  const parse = createJsonParser({ depth: limits.depth, fieldBytes: limits.fieldBytes });
  const captures: Capture[] = [];
  const assembly = createAssembly(input, limits, emit);
  let text = "";

  /** Whether the text of what lies at a place is needed. */
  const reads = ({ kind }: Place): boolean => emit !== undefined || assembly.reads || kind !== "record";

  function open(index: number, place: Place): Capture {
    const capture = { from: index, held: "" };
    if (reads(place)) captures.push(capture);
    return capture;
  }

  function drop(capture: Capture): void {
    const at = captures.indexOf(capture);
    if (at >= 0) captures.splice(at, 1);
  }

  function take(capture: Capture, index: number, position: string, depth: number, place: Place): void {
    if (!reads(place)) return assembly.found(place, position, undefined);
    drop(capture);
    const own = capture.held + text.slice(capture.from, index);
    const read = exceedsBytes(own, limits.recordBytes)
      ? { refused: recordTooLarge(limits.recordBytes) }
      : parseRecord(parse, own, depth, limits);
    assembly.found(place, position, read, own);
  }

  const { places, more } = assembly;
  const frame = createJsonFrame({ paths: input.records ?? [""], places, limits, open, drop, take });
  const scanner = createJsonScanner(frame.events, limits.recordBytes);

  return {
    write(piece) {
      text = piece;
      scanner.write(piece);
      for (const capture of captures) {
        // What is too large already need not be kept; that it is too large is seen by the part that was.
        if (capture.held.length <= limits.recordBytes) capture.held += piece.slice(capture.from);
        capture.from = 0;
      }
      text = "";
    },
    end() {
      scanner.end();
      frame.end();
      return assembly.end();
    },
    more,
  };
}

/** `ndjson`: a record a line, blank lines skipped. A broken line refuses that record alone. */
export function createNdjsonReader(limits: ReadLimits, emit?: Emit): TextReader {
  const parse = createJsonParser({ depth: limits.depth, fieldBytes: limits.fieldBytes });
  let held = "";
  let blank = true;
  let line = 1;
  let records = 0;

  function lineEnd(last: string): void {
    const own = held + last;
    if (!blank || /[^ \t\r]/.test(last)) {
      const record = records++;
      if (emit !== undefined) {
        const position = `line ${line}`;
        if (exceedsBytes(own, limits.recordBytes))
          emit({ record, position, refused: recordTooLarge(limits.recordBytes) });
        else emit({ record, position, ...parseRecord(parse, own, 0, limits) }, own);
      }
    }
    held = "";
    blank = true;
    line++;
  }

  return {
    write(text) {
      let from = 0;
      for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
        lineEnd(text.slice(from, at));
        from = at + 1;
      }
      if (from === text.length) return;
      const rest = text.slice(from);
      blank &&= !/[^ \t\r]/.test(rest);
      if (held.length <= limits.recordBytes) held += rest;
    },
    end() {
      lineEnd("");
      return records;
    },
  };
}

function parseRecord(
  parse: (text: string, depth?: number) => unknown,
  text: string,
  depth: number,
  limits: ReadLimits,
): Read {
  try {
    return { value: parse(text, depth) };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { refused: refusalOf(error, limits) };
  }
}

function refusalOf(fault: JsonFault, limits: ReadLimits): Refusal {
  if (fault.kind === "depth") return recordTooDeep(limits.depth);
  if (fault.kind === "field") return fieldTooLarge(limits.fieldBytes, fault.pointer);
  return malformed(`The record is not strict JSON: ${fault.message}.`, fault.pointer);
}
