import { decimalFrom } from "../../core/plugin/contract.ts";

/** A segment: its tag, and its data elements, each a list of components. */
export interface Segment {
  readonly tag: string;
  readonly elements: readonly (readonly string[])[];
}

/** A message as it passed orders.schema.json. */
export interface Message {
  /** The decimal mark of its numbers: a comma where the file's UNA says so. */
  readonly decimal: string;
  readonly segments: readonly Segment[];
}

/** Component of an element of a segment, both from 0; blank when it is not there. */
export const partOf = (segment: Segment | undefined, element: number, part = 0): string =>
  segment?.elements[element]?.[part] ?? "";

/** The first segment of a tag whose first component is the qualifier. */
export const qualified = (segments: readonly Segment[], tag: string, qualifier: string): Segment | undefined =>
  segments.find((segment) => segment.tag === tag && partOf(segment, 0) === qualifier);

/** A number as plain decimal text; undefined when it is none, or is below zero. */
export function numberOf(text: string, { decimal }: Message): string | undefined {
  const plain = decimalFrom(text, { decimal: decimal === "," ? "," : "." });
  return plain?.startsWith("-") === true ? undefined : plain;
}

/** A line of the order: LIN and the segments behind it, up to the next line or the summary. */
export type Line = readonly [Segment, ...Segment[]];

/** The message in its three sections: header, lines, summary. */
export function sectionsOf({ segments }: Message): {
  header: readonly Segment[];
  lines: readonly Line[];
  summary: readonly Segment[];
} {
  const header: Segment[] = [];
  const lines: [Segment, ...Segment[]][] = [];
  const summary: Segment[] = [];
  let section = header;
  for (const segment of segments) {
    if (segment.tag === "LIN") {
      const line: [Segment, ...Segment[]] = [segment];
      lines.push(line);
      section = line;
    } else if (segment.tag === "UNS") section = summary;
    else section.push(segment);
  }
  return { header, lines, summary };
}
