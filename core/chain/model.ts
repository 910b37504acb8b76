import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { canonicalJson } from "../plugin/canonical-json.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

/** A document that is written once, never changed, and then sealed into a block of its chain. */
export interface Chained extends Doc {
  /** The block and the place in it, as `positionAt` writes them; absent until it is sealed. Not part of what is hashed. */
  position?: string;
}

/** What of an entry a block holds. */
export interface SealedEntry {
  readonly id: string;
  /** Of the entry's canonical JSON, sha256 in hex. */
  readonly hash: string;
}

/** A mark that only who has the key can make: `key` names it without telling it. */
export interface Seal {
  readonly key: string;
  readonly mac: string;
}

/** A block as stored; `_id` is its number, from 1, in a fixed width. Whoever inserts number n+1 has seen n: the chain never forks. */
export interface StoredBlock extends Doc {
  /** The hash of the block before; `GENESIS` in the first. */
  previous: string;
  sealedAt: string;
  entries: SealedEntry[];
  hash: string;
  seal?: Seal;
}

/** A chain: the collection of its entries (with an index `UNSEALED`) and that of its blocks. */
export interface ChainSpec {
  readonly name: string;
  readonly entries: CollectionSpec;
  readonly blocks: CollectionSpec;
}

/** The index by which entries that are in no block are found. */
export const UNSEALED = { name: "position", keys: ["position", "_id"] } as const;

export const GENESIS = "0".repeat(64);

const NUMBER_CHARS = 12;
const PLACE_CHARS = 4;

/** Fixed width, so that text order is the order of numbers. */
export const blockId = (number: number): string => String(number).padStart(NUMBER_CHARS, "0");
export const numberOf = ({ _id }: Pick<StoredBlock, "_id">): number => Number.parseInt(_id, 10);

/** Where an entry is: `000000000012.0003` is the fourth of block 12. Text order is the order of the chain. */
export const positionAt = (block: string, place: number): string =>
  `${block}.${String(place).padStart(PLACE_CHARS, "0")}`;

export const POSITION = new RegExp(`^([0-9]{${NUMBER_CHARS},})\\.([0-9]{${PLACE_CHARS},})$`);

/** Block and place of a position; undefined when it is none. */
export function placeOf(position: string): { block: string; place: number } | undefined {
  const [, block, place] = POSITION.exec(position) ?? [];
  return block === undefined || place === undefined ? undefined : { block, place: Number.parseInt(place, 10) };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The hash of an entry: of all that it holds but where it was sealed. */
export function entryHash({ position: _position, ...entry }: Chained): string {
  return sha256(canonicalJson(entry));
}

/** The hash of a block: of its chain, number, the block before, its time and its entries. */
export function blockHash(chain: string, block: Omit<StoredBlock, "hash" | "seal">): string {
  const { _id: number, previous, sealedAt, entries } = block;
  return sha256(canonicalJson({ chain, number, previous, sealedAt, entries }));
}

/** The name of a key, by which a seal says which one made it. */
export const keyName = (key: Uint8Array): string => createHash("sha256").update(key).digest("hex").slice(0, 12);

const macOf = (key: Uint8Array, chain: string, hash: string): string =>
  createHmac("sha256", key).update(`${chain}\n${hash}`).digest("hex");

/** @param keys the first one seals */
export function sealOf(keys: readonly Uint8Array[], chain: string, hash: string): Seal | undefined {
  const [key] = keys;
  return key === undefined ? undefined : { key: keyName(key), mac: macOf(key, chain, hash) };
}

/** Whether the seal is that of one of the keys; `unknown` when its key is not among them. */
export function checkSeal(
  keys: readonly Uint8Array[],
  chain: string,
  hash: string,
  seal: Seal,
): "ok" | "wrong" | "unknown" {
  const key = keys.find((one) => keyName(one) === seal.key);
  if (key === undefined) return "unknown";
  const expected = Buffer.from(macOf(key, chain, hash));
  const given = Buffer.from(seal.mac);
  return expected.length === given.length && timingSafeEqual(expected, given) ? "ok" : "wrong";
}
