import { expect } from "chai";
import { listAt, textAt } from "../../../core/plugin/pointer.ts";

const record = {
  a: { "b/c": "1", list: [{ d: "2" }, { d: "3" }] },
  price: { "@currency": "EUR", "#text": "4.50" },
  none: null,
};

describe("a record by pointers", () => {
  const texts: readonly (readonly [pointer: string, text: string])[] = [
    ["/a/b~1c", "1"],
    ["/a/list/1/d", "3"],
    ["/price", "4.50"],
    ["/price/@currency", "EUR"],
    ["/a", ""],
    ["/none/x", ""],
    ["/constructor/name", ""],
    ["/a/list/length", ""],
  ];
  for (const [pointer, text] of texts)
    it(`${pointer} is "${text}"`, () => expect(textAt(record, pointer)).to.equal(text));

  it("lists are all elements, a single one, or none", () => {
    expect(listAt(record, "/a/list")).to.have.lengthOf(2);
    expect(listAt(record, "/price")).to.deep.equal([record.price]);
    expect(listAt(record, "/none")).to.deep.equal([]);
    expect(listAt(record, "/x/y")).to.deep.equal([]);
  });
});
