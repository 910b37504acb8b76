import { expect } from "chai";
import fc from "fast-check";
import type { XmlInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { limits, outcome, pieces, plain, read } from "./reading.ts";
import { readInSmallHeap } from "./small-heap.ts";

const list: XmlInput = { format: "xml", records: ["/list/elements/order", "/order"], arrays: ["lines/line"] };
const passing: XmlInput = { ...list, doctype: "ignored" };
const spaced: XmlInput = { ...list, namespace: "urn:shop" };

const wrap = (...orders: string[]): string => `<list><elements>${orders.join("\n")}</elements></list>`;
const levels = (count: number): string => "<a>".repeat(count) + "</a>".repeat(count);
const many = (count: number): string => Array.from({ length: count }, (_, at) => ` a${at}="1"`).join("");

describe("xml files", () => {
  const cases: readonly (readonly [name: string, text: string, input: XmlInput, result: unknown])[] = [
    [
      "records by their path",
      wrap("<order><id>1</id></order>", "<order><id>2</id></order>"),
      list,
      [{ id: "1" }, { id: "2" }],
    ],
    ["a record that is the root", "<order><id>1</id></order>", list, [{ id: "1" }]],
    ["no records in an empty list", "<list><elements/></list>", list, []],
    [
      "repeated elements as an array",
      "<order><a>1</a><b/><a>2</a><a>3</a></order>",
      list,
      [{ a: ["1", "2", "3"], b: "" }],
    ],
    [
      "a duplicate amount as an array, for the schema to refuse",
      "<order><amount>1</amount><amount>2</amount></order>",
      list,
      [{ amount: ["1", "2"] }],
    ],
    [
      "a declared array of one",
      "<order><lines><line><sku>A</sku></line></lines></order>",
      list,
      [{ lines: { line: [{ sku: "A" }] } }],
    ],
    [
      "attributes and text",
      '<order no="1"><amount currency="USD"> 12.30\n</amount><e f=""/></order>',
      list,
      [{ "@no": "1", amount: { "@currency": "USD", "#text": "12.30" }, e: { "@f": "" } }],
    ],
    ["mixed text", "<order>a <b>1</b> c</order>", list, [{ "#text": "a  c", b: "1" }]],
    ["text that is kept but for white space at its ends", "<order> \n a  b\u00a0 \t</order>", list, ["a  b\u00a0"]],
    ["CDATA as text", "<order><a><![CDATA[<1>]]></a><b>1<![CDATA[0]]>0</b></order>", list, [{ a: "<1>", b: "100" }]],
    [
      "the predefined entities and characters by number",
      "<order>&lt;&gt;&amp;&quot;&apos;&#65;&#x6587;</order>",
      list,
      ["<>&\"'A文"],
    ],
    [
      "a comment beside of text",
      "<order><!-- x --><a><!-- x -->100</a><b>5<!-- x --></b><?pi?></order>",
      list,
      [{ a: "100", b: "5" }],
    ],
    [
      "prefixes by their local names",
      '<s:order xmlns:s="urn:any"><s:id x:nil="true" xmlns:x="urn:x">1</s:id></s:order>',
      list,
      [{ id: { "@nil": "true", "#text": "1" } }],
    ],
    [
      "only records of the namespace",
      '<list xmlns:s="urn:shop"><elements><order/><s:order>1</s:order></elements></list>',
      spaced,
      ["1"],
    ],
    [
      "elements of any of several namespaces",
      '<order xmlns="urn:shop" xmlns:p="urn:parts"><p:a>1</p:a><o:a xmlns:o="urn:o">2</o:a></order>',
      { ...spaced, namespace: ["urn:shop", "urn:parts"] },
      [{ a: "1" }],
    ],
    [
      "elements of other namespaces are left out",
      '<order xmlns="urn:shop" xmlns:o="urn:o"><a>1</a><o:a><a>2</a></o:a></order>',
      spaced,
      [{ a: "1" }],
    ],
    [
      "an inner default namespace ends with its element",
      '<order xmlns="urn:shop"><x xmlns="urn:o"><y/></x><a>1</a></order>',
      spaced,
      [{ a: "1" }],
    ],
    [
      "names of prototypes",
      "<order><__proto__>1</__proto__><constructor><prototype>2</prototype></constructor></order>",
      list,
      [JSON.parse('{"__proto__":"1","constructor":{"prototype":"2"}}')],
    ],
    ["a declaration that agrees", '<?xml version="1.0" encoding="utf-8"?><order/>', list, [""]],
    ["a comment before and behind the root", "<!-- a --><order/><!-- b -->\n", list, [""]],
    [
      "depth of the file to 32",
      wrap(`<order>${levels(29)}</order>`).replace(/<order>.*<\/order>/, "<order/>"),
      list,
      [""],
    ],
    // One record
    [
      "a comment inside of an amount",
      wrap("<order><a><amount>1<!-- -->00</amount></a></order>", "<order/>"),
      list,
      ["RECORD_MALFORMED a/amount @ /list/elements/order[1]", ""],
    ],
    [
      "a processing instruction inside of an amount",
      "<order><amount>1<?x y?>00</amount></order>",
      list,
      ["RECORD_MALFORMED amount @ /order"],
    ],
    [
      "an element of another namespace inside of an amount",
      '<order xmlns="urn:shop"><amount>1<x xmlns=""/>00</amount></order>',
      spaced,
      ["RECORD_MALFORMED amount @ /order"],
    ],
    [
      "attributes that differ in their prefix only",
      '<order xmlns:x="urn:x"><a b="1" x:b="2"/></order>',
      list,
      ["RECORD_MALFORMED a/@b @ /order"],
    ],
    [
      "33 levels",
      wrap(`<order>${levels(30)}</order>`, `<order>${levels(29)}</order>`, "<order/>")
        .replace("<a></a>", "<a/>")
        .replace(levels(29), "<b/>"),
      list,
      ["RECORD_TOO_DEEP @ /list/elements/order[1]", { b: "" }, ""],
    ],
    [
      "10,000 levels in a record",
      wrap(`<order>${levels(10_000)}</order>`, "<order/>"),
      list,
      ["RECORD_TOO_DEEP @ /list/elements/order[1]", ""],
    ],
    [
      "a field of 4,097 bytes",
      wrap(`<order><a>${"x".repeat(4097)}</a></order>`, `<order>${"x".repeat(4096)}</order>`),
      list,
      ["FIELD_TOO_LARGE a @ /list/elements/order[1]", "x".repeat(4096)],
    ],
    ["an attribute of 4,097 bytes", `<order a="${"x".repeat(4097)}"/>`, list, ["FIELD_TOO_LARGE @a @ /order"]],
    [
      "a field of 2 MB",
      wrap(`<order><a>${"x".repeat(2_000_000)}</a></order>`, "<order/>"),
      list,
      ["RECORD_TOO_LARGE @ /list/elements/order[1]", ""],
    ],
    // The file
    ["another root", "<orders><order/></orders>", list, "FILE_NOT_RECOGNISED"],
    [
      "a list of another namespace",
      '<list xmlns="urn:other"><elements><order/></elements></list>',
      spaced,
      "FILE_NOT_RECOGNISED",
    ],
    ["a DOCTYPE", "<!DOCTYPE order><order/>", list, "FILE_FRAME_BROKEN"],
    ...[
      ["without a file", "<!DOCTYPE order>"],
      ["of a file", '<?xml version="1.0"?>\n<!-- c --><!DOCTYPE order SYSTEM "http://shop.test/a>b[.dtd">\n<!-- c -->'],
      ["of a public name", "<!DOCTYPE o:order PUBLIC '-//Shop//Order' \n 'order.dtd' >"],
    ].map(
      ([what = "", doctype = ""]) => [`a DOCTYPE ${what}, passed over`, `${doctype}<order/>`, passing, [""]] as const,
    ),
    ...[
      ["that declares", '<!DOCTYPE order [<!ENTITY x SYSTEM "file:///etc/hostname">]><order>&x;</order>'],
      ["of a file that declares too", '<!DOCTYPE order SYSTEM "a.dtd" [<!ENTITY x "y">]><order/>'],
      ["whose entities are used", '<!DOCTYPE order SYSTEM "a.dtd"><order>&nbsp;</order>'],
      ["that is there twice", "<!DOCTYPE order><!DOCTYPE order><order/>"],
      ["behind the root", "<order/><!DOCTYPE order>"],
      ["in the root", "<order><!DOCTYPE order></order>"],
      ["that is not closed", `<!DOCTYPE order SYSTEM "${"a".repeat(3000)}`],
      ["that is cut off", '<!DOCTYPE order SYSTEM "a.dtd'],
      ["without a name", "<!DOCTYPE ><order/>"],
      ["without what it names", "<!DOCTYPE order SYSTEM><order/>"],
    ].map(
      ([what = "", text = ""]) =>
        [`a DOCTYPE ${what}, where one is passed over`, text, passing, "FILE_FRAME_BROKEN"] as const,
    ),
    [
      "an external entity",
      '<!DOCTYPE order [<!ENTITY x SYSTEM "file:///etc/hostname">]><order>&x;</order>',
      list,
      "FILE_FRAME_BROKEN",
    ],
    [
      "an entity bomb",
      '<!DOCTYPE o [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><order>&b;</order>',
      list,
      "FILE_FRAME_BROKEN",
    ],
    ["an entity that nobody declared", "<order>&nbsp;</order>", list, "FILE_FRAME_BROKEN"],
    ["an entity named as something of prototypes", "<order>&constructor;</order>", list, "FILE_FRAME_BROKEN"],
    ["two roots", "<order/><order/>", list, "FILE_FRAME_BROKEN"],
    ["text behind the root", "<order/>x", list, "FILE_FRAME_BROKEN"],
    ["a file cut off", wrap("<order/>").slice(0, -3), list, "FILE_FRAME_BROKEN"],
    ["a file cut off between elements", "<list><elements><order/>", list, "FILE_FRAME_BROKEN"],
    ["tags that do not fit", "<order><a></b></order>", list, "FILE_FRAME_BROKEN"],
    ["NUL", "<order>\u0000</order>", list, "FILE_FRAME_BROKEN"],
    ["NUL by number", "<order>&#0;</order>", list, "FILE_FRAME_BROKEN"],
    ["a control character", "<order>\u0001</order>", list, "FILE_FRAME_BROKEN"],
    ["the same attribute twice", '<order a="1" a="2"/>', list, "FILE_FRAME_BROKEN"],
    [
      "the same attribute twice by two prefixes",
      '<order xmlns:a="urn:x" xmlns:b="urn:x" a:c="1" b:c="2"/>',
      list,
      "FILE_FRAME_BROKEN",
    ],
    ["a prefix that nothing binds", "<x:order/>", list, "FILE_FRAME_BROKEN"],
    ["an attribute's prefix that nothing binds", '<order x:a="1"/>', list, "FILE_FRAME_BROKEN"],
    [
      "a prefix outside of the element that binds it",
      '<order><a xmlns:x="urn:x"/><x:b/></order>',
      list,
      "FILE_FRAME_BROKEN",
    ],
    ["a prefix bound to nothing", '<order xmlns:x=""/>', list, "FILE_FRAME_BROKEN"],
    ["the prefix xml bound anew", '<order xmlns:xml="urn:x"/>', list, "FILE_FRAME_BROKEN"],
    ["the prefix xmlns on an element", "<xmlns:order/>", list, "FILE_FRAME_BROKEN"],
    ["a name with two colons", '<order xmlns:a="urn:a"><a:b:c/></order>', list, "FILE_FRAME_BROKEN"],
    ["33 levels outside of records", `<list>${levels(32)}</list>`, list, "FILE_FRAME_BROKEN"],
    ["200,000 attributes", `<order${many(200_000)}/>`, list, "FILE_FRAME_BROKEN"],
    ["256 attributes", `<order><a${many(256)}/></order>`.replace(/<a.*\/>/, ""), list, [""]],
    ["257 attributes", `<order${many(257)}/>`, list, "FILE_FRAME_BROKEN"],
    ["another encoding declared", '<?xml version="1.0" encoding="GBK"?><order/>', list, "FILE_ENCODING_INVALID"],
    ["Latin-1 declared", '<?xml version="1.0" encoding="ISO-8859-1"?><order/>', list, "FILE_ENCODING_INVALID"],
    ["no XML at all", "id,name\n1,2\n", list, "FILE_FRAME_BROKEN"],
    ["no bytes", "", list, "FILE_EMPTY"],
    ["white space only", " \n ", list, "FILE_EMPTY"],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => expect(plain(await outcome(text, input))).to.deep.equal(result));

  it("an element of text alone becomes what it becomes when its tag goes on with a blank, however the file is cut", async () => {
    const input = { ...spaced, arrays: ["a", "a/b", "c:b"] };
    const small = { fieldBytes: 6, depth: 6 };
    const { node } = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom("x", " y ", "\n", "&lt;", "<!-- c -->", "longer than six", "ééé", "<b/>"),
        fc
          .tuple(
            fc.constantFrom("a", "b", "c:b", "d:b", "longer-name-of-an-element"),
            fc.array(tie("node"), { maxLength: 3 }),
          )
          .map(([name, inner]) => `<${name}>${inner.join("")}</${name}>`),
      ),
    }));
    const order = fc.array(node, { maxLength: 4 }).map((parts) => `<order>${parts.join("")}</order>`);
    await fc.assert(
      fc.asyncProperty(fc.array(order, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), async (orders, size) => {
        const text = wrap(...orders).replace(
          "<list>",
          '<list xmlns="urn:shop" xmlns:c="urn:shop" xmlns:d="urn:other">',
        );
        const apart = text.replaceAll(/<([^/!>]*[^/>])>/g, "<$1 >");
        const expected = plain(await outcome(apart, input, small));
        expect(plain(await outcome(text, input, small, [size]))).to.deep.equal(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("depth counts from the top of the file: 32 levels are taken, 33 refused", async () => {
    const deep = async (count: number): Promise<unknown> => {
      const [result] = (await outcome(wrap(`<order>${levels(count)}</order>`), list)) as unknown[];
      return typeof result === "string" ? result : "taken";
    };
    expect(await deep(29)).to.equal("taken");
    expect(await deep(30)).to.equal("RECORD_TOO_DEEP @ /list/elements/order[1]");
  });

  it("depth counts inside of elements that are left out too", async () => {
    const left = (count: number): string =>
      `<order xmlns="urn:shop"><a>1</a><x xmlns="urn:other">${levels(count)}</x></order>`;
    expect(plain(await outcome(left(30), spaced))).to.deep.equal([{ a: "1" }]);
    for (const count of [31, 5_000])
      expect(await outcome(left(count), spaced), `${count}`).to.deep.equal(["RECORD_TOO_DEEP @ /order"]);
  });

  it("a record of exactly the limit is taken, one byte more is refused, and the next is read", async () => {
    const text = wrap(
      "<order>1234</order>",
      "<order>12345</order>",
      "<order>1é4</order>",
      "<order>1éé4</order>",
      "<order/>",
    );
    for (const sizes of [[1], [7], [1000]])
      expect(await outcome(text, list, { recordBytes: 12 }, sizes)).to.deep.equal([
        "1234",
        "RECORD_TOO_LARGE @ /list/elements/order[2]",
        "1é4",
        "RECORD_TOO_LARGE @ /list/elements/order[4]",
        "",
      ]);
  });

  it("positions are XPaths that count from 1", async () => {
    const text = "<list><elements><order/><x/><order/></elements><elements><order/></elements></list>";
    expect((await read(text, list)).map((record) => record.position)).to.deep.equal([
      "/list/elements/order[1]",
      "/list/elements/order[2]",
      "/list/elements[2]/order[1]",
    ]);
  });

  it("an error of the file says the line", async () => {
    const failure = await checkFrame(pieces("<order>\n<a>\n</b></order>"), list, limits()).then(
      () => expect.fail("taken"),
      (error: Error) => error.message,
    );
    expect(failure).to.contain("line 3");
  });

  it("200,000 elements nested refuse the file", async () => {
    expect(await outcome(wrap(`<order>${"<a>".repeat(200_000)}`), list)).to.equal("FILE_FRAME_BROKEN");
  });

  it("a field of 10 MB refuses its record, one of 64 MB the file, and neither is held", async () => {
    const tail = "</a></order><order/></elements></list>";
    const file = { head: "<list><elements><order><a>", part: "x".repeat(65_536), tail, input: list };
    expect(await readInSmallHeap({ ...file, times: 160 })).to.deep.equal(["RECORD_TOO_LARGE", ""]);
    expect(await readInSmallHeap({ ...file, times: 1024 })).to.equal("FILE_FRAME_BROKEN");
  });

  it("a record of 64 MB in small fields refuses that record and is never held", async () => {
    const tail = "</order><order/></elements></list>";
    const file = {
      head: "<list><elements><order>",
      part: "<a>12345678</a>".repeat(4000),
      times: 1100,
      tail,
      input: list,
    };
    expect(await readInSmallHeap(file)).to.deep.equal(["RECORD_TOO_LARGE", ""]);
  });
});
