import type { Actions, MappedRecord, PlatformRegistration } from "../actions.ts";
import { MergepayError } from "../errors/errors.ts";
import { isHeld } from "../formats/declared.ts";
import { checkFrame } from "../formats/read.ts";
import { recognise } from "../formats/recognise.ts";
import type { Limits } from "../limits.ts";
import type { Event, Reply } from "./contract.ts";
import { kindsOf, type Manifest } from "./manifest.ts";
import { checkedReply } from "./reply.ts";
import { openReadings } from "./readings.ts";
import { pluginVersion } from "./version.ts";
import { startPluginWorker, type PluginWorker } from "./worker-process.ts";
import { WorkerLost } from "./worker-calls.ts";

export type ReadAnswer = Actions["platform.read"]["result"];

/** A running platform plugin: its worker, and the files that are being read with it. */
export interface Platform {
  readonly id: string;
  readonly version: string;
  readonly manifest: Manifest;
  /** Reads a file to its end for its frame alone. @throws what `CheckFrame` throws; PLUGIN_CRASHED */
  check(fileId: string): Promise<{ records: number }>;
  /**
   * The records of a file from index `from` on, as many as fit in a batch. Calls one after the other with growing `from` go on where the
   * last one ended; the same `from` again gives the same answer; any other opens the file anew and skips to it.
   * @throws what ended the file: FILE_..., PLUGIN_TIMEOUT, PLUGIN_CRASHED
   */
  read(fileId: string, from: number, merchant: string | null): Promise<ReadAnswer>;
  /** An event as the plugin tells it to its platform. @throws UNSUPPORTED, PLUGIN_THREW, PLUGIN_OUTPUT_INVALID, PLUGIN_TIMEOUT, PLUGIN_CRASHED */
  reply(event: Event): Promise<Reply>;
  /** Runs bytes from anywhere through the plugin, frame first: batches of what became of the records. Nothing is kept. */
  trial(open: () => AsyncIterable<Uint8Array>, merchant?: string): AsyncIterable<readonly MappedRecord[]>;
  /** True while a file is between its first and its last read. */
  isReading(fileId: string): boolean;
  /** Files that are being checked, or are between their first and last read. */
  openFiles(): number;
  close(): Promise<void>;
}

export interface PlatformOptions {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
  /** The bytes of a file in the blob store. */
  readonly openBlob: (fileId: string) => AsyncIterable<Uint8Array>;
  /** Files that may be read at the same time. Default 8; at most 2 where files are held until their end, so that these fit into the heap. */
  readonly filesAtOnce?: number;
  /** A file that nobody asks on for is closed after this long. Default 60 s. */
  readonly idleMs?: number;
  /** A worker without work ends after this long, and is started again when there is some. Default 1 min. */
  readonly restMs?: number;
  readonly loadMs?: number;
  /** Every record is mapped twice and watched (`Probe`): for authors' tools. */
  readonly probe?: boolean;
}

/** Files at once of which much is held. */
const HELD_AT_ONCE = 2;

/** How often a file is opened again because another one ended the worker, before it fails itself. */
const REOPENS = 3;

