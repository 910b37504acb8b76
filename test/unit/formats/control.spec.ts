import { expect } from "chai";
import type { JsonInput, XmlInput } from "../../../core/formats/contract.ts";
import { checkFrame } from "../../../core/formats/read.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { limits, outcome, pieces } from "./reading.ts";

const json: JsonInput = {
  format: "json",
  records: ["/orders"],
  control: { count: "/sum/count", sums: [{ total: "/sum/total", of: "/pay/total" }] },
};
const counted: JsonInput = { format: "json", records: ["/orders"], control: { count: "/n" } };
const currencies: JsonInput = {
  ...json,
  control: {
    sums: ["USD", "JPY"].map((is) => ({ total: `/sum/${is}`, of: "/total", currency: { of: "/currency", is } })),
  },
};
const xml: XmlInput = {
  format: "xml",
  records: ["/list/orders/order"],
  namespace: "urn:shop",
  control: { count: "/list/orders/@count", sums: [{ total: "/list/end/total", of: "amount" }] },
};

const list = (orders: string, end: string): string => `<list xmlns="urn:shop">${orders}<end>${end}</end></list>`;
const orders = '<order><amount c="USD">1.50</amount></order><order><amount>2</amount></order>';
const broken = "FILE_FRAME_BROKEN";

describe("control totals of documents", () => {
  /** The last column: how many records there are, or the code of the file's error. */
  const cases: readonly (readonly [
    name: string,
    text: string,
    input: JsonInput | XmlInput,
    result: number | string,
  ])[] = [
    [
      "behind the records",
      '{"orders":[{"pay":{"total":1.5}},{"pay":{"total":"2.05"}}],"sum":{"count":2,"total":"3.55"}}',
      json,
      2,
    ],
    [
      "before the records",
      '{"sum":{"total":3.550,"count":"002"},"orders":[{"pay":{"total":1.5}},{"pay":{"total":2.05}}]}',
      json,
      2,
    ],
    ["of no records", '{"orders":[],"sum":{"count":0,"total":0.00}}', json, 0],
    [
      "a record without an amount adds nothing",
      '{"orders":[{},{"pay":{"total":-1}}],"sum":{"count":2,"total":-1}}',
      json,
      2,
    ],
    ["of one record that is not in a list", '{"orders":{"id":1},"n":1}', counted, 1],
    ["a refused record counts", '{"orders":[{"a":1,"a":1}],"n":1}', counted, 1],
    [
      "a total for each currency",
      '{"sum":{"USD":"2.50","JPY":700},"orders":[{"total":"1","currency":"USD"},{"total":700,"currency":"JPY"},{"total":1.5,"currency":"USD"}]}',
      currencies,
      3,
    ],
    [
      "xml: in an attribute before and an element behind",
      list(`<orders count="2">${orders}</orders>`, "<total> 3.5 </total>"),
      xml,
      2,
    ],
    ["xml: of no records", list('<orders count="0"/>', "<total>0</total>"), xml, 0],
    // The file
    ["a wrong count", '{"orders":[{}],"n":2}', counted, broken],
    ["a missing count", '{"orders":[{}]}', counted, broken],
    ["a count that is no whole number", '{"orders":[{}],"n":1.0}', counted, broken],
    ["a count that is no text", '{"orders":[],"n":null}', counted, broken],
    ["a count that is a list", '{"orders":[],"n":[0]}', counted, broken],
    ["a wrong sum", '{"orders":[{"pay":{"total":1.5}}],"sum":{"count":1,"total":"1.49"}}', json, broken],
    [
      "a sum of a wrong currency",
      '{"sum":{"USD":"0","JPY":1},"orders":[{"total":"1","currency":"USD"}]}',
      currencies,
      broken,
    ],
    ["a missing sum", '{"orders":[{"pay":{"total":1.5}}],"sum":{"count":1}}', json, broken],
    ["a sum with an exponent", '{"orders":[{"pay":{"total":1}}],"sum":{"count":1,"total":1e0}}', json, broken],
    ["an amount with an exponent", '{"orders":[{"pay":{"total":1e0}}],"sum":{"count":1,"total":1}}', json, broken],
    [
      "a record that can't be read",
      '{"orders":[{"pay":{"total":1,"total":1}}],"sum":{"count":1,"total":1}}',
      json,
      broken,
    ],
    [
      "a record that is too large",
      `{"orders":[{"a":"${"x".repeat(2_000_000)}"}],"sum":{"count":1,"total":0}}`,
      json,
      broken,
    ],
    ["xml: a wrong count", list(`<orders count="3">${orders}</orders>`, "<total>3.5</total>"), xml, broken],
    ["xml: a wrong sum", list(`<orders count="2">${orders}</orders>`, "<total>3.51</total>"), xml, broken],
    [
      "xml: two sums",
      list(`<orders count="2">${orders}</orders>`, "<total>3.5</total><total>3.5</total>"),
      xml,
      broken,
    ],
    ["xml: a sum of another namespace", list('<orders count="0"/>', '<total xmlns="">0</total>'), xml, broken],
    ["xml: no count", list(`<orders>${orders}</orders>`, "<total>3.5</total>"), xml, broken],
    ["xml: a comment inside of a sum", list('<orders count="0"/>', "<total>0<!-- -->0</total>"), xml, broken],
  ];
  for (const [name, text, input, result] of cases)
    it(name, async () => {
      for (const sizes of text.length > 100_000 ? [[1000]] : [[1], [7], [1000]]) {
        const seen = await outcome(text, input, {}, sizes);
        expect(Array.isArray(seen) ? seen.length : seen).to.equal(result);
      }
    });

  const sentences: readonly (readonly [text: string, position: string, words: string])[] = [
    ['{"orders":[{}],"sum":{"count":2,"total":0}}', "/sum/count", "it counts 2 records, there are 1"],
    [
      '{"orders":[{"pay":{"total":1}}],"sum":{"count":1,"total":0}}',
      "/sum/total",
      "another sum than that of its records",
    ],
    ['{"orders":[{},{"pay":{"total":"x"}}]}', "/orders/1", "the amount is not plain decimal text"],
    ['{"orders":[]}', "/sum/total", "this total is missing"],
  ];
  for (const [text, position, words] of sentences)
    it(`says at ${position}: ${words}`, async () => {
      const failure = await checkFrame(pieces(text), json, limits()).then(
        () => expect.fail("taken"),
        (error: unknown) => (error instanceof MergepayError ? error : expect.fail("another error")),
      );
      expect(failure.data.position).to.equal(position);
      expect(failure.message).to.contain(words);
    });
});
