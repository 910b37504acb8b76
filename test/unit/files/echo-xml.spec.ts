/** The echo of XML: the platform's own records, each standing for itself. */
import { expect } from "chai";
import fc from "fast-check";
import { echoOf, type EchoRecord } from "../../../core/formats/echo.ts";
import type { InputSpec, XmlInput } from "../../../core/formats/contract.ts";
import { readRecords, readSources } from "../../../core/formats/read.ts";
import { LIMITS } from "../../../core/limits.ts";

async function* bytesOf(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function sourcesOf(
  file: string,
  input: XmlInput,
  size?: number,
  limits = LIMITS,
): Promise<(string | undefined)[]> {
  const sources = [];
  for await (const batch of readSources(bytesOf(file, size), input, limits))
    for (const { source } of batch) sources.push(source);
  return sources;
}

async function valuesOf(file: string, input: InputSpec): Promise<unknown[]> {
  const values = [];
  for await (const batch of readRecords(bytesOf(file), input, LIMITS))
    for (const raw of batch) values.push("value" in raw ? raw.value : raw.refused.code);
  return values;
}

/** The echo of all records of a file. */
async function echo(file: string, input: XmlInput): Promise<string> {
  async function* rejected(): AsyncGenerator<EchoRecord> {
    for await (const batch of readSources(bytesOf(file), input, LIMITS))
      for (const { raw, source } of batch)
        yield {
          position: raw.position,
          errors: [{ code: "RECORD_INVALID", reason: "No total." }],
          raw,
          ...(source === undefined ? {} : { source }),
        };
  }
  let text = "";
  for await (const piece of echoOf(input).render(rejected())) text += piece;
  return text;
}

const ORDER = "urn:office:schema:Order-2";
const CBC = "urn:office:schema:CommonBasicComponents-2";
const CAC = "urn:office:schema:CommonAggregateComponents-2";
const inside =
  '<cbc:ID>K-1</cbc:ID><cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID="SEK">12.50</cbc:PayableAmount>' +
  "</cac:AnticipatedMonetaryTotal>";
const LIST: XmlInput = { format: "xml", records: ["/orders/Order"] };
const declared = `xmlns="${ORDER}" xmlns:cbc="${CBC}" xmlns:cac="${CAC}"`;

describe("the echo of XML", () => {
  const cases: readonly (readonly [name: string, file: string, sources: readonly string[]])[] = [
    [
      "a record that declares its namespaces is as it stands in the file",
      `<orders>\n  <Order ${declared}>${inside}</Order>\n</orders>`,
      [`<Order ${declared}>${inside}</Order>`],
    ],
    [
      "namespaces declared around it, the default one and prefixed ones, are declared by the record",
      `<o:orders xmlns:o="urn:o" ${declared}><Order>${inside}</Order></o:orders>`,
      [`<Order ${declared}>${inside}</Order>`],
    ],
    [
      "prefixes that mean other things than usual, one of them another thing inside, and attributes with prefixes",
      `<a:orders xmlns:a="${ORDER}" xmlns:b="${CBC}" xmlns:x="urn:x" xmlns:none="urn:unused">` +
        `<a:Order x:kind = '1'><b:ID>K-1</b:ID><a:Note xmlns:a="urn:note"><a:Text/></a:Note></a:Order></a:orders>`,
      [
        `<a:Order xmlns:a="${ORDER}" xmlns:b="${CBC}" xmlns:x="urn:x" x:kind = '1'><b:ID>K-1</b:ID><a:Note xmlns:a="urn:note"><a:Text/></a:Note></a:Order>`,
      ],
    ],
    [
      "a prefix that only a text uses",
      '<orders xmlns:xs="urn:xs" xmlns:t="urn:t"><Order t:type="xs:date">2026</Order></orders>',
      ['<Order xmlns:xs="urn:xs" xmlns:t="urn:t" t:type="xs:date">2026</Order>'],
    ],
    [
      "comments, references, CDATA and white space are kept; an empty record has its namespace too",
      '<orders xmlns="urn:a&amp;&quot;b"><Order\n id="1"\n><!-- c --><no>A &amp; &#66;<![CDATA[<C>]]></no></Order\n><Order/></orders>',
      [
        '<Order xmlns="urn:a&amp;&quot;b"\n id="1"\n><!-- c --><no>A &amp; &#66;<![CDATA[<C>]]></no></Order\n>',
        '<Order xmlns="urn:a&amp;&quot;b"/>',
      ],
    ],
    [
      "a record that is of no namespace inside of one stays so",
      '<orders xmlns="urn:a"><Order xmlns=""><no>A</no></Order></orders>',
      ['<Order xmlns=""><no>A</no></Order>'],
    ],
  ];
  for (const [name, file, sources] of cases)
    it(name, async () => {
      for (const size of [1, 7, 1 << 20]) expect(await sourcesOf(file, LIST, size)).to.deep.equal(sources);
      expect(await echo(file, LIST)).to.include(sources[0]);
    });

  it("is read by the same plugin to the same records, whatever the namespaces", async () => {
    const uris = ["urn:a", "urn:b", "urn:c"];
    const prefix = fc.constantFrom("", "p:", "q:", "r:");
    const around = fc.tuple(fc.constantFrom(...uris), fc.constantFrom(...uris), fc.constantFrom(...uris));
    await fc.assert(
      fc.asyncProperty(
        around,
        fc.array(fc.tuple(prefix, prefix, fc.boolean()), { minLength: 1, maxLength: 4 }),
        async ([p, q, r], records) => {
          const bound = `xmlns:p="${p}" xmlns:q="${q}" xmlns:r="${r}"`;
          const texts = records.map(
            ([own, child, rebinds]) =>
              `<${own}Order${rebinds ? ' xmlns:p="urn:c" xmlns="urn:b"' : ""}><${child}no p:at="1">x</${child}no></${own}Order>`,
          );
          const file = `<orders xmlns="urn:a" ${bound}>${texts.join("")}</orders>`;
          for (const namespace of [undefined, ...uris]) {
            const input = namespace === undefined ? LIST : { ...LIST, namespace };
            // With a record of the namespace in any case, so that the file is recognised.
            const whole = file.replace("</orders>", `<Order xmlns="${namespace ?? ""}"/></orders>`);
            const [, ...echoed] = (await echo(whole, input))
              .split("</error>")
              .map((text) => text.split("</record>")[0]);
            const again = `<orders xmlns="${namespace ?? ""}">${echoed.join("")}</orders>`;
            expect(await valuesOf(again, input)).to.deep.equal(await valuesOf(whole, input));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("has what it can of a record that could not be read, and nothing of one that is too large", async () => {
    const file = "<orders><Order>a<b/>c</Order><Order>" + "x".repeat(400) + "</Order><Order>d</Order></orders>";
    const sources = await sourcesOf(file, LIST, 50, { ...LIMITS, recordBytes: 100 });
    expect(sources).to.deep.equal(["<Order>a<b/>c</Order>", undefined, "<Order>d</Order>"]);
  });

  it("of records put together of parts is what was read of them", async () => {
    const input: XmlInput = { ...LIST, join: [{ records: "/orders/Line", key: "of", on: "no", as: "lines" }] };
    const file = "<orders><Order><no>1</no></Order><Line><of>1</of></Line></orders>";
    expect(await echo(file, input)).to.include("<Order><no>1</no><lines><of>1</of></lines></Order>");
  });
});