/**
 * Loads the plugin of a folder and gives it as a platform.
 * @throws PLUGIN_LOAD_FAILED, PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID, PLUGIN_SCHEMA_INVALID
 */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { id, dir, limits, openBlob, filesAtOnce = 8, idleMs = 60_000, restMs = 60_000 } = options;
  const { probe = false } = options;
  const load = () => startPluginWorker({ dir, limits, probe, ...(options.loadMs ? { loadMs: options.loadMs } : {}) });

  const version = await pluginVersion(dir);
  const first = await load();
  const { manifest } = first;
  let worker: Promise<PluginWorker> | undefined = Promise.resolve(first);
  let closed = false;
  if ((await pluginVersion(dir)) !== version) {
    await first.close();
    throw new MergepayError(
      "PLUGIN_LOAD_FAILED",
      "The plugin's folder changed while it was loaded; it is tried again.",
    );
  }

  /** The worker, started again when it has ended; only ever with the version that this platform is. */
  async function running(): Promise<PluginWorker> {
    if (closed) throw unavailable(id, "was stopped");
    const present = worker;
    if (present !== undefined && (await present).alive()) return await present;
    // Whoever else found it gone has started another by now.
    if (worker === present) worker = restart();
    return await running();
  }

  async function restart(): Promise<PluginWorker> {
    try {
      const next = await load();
      if ((await pluginVersion(dir)) === version) return next;
      await next.close();
      throw unavailable(id, "was changed or removed while its worker was not running");
    } catch (error) {
      worker = undefined;
      throw error;
    }
  }

  /** Does something with the worker, again with another one when it ended for a reason that is not this job's. */
  async function withWorker<T>(use: (worker: PluginWorker) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await use(await running());
      } catch (error) {
        if (!(error instanceof WorkerLost)) throw error;
        if (closed || tries > REOPENS) throw unavailable(id, "keeps losing its worker to other files");
      }
    }
  }

  const rest = setInterval(() => void sleep(), Math.max(restMs, 10));
  rest.unref();
  let usedSince = true;
  async function sleep(): Promise<void> {
    const present = worker;
    const idle = !usedSince && readings.open() === 0;
    usedSince = false;
    if (!idle || present === undefined) return;
    const asleep = await present;
    if (asleep.jobs() === 0 && worker === present) {
      worker = undefined;
      await asleep.close();
    }
  }

  const inputs = kindsOf(manifest).map(({ input }) => input);
  async function frameOf(file: AsyncIterable<Uint8Array>): Promise<{ records: number }> {
    const { input, bytes } = await recognise(file, inputs, limits.fileBytes);
    return checkFrame(bytes, input, limits);
  }

  const atOnce = inputs.some(isHeld) ? Math.min(filesAtOnce, HELD_AT_ONCE) : filesAtOnce;
  const readings = openReadings({ openBlob, withWorker, filesAtOnce: atOnce, idleMs });

  return {
    id,
    version,
    manifest,
    async check(fileId) {
      usedSince = true;
      // The frame is the format's, not the plugin's: no plugin code runs for it, so it goes beside the worker's reading.
      return await readings.once(() => frameOf(openBlob(fileId)));
    },
    async read(fileId, from, merchant) {
      usedSince = true;
      const batch = await readings.read(fileId, from, merchant ?? manifest.defaultMerchant);
      return { records: batch.records, done: batch.done, version };
    },
    async reply(event) {
      usedSince = true;
      // The worker checks it too; this side does not take its word.
      return checkedReply(await withWorker((present) => present.reply(event)));
    },
    async *trial(open, merchant = manifest.defaultMerchant) {
      usedSince = true;
      await frameOf(open());
      const reading = (await running()).read(open(), 0, merchant);
      try {
        for (let done = false; !done;) {
          const batch = await reading.next();
          done = batch.done;
          yield batch.records;
        }
      } finally {
        reading.close();
      }
    },
    isReading: readings.isReading,
    openFiles: readings.open,
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(rest);
      readings.close();
      const present = worker;
      worker = undefined;
      // A worker that is just being started and fails has nothing left to close.
      const last = await present?.catch(() => undefined);
      await last?.close();
    },
  };
}

const unavailable = (id: string, why: string): MergepayError =>
  new MergepayError("PLATFORM_UNAVAILABLE", `The plugin ${id} ${why}; the file can be read again later.`);

/** What a platform says of itself to bank-adapter. */
export function registrationOf({ id, version, manifest }: Platform): PlatformRegistration {
  const { title, currencies, fees, settlementAccount, lateMoney, replies } = manifest;
  const rule = lateMoney === undefined ? {} : { lateMoney };
  const said = { platform: id, title, version, currencies, fees, settlementAccount, ...rule };
  return replies === undefined ? said : { ...said, replies };
}
