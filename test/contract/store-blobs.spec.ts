import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openBlobDirectory } from "../../core/store/blob-dir.ts";
import type { BlobStore } from "../../core/store/contract.ts";
import { onEachEngine, outcome } from "./store-engines.ts";

async function* pieces(...parts: (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

async function* breaking(): AsyncIterable<Uint8Array> {
  yield randomBytes(3 * 1024 * 1024);
  throw new Error("the sender went away");
}

async function read(blobs: BlobStore, id: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of blobs.open(id)) parts.push(part);
  return Buffer.concat(parts);
}

const reason = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

let made = 0;
const freshId = (): string =>
  `file_${createHash("sha256")
    .update(`${(made += 1)}`)
    .digest("hex")}`;

onEachEngine("The blob store", (store) => {
  const blobs = (): BlobStore => store().blobs;

  /** Around the sizes of the pieces that the engines cut bytes into. */
  for (const size of [0, 1, 255 * 1024, 1024 * 1024, 1024 * 1024 + 1, 5_000_000])
    it(`gives back ${size} bytes as they were`, async () => {
      const id = freshId();
      const bytes = randomBytes(size);
      expect(await blobs().put(id, pieces(bytes.subarray(0, 1000), bytes.subarray(1000)))).to.deep.equal({
        existed: false,
        bytes: size,
      });
      expect(await blobs().has(id)).to.equal(true);
      expect((await read(blobs(), id)).equals(bytes)).to.equal(true);
    });

  it("keeps the first of two uploads of one id", async () => {
    const id = freshId();
    await blobs().put(id, pieces("first"));
    expect(await blobs().put(id, pieces("other", "s"))).to.deep.equal({ existed: true, bytes: 6 });
    expect((await read(blobs(), id)).toString()).to.equal("first");
  });

  it("keeps exactly one of two uploads of one id at a time, whole", async () => {
    const id = freshId();
    const answers = await Promise.all(["one", "two", "six"].map((text) => blobs().put(id, pieces(text))));
    expect(answers.filter(({ existed }) => !existed)).to.have.length(1);
    expect((await read(blobs(), id)).toString()).to.match(/^(one|two|six)$/);
  });

  it("shows nothing of an upload that broke off", async () => {
    const id = freshId();
    expect(await reason(blobs().put(id, breaking()))).to.have.property("message", "the sender went away");
    expect(await blobs().has(id)).to.equal(false);
    expect(await blobs().put(id, pieces("again"))).to.include({ existed: false });
  });

  it("shows staged bytes to who knows the stage, and to all once they are committed", async () => {
    const id = freshId();
    const staged = await blobs().stage(pieces("abc", "def"));
    expect(staged.bytes).to.equal(6);
    expect((await read(blobs(), staged.id)).toString()).to.equal("abcdef");
    expect(await blobs().has(id)).to.equal(false);
    expect(await staged.commit(id)).to.deep.equal({ existed: false });
    expect((await read(blobs(), id)).toString()).to.equal("abcdef");
    const second = await blobs().stage(pieces("other"));
    expect(await second.commit(id)).to.deep.equal({ existed: true });
    expect((await read(blobs(), id)).toString()).to.equal("abcdef");
  });

  it("drops staged bytes that are discarded", async () => {
    const staged = await blobs().stage(pieces("abc"));
    expect((await read(blobs(), staged.id)).toString()).to.equal("abc");
    await staged.discard();
    expect(await reason(read(blobs(), staged.id))).to.include({ type: "NOT_FOUND" });
  });

  it("says NOT_FOUND for an id that has no bytes", async () => {
    const id = freshId();
    expect(await blobs().has(id)).to.equal(false);
    expect(await reason(read(blobs(), id))).to.include({ type: "NOT_FOUND" });
  });

  for (const id of ["", "../up", "A", "a/b", "a.b", "x".repeat(201)])
    it(`refuses the id ${JSON.stringify(id.slice(0, 10))} of ${id.length} characters`, async () => {
      const refused = { error: "TypeError" };
      expect(await outcome(() => blobs().has(id))).to.deep.equal(refused);
      expect(await outcome(() => read(blobs(), id))).to.deep.equal(refused);
      expect(await outcome(() => blobs().put(id, pieces("x")))).to.deep.equal(refused);
      const staged = await blobs().stage(pieces("x"));
      expect(await outcome(() => staged.commit(id))).to.deep.equal(refused);
      await staged.discard();
    });
});

describe("A blob folder", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-blobs-"));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it("drops the uploads that a crash left, and keeps what was committed", async () => {
    const blobs = await openBlobDirectory(dir);
    await blobs.put("kept", pieces("bytes"));
    await blobs.stage(pieces("left over"));
    expect(await readdir(join(dir, "staged"))).to.have.length(1);
    const reopened = await openBlobDirectory(dir);
    expect(await readdir(join(dir, "staged"))).to.have.length(0);
    expect((await read(reopened, "kept")).toString()).to.equal("bytes");
  });

  it("leaves no temporary file behind an upload, good or broken", async () => {
    const blobs = await openBlobDirectory(dir);
    await blobs.put("good", pieces("bytes"));
    await blobs.put("good", pieces("bytes"));
    await reason(blobs.put("broken", breaking()));
    expect(await readdir(join(dir, "staged"))).to.have.length(0);
  });
});
