import type { ErrorCode } from "../errors/codes.ts";

/**
 * How the bytes of a platform's file are turned into records. Declared by the plugin, frozen. A file that is packed by gzip, or by zip
 * with nothing else in it, is unpacked first, whatever its format; bytes and lines then count in what is unpacked.
 */
export type InputSpec = JsonInput | XmlInput | TableInput | SheetInput;

export type Encoding =
  "utf-8" | "utf-16le" | "utf-16be" | "gb18030" | "shift_jis" | "iso-8859-1" | "iso-8859-15" | "windows-1252";

interface InputBase {
  /**
   * Default utf-8. A byte that the encoding does not have is fatal, and told by its place; a BOM at the start is skipped. `gb18030` covers
   * GBK and GB 2312, `shift_jis` is that of Windows (code page 932).
   */
  readonly encoding?: Encoding;
  /**
   * Texts that the first 64 KiB of such a file hold, every one of them. Only needed to tell files of one platform apart that
   * look alike otherwise, such as two kinds of JSON.
   */
  readonly marks?: readonly string[];
}

/** `json`: one document; `ndjson`: one record a line. */
export interface JsonInput extends InputBase {
  readonly format: "json" | "ndjson";
  /**
   * Paths that may hold the records, tried in the order given; `""` is the root. A path to an array gives one record an
   * element, a path to an object gives one record; anything else at a path counts as not there. Example `["/data", ""]`.
   * A file in which a path tried earlier turns up behind records taken by a later one is not recognised. Not used by ndjson.
   */
  readonly records?: readonly string[];
}

export interface XmlInput extends InputBase {
  readonly format: "xml";
  /**
   * Paths of the record element in local names, such as `["/list/elements/order", "/order"]`; elements at any of them are records.
   * A file with the parent of a record but no record has none; with neither it is not recognised.
   */
  readonly records: readonly string[];
  /** Namespace that record elements and all below them must be in; elements of others are left out. Absent: any. */
  readonly namespace?: string;
  /** Paths below the record, in local names joined by `/`, that are always arrays, such as `orderLines/orderLine`. */
  readonly arrays?: readonly string[];
}

export interface TableInput extends InputBase {
  readonly format: "csv" | "tsv";
  /** One character; `csv` default `,`. A `tsv` has tabs and no quoting: a quote is a character as any other. */
  readonly delimiter?: string;
  /** Columns that the header must have, for the file to be of this kind at all. */
  readonly columns: readonly string[];
  /**
   * Neighbouring rows with the same value of this column are one record. Every record is `{ rows: [{column: text}] }`.
   * A row with too few or too many cells refuses the whole record that it is in: without it, the rest would have a wrong total.
   */
  readonly groupBy?: string;
}

/**
 * `xlsx`: one sheet of an Office Open XML workbook, read as a table. Cells are the text that stands in the file: numbers as the sheet has
 * them (`0.1+0.2` is `0.30000000000000004` there; formats are not applied), dates as serial numbers (`excelInstant` makes dates of
 * them), TRUE and FALSE, formulas as their last result. Cells that are not there are empty, rows without any text are no rows;
 * what is hidden or filtered is read as the rest.
 */
export interface SheetInput {
  readonly format: "xlsx";
  /** Name of the sheet. Absent: the first one. */
  readonly sheet?: string;
  /** The year from which the workbook counts its days, as `excelInstant` is told. Default 1900; a workbook with the other one is refused. */
  readonly dates?: 1900 | 1904;
  /** Columns that the first row with text must have. */
  readonly columns: readonly string[];
  /** As in a table. */
  readonly groupBy?: string;
  /** Its XML says it, and how it is packed tells it from others. */
  readonly encoding?: never;
  readonly marks?: never;
}

/**
 * One record as read. Objects inherit nothing; every JSON number is its literal text as a string (lossless); XML elements
 * are objects of children by local name (an array when there are several), `@name` for attributes, text as a string when there is
 * nothing else, `#text` beside attributes or children. White space at the ends of XML text is dropped.
 */
export type RawRecord = ReadRecord | RefusedRecord;

export interface ReadRecord {
  /** 0-based count of the record within the file. */
  readonly record: number;
  /** `line 12`, `row 12` of a sheet, `/data/3` (empty for the root itself), `/list/elements/order[4]` (XPath counts from 1), `/order` for a root. */
  readonly position: string;
  readonly value: unknown;
}

export interface RefusedRecord {
  readonly record: number;
  readonly position: string;
  readonly refused: { readonly code: ErrorCode; readonly field?: string; readonly reason: string };
}

export interface ReadLimits {
  /** Bytes of a packed file, or of a part of a workbook, when it is unpacked. */
  readonly fileBytes: number;
  /** Bytes of a record's text as UTF-8: from bracket to bracket, inside of the XML element, cells and delimiters of its rows. */
  readonly recordBytes: number;
  /** Levels of nesting, counted from the top of the file. */
  readonly depth: number;
  /** Bytes of a text, number, name, attribute or cell as UTF-8. */
  readonly fieldBytes: number;
}

/**
 * Reads a stream of bytes into records, a batch for each piece read that completes any.
 * Throws FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, FILE_NOT_RECOGNISED or FILE_EMPTY (for a workbook also FILE_ARCHIVE_... and
 * FILE_TOO_LARGE) for the file as a whole; what is wrong with
 * one record only (RECORD_TOO_LARGE, RECORD_TOO_DEEP, FIELD_TOO_LARGE, RECORD_MALFORMED) comes as a RefusedRecord. Memory is bounded by the limits.
 */
export type ReadRecords = (
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
) => AsyncIterable<readonly RawRecord[]>;

/**
 * Reads the file to its end for its frame alone (well-formed, right encoding, of the declared kind), so that nothing is taken
 * from a broken file. Throws what ReadRecords throws for the file as a whole; otherwise tells how many records there are.
 */
export type CheckFrame = (
  bytes: AsyncIterable<Uint8Array>,
  input: InputSpec,
  limits: ReadLimits,
) => Promise<{ records: number }>;
