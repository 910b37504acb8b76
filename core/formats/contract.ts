import type { ErrorCode } from "../errors/codes.ts";

/**
 * How the bytes of a platform's file are turned into records. Declared by the plugin, frozen. A file that is packed by gzip, or by zip
 * with nothing else in it, is unpacked first, whatever its format; bytes and lines then count in what is unpacked.
 */
export type InputSpec = JsonInput | XmlInput | TableInput | SheetInput | FixedInput | EdiInput;

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
  /** What such a file begins with, white space left out, such as `{"items":[`. For kinds that hold the same names in other places. */
  readonly begins?: string;
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
  /** Not for ndjson, and only with one path in `records`; paths are JSON Pointers. */
  readonly join?: readonly Join[];
  /** Not for ndjson, and only with one path in `records`; paths are JSON Pointers. */
  readonly control?: Control;
}

/**
 * Parts of a record that lie elsewhere in its document, such as order lines beside of orders. Parts and records may come in any order;
 * all are held until the end, within `ReadLimits.heldChars`. A record without parts has an empty array, records that name the same
 * parts have all of them. Parts without a record are refused as a record of their own (RECORD_ORPHANED), behind all others. A part
 * that can't be read or names no record refuses the file: any record could lack it.
 */
export interface Join {
  /** Path of the parts: of the array that holds them (json), of their elements (xml). */
  readonly records: string;
  /** Where a part names its record: path below the part (json `/order_id`; xml `orderId`, `order/@id`). */
  readonly key: string;
  /** Where the record has the same text: path below the record. */
  readonly on: string;
  /** Name of the record's member that becomes the array of its parts. */
  readonly as: string;
}

/**
 * What a document says of its records as a whole, before or behind them. If it is not so, the file is refused (FILE_FRAME_BROKEN).
 * Amounts are plain decimal text; a record without one adds nothing. Paths are JSON Pointers; for xml paths of elements or attributes
 * (`/list/summary/count`, `/list/@count`), and below a record as in `Join.key`.
 */
export interface Control {
  /** Path of the number of records. */
  readonly count?: string;
  readonly sums?: readonly ControlSum[];
}

export interface ControlSum {
  /** Path of the total. */
  readonly total: string;
  /** Path below the record of the amount that is summed. */
  readonly of: string;
  /** Only records that have this currency at the path `of` below them. */
  readonly currency?: { readonly of: string; readonly is: string };
}

export interface XmlInput extends InputBase {
  readonly format: "xml";
  /**
   * Paths of the record element in local names, such as `["/list/elements/order", "/order"]`; elements at any of them are records.
   * A file with the parent of a record but no record has none; with neither it is not recognised.
   */
  readonly records: readonly string[];
  /** Namespace, or several, that record elements and all below them must be in; elements of others are left out. Absent: any. */
  readonly namespace?: string | readonly string[];
  /**
   * `ignored`: a DOCTYPE that only names a file (`<!DOCTYPE cXML SYSTEM "http://...">`) is passed over, and the file never fetched: what it
   * would define is not there. Absent: a DOCTYPE refuses the file. One with declarations of its own (`[...]`) always does.
   */
  readonly doctype?: "ignored";
  /** Paths below the record, in local names joined by `/`, that are always arrays, such as `orderLines/orderLine`. */
  readonly arrays?: readonly string[];
  /** Only with one path in `records`; `arrays` reach below the parts by their name in the record. */
  readonly join?: readonly Join[];
  /** Only with one path in `records`. */
  readonly control?: Control;
}

export interface TableInput extends InputBase, RowsInput {
  readonly format: "csv" | "tsv";
  /** One character; `csv` default `,`. A `tsv` has tabs and no quoting: a quote is a character as any other. */
  readonly delimiter?: string;
}

/** What the rows of a table are, whatever they are cut from. */
export interface RowsInput {
  /** Columns that the header must have, for the file to be of this kind at all; without a header the names of all columns, by position. */
  readonly columns: readonly string[];
  /** `false`: the first row is data already. Default: the first row names the columns. */
  readonly header?: boolean;
  /**
   * So many rows with text may stand above the header row, such as a title or the time of the report: the header row is the first that has all of
   * `columns`. Default 0.
   */
  readonly titleRows?: number;
  /**
   * Neighbouring rows with the same value of this column are one record. Every record is `{ rows: [{column: text}] }`.
   * A row with too few or too many cells refuses the whole record that it is in: without it, the rest would have a wrong total.
   * A value that comes back after other rows begins a new record.
   */
  readonly groupBy?: string;
  /**
   * Rows of one `groupBy` value are one record wherever they are. Records come in the order of their first rows, when the file is over;
   * all is held until then, within `ReadLimits.heldChars`. A row with too few or too many cells refuses the file: it could be of any record.
   */
  readonly scattered?: boolean;
  /** Rows are of several kinds, told by the text of one cell. A row of no declared kind refuses the file. Default: all rows are data. */
  readonly kinds?: RowKinds;
}

export interface RowKinds {
  /** Column of the text that tells the kind, by its name in the table; it has the same place in rows of all kinds. */
  readonly column: string;
  /** Rows that records are made of. */
  readonly details: readonly RowKind[];
  /**
   * The kind of details whose rows begin a record; rows of other kinds belong to the record before them. Instead of `groupBy`, for rows that
   * do not name their record.
   */
  readonly opens?: string;
  /** The first row of data. */
  readonly header?: ControlRow;
  /** The last row, or rows where it has `currency`. */
  readonly trailer?: ControlRow;
}

