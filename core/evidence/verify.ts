import { createHash } from "node:crypto";
import { blockHash, type Chained, checkSeal, entryHash, placeOf, type StoredBlock } from "../chain/model.ts";
import type { Complain } from "../chain/verify.ts";
import { isBalanced } from "../ledger/model.ts";
import { chargedOf } from "../merge-pay/parts.ts";
import { minorOfMoney } from "../money/money.ts";
import type { FileReport, JournalEntry, Money, Payment } from "../../schemas/types.generated.ts";
import {
  MANIFEST,
  type Manifest,
  manifestHashIn,
  type Met,
  SEAL_BYTES,
  sealOfArchive,
  sha256,
  unpack,
} from "./archive.ts";

/** An archive as it lies there. */
export interface Archive {
  readonly bytes: number;
  /** The bytes from one place to before another. */
  readonly read: (from: number, to: number) => AsyncIterable<Uint8Array>;
}

export interface PackReport {
  readonly paymentId?: string;
  readonly madeAt?: string;
  readonly members: number;
  /** Of the whole file. */
  readonly sha256: string;
  /** The blocks that its entries are in, by chain: to be held against blocks that were noted elsewhere. */
  readonly blocks: readonly string[];
}

/** Texts of one member that are read; more is no evidence pack of ours. */
const TEXT_BYTES = 256 * 1024 * 1024;
const ARCHIVE = "the archive";

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces);
}

/**
 * Verifies an evidence pack by itself, without database or network: every byte of it by its seal, every member by the manifest, and what the members say against each
 * other: files by the hashes that were recorded, entries by their blocks, amounts by their sums.
 * @param keys seals of blocks are checked by them, where there are any
 * @param complain called with the member at fault and what is wrong
 */
export async function verifyPack(
  archive: Archive,
  keys: readonly Uint8Array[],
  complain: Complain,
): Promise<PackReport> {
  let faults = 0;
  const found: Complain = (where, what) => {
    faults += 1;
    complain(where, what);
  };
  const bodyBytes = Math.max(archive.bytes - SEAL_BYTES, 0);
  const body = createHash("sha256");
  const file = createHash("sha256");
  for await (const piece of archive.read(0, bodyBytes)) {
    body.update(piece);
    file.update(piece);
  }
  const seal = await whole(archive.read(bodyBytes, archive.bytes));
  file.update(seal);
  const manifestHash = manifestHashIn(seal);
  const read = await readMembers(archive.read(0, bodyBytes), manifestHash, found);
  if (faults === 0 && !seal.equals(sealOfArchive(manifestHash ?? "", body.digest("hex"))))
    found(ARCHIVE, "is not what was written: its members unpack to what they were, its bytes are others");
  const blocks = faults === 0 ? checkContents(read, keys, found) : [];
  const { manifest } = read;
  return {
    ...(manifest === undefined ? {} : { paymentId: manifest.paymentId, madeAt: manifest.madeAt }),
    members: manifest?.members.length ?? 0,
    sha256: file.digest("hex"),
    blocks,
  };
}

interface Read {
  readonly manifest?: Manifest;
  readonly texts: ReadonlyMap<string, readonly unknown[]>;
}

