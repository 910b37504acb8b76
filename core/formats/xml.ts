import { createAssembly, RECORD, type Place } from "./assemble.ts";
import type { ReadLimits, XmlInput } from "./contract.ts";
import { encodingInvalid, frameBroken, notRecognised, recordTooDeep, recordTooLarge } from "./faults.ts";
import type { Emit, TextReader } from "./faults.ts";
import { isLabelOf } from "./xml-labels.ts";
import { createNamespaces, isBinding, localOf, type ResolvedName } from "./xml-names.ts";
import { createXmlScanner } from "./xml-scan.ts";
import { createXmlSources, type XmlSources } from "./xml-source.ts";
import { createXmlBuilder, nameTree, type NameTree, type XmlBuilder } from "./xml-value.ts";

const NESTING_MAX = 100_000;
/** A comment or tag is kept until it is whole, a text until its record is refused: so long may one be. */
const PIECE_CHARS = 16 * 1024 * 1024;

/** An open element on the way to the records. */
interface Ancestor {
  readonly node: NameTree;
  readonly path: string;
  /** Children met so far, of the names that lead on. */
  readonly counts: Map<string, number>;
}

/** An element that is read: a record, a part or a total. */
interface OpenItem {
  readonly place: Place;
  readonly position: string;
  readonly depth: number;
  readonly builder: XmlBuilder | undefined;
  /** Bytes of it in the pieces before, and where it goes on: characters from the start of the file. */
  bytes: number;
  from: number;
  /** Depth of the outermost open element that is left out; 0 for none. */
  leftOut: number;
}

/**
 * Reads an XML document: elements at any of the declared paths are records. A DOCTYPE (unless declared), undeclared prefixes, entities other than the
 * five predefined ones, an encoding other than the declared one and all that is not well-formed refuse the file.
 * @param withSources records are given with their own text, which costs
 */