export interface RowKind {
  /** Text of `RowKinds.column` in such a row. */
  readonly is: string;
  /** Names of its cells by position. Default: those of the table. */
  readonly columns?: readonly string[];
}

/**
 * A row about the file as a whole. What it says must be so, or the file is refused (FILE_FRAME_BROKEN). Amounts are plain decimal
 * text; an empty cell adds nothing.
 */
export interface ControlRow extends RowKind {
  /** Its column with the number of rows of the kinds `of`; default: of all details. */
  readonly count?: { readonly column: string; readonly of?: readonly string[] };
  /** Its columns with the sums of columns of the details. */
  readonly sums?: readonly { readonly column: string; readonly of: string }[];
  /** Its column with a currency, and that of the details: there is one such row a currency, about details of that currency. */
  readonly currency?: { readonly column: string; readonly of: string };
}

/** Lines whose columns are told by their places. Every record is `{ rows: [{column: text}] }`, as of a table. Blank lines are skipped. */
export interface FixedInput extends InputBase {
  readonly format: "fixed";
  /** Columns of all lines whose kind has none of its own. */
  readonly columns: readonly FixedColumn[];
  /**
   * What places and `length` count. `bytes`: those of the file's encoding, as systems of the East count, in which a character takes two places
   * or more; one that lies across the edge of a column refuses its record. Default `characters`.
   */
  readonly width?: "characters" | "bytes";
  /**
   * Characters, or bytes, of every line. Default: as many as the last column of its kind ends at. A line with more or fewer refuses the whole record
   * that it is in.
   */
  readonly length?: number;
  /** Where blanks around a column's text are dropped. Default `both`. */
  readonly trim?: "both" | "end" | "none";
  /** As in `TableInput`. */
  readonly groupBy?: string;
  /** As in `TableInput`; its `column` is one of `columns`, and stands at the same place in lines of all kinds. */
  readonly kinds?: FixedKinds;
}

/** Characters of a line, or bytes as `FixedInput.width` says; both ends included, the first is 1. */
export interface FixedColumn {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface FixedPlaces {
  /** Columns of such a line, by their places. Default: those of the input. */
  readonly columns?: readonly FixedColumn[];
}

export interface FixedKinds extends Omit<RowKinds, "details" | "header" | "trailer"> {
  readonly details: readonly (Omit<RowKind, "columns"> & FixedPlaces)[];
  readonly header?: Omit<ControlRow, "columns"> & FixedPlaces;
  readonly trailer?: Omit<ControlRow, "columns"> & FixedPlaces;
}

export interface EdiInput extends InputBase {
  readonly format: "edi";
  /** ISO 9735, the United Nations' syntax (separators by UNA, or those of level A), or ANSI X12 (separators by ISA). */
  readonly syntax: "iso9735" | "x12";
  /**
   * Types of the messages that are records, such as `["ORDERS"]` or `["850"]`. A record is
   * `{ type, reference, test, decimal, segments: [{ tag, elements }] }`: each element is a list of its components, `decimal` is the mark in its numbers,
   * `test` is true where its interchange is marked as a test,
   * and the segments that open and close the message are left out. Messages of other types are refused.
   */
  readonly messages: readonly string[];
}

/**
 * `xlsx`: one sheet of an Office Open XML workbook, read as a table. Cells are the text that stands in the file: numbers as the sheet has
 * them (`0.1+0.2` is `0.30000000000000004` there; formats are not applied), dates as serial numbers (`excelInstant` makes dates of
 * them), TRUE and FALSE, formulas as their last result. Cells that are not there are empty, rows without any text are no rows;
 * what is hidden or filtered is read as the rest.
 */
export interface SheetInput extends RowsInput {
  readonly format: "xlsx";
  /**
   * Name of the sheet. Absent: the first one. Several kinds of workbooks are told apart by it, and by the columns of the header row: a workbook is
   * of the first kind whose sheet it has, with that kind's columns.
   */
  readonly sheet?: string;
  /** The year from which the workbook counts its days, as `excelInstant` is told. Default 1900; a workbook with the other one is refused. */
  readonly dates?: 1900 | 1904;
  /** Its XML says it, and how it is packed tells it from others. */
  readonly encoding?: never;
  readonly marks?: never;
  readonly begins?: never;
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
  /**
   * `line 12`, `row 12` of a sheet, `segment 3`, `/data/3` (empty for the root itself), `/list/elements/order[4]` (XPath counts from 1),
   * `/order` for a root.
   */
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
  /** Characters of what is held until the end of the file where parts of records lie apart, with 100 for each part. */
  readonly heldChars: number;
}

/**
 * Reads a stream of bytes into records, a batch for each piece read that completes any.
 * Throws FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, FILE_NOT_RECOGNISED, FILE_EMPTY or FILE_PARTS_TOO_LARGE (for a workbook also
 * FILE_ARCHIVE_... and FILE_TOO_LARGE) for the file as a whole;
 * what is wrong with one record only (RECORD_TOO_LARGE, RECORD_TOO_DEEP, FIELD_TOO_LARGE, RECORD_MALFORMED, RECORD_ORPHANED) comes as a
 * RefusedRecord. Memory is bounded by the limits.
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
