import { MergepayError, type ErrorDetails } from "../errors/errors.ts";
import type { RawRecord, RefusedRecord } from "./contract.ts";

/**
 * Takes each record in the order of the file, with its own text where the reader has it at hand (JSON). Absent when only the frame is
 * checked: then no record is built.
 */
export type Emit = (record: RawRecord, source?: string) => void;

/** A reader of one file: decoded text in, records out by `Emit`. `end` gives the number of records, refused ones included. */
export interface TextReader {
  write(text: string): void;
  end(): number;
  /** For records that are held until the end: emits some more of them after it; false when there were none. */
  more?(): boolean;
}

/** What keeps one record from being taken; the reader goes on with the next. */
export type Refusal = RefusedRecord["refused"];

/** What became of one value of a file. */
export type Read = { readonly value: unknown } | { readonly refused: Refusal };

/** Amounts and counts of control totals; zeros before them are padding. */
export const TOTAL = /^-?[0-9]{1,20}(?:\.[0-9]{1,8})?$/;
export const COUNT = /^[0-9]{1,20}$/;

export const frameBroken = (message: string, details: ErrorDetails = {}): MergepayError =>
  new MergepayError(
    "FILE_FRAME_BROKEN",
    `${message} Nothing was taken from the file; correct it and send it again.`,
    details,
  );

export const notRecognised = (message: string, details: ErrorDetails = {}): MergepayError =>
  new MergepayError("FILE_NOT_RECOGNISED", `${message} Send the file that this platform is set up for.`, details);

export const encodingInvalid = (message: string, details: ErrorDetails = {}): MergepayError =>
  new MergepayError("FILE_ENCODING_INVALID", `${message} Send the file in the encoding that is declared.`, details);

export const fileEmpty = (): MergepayError =>
  new MergepayError("FILE_EMPTY", "The file holds nothing but white space; send it again with its content.");

export const archiveBroken = (message: string, details: ErrorDetails = {}): MergepayError =>
  new MergepayError(
    "FILE_ARCHIVE_BROKEN",
    `The file can't be unpacked. ${message} Nothing was taken from it; pack it again and send it again.`,
    details,
  );

export const archiveUnsupported = (message: string): MergepayError =>
  new MergepayError("FILE_ARCHIVE_UNSUPPORTED", message);

export const archiveRatio = (times: number): MergepayError =>
  new MergepayError(
    "FILE_ARCHIVE_RATIO",
    `The file grows to more than ${times} times its size when it is unpacked; send it as it is, without packing it.`,
  );

export const fileTooLarge = (fileBytes: number): MergepayError =>
  new MergepayError(
    "FILE_TOO_LARGE",
    `The file has more than ${fileBytes} bytes when it is unpacked; send it in parts.`,
  );

export const partsTooLarge = (heldChars: number, position: string): MergepayError =>
  new MergepayError(
    "FILE_PARTS_TOO_LARGE",
    `At ${position}, the parts of records that lie apart in the file take more than ${heldChars} characters, with 100 for each part. ` +
      "Nothing was taken from the file; send it in several files, each with whole records.",
    { position },
  );

/** A position as a sentence begins with it. */
export const atStart = (position: string): string => position.charAt(0).toUpperCase() + position.slice(1);

export const malformed = (reason: string, field?: string): Refusal =>
  field === undefined ? { code: "RECORD_MALFORMED", reason } : { code: "RECORD_MALFORMED", field, reason };

export const orphaned = (parts: number, field: string): Refusal => ({
  code: "RECORD_ORPHANED",
  field,
  reason: `The file has ${parts} ${parts === 1 ? "part" : "parts"} that name a record which it does not have; send both in one file.`,
});

export const recordTooLarge = (recordBytes: number): Refusal => ({
  code: "RECORD_TOO_LARGE",
  reason: `The record is larger than ${recordBytes} bytes; split it.`,
});

export const recordTooDeep = (depth: number): Refusal => ({
  code: "RECORD_TOO_DEEP",
  reason: `The record is nested deeper than ${depth} levels, counted from the top of the file.`,
});

export const fieldTooLarge = (fieldBytes: number, field: string): Refusal => ({
  code: "FIELD_TOO_LARGE",
  field,
  reason: `The field is longer than ${fieldBytes} bytes; shorten it.`,
});

/** True when the text takes more than `limit` bytes as UTF-8. Counts only when the length alone does not decide. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  return text.length * 3 > limit && Buffer.byteLength(text) > limit;
}
