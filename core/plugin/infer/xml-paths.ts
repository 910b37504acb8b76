import type { XmlInput } from "../../formats/contract.ts";
import { frameBroken } from "../../formats/faults.ts";
import { isBinding, localOf } from "../../formats/xml-names.ts";
import { type Attributes, createXmlScanner } from "../../formats/xml-scan.ts";

/** All elements of a document at one path. */
interface Place {
  readonly path: readonly string[];
  readonly parent: Place | undefined;
  readonly children: Map<string, Place>;
  readonly namespaces: Set<string>;
  /** Most of them side by side in one parent. */
  most: number;
  /** Of the parent that is open now. */
  count: number;
}

/** So deep may wrappers lie around the record element. */
const WRAPPERS_MAX = 6;
/** Names of elements that are one of several even where there is but one. */
const LINES = /(?:line|item|row|entry|transaction|product|charge|package)$/i;

/**
 * The ways in which a document's records may be read: each element that has children, by its path, with the namespaces that it and
 * what is in it are of, and the paths below it that are arrays.
 * @throws FILE_FRAME_BROKEN for what is not well-formed
 */
export function xmlInputs(text: string): XmlInput[] {
  const root = outline(text);
  const found: XmlInput[] = [];
  const visit = (place: Place): void => {
    if (place.children.size === 0 || place.path.length > WRAPPERS_MAX) return;
    found.push(inputOf(place));
    for (const child of place.children.values()) visit(child);
  };
  for (const child of root.children.values()) visit(child);
  return found;
}

function inputOf(place: Place): XmlInput {
  const namespaces = new Set<string>();
  const arrays: string[] = [];
  const visit = (below: Place): void => {
    for (const uri of below.namespaces) namespaces.add(uri);
    const inLine = LINES.test(below.path.at(-2) ?? "");
    const ofMany = below.most > 1 || (!inLine && LINES.test(below.path.at(-1) ?? "") && below.children.size > 0);
    if (below !== place && ofMany) arrays.push(below.path.slice(place.path.length).join("/"));
    for (const child of below.children.values()) visit(child);
  };
  visit(place);
  const [only = "", ...others] = namespaces;
  return {
    format: "xml",
    records: [`/${place.path.join("/")}`],
    // An element of no namespace can't be asked for by one.
    ...(namespaces.has("") ? {} : { namespace: others.length === 0 ? only : [only, ...others] }),
    ...(arrays.length === 0 ? {} : { arrays }),
  };
}

function outline(text: string): Place {
  const root: Place = { path: [], parent: undefined, children: new Map(), namespaces: new Set(), most: 0, count: 0 };
  let place = root;
  const scopes: ReadonlyMap<string, string>[] = [new Map([["", ""]])];

  function open(name: string, attributes: Attributes): void {
    const scope = new Map(scopes.at(-1));
    for (const [key, uri] of Object.entries(attributes)) if (isBinding(key)) scope.set(key.slice(6), uri);
    scopes.push(scope);
    const local = localOf(name);
    const child: Place = place.children.get(local) ?? {
      path: [...place.path, local],
      parent: place,
      children: new Map(),
      namespaces: new Set(),
      most: 0,
      count: 0,
    };
    place.children.set(local, child);
    child.namespaces.add(scope.get(name.slice(0, Math.max(name.indexOf(":"), 0))) ?? "");
    child.count += 1;
    child.most = Math.max(child.most, child.count);
    for (const below of child.children.values()) below.count = 0;
    place = child;
  }

  const scanner = createXmlScanner({
    declaration: () => undefined,
    open,
    close() {
      scopes.pop();
      place = place.parent ?? root;
    },
    text: undefined,
    aside: () => undefined,
    broken: (reason) => frameBroken(`The XML can't be taken, line ${scanner.line()}: ${reason}.`),
  });
  scanner.write(text);
  scanner.end();
  return root;
}
