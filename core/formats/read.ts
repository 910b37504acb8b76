import type { CheckFrame, InputSpec, RawRecord, ReadLimits, ReadRecords, SheetInput } from "./contract.ts";
import { decode } from "./decode.ts";
import { createEdiReader } from "./edi.ts";
import { fileEmpty, type Emit, type TextReader } from "./faults.ts";
import { createFixedReader } from "./fixed.ts";
import { createJsonReader, createNdjsonReader } from "./json.ts";
import { createTableReader } from "./table.ts";
import { openSheet } from "./xlsx.ts";
import { createXmlReader } from "./xml.ts";

/** @see ReadRecords */
export const readRecords: ReadRecords = (bytes, input, limits) => recordsOf(bytes, input, limits);

async function* recordsOf(
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
  tell?: (source: string | undefined) => void,
): AsyncGenerator<readonly RawRecord[]> {
  let batch: RawRecord[] = [];
  const emit: Emit = (record, source) => {
    batch.push(record);
    tell?.(source);
  };
  const { text, reader } = await opened(bytes, input, limits, { emit, withSources: tell !== undefined });
  for await (const piece of text) {
    reader.write(piece);
    if (batch.length === 0) continue;
    yield batch;
    batch = [];
  }
  reader.end();
  do {
    if (batch.length > 0) yield batch;
    batch = [];
  } while (reader.more?.() === true);
}

/** A record with its own text, where its format's reader has it. */
export interface SourceRecord {
  readonly raw: RawRecord;
  readonly source?: string;
}

/** As `readRecords`, each record with its text. */
export async function* readSources(
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
): AsyncGenerator<readonly SourceRecord[]> {
  const sources: (string | undefined)[] = [];
  const records = recordsOf(bytes, input, limits, (source) => sources.push(source));
  for await (const batch of records) {
    const texts = sources.splice(0);
    yield batch.map((raw, index) => {
      const source = texts[index];
      return source === undefined ? { raw } : { raw, source };
    });
  }
}

/** @see CheckFrame */
export const checkFrame: CheckFrame = async (bytes, input, limits) => {
  const { text, reader } = await opened(bytes, input, limits);
  for await (const piece of text) reader.write(piece);
  return { records: reader.end() };
};

interface Emitting {
  readonly emit?: Emit | undefined;
  /** Records' own texts are wanted, also where they cost. */
  readonly withSources?: boolean;
}

/** The text that records are in, and what reads it. */
async function opened(
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
  { emit, withSources = false }: Emitting = {},
): Promise<{ readonly text: AsyncIterable<string>; readonly reader: TextReader }> {
  if (input.format === "xlsx") return openSheet(bytes, input, limits, emit);
  return {
    text: notEmpty(decode(bytes, input.encoding ?? "utf-8")),
    reader: readerOf(input, limits, { emit, withSources }),
  };
}

function readerOf(
  input: Exclude<InputSpec, SheetInput>,
  limits: ReadLimits,
  { emit, withSources }: Emitting,
): TextReader {
  switch (input.format) {
    case "json":
      return createJsonReader(input, limits, emit);
    case "ndjson":
      return createNdjsonReader(limits, emit);
    case "xml":
      return createXmlReader(input, limits, emit, withSources);
    case "csv":
    case "tsv":
      return createTableReader(input, limits, emit);
    case "fixed":
      return createFixedReader(input, limits, emit);
    case "edi":
      break;
  }
  return createEdiReader(input, limits, emit);
}

async function* notEmpty(text: AsyncIterable<string>): AsyncGenerator<string> {
  let empty = true;
  for await (const piece of text) {
    empty &&= !/\S/.test(piece);
    yield piece;
  }
  if (empty) throw fileEmpty();
}
