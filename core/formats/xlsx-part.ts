import { frameBroken } from "./faults.ts";
import { createNamespaces, localOf, type Namespaces } from "./xml-names.ts";
import { createXmlScanner, type Attributes } from "./xml-scan.ts";

/** Parts are no deeper than a dozen levels. */
const DEPTH_MAX = 256;
/** A single tag, comment or text between two tags. */
const PIECE_CHARS = 16 * 1024 * 1024;
const SPREADSHEET = [
  "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
  "http://purl.oclc.org/ooxml/spreadsheetml/main",
];
export const RELATIONSHIPS = ["http://schemas.openxmlformats.org/package/2006/relationships"];

/** What is in a part, in its order. Elements of other namespaces have the name `""`. The root's depth is 1. */
export interface PartEvents {
  open(local: string, depth: number, attributes: Attributes): void;
  close(local: string, depth: number): void;
  text(text: string): void;
  /** A comment or processing instruction. */
  aside(): void;
}

export interface PartReader {
  write(text: string): void;
  end(): void;
  /** The error for something in the part that can't be. */
  broken(reason: string): Error;
}

/** @param part its name, for errors, @param root local name that its root must have, in one of the `namespaces` */
export function createPartReader(
  part: string,
  root: string,
  events: PartEvents,
  namespaces: readonly string[] = SPREADSHEET,
): PartReader {
  const broken = (reason: string): Error => {
    const position = `${part.slice(0, 200)} line ${scanner.line()}`;
    return frameBroken(`The workbook is broken at ${position}: ${reason}.`, { position });
  };
  let names: Namespaces | undefined;
  const locals: string[] = [];
  let written = 0;

  function rootNames(name: string, attributes: Attributes): Namespaces {
    const colon = name.indexOf(":");
    const uri = attributes[colon === -1 ? "xmlns" : `xmlns:${name.slice(0, colon)}`] ?? "";
    if (localOf(name) !== root || !namespaces.includes(uri))
      throw broken(`its root is not ${root} of a namespace that is known`);
    return createNamespaces(new Set([uri]), broken);
  }

  const scanner = createXmlScanner({
    declaration(encoding) {
      if (encoding !== undefined && encoding.toLowerCase() !== "utf-8") throw broken(`it is not in UTF-8`);
    },
    open(name, attributes) {
      if (locals.length === DEPTH_MAX) throw broken(`nested deeper than ${DEPTH_MAX} levels`);
      names ??= rootNames(name, attributes);
      const { local, counts } = names.enter(name, attributes);
      locals.push(counts ? local : "");
      events.open(counts ? local : "", locals.length, attributes);
    },
    close() {
      names?.leave();
      const depth = locals.length;
      events.close(locals.pop() ?? "", depth);
    },
    text: (text) => events.text(text),
    aside: () => events.aside(),
    broken,
  });

  return {
    write(text) {
      scanner.write(text);
      written += text.length;
      if (written - scanner.position() > PIECE_CHARS)
        throw broken(`a single text, comment or tag is longer than ${PIECE_CHARS} characters`);
    },
    end: () => scanner.end(),
    broken,
  };
}

/** Text as it is meant: `_x000D_` stands for a carriage return, and so on. */
export const unescaped = (text: string): string =>
  text.includes("_x")
    ? text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : text;
