/**
 * Blobs in GridFS. Bytes go up under a file id of their own; `blobs` maps the blob's id to that file and is written last, so
 * that nothing is visible before it is whole, and of two uploads of one id the first wins (`_id` is unique).
 * `blobs.staged` lists uploads under way, so that what a crash left is found again.
 */
import { once } from "node:events";
import { GridFSBucket, ObjectId, type Db } from "mongodb";
import { assertBlobId, blobNotFound, STAGED } from "./blob-dir.ts";
import { isDuplicateKey, type BlobStore } from "./contract.ts";

interface BlobEntry {
  _id: string;
  file: ObjectId;
  bytes: number;
}

interface StagedEntry {
  /** The GridFS file's id. */
  _id: ObjectId;
  at: Date;
}

/** Large pieces, since each is a round trip to the majority; far below the 16 MiB that a document may have. */
const CHUNK_BYTES = 1024 * 1024;
/** Other nodes may be uploading now: only what is older than any upload can be is dropped at a start. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Runs a call, its connection errors told as STORE_UNAVAILABLE. */
export type Translate = <T>(call: () => Promise<T>) => Promise<T>;

async function upload(bucket: GridFSBucket, file: ObjectId, bytes: AsyncIterable<Uint8Array>): Promise<number> {
  const stream = bucket.openUploadStreamWithId(file, file.toHexString(), { chunkSizeBytes: CHUNK_BYTES });
  let failure: unknown;
  stream.on("error", (error) => (failure = error));
  let size = 0;
  try {
    for await (const piece of bytes) {
      if (failure !== undefined) throw failure;
      size += piece.byteLength;
      if (!stream.write(piece)) await once(stream, "drain");
    }
    stream.end();
    if (failure !== undefined) throw failure;
    await once(stream, "finish");
    return size;
  } catch (error) {
    // So that no piece still on its way comes after the clean-up; the clean-up itself reports what fails for good.
    await stream.abort().catch(() => undefined);
    throw error;
  }
}

/** Opens the blob store, dropping uploads that a crash left more than a day ago. */
export async function openGridfsBlobs(database: Db, translate: Translate): Promise<BlobStore> {
  const bucket = new GridFSBucket(database, { bucketName: "blobs", chunkSizeBytes: CHUNK_BYTES });
  const blobs = database.collection<BlobEntry>("blobs");
  const staged = database.collection<StagedEntry>("blobs.staged");

  /** Drops a file and its chunks, also when the upload ended before the file's own entry was made. */
  const drop = async (file: ObjectId): Promise<void> => {
    await database.collection("blobs.files").deleteOne({ _id: file });
    await database.collection("blobs.chunks").deleteMany({ files_id: file });
    await staged.deleteOne({ _id: file });
  };

  const sweep = async (): Promise<void> => {
    const old = await staged.find({ at: { $lt: new Date(Date.now() - ABANDONED_MS) } }).toArray();
    for (const { _id } of old) {
      if ((await blobs.findOne({ file: _id })) === null) await drop(_id);
      else await staged.deleteOne({ _id });
    }
  };
  await translate(async () => {
    await blobs.createIndex({ file: 1 }, { name: "file", unique: true });
    await sweep();
  });

  const entryOf = (id: string): Promise<BlobEntry | null> => {
    assertBlobId(id);
    return translate(() => blobs.findOne({ _id: id }));
  };
  /** The file of a blob, or of an upload that is staged. */
  const fileOf = async (id: string): Promise<ObjectId | undefined> => {
    if (!id.startsWith(STAGED)) return (await entryOf(id))?.file;
    const text = id.slice(STAGED.length);
    if (!ObjectId.isValid(text)) return undefined;
    return (await translate(() => staged.findOne({ _id: new ObjectId(text) })))?._id;
  };

  const store: BlobStore = {
    has: async (id) => (await entryOf(id)) !== null,
    async *open(id) {
      const file = await fileOf(id);
      if (file === undefined) throw blobNotFound(id);
      const pieces = bucket.openDownloadStream(file)[Symbol.asyncIterator]();
      for (;;) {
        const next = await translate(() => pieces.next());
        if (next.done === true) return;
        yield next.value as Uint8Array;
      }
    },
    async stage(bytes) {
      const file = new ObjectId();
      let size: number;
      try {
        await translate(() => staged.insertOne({ _id: file, at: new Date() }));
        size = await translate(() => upload(bucket, file, bytes));
      } catch (error) {
        // If this fails too, the next start's sweep drops it; the first error is the one to tell.
        await drop(file).catch(() => undefined);
        throw error;
      }
      return {
        id: `${STAGED}${file.toHexString()}`,
        bytes: size,
        commit: (id) =>
          translate(async () => {
            assertBlobId(id);
            try {
              await blobs.insertOne({ _id: id, file, bytes: size });
            } catch (error) {
              if (!isDuplicateKey(error)) throw error;
              await drop(file);
              return { existed: true };
            }
            await staged.deleteOne({ _id: file });
            return { existed: false };
          }),
        discard: () => translate(() => drop(file)),
      };
    },
    async put(id, bytes) {
      if (await store.has(id)) {
        let size = 0;
        for await (const piece of bytes) size += piece.byteLength;
        return { existed: true, bytes: size };
      }
      const upload = await store.stage(bytes);
      return { ...(await upload.commit(id)), bytes: upload.bytes };
    },
  };
  return store;
}
