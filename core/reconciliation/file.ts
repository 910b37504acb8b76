import type { Deps } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { readRecords } from "../formats/read.ts";
import { isZone } from "../settlement/days.ts";
import { CAMT, camtCollector, type CamtFile } from "./camt.ts";

/** Lines of one statement, which are held in mind. */
export const STATEMENT_LINES = 100_000;
/** One entry of a bank may be a batch of thousands of transactions. */
const ENTRY_BYTES = 16 * 1024 * 1024;

/**
 * Reads a bank's file to its end, streaming, with the limits of every file but for the size of an entry.
 * @throws STATEMENT_INVALID, STATEMENT_TOO_LARGE, FILE_EMPTY, FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, QUERY_INVALID for a zone that is none
 */
export async function readStatement(
  { store, limits }: Pick<Deps, "store" | "limits">,
  blobId: string,
  zone: string,
): Promise<CamtFile> {
  if (!isZone(zone))
    throw new MergepayError("QUERY_INVALID", "zone must be the name of a time zone, such as Europe/Zurich.", {
      field: "zone",
    });
  const collector = camtCollector(zone);
  let lines = 0;
  try {
    for await (const records of readRecords(store.blobs.open(blobId), CAMT, { ...limits, recordBytes: ENTRY_BYTES }))
      for (const record of records) {
        lines = collector.take(record);
        if (lines > STATEMENT_LINES) throw new MergepayError("STATEMENT_TOO_LARGE");
      }
  } catch (thrown) {
    const error = asMergepayError(thrown);
    if (error.type !== "FILE_NOT_RECOGNISED") throw error;
    throw new MergepayError(
      "STATEMENT_INVALID",
      "It is no camt.053 or camt.054 of the versions 02 to 13, told by the namespace of its document; nothing was taken of it.",
    );
  }
  return collector.end();
}
