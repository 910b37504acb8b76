import { expect } from "chai";
import fc from "fast-check";
import { SaxesParser } from "saxes";
import { createXmlScanner } from "../../../core/formats/xml-scan.ts";

type Told = readonly (readonly [event: string, ...what: unknown[]])[];

/** What was told, with the pieces of each text put together; or that the document was refused. */
function outcome(tell: (told: (...event: Told[number]) => void) => void): Told | "refused" {
  const all: [string, ...unknown[]][] = [];
  try {
    tell((event, what, ...more) => {
      const last = all.at(-1);
      if (event === "text" && last?.[0] === "text") last[1] = `${String(last[1])}${String(what)}`;
      else if (event !== "text" || what !== "") all.push([event, what, ...more]);
    });
  } catch (error) {
    if (error instanceof Refused) return "refused";
    throw error;
  }
  return all;
}

class Refused extends Error {}

/** A Name of XML 1.0, productions 4 to 5. */
const NAME_START =
  ":A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}";
const NAME = new RegExp(`^[${NAME_START}][${NAME_START}.0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040-]*$`, "u");

/** Whether white space stands before the body of an instruction that ends the text, as it must (production 16). */
function isApart(body: string, text: string): boolean {
  // The parser tells ends of lines as LF.
  const before = text.slice(0, -"?>".length).replaceAll(/\r\n?/g, "\n");
  return body === "" || /[ \t\n]/.test(before.charAt(before.length - body.length - 1));
}

/** @param takes whether an element of text alone is taken as one */
const ours = (pieces: readonly string[], takes?: (part: string) => boolean): Told | "refused" =>
  outcome((told) => {
    const leaf = (name: string, part: string): boolean => {
      if (takes?.(part) !== true) return false;
      told("open", name, {});
      told("text", part);
      told("close");
      return true;
    };
    const scanner = createXmlScanner({
      declaration: (encoding) => told("declaration", encoding),
      open: (name, attributes) => told("open", name, { ...attributes }),
      close: () => told("close"),
      ...(takes === undefined ? {} : { leaf }),
      text: (part) => told("text", part),
      aside: () => told("aside"),
      broken: () => new Refused(),
    });
    for (const piece of pieces) scanner.write(piece);
    scanner.end();
  });

/** The same of an independent parser. */
const theirs = (text: string): Told | "refused" =>
  outcome((told) => {
    const parser = new SaxesParser({ xmlns: false, defaultXMLVersion: "1.0", forceXMLVersion: true });
    let depth = 0;
    const refuse = (): never => {
      throw new Refused();
    };
    parser.on("error", refuse);
    parser.on("doctype", refuse);
    parser.on("xmldecl", ({ encoding }) => told("declaration", encoding));
    parser.on("opentag", ({ name, attributes }) => {
      depth += 1;
      told("open", name, { ...attributes });
    });
    parser.on("closetag", () => {
      depth -= 1;
      told("close");
    });
    // White space outside of the root is told by this parser, and is of no interest.
    parser.on("text", (part) => (depth > 0 ? told("text", part) : undefined));
    parser.on("cdata", (part) => told("text", part));
    parser.on("comment", () => told("aside"));
    // A target is a Name (XML 1.0, production 17), and white space is behind it; this parser takes whatever stands there.
    parser.on("processinginstruction", ({ target, body }) =>
      NAME.test(target) && isApart(body, text.slice(0, parser.position)) ? told("aside") : refuse(),
    );
    parser.write(text).close();
  });

