import { createHash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import {
  blockHash,
  type Chained,
  type ChainSpec,
  entryHash,
  type StoredBlock,
  UNSEALED,
} from "../../../core/chain/model.ts";
import { chainSealer } from "../../../core/chain/seal.ts";
import { verifyChain } from "../../../core/chain/verify.ts";
import type { Deps } from "../../../core/deps.ts";
import type { Store, StoreCollection } from "../../../core/store/contract.ts";
import { buildHouse, temporaryStore } from "../../support/house.ts";

interface Note extends Chained {
  text: string;
}

const SPEC: ChainSpec = {
  name: "notes",
  entries: { name: "notes", indexes: [UNSEALED] },
  blocks: { name: "note-blocks", indexes: [] },
};
const KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);

describe("A chain of hashes", () => {
  let store: Store;
  let remove: () => Promise<void>;
  let deps: Deps;
  let notes: StoreCollection<Note>;
  let blocks: StoreCollection<StoredBlock>;
  let written = 0;

  beforeEach(async () => {
    ({ store, remove } = await temporaryStore());
    ({ deps } = await buildHouse({ store }));
    notes = await store.collection<Note>(SPEC.entries);
    blocks = await store.collection<StoredBlock>(SPEC.blocks);
    written = 0;
  });
  afterEach(() => remove());

  const sealer = (more: Partial<Deps> = {}) => chainSealer<Note>({ ...deps, ...more }, SPEC, "journal.block-written");
  const write = async (count: number): Promise<void> => {
    const texts = Array.from({ length: count }, () => String((written += 1)));
    await notes.insertMany(
      texts.map((text) => ({ _id: `n${text.padStart(5, "0")}`, text: `text ${text}` })),
      { ordered: false },
    );
  };
  const sealAll = async (more: Partial<Deps> = {}): Promise<void> => {
    const seal = await sealer(more);
    while ((await seal()) > 0);
  };
  async function faults(
    keys: readonly Uint8Array[] = [],
    anchor?: { number: number; hash: string },
  ): Promise<string[]> {
    const found: string[] = [];
    const complain = (where: string, what: string) => void found.push(`${where}: ${what}`);
    await verifyChain<Note>({ store, spec: SPEC, keys, complain, ...(anchor === undefined ? {} : { anchor }) });
    return found;
  }
  /** Three blocks: 100, 100 and 5 entries. */
  const chain = async (more: Partial<Deps> = {}): Promise<StoredBlock[]> => {
    await write(205);
    await sealAll(more);
    return blocks.find({}).sort({ _id: 1 }).toArray();
  };

  it("holds every entry once, each block after the one before", async () => {
    const made = await chain();
    expect(made.map(({ entries }) => entries.length)).to.deep.equal([100, 100, 5]);
    expect(made.map(({ previous }) => previous)).to.deep.equal(["0".repeat(64), made[0]?.hash, made[1]?.hash]);
    expect(await notes.findOne({ _id: "n00101" })).to.deep.equal({
      _id: "n00101",
      text: "text 101",
      position: "000000000002.0000",
    });
    expect(await faults()).to.deep.equal([]);
    const { head, ...counts } = await verifyChain<Note>({ store, spec: SPEC, keys: [], complain: () => expect.fail() });
    expect(counts).to.deep.equal({ blocks: 3, entries: 205, unsealed: 0 });
    expect(head).to.deep.equal({ number: 3, hash: made[2]?.hash });
  });

  it("hashes an entry by its canonical JSON, which anybody can do again", () => {
    const hash = createHash("sha256").update('{"_id":"n1","a":{"b":"2","c":"1"}}').digest("hex");
    expect(entryHash({ _id: "n1", position: "000000000001.0000", a: { c: "1", b: "2" } })).to.equal(hash);
  });

  it("stays one chain when several nodes seal and write at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 30 }), async (steps) => {
        const nodes = await Promise.all([sealer(), sealer(), sealer()]);
        await Promise.all(steps.map((step) => nodes[step]?.() ?? write(3)));
        await sealAll();
        const held = (await blocks.find({}).toArray()).flatMap(({ entries }) => entries.map(({ id }) => id));
        expect(new Set(held).size).to.equal(held.length);
        expect(held).to.have.length(written);
        expect(await faults()).to.deep.equal([]);
      }),
      { numRuns: 20 },
    );
  }).timeout(20_000);

  it("goes on where a node died between a block and the marks on its entries", async () => {
    await write(3);
    const dying = await sealer({
      reached: () => {
        throw new Error("died");
      },
    });
    await dying().catch(() => undefined);
    expect(await notes.countDocuments({ position: null } as never)).to.equal(3);
    expect(await faults()).to.deep.equal([]);
    await write(2);
    await sealAll();
    const made = await blocks.find({}).sort({ _id: 1 }).toArray();
    expect(made.map(({ entries }) => entries.map(({ id }) => id))).to.deep.equal([
      ["n00001", "n00002", "n00003"],
      ["n00004", "n00005"],
    ]);
    expect(await faults()).to.deep.equal([]);
  });

  it("counts entries that are not sealed yet, which is no fault", async () => {
    await chain();
    await write(2);
    const { unsealed } = await verifyChain<Note>({ store, spec: SPEC, keys: [], complain: () => expect.fail() });
    expect(unsealed).to.equal(2);
  });

  const second = { _id: "000000000002" };
  const TAMPERED: readonly [string, () => Promise<unknown>, RegExp][] = [
    [
      "an entry is changed",
      () => notes.updateOne({ _id: "n00007" }, { $set: { text: "other" } }),
      /n00007: was changed/,
    ],
    [
      "an entry gets a field",
      () => notes.updateOne({ _id: "n00007" }, { $set: { more: 1 } as never }),
      /n00007: was changed/,
    ],
    ["an entry is deleted", () => notes.deleteOne({ _id: "n00205" }), /n00205: is gone; notes block 3/],
    [
      "an entry is slipped in with a place",
      () => notes.insertOne({ _id: "n00007a", text: "mine", position: "000000000001.0003" }),
      /n00007a: claims the place 000000000001.0003/,
    ],
    [
      "an entry is moved to another place",
      () => notes.updateOne({ _id: "n00007" }, { $set: { position: "000000000002.0006" } }),
      /n00007: says that it is at 000000000002.0006, and is at 000000000001.0006/,
    ],
    [
      "an entry loses its place",
      () => notes.updateOne({ _id: "n00007" }, { $unset: { position: true } }),
      /n00007: says that it is at no place/,
    ],
    ["a block is deleted", () => blocks.deleteOne(second), /block 2: is missing/],
    [
      "a block's time is changed",
      () => blocks.updateOne(second, { $set: { sealedAt: "2020-01-01T00:00:00.000Z" } }),
      /block 2: was changed/,
    ],
    [
      "an entry and its hash in the block are changed",
      async () => {
        await notes.updateOne({ _id: "n00101" }, { $set: { text: "other" } });
        const hash = entryHash({ _id: "n00101", text: "other" });
        await blocks.updateOne(second, { $set: { "entries.0.hash": hash } as never });
      },
      /block 2: was changed/,
    ],
    [
      "a block is made anew with an entry changed, and not those after it",
      async () => {
        await notes.updateOne({ _id: "n00101" }, { $set: { text: "other" } });
        await remake(2, { _id: "n00101", text: "other" });
      },
      /block 3: does not follow the block before it/,
    ],
  ];
  for (const [what, tamper, told] of TAMPERED)
    it(`tells that ${what}`, async () => {
      await chain();
      await tamper();
      const found = await faults();
      expect(found.join("\n")).to.match(told);
    });

  /** Writes a block again with the hash of a changed entry, as one who can write to the database would. */
  async function remake(number: number, entry: Note, previous?: string): Promise<string> {
    const _id = String(number).padStart(12, "0");
    const block = await blocks.findOne({ _id });
    if (block === null) return expect.fail("no block");
    const { hash: _hash, seal: _seal, ...bare } = block;
    const entries = bare.entries.map((held) =>
      held.id === entry._id ? { id: held.id, hash: entryHash(entry) } : held,
    );
    const anew = { ...bare, entries, ...(previous === undefined ? {} : { previous }) };
    const hash = blockHash(SPEC.name, anew);
    await blocks.updateOne({ _id }, { $set: { entries, hash, previous: anew.previous } });
    return hash;
  }

  /** Changes an entry and makes the rest of the chain anew. */
  async function rewrite(): Promise<void> {
    const entry = { _id: "n00101", text: "other" };
    await notes.updateOne({ _id: "n00101" }, { $set: { text: "other" } });
    await remake(3, entry, await remake(2, entry));
  }

  it("can't tell by itself that all of its end was made anew; a noted block and a key can", async () => {
    const [, , last] = await chain({ sealKeys: [KEY] });
    await rewrite();
    expect(await faults()).to.deep.equal([]);
    expect(await faults([], { number: 3, hash: last?.hash ?? "" })).to.have.length(1);
    expect(await faults([KEY])).to.deep.equal([
      "notes block 2: its seal is not that of its hash: it was written without the key",
      "notes block 3: its seal is not that of its hash: it was written without the key",
    ]);
  });

  it("tells by the key that seals were taken off", async () => {
    await chain({ sealKeys: [KEY] });
    await blocks.updateOne({ _id: "000000000003" }, { $unset: { seal: true } });
    expect((await faults([KEY])).join()).to.match(/block 3: has no seal/);
    await blocks.updateMany({}, { $unset: { seal: true } });
    expect((await faults([KEY])).join()).to.match(/block 3: has no seal, and neither has any before it/);
  });

  it("takes blocks from before there was a key, and those of a key that was replaced", async () => {
    await write(2);
    await sealAll();
    await write(2);
    await sealAll({ sealKeys: [OTHER_KEY] });
    await write(2);
    await sealAll({ sealKeys: [KEY, OTHER_KEY] });
    expect(await faults([KEY, OTHER_KEY])).to.deep.equal([]);
    expect((await faults([KEY])).join()).to.match(/block 2: its seal is of the key [0-9a-f]{12}, which is not among/);
  });

  it("tells that its end was cut off, by a noted block", async () => {
    const [, , last] = await chain();
    await blocks.deleteOne({ _id: "000000000003" });
    await notes.deleteMany({ position: { $gt: "000000000003" } });
    expect(await faults()).to.deep.equal([]);
    expect(await faults([], { number: 3, hash: last?.hash ?? "" })).to.deep.equal([
      "notes block 3: was noted, and is gone: the chain was cut",
    ]);
  });
});
