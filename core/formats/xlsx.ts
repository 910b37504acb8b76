import type { ReadLimits, SheetInput } from "./contract.ts";
import type { Emit, TextReader } from "./faults.ts";
import { createRowReader } from "./table.ts";
import type { Row } from "./table-scan.ts";
import { openPackage, type OfficePackage } from "./xlsx-package.ts";
import { createRowScanner } from "./xlsx-rows.ts";
import { NO_STRINGS, readSharedStrings } from "./xlsx-strings.ts";
import { findSheet } from "./xlsx-workbook.ts";

/**
 * Opens a workbook at the sheet that is declared. The workbook is held packed, and the texts that its cells share unpacked, both
 * bounded; the sheet itself streams.
 * @returns the XML of the sheet, and what makes records of it
 */
export async function openSheet(
  bytes: AsyncIterable<Uint8Array>,
  input: SheetInput,
  limits: ReadLimits,
  emit?: Emit,
): Promise<OpenSheet> {
  return await openSheetOf(await openPackage(bytes, limits.fileBytes), input, limits, emit);
}

interface OpenSheet {
  readonly text: AsyncIterable<string>;
  readonly reader: TextReader;
  /** Whether the columns are known by now: the header row has been read, or there is none. */
  readonly named: () => boolean;
}

/** The same of a workbook whose parts are found. */
export async function openSheetOf(
  office: OfficePackage,
  input: SheetInput,
  limits: ReadLimits,
  emit?: Emit,
): Promise<OpenSheet> {
  const rows = createRowReader(input, limits, emit);
  const { parts, scanner } = await scannerOf(office, input, limits, rows);
  return {
    named: () => rows.widest() !== undefined,
    text: office.text(parts.sheet),
    reader: {
      write: (text) => scanner.write(text),
      end() {
        scanner.end();
        return rows.end();
      },
      ...(rows.more === undefined ? {} : { more: rows.more }),
    },
  };
}

async function scannerOf(
  office: OfficePackage,
  input: SheetInput,
  limits: ReadLimits,
  rows: Parameters<typeof createRowScanner>[0]["rows"],
) {
  const parts = await findSheet(office, input);
  const strings =
    parts.strings === undefined
      ? NO_STRINGS
      : await readSharedStrings(parts.strings, office.text(parts.strings), limits.fieldBytes);
  return { parts, scanner: createRowScanner({ part: parts.sheet, strings, rowChars: limits.recordBytes, rows }) };
}

/** The cells of the first rows of a sheet that have text, whatever they are: at least as many as are asked for, where it has so many. */
export async function firstRows(
  office: OfficePackage,
  input: SheetInput,
  limits: ReadLimits,
  count: number,
): Promise<(readonly string[])[]> {
  const found: (readonly string[])[] = [];
  const rows = { onRow: ({ cells }: Row) => void found.push(cells), widthOf: () => undefined, widest: () => undefined };
  const { parts, scanner } = await scannerOf(office, input, limits, rows);
  for await (const piece of office.text(parts.sheet)) {
    scanner.write(piece);
    if (found.length >= count) break;
  }
  return found;
}
