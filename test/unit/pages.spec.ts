import { expect } from "chai";
import type { Filter } from "mongodb";
import { bound, byId, cursorAt, page } from "../../core/pages.ts";
import type { Store } from "../../core/store/contract.ts";
import { temporaryStore } from "../support/house.ts";

interface Row {
  _id: string;
  text: string;
}

const KIB = 1024;
const BY_ROW = byId("r[0-9]+");

describe("A page of a list", () => {
  let store: Store;
  let remove: () => Promise<void>;

  before(async () => {
    ({ store, remove } = await temporaryStore());
  });
  after(() => remove());

  const rows = async (name: string, texts: readonly string[]) => {
    const collection = await store.collection<Row>({ name, indexes: [] });
    await collection.insertMany(
      texts.map((text, index) => ({ _id: `r${index}`, text })),
      { ordered: false },
    );
    return (query: { limit?: number; after?: string }, filter: Filter<Row> = {}) =>
      page<Row, Row>(collection, filter, BY_ROW, query, 5, (row) => row);
  };
  const behind = (key: string): string => cursorAt(key, BY_ROW, {});

  it("says where the next one begins, and on the last one nothing", async () => {
    const list = await rows("small", ["a", "b", "c", "d", "e", "f"]);
    const first = await list({});
    expect([first.items.length, first.next]).to.deep.equal([5, behind("r4")]);
    const second = await list({ after: behind("r4") });
    expect([second.items.map(({ _id }) => _id), "next" in second]).to.deep.equal([["r5"], false]);
    expect("next" in (await list({ after: behind("r1"), limit: 4 }))).to.equal(false);
  });

  it("is never more than a message of the bus takes, and no item is left out", async () => {
    const list = await rows(
      "large",
      [300, 150, 700, 10, 10].map((kib) => "x".repeat(kib * KIB)),
    );
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const { items, next } = await list(after === undefined ? {} : { after });
      pages.push(items.map(({ _id }) => _id));
      after = next;
    } while (after !== undefined);
    expect(pages).to.deep.equal([["r0", "r1"], ["r2"], ["r3", "r4"]]);
  });

  it("begins where a page ended and nowhere else", async () => {
    const list = await rows("cursors", ["a"]);
    expect((await list({ after: behind("r9") })).items).to.deep.equal([]);
    const places = ["junk", "", "r", "R1", "r1 ", "r1\nr1", " r1"];
    for (const after of [...places, "r1", ...places.map(behind), behind("r1").toUpperCase()]) {
      const error = await list({ after }).catch((thrown: { type?: string; data?: object }) => thrown);
      expect(error, after).to.deep.include({ type: "QUERY_INVALID", data: { field: "after" } });
    }
  });

  it("does not go on with a page of another list, or of one with other parameters", async () => {
    const list = await rows("others", ["a", "b", "a", "b", "a", "b", "a"]);
    const { next = "" } = await list({ limit: 2 }, { text: "a" });
    expect((await list({ after: next }, { text: "a" })).items.map(({ _id }) => _id)).to.deep.equal(["r4", "r6"]);
    const others = [cursorAt("r2", byId("r[0-9]{1,9}"), { text: "a" }), bound("r2", ["text", "a"])];
    for (const [after, filter] of [
      [next, {}],
      [next, { text: "b" }],
      ...others.map((other) => [other, { text: "a" }]),
    ] as [string, Filter<Row>][]) {
      const error = await list({ after }, filter).catch((thrown: { type?: string; data?: object }) => thrown);
      expect(error, after).to.deep.include({ type: "QUERY_INVALID", data: { field: "after" } });
    }
  });

  it("goes on where what a list is of stays the same, whatever its filter says by then", async () => {
    const collection = await store.collection<Row>({ name: "growing", indexes: [] });
    await collection.insertMany(
      ["a", "b", "c"].map((text, index) => ({ _id: `r${index}`, text })),
      { ordered: false },
    );
    const list = (among: string[], after?: string) =>
      page<Row, string>(
        collection,
        { text: { $in: among } },
        { ...BY_ROW, of: "pay-1" },
        { limit: 1, ...(after && { after }) },
        5,
        ({ text }) => text,
      );
    const { items, next } = await list(["a", "b"]);
    expect([items, (await list(["a", "b", "c"], next)).items]).to.deep.equal([["a"], ["b"]]);
  });

  for (const limit of [0, 6, 1.5, -1])
    it(`refuses a limit of ${limit}`, async () => {
      const list = await rows(`limit${limit}`.replaceAll(/[.-]/g, "_"), ["a"]);
      const error = await list({ limit }).catch((thrown: { type?: string }) => thrown);
      expect(error).to.have.property("type", "QUERY_INVALID");
    });
});
