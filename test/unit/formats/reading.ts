import type { InputSpec, RawRecord, ReadLimits } from "../../../core/formats/contract.ts";
import { checkFrame, readRecords } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { LIMITS } from "../../../core/limits.ts";

export type Source = string | Uint8Array;

const bytesOf = (source: Source): Uint8Array => (typeof source === "string" ? Buffer.from(source) : source);

/** The bytes in pieces of the sizes given, the last one again and again. */
export async function* pieces(
  source: Source,
  sizes: readonly number[] = [Number.MAX_SAFE_INTEGER],
): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(source);
  let from = 0;
  for (let at = 0; from < bytes.length; at++) {
    const size = sizes[Math.min(at, sizes.length - 1)] ?? 1;
    yield bytes.subarray(from, from + size);
    from += size;
  }
}

export const limits = (changed: Partial<ReadLimits> = {}): ReadLimits => ({
  fileBytes: LIMITS.fileBytes,
  recordBytes: LIMITS.recordBytes,
  depth: LIMITS.depth,
  fieldBytes: LIMITS.fieldBytes,
  heldChars: LIMITS.heldChars,
  ...changed,
});

export async function read(
  source: Source | AsyncIterable<Uint8Array>,
  input: InputSpec,
  sizes?: readonly number[],
  changed?: Partial<ReadLimits>,
): Promise<RawRecord[]> {
  const bytes = typeof source === "string" || source instanceof Uint8Array ? pieces(source, sizes) : source;
  const records: RawRecord[] = [];
  for await (const batch of readRecords(bytes, input, limits(changed))) records.push(...batch);
  return records;
}

/** What a person sees of a file: the values, `CODE field @ position` of refused records, or the code of the file's error. */
export async function outcome(
  source: Source,
  input: InputSpec,
  changed?: Partial<ReadLimits>,
  sizes?: readonly number[],
): Promise<unknown> {
  const checked = await attempt(async () => (await checkFrame(pieces(source, sizes), input, limits(changed))).records);
  const records = await attempt(() => read(source, input, sizes, changed));
  if (typeof records === "string") {
    if (checked !== records) throw new Error(`the check says ${checked}, reading says ${records}`);
    return records;
  }
  if (checked !== records.length) throw new Error(`the check counts ${checked}, reading ${records.length}`);
  return records.map((record, at) => {
    if (record.record !== at) throw new Error(`record ${at} is numbered ${record.record}`);
    if (!("refused" in record)) return record.value;
    const { code, field } = record.refused;
    return `${code}${field === undefined ? "" : ` ${field}`} @ ${record.position}`;
  });
}

export const attempt = async <T>(act: () => Promise<T>): Promise<T | string> => {
  try {
    return await act();
  } catch (error) {
    if (error instanceof MergepayError) return error.type;
    throw error;
  }
};

/** Plain copies, so that objects without a prototype compare with literals. */
export const plain = (value: unknown): unknown => (value === undefined ? undefined : structuredClone(value));

export const nested = (levels: number, core = "1"): string => "[".repeat(levels) + core + "]".repeat(levels);

/** A long file without ever holding it: `head`, `part` as often as told, `tail`. */
export async function* repeated(
  head: string,
  part: string | ((at: number) => string),
  times: number,
  tail: string,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head);
  const bytes = typeof part === "string" ? Buffer.from(part) : undefined;
  for (let at = 0; at < times; at++) yield bytes ?? Buffer.from(typeof part === "string" ? part : part(at));
  yield Buffer.from(tail);
}