function cut(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let from = 0, turn = 0; from < text.length; turn += 1) {
    // A character of two units is never cut: decoding hands over whole characters.
    let to = from + (sizes[turn % sizes.length] ?? 1);
    if (/[\ud800-\udbff]/.test(text.charAt(to - 1))) to += 1;
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

const PARTS = [
  ...Array.from("<>/=\"'&;!?-[] \t\n\rab:é文"),
  "😀",
  "\u0000",
  "\u0001",
  "\ufffe",
  "<a>",
  "</a>",
  "<a/>",
  "<b c='1'>",
  "</b>",
  '<b c="x&lt;y" d=\'"\'/>',
  "<b\n c = '\r\n\t' >",
  "</b >",
  "<文>",
  "</文>",
  "<a:b xmlns:a='u'>",
  "</a:b>",
  "&amp;",
  "&#65;",
  "&#x1F600;",
  "&#0;",
  "&#xD800;",
  "&x;",
  "<!-- c -->",
  "<!--",
  "-->",
  "--",
  "<![CDATA[",
  "]]>",
  "]]",
  "<?p i?>",
  "<?p?>",
  "<?xml version='1.0'?>",
  "<?xml version='1.0' encoding=\"utf-8\" standalone='yes' ?>",
  "<?",
  "?>",
  "<!DOCTYPE a>",
  "\r\n",
];

describe("the XML scanner, beside an independent parser", () => {
  const part = fc.constantFrom(...PARTS);
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
  const content = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(""));
  const element = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom("text", " ", "\r\n", "&amp;", "]", "<!-- c -->", "<![CDATA[<]]>", "<?p i?>", "文", "<e/>"),
      fc
        .tuple(
          fc.constantFrom("a", "b:c", "文", "_x.1-y"),
          fc.constantFrom("", " x='1'", " x='\r1\r\n2'", " x=\"&lt;\" y='>'", "\n"),
          fc.array(tie("node"), { maxLength: 4 }),
        )
        .map(([name, attributes, inner]) => `<${name}${attributes}>${inner.join("")}</${name}>`),
    ),
  })).node;
  const document = fc.tuple(element, content, element).map(([first, odd, last]) => `<r>${first}${odd}${last}</r>`);

  const alike = (text: string, pieces: readonly number[]): void => {
    const expected = theirs(text);
    expect(ours([text]), "in one piece").to.deep.equal(expected);
    expect(ours(cut(text, pieces)), "in pieces").to.deep.equal(expected);
    expect(
      ours([text], () => true),
      "elements of text as one",
    ).to.deep.equal(expected);
    expect(
      ours(cut(text, pieces), (part) => part.length % 2 === 0),
      "some of them as one, in pieces",
    ).to.deep.equal(expected);
  };

  it("tells the same of documents that are well-formed, however they are cut", () => {
    fc.assert(
      fc.property(element, sizes, (inner, pieces) => alike(`<r>${inner}</r>`, pieces)),
      { numRuns: 1000 },
    );
  });

  it("tells an element of text alone as one, where it is whole and has nothing else", () => {
    const leaves = (text: string): string[] => {
      const parts: string[] = [];
      ours([text], (part) => parts.push(part) > 0);
      return parts;
    };
    expect(leaves("<r><a>1</a><a></a><b>\n2</b></r>")).to.deep.equal(["1", "", "\n2"]);
    expect(leaves("<r><a x='1'>1</a><a>&amp;</a><a>]</a><a>1<b/></a><a>1</a ><a/></r>")).to.deep.equal([]);
    expect(leaves("<r>1</r>")).to.deep.equal([]);
  });

  it("refuses an instruction whose target is no name", () => alike("<r>text<?a<?p i?>text</r>", [3]));

  for (const instruction of [
    ["<?a?<?p i?>", "refused"],
    ["<?a??>", "refused"],
    ["<?a ??>", "taken"],
    ["<?a\r\n?\r?>", "taken"],
    ["<?\u{1f600}\r<?p i?>", "taken"],
    ["<?\u00d7 i?>", "refused"],
  ] as const)
    it(`the instruction ${JSON.stringify(instruction[0])} is ${instruction[1]}`, () => {
      const text = `<r>text${instruction[0]}text</r>`;
      expect(ours([text]) === "refused" ? "refused" : "taken").to.equal(instruction[1]);
      alike(text, [1]);
    });

  it("takes and refuses the same of what is nearly XML", () => {
    fc.assert(fc.property(document, sizes, alike), { numRuns: 3000 });
    fc.assert(fc.property(content, sizes, alike), { numRuns: 3000 });
  });
});
