import { decimalFrom } from "../../core/plugin/contract.ts";

interface RawSegment {
  readonly tag: string;
  readonly elements: readonly (readonly string[])[];
}

/** A segment: its tag, its data elements, each a list of components, and its place in the message. */
export interface Segment extends RawSegment {
  readonly at: number;
}

/** A message as it passed orders.schema.json. */
export interface Message {
  /** Its interchange is marked as a test. */
  readonly test: boolean;
  /** The decimal mark of its numbers: a comma where the file's UNA says so. */
  readonly decimal: string;
  readonly segments: readonly RawSegment[];
}

/** Why a message is rejected. */
export interface Fault {
  readonly reject: string;
  readonly field: string;
}

export const isFault = (value: unknown): value is Fault =>
  typeof value === "object" && value !== null && "reject" in value;

/** A fault at a component of a segment; of what is not there at all, at the segments. */
export const faultAt = (reject: string, segment: Segment | undefined, element = 0, part = 0): Fault => ({
  reject,
  field: segment === undefined ? "/segments" : `/segments/${segment.at}/elements/${element}/${part}`,
});

/** Component of an element of a segment, both from 0; blank when it is not there. */
export const partOf = (segment: Segment | undefined, element: number, part = 0): string =>
  segment?.elements[element]?.[part] ?? "";

/** All segments of a tag whose first component is the qualifier. */
export const allQualified = (segments: readonly Segment[], tag: string, qualifier: string): readonly Segment[] =>
  segments.filter((segment) => segment.tag === tag && partOf(segment, 0) === qualifier);

/** The first segment of a tag whose first component is the qualifier. */
export const qualified = (segments: readonly Segment[], tag: string, qualifier: string): Segment | undefined =>
  segments.find((segment) => segment.tag === tag && partOf(segment, 0) === qualifier);

/** The number at a component, as plain decimal text: written with the message's decimal mark, and not below zero. */
export function numberAt(segment: Segment, part: number, { decimal }: Message): string | Fault {
  const plain = decimalFrom(partOf(segment, 0, part), { decimal: decimal === "," ? "," : "." });
  if (plain !== undefined && !plain.startsWith("-")) return plain;
  return faultAt(`It is no number with the decimal mark "${decimal}", or is below zero.`, segment, 0, part);
}

/** A line of the order: LIN and the segments behind it, up to the next line or the summary. */
export type Line = readonly [Segment, ...Segment[]];

/** The message in its three sections: header, lines, summary. */
export interface Sections {
  readonly header: readonly Segment[];
  readonly lines: readonly Line[];
  readonly summary: readonly Segment[];
}

export function sectionsOf({ segments }: Message): Sections {
  const header: Segment[] = [];
  const lines: [Segment, ...Segment[]][] = [];
  const summary: Segment[] = [];
  let section = header;
  for (const [at, { tag, elements }] of segments.entries()) {
    const segment = { at, tag, elements };
    if (tag === "LIN") {
      const line: [Segment, ...Segment[]] = [segment];
      lines.push(line);
      section = line;
    } else if (tag === "UNS") section = summary;
    else section.push(segment);
  }
  return { header, lines, summary };
}
