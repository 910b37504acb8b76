import { expect } from "chai";
import { byId, page } from "../../core/pages.ts";
import type { Store } from "../../core/store/contract.ts";
import { temporaryStore } from "../support/house.ts";

interface Row {
  _id: string;
  text: string;
}

const KIB = 1024;

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
    return (query: { limit?: number; after?: string }) =>
      page<Row, Row>(collection, {}, byId("r[0-9]+"), query, 5, (row) => row);
  };

  it("says where the next one begins, and on the last one nothing", async () => {
    const list = await rows("small", ["a", "b", "c", "d", "e", "f"]);
    const first = await list({});
    expect([first.items.length, first.next]).to.deep.equal([5, "r4"]);
    const second = await list({ after: "r4" });
    expect([second.items.map(({ _id }) => _id), "next" in second]).to.deep.equal([["r5"], false]);
    expect("next" in (await list({ after: "r1", limit: 4 }))).to.equal(false);
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
    expect((await list({ after: "r9" })).items).to.deep.equal([]);
    for (const after of ["junk", "", "r", "R1", "r1 ", "r1\nr1", " r1"]) {
      const error = await list({ after }).catch((thrown: { type?: string; data?: object }) => thrown);
      expect(error, after).to.deep.include({ type: "QUERY_INVALID", data: { field: "after" } });
    }
  });

  for (const limit of [0, 6, 1.5, -1])
    it(`refuses a limit of ${limit}`, async () => {
      const list = await rows(`limit${limit}`.replaceAll(/[.-]/g, "_"), ["a"]);
      const error = await list({ limit }).catch((thrown: { type?: string }) => thrown);
      expect(error).to.have.property("type", "QUERY_INVALID");
    });
});
