import { setTimeout as delay } from "node:timers/promises";
import type { MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { withFacts } from "../notify/outbox.ts";
import type { Ingested } from "../orders/candidates.ts";
import type { OrdersService } from "../orders/service.ts";
import type { Manifest } from "../../schemas/types.generated.ts";
import type { SettlementService } from "../settlement/service.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken, saveVersion } from "../versioned.ts";
import { FILE_FAULTS, WORKER_FAULTS } from "./faults.ts";
import { rejectId, showFile, type StoredFile, type StoredReject } from "./model.ts";
import { controlTotals } from "./manifest.ts";
import { type ReadAhead, readAhead } from "./read-ahead.ts";
import { FILE_STATES } from "./states.ts";
import { filesUnderWay } from "./under-way.ts";

/** How long a file waits for a plugin that is away, or after its reader stopped. */
const RETRY_MS = 5_000;
/** Batches that are fetched before they are stored; more while the frame is checked, which goes faster than mapping. */
const AHEAD = 2;
const AHEAD_UNCHECKED = 8;

/** Errors that end a file at once. */
const ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([...FILE_FAULTS, "NOT_FOUND"]);
/** Errors that are counted; in the end the file is quarantined. */
const STOPPED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(WORKER_FAULTS);

/**
 * Takes files from received to processed: frame first, so that nothing comes of a broken one, then batch by batch with a
 * checkpoint after each. Every step can be done again; whoever holds the lease does it.
 */
export function fileProcessing(
  deps: Deps,
  files: StoreCollection<StoredFile>,
  rejects: StoreCollection<StoredReject>,
  orders: OrdersService,
  settlement: Pick<SettlementService, "deliverAll">,
) {
  const { leaseMs } = deps.limits;
  const stamp = (inMs = 0) => instant(deps.now() + inMs);
  const underWay = filesUnderWay(deps.now);
  let stopped = false;

  const save = (file: StoredFile, change: Partial<StoredFile>) => saveVersion(files, file, change);

  async function claim(file: StoredFile): Promise<StoredFile> {
    if (file.state !== "processing") FILE_STATES.assertMove(file.state, "processing");
    return save(file, { state: "processing", tries: file.tries + 1, dueAt: stamp(leaseMs) });
  }

  async function end(file: StoredFile, state: "processed" | "failed" | "quarantined", error?: MergepayError) {
    FILE_STATES.assertMove(file.state, state);
    const at = stamp();
    const ended: StoredFile = {
      ...file,
      state,
      processedAt: at,
      ...(error === undefined
        ? {}
        : {
            error: {
              code: error.type,
              reason: error.message,
              ...(error.data.position === undefined ? {} : { position: error.data.position }),
            },
          }),
    };
    const fact = {
      type: state === "processed" ? ("file.processed" as const) : ("file.failed" as const),
      platform: file.platform,
      data: { ...showFile(ended) },
    };
    const outbox = withFacts(file, file._id, [fact], at, deps.newId);
    const { state: _s, processedAt: _p, error: reason } = ended;
    await save(file, {
      state,
      cancelled: file.cancelled,
      processedAt: at,
      dueAt: null,
      ...(reason === undefined ? {} : { error: reason }),
      ...outbox,
    });
    deps.log.info({ fileId: file._id, platform: file.platform, state, count: file.records }, "file ended");
  }

  /** Where the orders of a batch come from; `pass` names the mapping again of a stored file. */
  const originOf = ({ _id: fileId, platform, remaps }: StoredFile, pluginVersion: string) => ({
    fileId,
    platform,
    pluginVersion,
    ...(remaps === undefined ? {} : { pass: `${fileId}/${remaps}` }),
  });

  /** Stores a batch and what was rejected in it, then moves the checkpoint behind it. */
  async function takeBatch(file: StoredFile, records: readonly MappedRecord[], version: string): Promise<StoredFile> {
    const done = await orders.ingest(originOf(file, version), records);
    await settlement.deliverAll(file.platform, done.delivered);
    await storeRejects(file, done);
    deps.reached("file.batch-stored");
    return save(file, {
      records: file.records + records.length,
      created: file.created + done.created,
      revised: file.revised + done.revised,
      unchanged: file.unchanged + done.unchanged,
      cancelled: file.cancelled + done.cancelled,
      skipped: file.skipped + done.skipped,
      rejected: file.rejected + done.rejects.length,
      pluginVersion: version,
      dueAt: stamp(leaseMs),
      tries: 1,
    });
  }

  /** Mapped again to its end: orders that its plugin makes of it no more are taken back. */
  async function takeBackUnmade(file: StoredFile): Promise<StoredFile> {
    const { pass, ...origin } = originOf(file, file.pluginVersion ?? "");
    if (pass === undefined) return file;
    const rejectedAmong = async (records: readonly number[]): Promise<Set<number>> => {
      const found = await rejects.find({ fileId: file._id, record: { $in: [...records] } }).toArray();
      return new Set(found.map(({ record }) => record));
    };
    const unmade = await orders.takeBackUnmade({ ...origin, pass }, rejectedAmong);
    return unmade === 0 ? file : { ...file, cancelled: file.cancelled + unmade };
  }

  async function storeRejects(file: StoredFile, done: Ingested): Promise<void> {
    if (done.rejects.length === 0) return;
    const parts = new Map<number, number>();
    const docs = done.rejects.map((reject): StoredReject => {
      const part = parts.get(reject.record) ?? 0;
      parts.set(reject.record, part + 1);
      return { _id: rejectId(file._id, reject.record, part), fileId: file._id, ...reject };
    });
    try {
      await rejects.insertMany(docs, { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /**
   * Reads the file from its checkpoint to its end. Its records are mapped while its frame is still being checked, and held until it is
   * known to be whole: nothing is taken of a broken one.
   */
  async function readAll(claimed: StoredFile): Promise<void> {
    let file = claimed;
    const { _id: fileId, platform, merchant } = file;
    const read = (from: number, node: string | undefined) =>
      deps.call("platform.read", { fileId, from, merchant }, { platform, node });
    let batches = readAhead(read, file.records, file.checked ? AHEAD : AHEAD_UNCHECKED);
    try {
      if (!file.checked) file = await checked(file);
      batches.hold(AHEAD);
      if (file.manifest !== undefined && file.verifiedBy === undefined) {
        file = await verified(file, file.manifest, batches);
        batches = readAhead(read, 0, AHEAD);
      }
      for (let done = false; !done;) {
        const batch = await batches.next();
        underWay.moved(fileId);
        ({ done } = batch);
        if (file.records === 0) await assertVerified(file, batch.version);
        // Mapped again: what was rejected the last time goes before the first batch is taken, however often that is tried.
        if (file.records === 0 && file.remaps !== undefined) await rejects.deleteMany({ fileId });
        if (batch.records.length > 0) file = await takeBatch(file, batch.records, batch.version);
      }
    } finally {
      batches.stop();
    }
    await end(await takeBackUnmade(file), "processed");
  }

  /** Checks the frame, however long that takes; meanwhile the file stays ours. @throws what is wrong with the file as a whole */
  async function checked(claimed: StoredFile): Promise<StoredFile> {
    let file = claimed;
    const check = deps.call("platform.check", { fileId: file._id }, { platform: file.platform });
    for (;;) {
      const waited = new AbortController();
      // The check itself keeps the process alive; where that never ends, as on a node that was cut off, waiting does not.
      const late = delay(leaseMs / 3, undefined, { signal: waited.signal, ref: false }).catch(() => undefined);
      const counted = await Promise.race([check, late]).finally(() => waited.abort());
      if (counted !== undefined)
        return save(file, { checked: true, recordsTotal: counted.records, dueAt: stamp(leaseMs) });
      file = await save(file, { dueAt: stamp(leaseMs) });
    }
  }

  /**
   * Maps the file to its end before anything is taken of it, and holds what comes of it against its manifest.
   * @throws MANIFEST_MISMATCH
   */
  async function verified(claimed: StoredFile, manifest: Manifest, batches: ReadAhead): Promise<StoredFile> {
    let file = claimed;
    const totals = controlTotals(manifest);
    for (;;) {
      const { records, done, version } = await batches.next();
      underWay.moved(file._id);
      totals.add(records);
      if (done) {
        totals.assertFits();
        return save(file, { verifiedBy: version, dueAt: stamp(leaseMs) });
      }
      if (file.dueAt !== null && file.dueAt < stamp((2 * leaseMs) / 3))
        file = await save(file, { dueAt: stamp(leaseMs) });
    }
  }

  /** Another version of the plugin may make something else of the file: then it is held against its manifest anew. */
  async function assertVerified(file: StoredFile, version: string): Promise<void> {
    if (file.verifiedBy === undefined || file.verifiedBy === version) return;
    const at = { state: "received", tries: file.tries - 1, dueAt: stamp() } as const;
    await saveVersion(files, file, at, ["verifiedBy"]);
    throw new Overtaken();
  }

  async function process(due: StoredFile): Promise<void> {
    try {
      if (due.tries >= deps.limits.fileTries) {
        await end(await claim(due), "quarantined", new MergepayError("FILE_QUARANTINED"));
        return;
      }
      await readAll(await claim(due));
    } catch (thrown) {
      if (!(thrown instanceof Overtaken)) await failed(due._id, asMergepayError(thrown));
    }
  }

  /** What an error means for the file as it stands now. */
  async function failed(fileId: string, error: MergepayError): Promise<void> {
    const file = await files.findOne({ _id: fileId });
    if (file === null || file.state !== "processing") return;
    deps.log.warn(
      { fileId, platform: file.platform, code: error.type, reason: error.message },
      "file not read to its end",
    );
    if (ENDS.has(error.type)) return end(file, "failed", error);
    if (STOPPED.has(error.type)) {
      if (file.tries >= deps.limits.fileTries) return end(file, "quarantined", error);
      await save(file, { dueAt: stamp(RETRY_MS) });
      return;
    }
    // The plugin, the store or a node is away: not the file's fault, so this try does not count.
    await save(file, { state: "received", tries: file.tries - 1, dueAt: stamp(RETRY_MS) });
  }

  /** Takes up what is due, as far as there is room; a file that ends makes room for the next. */
  async function takeUp(): Promise<void> {
    for (let begun = true; begun && underWay.room() > 0;) {
      const others = { _id: { $nin: underWay.ids() }, platform: { $nin: underWay.full() } };
      const due = await findDue(files, stamp(), underWay.room(), others);
      begun = due.map((file) => underWay.begin(file._id, file.platform, () => run(file))).includes(true);
    }
  }

  async function run(file: StoredFile): Promise<void> {
    try {
      await process(file);
    } catch (thrown) {
      if (!(thrown instanceof Overtaken)) complain(thrown);
      underWay.end(file._id);
      // The next look is the job's: a store that refuses must not be asked without a pause.
      return;
    }
    underWay.end(file._id);
    wake();
  }

  function complain(thrown: unknown): void {
    const { type: code, message: reason } = asMergepayError(thrown);
    deps.log.error({ code, reason }, "a file could not be taken up or put down; it is tried again");
  }

  function wake(): void {
    if (!stopped) takeUp().catch(complain);
  }

  return {
    wake,
    takeUp,
    /** Takes up what is due, and resolves when nothing is under way any more. */
    async sweep(): Promise<void> {
      await takeUp();
      await underWay.quiet();
    },
    /** Takes nothing new up; resolves when what is under way has ended. */
    async stop(): Promise<void> {
      stopped = true;
      await underWay.quiet();
    },
    async recover(): Promise<void> {
      await files.updateMany({ state: "processing" }, { $set: { dueAt: stamp() } });
    },
  };
}
