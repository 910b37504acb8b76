/** A segment: its tag, and its data elements, each a list of components (one, where it has no parts). */
export interface Segment {
  readonly tag: string;
  readonly elements: readonly (readonly string[])[];
}

/** The characters that an interchange is cut by. */
export interface Separators {
  readonly component: string;
  readonly element: string;
  readonly segment: string;
  /** Takes the meaning from the character behind it; absent where the syntax has none. */
  readonly release?: string;
}

interface ScanOptions {
  readonly separators: Separators;
  /** A longer segment is none: its terminator is missing. */
  readonly segmentChars: number;
  /** Tags of the segments whose elements are needed; those of others are left out. Default: all. */
  readonly needed?: ReadonlySet<string>;
  /** Takes each segment, and how many characters it took, terminator included. True: what follows is not for this scanner. */
  readonly onSegment: (segment: Segment, chars: number) => boolean;
  readonly broken: (reason: string) => Error;
}

interface SegmentScanner {
  /** Gives the text behind the last segment of this scanner; undefined when there may be more of them. */
  write(text: string): string | undefined;
  end(): void;
}

/** Cuts the text of an EDI interchange into segments. Line ends and blanks between segments mean nothing. */
export function createSegmentScanner(options: ScanOptions): SegmentScanner {
  const { separators, segmentChars, needed, onSegment, broken } = options;
  const { segment: terminator, release } = separators;
  /** A line end as terminator: blank lines are no segments. */
  const byLine = terminator.trim() === "";
  let rest = "";
  /** How far `rest` was looked through without a terminator. */
  let looked = 0;

  /** True when an odd number of release characters stands before the place: the character there means itself. */
  function released(text: string, at: number): boolean {
    if (release === undefined) return false;
    let from = at;
    while (from > 0 && text[from - 1] === release) from--;
    return (at - from) % 2 === 1;
  }

  function terminatorFrom(text: string, from: number): number {
    let at = text.indexOf(terminator, from);
    while (at !== -1 && released(text, at)) at = text.indexOf(terminator, at + 1);
    return at;
  }

  return {
    write(text) {
      rest += text;
      let from = 0;
      for (let at = terminatorFrom(rest, looked); at !== -1; at = terminatorFrom(rest, from)) {
        const raw = rest.slice(from, at).trimStart();
        from = at + 1;
        if (raw === "" && byLine) continue;
        if (raw === "") throw broken("a segment is empty");
        if (onSegment(segmentOf(raw, separators, needed), raw.length + 1)) return rest.slice(from);
      }
      rest = rest.slice(from);
      looked = rest.length;
      if (rest.length > segmentChars) throw broken(`no segment terminator within ${segmentChars} characters`);
      return undefined;
    },
    end() {
      if (rest.trim() !== "") throw broken("the file ends inside of a segment");
    },
  };
}

function segmentOf(raw: string, separators: Separators, needed: ReadonlySet<string> | undefined): Segment {
  const { component, element, release } = separators;
  if (release === undefined || !raw.includes(release)) {
    const [first = "", ...others] = raw.split(element);
    const tag = partsOf(first, component)[0] ?? "";
    const wanted = needed === undefined || needed.has(tag);
    return { tag, elements: wanted ? others.map((other) => partsOf(other, component)) : [] };
  }
  const [tag = [""], ...elements] = cut(raw, element, release).map((one) =>
    cut(one, component, release).map((part) => unreleased(part, release)),
  );
  return { tag: tag[0] ?? "", elements };
}

const partsOf = (element: string, component: string): string[] =>
  element.includes(component) ? element.split(component) : [element];

/** Cuts at a separator, not where it is released; release characters stay. */
function cut(text: string, separator: string, release: string): string[] {
  if (!text.includes(release)) return text.split(separator);
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === release) part += char + text.charAt(++at);
    else if (char === separator) {
      parts.push(part);
      part = "";
    } else part += char;
  }
  return [...parts, part];
}

function unreleased(text: string, release: string): string {
  if (!text.includes(release)) return text;
  let plain = "";
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) === release) at++;
    plain += text.charAt(at);
  }
  return plain;
}