export function createXmlReader(
  input: XmlInput,
  limits: ReadLimits,
  emit?: Emit,
  withSources: boolean = false,
): TextReader {
  const broken = (reason: string): Error => {
    const line = scanner.line();
    return frameBroken(`The XML can't be taken, line ${line}: ${reason}.`, { position: `line ${line}` });
  };
  const wanted = input.namespace === undefined ? undefined : new Set([input.namespace].flat());
  const namespaces = createNamespaces(wanted, broken);
  const arrays = nameTree(input.arrays ?? []);
  const assembly = createAssembly(input, limits, emit);
  const top: Ancestor = { node: nameTree([...input.records, ...assembly.places.keys()]), path: "", counts: new Map() };
  const ancestors: Ancestor[] = [];
  let depth = 0;
  let open: OpenItem | undefined;
  let recognised = false;
  /** The place of the last tag or comment: bounds what may be kept. */
  let lastEvent = 0;
  let piece = "";
  let before = 0;

  const placeOf = ({ path }: NameTree): Place | undefined =>
    path === undefined ? undefined : (assembly.places.get(path) ?? RECORD);

  /** Whether the content of what lies at a place is needed. */
  const reads = ({ kind }: Place): boolean => emit !== undefined || assembly.reads || kind !== "record";

  const arraysOf = ({ kind, index }: Place): NameTree | undefined =>
    kind === "part" ? arrays.children.get(input.join?.[index]?.as ?? "") : arrays;

  function enter({ local, counts }: ResolvedName, given: Readonly<Record<string, string>>): void {
    const parent = ancestors.length === depth - 1 ? (ancestors.at(-1) ?? top) : undefined;
    const node = parent?.node.children.get(local);
    if (depth > limits.depth) throw broken(`outside of records, nested deeper than ${limits.depth} levels`);
    if (parent === undefined || node === undefined) return;
    const place = counts ? placeOf(node) : undefined;
    if (place === undefined && node.children.size === 0) return;
    const count = (parent.counts.get(local) ?? 0) + 1;
    parent.counts.set(local, count);
    const path = `${parent.path}/${local}`;
    if (place !== undefined) {
      recognised ||= place.kind === "record";
      const builder = reads(place) ? createXmlBuilder(arraysOf(place), limits) : undefined;
      const position = parent === top ? path : `${path}[${count}]`;
      open = { place, position, depth, builder, bytes: 0, from: scanner.position(), leftOut: 0 };
      if (place.kind === "record") sources?.open(scanner.begin(), namespaces.scope(), given);
      return;
    }
    if (counts) for (const child of node.children.values()) recognised ||= placeOf(child)?.kind === "record";
    if (counts) attributes(node, path, given);
    ancestors.push({ node, path: count > 1 ? `${path}[${count}]` : path, counts: new Map() });
  }

  /** Totals in attributes of an element outside of records. */
  function attributes(node: NameTree, path: string, given: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(given)) {
      const child = isBinding(name) ? undefined : node.children.get(`@${localOf(name)}`);
      const place = child === undefined ? undefined : placeOf(child);
      if (place !== undefined) assembly.found(place, `${path}/@${localOf(name)}`, { value: given[name] ?? "" });
    }
  }

  function sizeTo(item: Pick<OpenItem, "bytes" | "from">, position: number): number {
    const rest = position - item.from;
    if (item.bytes + rest * 3 <= limits.recordBytes) return item.bytes + rest;
    return item.bytes + Buffer.byteLength(piece.slice(item.from - before, position - before));
  }

  function leaveItem(item: OpenItem): void {
    const { place, position, builder } = item;
    open = undefined;
    if (builder !== undefined && sizeTo(item, scanner.position()) > limits.recordBytes) tooLarge(builder);
    assembly.found(
      place,
      position,
      builder?.result(),
      place.kind === "record" ? sources?.close(scanner.position()) : undefined,
    );
  }

  function tooLarge(builder: XmlBuilder | undefined): void {
    builder?.refuse(recordTooLarge(limits.recordBytes));
    sources?.drop();
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
    if (open === undefined) enter(resolved, given);
    else if (open.leftOut === 0 && !resolved.counts) {
      open.builder?.interrupt();
      open.leftOut = depth;
    }
    // What is left out is read all the same.
    if (depth > limits.depth) open?.builder?.refuse(recordTooDeep(limits.depth));
    if (open?.leftOut === 0) open.builder?.open(resolved.local, given);
  }

  /** As an element opened, its text, and closed: what is no record, part or total, nor too deep. */
  function leaf(name: string, part: string): boolean {
    if (open === undefined || depth >= limits.depth) return false;
    const { local, counts } = namespaces.meaning(name);
    lastEvent = scanner.position();
    if (open.leftOut !== 0) return true;
    if (counts) open.builder?.leaf(local, part);
    else open.builder?.interrupt();
    return true;
  }

  function closeTag(): void {
    lastEvent = scanner.position();
    namespaces.leave();
    if (open === undefined) {
      if (ancestors.length === depth) ancestors.pop();
    } else {
      if (open.leftOut === 0) open.builder?.close();
      if (open.leftOut === depth) open.leftOut = 0;
      if (open.depth === depth) leaveItem(open);
    }
    depth--;
  }

  function declaration(encoding: string | undefined): void {
    const spec = input.encoding ?? "utf-8";
    if (encoding !== undefined && !isLabelOf(spec, encoding))
      throw encodingInvalid(`The file says that it is in ${encoding}, its platform sends ${spec}.`, {
        position: "line 1",
      });
  }

  const scanner = createXmlScanner({
    declaration,
    open: openTag,
    close: closeTag,
    leaf,
    text: emit === undefined && !assembly.reads && assembly.places.size === 0 ? undefined : text,
    aside: interrupt,
    doctype: input.doctype,
    ...(withSources ? { passed } : {}),
    broken,
  });
  const sources: XmlSources | undefined = withSources ? createXmlSources(scanner.cut) : undefined;

  function passed(to: number): void {
    if (open?.place.kind === "record") sources?.keep(to);
  }

  return {
    write(chunk) {
      piece = chunk;
      scanner.write(chunk);
      if (open !== undefined) {
        open.bytes += Buffer.byteLength(chunk.slice(Math.max(open.from - before, 0)));
        open.from = before + chunk.length;
        if (open.bytes > limits.recordBytes) tooLarge(open.builder);
      }
      before += chunk.length;
      if (before - lastEvent > PIECE_CHARS)
        throw broken(`a single text, comment or tag is longer than ${PIECE_CHARS} characters`);
    },
    end() {
      piece = "";
      scanner.end();
      if (!recognised) throw notRecognised(`The file has no elements at ${input.records.join(" or ")}.`);
      return assembly.end();
    },
    more: assembly.more,
  };
}
