import type { CheckFrame, InputSpec, RawRecord, ReadLimits, ReadRecords, SheetInput } from "./contract.ts";
import { decode } from "./decode.ts";
import { fileEmpty, type Emit, type TextReader } from "./faults.ts";
import { createJsonReader, createNdjsonReader } from "./json.ts";
import { createTableReader } from "./table.ts";
import { openSheet } from "./xlsx.ts";
import { createXmlReader } from "./xml.ts";

/** @see ReadRecords */
export const readRecords: ReadRecords = async function* (bytes, input, limits) {
  let batch: RawRecord[] = [];
  const { text, reader } = await opened(bytes, input, limits, (record) => batch.push(record));
  for await (const piece of text) {
    reader.write(piece);
    if (batch.length === 0) continue;
    yield batch;
    batch = [];
  }
  reader.end();
  if (batch.length > 0) yield batch;
};

/** @see CheckFrame */
export const checkFrame: CheckFrame = async (bytes, input, limits) => {
  const { text, reader } = await opened(bytes, input, limits);
  for await (const piece of text) reader.write(piece);
  return { records: reader.end() };
};

/** The text that records are in, and what reads it. */
async function opened(
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
  emit?: Emit,
): Promise<{ readonly text: AsyncIterable<string>; readonly reader: TextReader }> {
  if (input.format === "xlsx") return openSheet(bytes, input, limits, emit);
  return { text: notEmpty(decode(bytes, input.encoding ?? "utf-8")), reader: readerOf(input, limits, emit) };
}

function readerOf(input: Exclude<InputSpec, SheetInput>, limits: ReadLimits, emit?: Emit): TextReader {
  switch (input.format) {
    case "json":
      return createJsonReader(input, limits, emit);
    case "ndjson":
      return createNdjsonReader(limits, emit);
    case "xml":
      return createXmlReader(input, limits, emit);
    case "csv":
    case "tsv":
      break;
  }
  return createTableReader(input, limits, emit);
}

async function* notEmpty(text: AsyncIterable<string>): AsyncGenerator<string> {
  let empty = true;
  for await (const piece of text) {
    empty &&= !/\S/.test(piece);
    yield piece;
  }
  if (empty) throw fileEmpty();
}
