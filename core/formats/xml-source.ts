/** Cuts records out of an XML document as it streams by, each so that it stands for itself. */
export interface XmlSources {
  /**
   * An element begins.
   * @param from where its tag begins, in characters from the start of the document
   * @param scope namespaces in scope in the element, by prefix; `""` is the default one
   */
  open(from: number, scope: ReadonlyMap<string, string>, attributes: Readonly<Record<string, string>>): void;
  /** Takes what is there of the element; needed before the scanner forgets it. */
  keep(to: number): void;
  /** What was kept is of no use: the element is too large. */
  drop(): void;
  /** The element ends. Undefined when it was dropped. */
  close(to: number): string | undefined;
}

/** What may be a prefix: it begins behind a mark, so that a long text is looked at once. */
const PREFIX = /(?<![^\s<>/="'&:;,()[\]{}])[^\s<>/="'&:;,()[\]{}]+(?=:)/g;
const TAG_NAME = /^<[^\s/>]+/;

/**
 * An element as it stands in the document, with the namespaces declared that it uses and that are declared around it: prefixes of names,
 * and of texts such as the value of `xsi:type`.
 * @param cut the characters of the document from one place to another
 */
export function createXmlSources(cut: (from: number, to: number) => string): XmlSources {
  let kept: string | undefined;
  let from = 0;
  let around: readonly (readonly [prefix: string, uri: string])[] = [];

  function keep(to: number): void {
    if (kept !== undefined) kept += cut(from, to);
    from = to;
  }

  return {
    open(begin, scope, attributes) {
      kept = "";
      from = begin;
      around = Array.from(scope).filter(
        ([prefix, uri]) => prefix !== "xml" && uri !== "" && attributes[bindingOf(prefix)] === undefined,
      );
    },
    keep,
    drop() {
      kept = undefined;
    },
    close(to) {
      keep(to);
      const source = kept;
      kept = undefined;
      return source === undefined ? undefined : declaring(source, around);
    },
  };
}

const bindingOf = (prefix: string): string => (prefix === "" ? "xmlns" : `xmlns:${prefix}`);

function declaring(source: string, around: readonly (readonly [prefix: string, uri: string])[]): string {
  if (around.length === 0) return source;
  const used = new Set(source.match(PREFIX));
  const added = around
    .filter(([prefix]) => prefix === "" || used.has(prefix))
    .map(([prefix, uri]) => ` ${bindingOf(prefix)}="${attributeText(uri)}"`);
  return source.replace(TAG_NAME, (name) => name + added.join(""));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };

/** A text as it stands in an attribute's quotes: white space would be read as blanks. */
const attributeText = (text: string): string =>
  text.replaceAll(/[&<"\t\n\r]/g, (mark) => ENTITIES[mark] ?? `&#${mark.charCodeAt(0)};`);
