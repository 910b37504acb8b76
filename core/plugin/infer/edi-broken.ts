import type { EdiInput, ReadLimits } from "../../formats/contract.ts";
import { createSegmentScanner, type Segment } from "../../formats/edi-scan.ts";
import { ISO_9735, X12 } from "../../formats/edi-syntax.ts";

/** Thrown at a place behind which nothing can be cut any more. */
const CUT_OFF = new Error("The interchange can't be cut any further.");

/**
 * The messages of an interchange that its reader does not take, whatever its counts and references say: as far as they come. Only to propose
 * from: of a file like that nothing is ever taken.
 */
export function brokenMessages(text: string, input: EdiInput, limits: ReadLimits): unknown[] {
  const { separators, message, group, interchange } = input.syntax === "x12" ? X12 : ISO_9735;
  const ends = new Set([message.close, group.close, interchange.close]);
  const head = separators(text);
  const messages: { decimal: string; segments: Segment[] }[] = [];
  if (head === undefined) return messages;
  let open: Segment[] | undefined;
  const scanner = createSegmentScanner({
    separators: head.separators,
    segmentChars: limits.recordBytes,
    broken: () => CUT_OFF,
    onSegment(segment) {
      if (ends.has(segment.tag)) open = undefined;
      else if (segment.tag === message.open) {
        open = [];
        if (input.messages.includes(message.type(segment))) messages.push({ decimal: head.decimal, segments: open });
      } else open?.push(segment);
      return false;
    },
  });
  try {
    scanner.write(text.slice(head.skip));
  } catch (error) {
    if (error !== CUT_OFF) throw error;
  }
  return messages;
}