/** Reads all members, each against the manifest. */
async function readMembers(
  body: AsyncIterable<Uint8Array>,
  manifestHash: string | undefined,
  complain: Complain,
): Promise<Read> {
  const texts = new Map<string, readonly unknown[]>();
  let manifest: Manifest | undefined;
  let under = MANIFEST;
  let met = 0;

  async function readManifest({ name, bytes }: Met): Promise<Manifest | undefined> {
    const text = await whole(bytes);
    if (name !== MANIFEST || sha256(text) !== manifestHash) {
      complain(MANIFEST, "is not the one that the archive was sealed with");
      return undefined;
    }
    return JSON.parse(text.toString("utf8")) as Manifest;
  }

  async function readMember({ name, bytes }: Met, listed: Manifest["members"][number] | undefined): Promise<void> {
    const hash = createHash("sha256");
    const pieces: Uint8Array[] = [];
    const isText = name.endsWith(".ndjson");
    let count = 0;
    for await (const piece of bytes) {
      hash.update(piece);
      count += piece.byteLength;
      if (isText && count <= TEXT_BYTES) pieces.push(piece);
    }
    if (listed?.name !== name) complain(listed?.name ?? name, `is not where the manifest has it; ${name} is there`);
    else if (count !== listed.bytes || hash.digest("hex") !== listed.sha256)
      complain(name, "was changed: it is not what the manifest says");
    else if (isText) {
      const lines = Buffer.concat(pieces).toString("utf8").split("\n");
      texts.set(
        name,
        lines.filter((line) => line !== "").map((line) => JSON.parse(line) as unknown),
      );
    }
  }

  try {
    for await (const member of unpack(body)) {
      if (manifest === undefined) {
        manifest = await readManifest(member);
        if (manifest === undefined) return { texts };
      } else {
        const listed = manifest.members[met - 1];
        under = listed?.name ?? member.name;
        await readMember(member, listed);
      }
      met += 1;
      under = manifest.members[met - 1]?.name ?? ARCHIVE;
    }
    for (const { name } of manifest?.members.slice(Math.max(met - 1, 0)) ?? []) complain(name, "is missing");
    if (manifest === undefined) complain(MANIFEST, "is missing");
  } catch (error) {
    const why = error instanceof Error && error.message !== "" ? ` (${error.message})` : "";
    complain(under, `can't be read: the archive is damaged there${why}; ask for it again from whoever packed it`);
  }
  return { ...(manifest === undefined ? {} : { manifest }), texts };
}

/** What the members say of each other. @returns the blocks, as `<chain> <number>:<hash>` */
function checkContents({ texts, manifest }: Read, keys: readonly Uint8Array[], complain: Complain): string[] {
  const of = <T>(member: string): readonly T[] => (texts.get(`${member}.ndjson`) ?? []) as readonly T[];
  const [payment] = of<Payment>("payment");
  if (payment === undefined) complain("payment.ndjson", "has no payment");
  else checkPayment(payment, of<JournalEntry>("journal"), complain);
  const blocks: string[] = [];
  for (const chain of ["journal", "audit"]) {
    const held = new Map(of<StoredBlock>(`${chain}-blocks`).map((block) => [block._id, block]));
    for (const block of held.values()) {
      const where = `${chain}-blocks.ndjson`;
      if (blockHash(chain, block) !== block.hash) complain(where, `block ${block._id} is not what its hash says`);
      const verdict =
        block.seal === undefined || keys.length === 0 ? "ok" : checkSeal(keys, chain, block.hash, block.seal);
      if (verdict !== "ok")
        complain(
          where,
          `the seal of block ${block._id} is ${verdict === "wrong" ? "wrong" : "of a key that is not given"}`,
        );
      blocks.push(`${chain} ${Number.parseInt(block._id, 10)}:${block.hash}`);
    }
    for (const { id, ...entry } of of<{ id: string } & Omit<Chained, "_id">>(chain)) {
      const place = entry.position === undefined ? undefined : placeOf(entry.position);
      if (place === undefined) continue;
      const sealed = held.get(place.block)?.entries[place.place];
      const hash = entryHash({ ...entry, _id: id });
      if (sealed?.id !== id || sealed.hash !== hash) complain(`${chain}.ndjson`, `${id} is not what its block has`);
    }
  }
  const members = new Map(manifest?.members.map(({ name, sha256: hash }) => [name, hash]));
  for (const { id, sha256: received } of of<FileReport>("files"))
    if (members.get(`files/${id}`) !== received)
      complain(`files/${id}`, "is not what was received: its hash is another one");
  return blocks;
}

function checkPayment(
  { id, total, orders, deduction }: Payment,
  journal: readonly JournalEntry[],
  complain: Complain,
): void {
  const sum = (amounts: readonly Money[]) => amounts.reduce((minor, amount) => minor + minorOfMoney(amount), 0n);
  if (sum(orders.map(chargedOf)) !== minorOfMoney(total)) complain("payment.ndjson", "its orders are not its total");
  if (deduction !== undefined && minorOfMoney(deduction.amount) !== minorOfMoney(total))
    complain("payment.ndjson", "its deduction is not its total");
  for (const entry of journal) {
    if (!isBalanced(entry.lines)) complain("journal.ndjson", `${entry.id} does not sum to zero`);
    const taken = entry.lines.filter(({ account }) => account.startsWith("bank:")).map(({ amount }) => amount);
    if (entry.kind === "payment" && entry.reference === id && sum(taken) !== minorOfMoney(total))
      complain("journal.ndjson", `${entry.id} is not of the total of the payment`);
  }
}
