import { NONE } from "./xml-scan.ts";

/** An element's name without its prefix, and whether it is of the namespace that counts. */
export interface ResolvedName {
  readonly local: string;
  readonly counts: boolean;
}

/** Namespaces of an XML document as it streams by. */
export interface Namespaces {
  /** Enters an element and says what its name means there. */
  enter(name: string, attributes: Readonly<Record<string, string>>): ResolvedName;
  leave(): void;
  /** What the name of an element means that has no attributes, without entering it. */
  readonly meaning: (name: string) => ResolvedName;
  /** Namespaces in scope, by prefix; `""` is the default one. */
  readonly scope: () => ReadonlyMap<string, string>;
}

const XML = "http://www.w3.org/XML/1998/namespace";
const XMLNS = "http://www.w3.org/2000/xmlns/";
/** Bindings in scope at once; honest files have a handful. */
const BINDINGS_MAX = 1000;
/** Names remembered in one scope; a file has some dozens. */
const NAMES_MAX = 1000;

/** The part of a name behind its prefix. */
export const localOf = (name: string): string => name.slice(name.indexOf(":") + 1);

/** True for `xmlns` and `xmlns:p`, which are bindings and no attributes. */
export const isBinding = (name: string): boolean => name.startsWith("xmlns") && (name.length === 5 || name[5] === ":");

/**
 * @param wanted the namespaces that count; undefined: all do
 * @param broken makes the error of a document that is not namespace-well-formed
 */
export function createNamespaces(
  wanted: ReadonlySet<string> | undefined,
  broken: (reason: string) => Error,
): Namespaces {
  let scope: ReadonlyMap<string, string> = new Map([["xml", XML]]);
  let fallback = "";
  /** What names mean in this scope: the same few come again and again. */
  let known = new Map<string, ResolvedName>();
  let depth = 0;
  /** The depth at which this scope began. */
  let begun = 0;
  const outer: { begun: number; scope: typeof scope; known: typeof known }[] = [];

  function prefixOf(name: string): string {
    const colon = name.indexOf(":");
    if (colon < 0) return "";
    if (colon === 0 || colon === name.length - 1 || name.includes(":", colon + 1))
      throw broken(`the name ${name} has a colon where none may be`);
    return name.slice(0, colon);
  }

  function resolve(prefix: string): string {
    const uri = scope.get(prefix);
    if (uri === undefined) throw broken(`the prefix ${prefix} is bound to no namespace`);
    return uri;
  }

  function bind(inner: Map<string, string>, name: string, uri: string): void {
    const prefix = name === "xmlns" ? "" : name.slice(6);
    const reserved = uri === XMLNS || prefix === "xmlns" || (uri === XML) !== (prefix === "xml");
    if (reserved) throw broken(`${name} binds what is reserved`);
    if (prefix !== "" && (uri === "" || prefix.includes(":"))) throw broken(`${name} binds nothing`);
    inner.set(prefix, uri);
    if (inner.size > BINDINGS_MAX) throw broken(`more than ${BINDINGS_MAX} namespaces are bound at once`);
  }

  function bindAll(names: readonly string[], attributes: Readonly<Record<string, string>>): void {
    const inner = new Map(scope);
    for (const name of names) if (isBinding(name)) bind(inner, name, attributes[name] ?? "");
    outer.push({ begun, scope, known });
    begun = depth;
    known = new Map();
    scope = inner;
    fallback = scope.get("") ?? "";
  }

  /** Prefixed attributes must have bound prefixes, and be no two of the same namespace and local name. */
  function checkPrefixed(names: readonly string[]): void {
    const seen = new Set<string>();
    for (const name of names) {
      const expanded = `${resolve(prefixOf(name))} ${localOf(name)}`;
      if (seen.has(expanded)) throw broken(`the attribute ${name} is there twice`);
      seen.add(expanded);
    }
  }

  function resolved(name: string): ResolvedName {
    const uri = name.includes(":") ? resolve(prefixOf(name)) : fallback;
    const meant = { local: localOf(name), counts: wanted === undefined || wanted.has(uri) };
    if (known.size < NAMES_MAX) known.set(name, meant);
    return meant;
  }

  const meaning = (name: string): ResolvedName => known.get(name) ?? resolved(name);

  return {
    enter(name, attributes) {
      depth++;
      if (attributes !== NONE) {
        const names = Object.keys(attributes);
        if (names.some(isBinding)) bindAll(names, attributes);
        const prefixed = names.filter((attribute) => attribute.includes(":") && !isBinding(attribute));
        if (prefixed.length > 0) checkPrefixed(prefixed);
      }
      return meaning(name);
    },
    meaning,
    leave() {
      if (begun === depth) {
        const last = outer.pop();
        if (last !== undefined) ({ begun, scope, known } = last);
        fallback = scope.get("") ?? "";
      }
      depth--;
    },
    scope: () => scope,
  };
}
