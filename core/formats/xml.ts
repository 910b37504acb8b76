import type { Encoding, ReadLimits, XmlInput } from "./contract.ts";
import { encodingInvalid, frameBroken, notRecognised, recordTooDeep, recordTooLarge } from "./faults.ts";
import type { Emit, TextReader } from "./faults.ts";
import { createNamespaces, type ResolvedName } from "./xml-names.ts";
import { createXmlScanner } from "./xml-scan.ts";
import { createXmlBuilder, nameTree, type NameTree, type XmlBuilder } from "./xml-value.ts";

const NESTING_MAX = 100_000;
/** A comment or tag is kept until it is whole, a text until its record is refused: so long may one be. */
const PIECE_CHARS = 16 * 1024 * 1024;

/** Names that a declaration may give each encoding, in lower case. */
const LABELS: Record<Encoding, readonly string[]> = {
  "utf-8": ["utf-8", "utf8"],
  "utf-16le": ["utf-16", "utf-16le"],
  "utf-16be": ["utf-16", "utf-16be"],
  gb18030: ["gb18030", "gbk", "gb2312"],
  shift_jis: ["shift_jis", "shift-jis", "sjis", "windows-31j", "cp932", "ms932"],
  "iso-8859-1": ["iso-8859-1", "iso_8859-1", "latin1"],
  "iso-8859-15": ["iso-8859-15", "iso_8859-15", "latin-9", "latin9"],
  "windows-1252": ["windows-1252", "cp1252"],
};

/** An open element on the way to the records. */
interface Ancestor {
  readonly node: NameTree;
  readonly path: string;
  /** Children met so far, of the names that lead on. */
  readonly counts: Map<string, number>;
}

interface OpenRecord {
  readonly position: string;
  readonly depth: number;
  readonly builder: XmlBuilder | undefined;
  /** Bytes of the record in the pieces before, and where it goes on: characters from the start of the file. */
  bytes: number;
  from: number;
  /** Depth of the outermost open element that is left out; 0 for none. */
  leftOut: number;
}

/**
 * Reads an XML document: elements at any of the declared paths are records. DOCTYPE, undeclared prefixes, entities other than the
 * five predefined ones, an encoding other than the declared one and all that is not well-formed refuse the file.
 */
export function createXmlReader(input: XmlInput, limits: ReadLimits, emit?: Emit): TextReader {
  const broken = (reason: string): Error => {
    const line = scanner.line();
    return frameBroken(`The XML can't be taken, line ${line}: ${reason}.`, { position: `line ${line}` });
  };
  const namespaces = createNamespaces(input.namespace, broken);
  const arrays = nameTree(input.arrays ?? []);
  const top: Ancestor = { node: nameTree(input.records), path: "", counts: new Map() };
  const ancestors: Ancestor[] = [];
  let depth = 0;
  let open: OpenRecord | undefined;
  let records = 0;
  let recognised = false;
  /** The place of the last tag or comment: bounds what may be kept. */
  let lastEvent = 0;
  let piece = "";
  let before = 0;

  function enter({ local, counts }: ResolvedName): void {
    const parent = ancestors.length === depth - 1 ? (ancestors.at(-1) ?? top) : undefined;
    const node = parent?.node.children.get(local);
    if (depth > limits.depth) throw broken(`outside of records, nested deeper than ${limits.depth} levels`);
    if (parent === undefined || node === undefined) return;
    const isRecord = node.end && counts;
    if (!isRecord && node.children.size === 0) return;
    const count = (parent.counts.get(local) ?? 0) + 1;
    parent.counts.set(local, count);
    const path = `${parent.path}/${local}`;
    if (isRecord) {
      recognised = true;
      const builder = emit === undefined ? undefined : createXmlBuilder(arrays, limits);
      const position = parent === top ? path : `${path}[${count}]`;
      open = { position, depth, builder, bytes: 0, from: scanner.position(), leftOut: 0 };
      return;
    }
    if (counts) for (const child of node.children.values()) recognised ||= child.end;
    ancestors.push({ node, path: count > 1 ? `${path}[${count}]` : path, counts: new Map() });
  }

  function sizeTo(record: OpenRecord, position: number): number {
    const rest = position - record.from;
    if (record.bytes + rest * 3 <= limits.recordBytes) return record.bytes + rest;
    return record.bytes + Buffer.byteLength(piece.slice(record.from - before, position - before));
  }

  function leaveRecord(record: OpenRecord): void {
    open = undefined;
    const count = records++;
    if (emit === undefined || record.builder === undefined) return;
    if (sizeTo(record, scanner.position()) > limits.recordBytes)
      record.builder.refuse(recordTooLarge(limits.recordBytes));
    emit({ record: count, position: record.position, ...record.builder.result() });
  }

  function text(part: string): void {
    if (open?.leftOut === 0) open.builder?.text(part);
  }

  function interrupt(): void {
    lastEvent = scanner.position();
    if (open?.leftOut === 0) open.builder?.interrupt();
  }

  function openTag(name: string, given: Readonly<Record<string, string>>): void {
    if (++depth > NESTING_MAX) throw broken(`nested deeper than ${NESTING_MAX} levels`);
    lastEvent = scanner.position();
    const resolved = namespaces.enter(name, given);
    if (open === undefined) enter(resolved);
    else if (open.leftOut === 0 && !resolved.counts) {
      open.builder?.interrupt();
      open.leftOut = depth;
    }
    if (open?.leftOut !== 0) return;
    if (depth > limits.depth) open.builder?.refuse(recordTooDeep(limits.depth));
    open.builder?.open(resolved.local, given);
  }

  function closeTag(): void {
    lastEvent = scanner.position();
    namespaces.leave();
    if (open === undefined) {
      if (ancestors.length === depth) ancestors.pop();
    } else {
      if (open.leftOut === 0) open.builder?.close();
      if (open.leftOut === depth) open.leftOut = 0;
      if (open.depth === depth) leaveRecord(open);
    }
    depth--;
  }

  function declaration(encoding: string | undefined): void {
    const spec = input.encoding ?? "utf-8";
    if (encoding !== undefined && !LABELS[spec].includes(encoding.toLowerCase()))
      throw encodingInvalid(`The file says that it is in ${encoding}, its platform sends ${spec}.`, {
        position: "line 1",
      });
  }

  const scanner = createXmlScanner({
    declaration,
    open: openTag,
    close: closeTag,
    text: emit === undefined ? undefined : text,
    aside: interrupt,
    broken,
  });

  return {
    write(chunk) {
      piece = chunk;
      scanner.write(chunk);
      if (open !== undefined) {
        open.bytes += Buffer.byteLength(chunk.slice(Math.max(open.from - before, 0)));
        open.from = before + chunk.length;
        if (open.bytes > limits.recordBytes) open.builder?.refuse(recordTooLarge(limits.recordBytes));
      }
      before += chunk.length;
      if (before - lastEvent > PIECE_CHARS)
        throw broken(`a single text, comment or tag is longer than ${PIECE_CHARS} characters`);
    },
    end() {
      piece = "";
      scanner.end();
      if (!recognised) throw notRecognised(`The file has no elements at ${input.records.join(" or ")}.`);
      return records;
    },
  };
}
