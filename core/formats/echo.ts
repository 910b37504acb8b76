/**
 * Renders rejected records in the format of their file: tables as rows, XML as elements, JSON as objects, each with what was wrong.
 * The text is UTF-8 whatever the file was in.
 */
import type { InputSpec, RawRecord, SheetInput, TableInput } from "./contract.ts";
import { delimiterOf } from "./table.ts";

/** A rejected record and what was wrong with it. `raw` is absent where the file, as it is read now, has another one in its place. */
export interface EchoRecord {
  readonly position: string;
  readonly errors: readonly { readonly code: string; readonly field?: string; readonly reason: string }[];
  readonly raw?: RawRecord;
  /** The record's own text, where its reader gives it. */
  readonly source?: string;
}

export interface Echo {
  readonly type: string;
  /** The extension that such files have. */
  readonly extension: string;
  readonly render: (records: AsyncIterable<EchoRecord>) => AsyncGenerator<string>;
}

/** How rejected records of such files are told to their platform; a format that has no form of its own here gives a JSON list. */
export function echoOf(input: InputSpec): Echo {
  const { format } = input;
  // Of a sheet the rows are given as a table, which every spreadsheet opens.
  if (format === "csv" || format === "tsv" || format === "xlsx")
    return {
      type: format === "tsv" ? "text/tab-separated-values; charset=utf-8" : "text/csv; charset=utf-8",
      extension: format === "tsv" ? "tsv" : "csv",
      render: (records) => tableEcho(input, records),
    };
  if (format === "xml")
    return {
      type: "application/xml; charset=utf-8",
      extension: "xml",
      // Records put together of parts have no text of their own, and nobody can say which element was in which of several namespaces.
      render: (records) => xmlEcho(records, typeof input.namespace === "string" ? input.namespace : undefined),
    };
  if (format === "ndjson")
    return {
      type: "application/x-ndjson",
      extension: "ndjson",
      render: (records) => jsonEcho(records, ["", "\n", "\n"]),
    };
  return { type: "application/json", extension: "json", render: (records) => jsonEcho(records, ["[", ",\n", "]\n"]) };
}

const valueOf = (raw: RawRecord | undefined): unknown => (raw !== undefined && "value" in raw ? raw.value : undefined);

async function* jsonEcho(
  records: AsyncIterable<EchoRecord>,
  [begin, between, end]: readonly [string, string, string],
): AsyncGenerator<string> {
  let lead = begin;
  for await (const { position, errors, raw, source } of records)
    for (const error of errors) {
      const told = JSON.stringify({ position, ...error });
      const record = source?.trim() ?? JSON.stringify(valueOf(raw) ?? null);
      yield `${lead}${told.slice(0, -1)},"record":${record}}`;
      lead = between;
    }
  if (lead === begin) yield begin;
  yield end;
}

/** A spreadsheet would run such a cell as a formula; a plain number is none. */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?[0-9]+(?:[.,][0-9]+)*$/;
const neutral = (cell: string): string => (FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell);

/** Records without cells that are held until a record tells the columns. */
const HELD = 1000;

async function* tableEcho(input: TableInput | SheetInput, records: AsyncIterable<EchoRecord>): AsyncGenerator<string> {
  const delimiter = input.format === "xlsx" ? "," : delimiterOf(input);
  const ofKinds = (input.kinds?.details ?? []).flatMap(({ columns = [] }) => columns);
  const cellOf = (text: string): string => {
    const safe = neutral(text);
    if (input.format === "tsv") return safe.replaceAll(/[\t\r\n]+/g, " ");
    return /["\r\n]/.test(safe) || safe.includes(delimiter) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lineOf = (cells: readonly string[]): string => `${cells.map((cell) => cellOf(cell)).join(delimiter)}\r\n`;
  let names: readonly string[] | undefined;
  let held: EchoRecord[] = [];

  function* rowsOf(columns: readonly string[], records: readonly EchoRecord[]): Generator<string> {
    for (const { position, errors, raw } of records) {
      const code = [...new Set(errors.map((error) => error.code))].join(" ");
      const reasons = errors.map(({ field, reason }) => (field === undefined ? reason : `${field}: ${reason}`));
      const told = [code, `${position}: ${reasons.join(" ")}`];
      const rows = tableRows(valueOf(raw));
      for (const row of rows.length === 0 ? [{}] : rows)
        yield lineOf([...columns.map((name) => (Object.hasOwn(row, name) ? (row[name] ?? "") : "")), ...told]);
    }
  }
  function* begin(columns: readonly string[]): Generator<string> {
    names = [...new Set([...columns, ...ofKinds])];
    yield lineOf([...names, "mergepay_code", "mergepay_reason"]);
    yield* rowsOf(names, held);
    held = [];
  }

  for await (const record of records) {
    const [row] = tableRows(valueOf(record.raw));
    if (names === undefined && (row !== undefined || held.length === HELD))
      yield* begin(row === undefined ? input.columns : Object.keys(row));
    if (names === undefined) held.push(record);
    else yield* rowsOf(names, [record]);
  }
  if (names === undefined) yield* begin(input.columns);
}

function tableRows(value: unknown): readonly Readonly<Record<string, string>>[] {
  const { rows } = (value ?? {}) as { rows?: unknown };
  return Array.isArray(rows) ? (rows as readonly Readonly<Record<string, string>>[]) : [];
}

async function* xmlEcho(records: AsyncIterable<EchoRecord>, namespace: string | undefined): AsyncGenerator<string> {
  const own = namespace === undefined ? "" : ` xmlns="${escaped(namespace)}"`;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<rejected>\n';
  for await (const { position, errors, raw, source } of records) {
    const told = errors.map(
      ({ code, field, reason }) =>
        `<error code="${escaped(code)}"${field === undefined ? "" : ` field="${escaped(field)}"`}>${escaped(reason)}</error>`,
    );
    const name = /([^/[\]]+)(?:\[[0-9]+\])?$/.exec(position)?.[1] ?? "value";
    const value = valueOf(raw);
    const element = source ?? (value === undefined ? "" : elementOf(name, value, own));
    yield `<record position="${escaped(position)}">${told.join("")}${element}</record>\n`;
  }
  yield "</rejected>\n";
}

/** An element as its reader gave it: attributes are `@name`, text is `#text`, elements of one name are an array. */
function elementOf(name: string, value: unknown, own = ""): string {
  if (typeof value === "string") return `<${name}${own}>${escaped(value)}</${name}>`;
  if (Array.isArray(value)) return value.map((item) => elementOf(name, item)).join("");
  let attributes = own;
  let content = "";
  for (const [key, part] of Object.entries((value ?? {}) as Readonly<Record<string, unknown>>)) {
    if (key.startsWith("@")) attributes += ` ${key.slice(1)}="${escaped(String(part))}"`;
    else if (key === "#text") content += escaped(String(part));
    else content += elementOf(key, part);
  }
  return `<${name}${attributes}>${content}</${name}>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** What XML can't hold at all is left out. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark] ?? mark)
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
