import type { Segment, Separators } from "./edi-scan.ts";

/** Where a level of an envelope begins and ends, and how its ends are tied together. */
export interface Level {
  readonly open: string;
  readonly close: string;
  /** The reference that both ends have. */
  readonly opened: (segment: Segment) => string;
  readonly closed: (segment: Segment) => string;
  /** The count that the closing segment tells. */
  readonly count: (segment: Segment) => string;
}

/** What the beginning of a file tells. */
export interface Head {
  readonly separators: Separators;
  /** The decimal mark of its numbers. */
  readonly decimal: string;
  /** Characters at the beginning that are not a segment. */
  readonly skip: number;
}

/** One of the two syntaxes: interchange, functional group, message. */
export interface Syntax {
  readonly name: string;
  /** The segment that opens an interchange marks it as a test. */
  readonly isTest: (open: Segment) => boolean;
  /** All messages are in groups. */
  readonly grouped: boolean;
  readonly interchange: Level;
  readonly group: Level;
  readonly message: Level & { readonly type: (segment: Segment) => string };
  /** Characters that tell the separators. */
  readonly headChars: number;
  /** What the beginning of a file tells; undefined when it is no such file. */
  readonly separators: (head: string) => Head | undefined;
}

/** Component `part` of element `element`, both from 0; blank when it is not there. */
export const partOf = (segment: Segment, element: number, part = 0): string => segment.elements[element]?.[part] ?? "";

const level = (open: string, close: string, reference: number): Level => ({
  open,
  close,
  opened: (segment) => partOf(segment, reference),
  closed: (segment) => partOf(segment, 1),
  count: (segment) => partOf(segment, 0),
});

/** Separators that can be told from each other and from text. */
const areSeparators = ({ component, element, segment, release }: Separators): boolean => {
  const chars = [component, element, segment, ...(release === undefined ? [] : [release])];
  return new Set(chars).size === chars.length && chars.every((char) => /^[^A-Za-z0-9 ]$/.test(char));
};

const LEVEL_A: Separators = { component: ":", element: "+", segment: "'", release: "?" };

/** ISO 9735: separators by UNA, or those of syntax level A. */
export const ISO_9735: Syntax = {
  name: "EDI",
  isTest: (open) => partOf(open, 10) === "1",
  grouped: false,
  interchange: level("UNB", "UNZ", 4),
  group: level("UNG", "UNE", 4),
  message: { ...level("UNH", "UNT", 0), type: (segment) => partOf(segment, 1) },
  headChars: 9,
  separators(head) {
    if (head.startsWith("UNB")) return { separators: LEVEL_A, decimal: ".", skip: 0 };
    if (!head.startsWith("UNA")) return undefined;
    const [component = "", element = "", decimal = "", release = "", , segment = ""] = head.slice(3);
    const separators = { component, element, segment, ...(release === " " ? {} : { release }) };
    return areSeparators(separators) ? { separators, decimal, skip: 9 } : undefined;
  },
};

/** All elements of the ISA segment have fixed lengths, so that its last characters tell the separators (X12.5). */
const ISA_CHARS = 106;

/** ANSI X12: separators by their places in the ISA segment. */
export const X12: Syntax = {
  name: "X12",
  isTest: (open) => partOf(open, 14) === "T",
  grouped: true,
  interchange: level("ISA", "IEA", 12),
  group: level("GS", "GE", 5),
  message: { ...level("ST", "SE", 1), type: (segment) => partOf(segment, 0) },
  headChars: ISA_CHARS,
  separators(head) {
    if (!head.startsWith("ISA") || head.length < ISA_CHARS) return undefined;
    const separators = {
      element: head.charAt(3),
      component: head.charAt(ISA_CHARS - 2),
      segment: head.charAt(ISA_CHARS - 1),
    };
    const whole = head.slice(0, ISA_CHARS - 1).split(separators.element).length === 17;
    return whole && areSeparators(separators) ? { separators, decimal: ".", skip: 0 } : undefined;
  },
};
