import type { Filter } from "mongodb";
import type { Store, StoreCollection } from "../store/contract.ts";
import {
  blockHash,
  blockId,
  type Chained,
  type ChainSpec,
  checkSeal,
  entryHash,
  GENESIS,
  numberOf,
  placeOf,
  positionAt,
  type StoredBlock,
} from "./model.ts";

/** What is wrong, and where. */
export type Complain = (where: string, what: string) => void;

export interface Verification<T> {
  readonly store: Store;
  readonly spec: ChainSpec;
  /** Those that seals may be made with; empty: seals are not looked at. */
  readonly keys: readonly Uint8Array[];
  /** A block that was noted elsewhere, by number and hash: history up to it is what it was then. */
  readonly anchor?: { readonly number: number; readonly hash: string };
  readonly complain: Complain;
  /** Called with each entry, in the order of ids. */
  readonly each?: (entries: readonly T[]) => Promise<void>;
  /** Called as it goes on: how many of the entries of the whole have been looked at. */
  readonly progress?: (done: number, of: number) => void;
}

export interface Verified {
  readonly blocks: number;
  readonly entries: number;
  /** Entries that are in no block yet. */
  readonly unsealed: number;
  /** The last block: note it elsewhere, and a chain that was cut or made anew is told by it. */
  readonly head?: { readonly number: number; readonly hash: string };
}

const BLOCKS_AT_A_TIME = 20;
const ENTRIES_AT_A_TIME = 200;

/**
 * Verifies a chain in memory that does not grow with it: each block by its number, the block before, its own hash and its seal; each entry by its
 * hash and place; and that no entry claims a place that no block gives it.
 */
export async function verifyChain<T extends Chained>(given: Verification<T>): Promise<Verified> {
  const { store, spec, progress = () => undefined } = given;
  const entries = await store.collection<T>(spec.entries);
  const blocks = await store.collection<StoredBlock>(spec.blocks);
  const all = 2 * (await entries.countDocuments({}));
  let done = 0;
  const moved = (count: number) => progress((done += count), all);
  const chain = await verifyBlocks(given, blocks, entries, moved);
  const seen = await verifyEntries(given, blocks, entries, moved);
  return { ...chain, ...seen };
}

/** All documents of a collection in the order of ids, by pages. */
export async function* pagesOf<T extends { _id: string }>(
  collection: Pick<StoreCollection<T & { [name: string]: unknown }>, "find">,
  size: number,
): AsyncGenerator<readonly T[]> {
  for (let after = ""; ;) {
    const filter = { _id: { $gt: after } } as unknown as Filter<T & { [name: string]: unknown }>;
    const found = (await collection.find(filter).sort({ _id: 1 }).limit(size).toArray()) as unknown as readonly T[];
    if (found.length > 0) yield found;
    const last = found.at(-1);
    if (last === undefined || found.length < size) return;
    after = last._id;
  }
}

async function verifyBlocks<T extends Chained>(
  { spec, keys, anchor, complain }: Verification<T>,
  blocks: StoreCollection<StoredBlock>,
  entries: StoreCollection<T>,
  moved: (count: number) => void,
): Promise<Pick<Verified, "blocks" | "head">> {
  let count = 0;
  let last: StoredBlock | undefined;
  let keyed = false;
  const [newest] = await blocks.find({}).sort({ _id: -1 }).limit(1).toArray();

  function verifySeal({ seal, hash }: StoredBlock, where: string): void {
    if (keys.length === 0) return;
    if (seal === undefined) {
      if (keyed) complain(where, "has no seal, and a block before it has one: it was written without the key");
      return;
    }
    keyed = true;
    const verdict = checkSeal(keys, spec.name, hash, seal);
    if (verdict === "wrong") complain(where, "its seal is not that of its hash: it was written without the key");
    if (verdict === "unknown")
      complain(where, `its seal is of the key ${seal.key}, which is not among those given; add it after the first one`);
  }

  async function verifySealed(block: StoredBlock, where: string, isLast: boolean): Promise<void> {
    const ids = block.entries.map(({ id }) => id);
    const found = await entries.find({ _id: { $in: ids } } as Filter<T>).toArray();
    const byId = new Map(found.map((entry): [string, Chained] => [entry._id, entry as Chained]));
    block.entries.forEach(({ id, hash }, place) => {
      const entry = byId.get(id);
      const at = positionAt(block._id, place);
      if (entry === undefined) complain(`${spec.name} ${id}`, `is gone; ${where} has it at ${at}`);
      else if (entryHash(entry) !== hash) complain(`${spec.name} ${id}`, `was changed after it was sealed at ${at}`);
      // A crash leaves at most the last block without its marks; the next one makes good for it.
      else if (entry.position === undefined ? !isLast : entry.position !== at)
        complain(`${spec.name} ${id}`, `says that it is at ${entry.position ?? "no place"}, and is at ${at}`);
    });
    moved(ids.length);
  }

  for await (const page of pagesOf<StoredBlock>(blocks, BLOCKS_AT_A_TIME))
    for (const block of page) {
      const where = `${spec.name} block ${numberOf(block)}`;
      const number = last === undefined ? 1 : numberOf(last) + 1;
      if (block._id !== blockId(number)) complain(`${spec.name} block ${number}`, "is missing");
      else if (block.previous !== (last?.hash ?? GENESIS))
        complain(where, "does not follow the block before it: that one, or this one, is not what it was");
      if (blockHash(spec.name, block) !== block.hash)
        complain(where, "was changed: its hash is not that of its content");
      if (anchor?.number === numberOf(block) && anchor.hash !== block.hash)
        complain(where, `is not the one that was noted: its hash is ${block.hash}`);
      verifySeal(block, where);
      await verifySealed(block, where, newest === undefined || block._id >= newest._id);
      last = block;
      count += 1;
    }
  if (anchor !== undefined && anchor.number > (last === undefined ? 0 : numberOf(last)))
    complain(`${spec.name} block ${anchor.number}`, "was noted, and is gone: the chain was cut");
  if (keys.length > 0 && last !== undefined && !keyed)
    complain(
      `${spec.name} block ${numberOf(last)}`,
      "has no seal, and neither has any before it: none was made with the key",
    );
  return { blocks: count, ...(last === undefined ? {} : { head: { number: numberOf(last), hash: last.hash } }) };
}

async function verifyEntries<T extends Chained>(
  { spec, complain, each }: Verification<T>,
  blocks: StoreCollection<StoredBlock>,
  entries: StoreCollection<T>,
  moved: (count: number) => void,
): Promise<Pick<Verified, "entries" | "unsealed">> {
  let count = 0;
  let unsealed = 0;
  for await (const page of pagesOf<T>(entries, ENTRIES_AT_A_TIME)) {
    const places = page.map(({ position }) => (position === undefined ? undefined : placeOf(position)));
    const named = [...new Set(places.flatMap((place) => place?.block ?? []))];
    const found = named.length === 0 ? [] : await blocks.find({ _id: { $in: named } }).toArray();
    const byNumber = new Map(found.map((block) => [block._id, block]));
    page.forEach(({ _id, position }, index) => {
      if (position === undefined) {
        unsealed += 1;
        return;
      }
      const place = places[index];
      const held = place === undefined ? undefined : byNumber.get(place.block)?.entries[place.place];
      if (held?.id !== _id) complain(`${spec.name} ${_id}`, `claims the place ${position}, which no block gives it`);
    });
    await each?.(page);
    count += page.length;
    moved(page.length);
  }
  return { entries: count, unsealed };
}
