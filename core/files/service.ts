import type { Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import type { SettlementService } from "../settlement/service.ts";
import { byId, page } from "../pages.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { Overtaken, saveVersion } from "../versioned.ts";
import type { FileReport, Manifest, RecordReject, RemapPlan } from "../../schemas/types.generated.ts";
import { canonicalJson } from "../plugin/canonical-json.ts";
import { fileForesight } from "./foresee.ts";
import { FILES, REJECTS, showFile, showReject, type StoredFile, type StoredReject } from "./model.ts";
import { fileProcessing } from "./processing.ts";
import { assertRegistered } from "./sender.ts";
import { FILE_STATES, isEnded } from "./states.ts";

const BY_FILE = byId("file_[0-9a-f]{40}");
const BY_RECORD = byId("file_[0-9a-f]{40}:[0-9]{12,}:[0-9]{4,}");

/** A file of which nothing was read yet. */
const UNREAD = {
  records: 0,
  created: 0,
  revised: 0,
  unchanged: 0,
  cancelled: 0,
  skipped: 0,
  rejected: 0,
  tries: 0,
  checked: false,
} as const;

/** Transaction files: received once, processed to the end whatever happens on the way, reported record by record. */
export async function filesService(
  deps: Deps,
  orders: OrdersService,
  settlement: Pick<SettlementService, "deliverAll">,
) {
  const files = await deps.store.collection<StoredFile>(FILES);
  const rejects = await deps.store.collection<StoredReject>(REJECTS);
  const processing = fileProcessing(deps, files, rejects, orders, settlement);

  const foresight = fileForesight(deps, orders, async (fileId) => (await files.findOne({ _id: fileId })) !== null);

  async function find(fileId: string, platform: string | undefined): Promise<StoredFile> {
    const file = await files.findOne({ _id: fileId });
    if (file === null || (platform !== undefined && file.platform !== platform)) throw new MergepayError("NOT_FOUND");
    return file;
  }

  /** A file that came before, as it is; one that was not what its manifest says is tried anew by another manifest. */
  async function again(present: StoredFile, manifest: Manifest | undefined): Promise<StoredFile> {
    const failedByIt = present.state === "failed" && present.error?.code === "MANIFEST_MISMATCH";
    const other = manifest !== undefined && canonicalJson(manifest) !== canonicalJson(present.manifest);
    if (!failedByIt || !other) return present;
    FILE_STATES.assertMove(present.state, "received");
    const decided = { what: "file.retried", subject: present._id, before: { state: present.state } } as const;
    const anew = {
      state: "received",
      manifest,
      tries: 0,
      dueAt: instant(deps.now()),
      ...deps.audit(present, decided),
    } as const;
    try {
      const file = await saveVersion(files, present, anew, ["error", "processedAt"]);
      processing.wake();
      return file;
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      return find(present._id, present.platform);
    }
  }

  return {
    /**
     * Records a file whose bytes are stored already, and starts on it. The same bytes again give the file as it is.
     * @throws PLATFORM_UNKNOWN or PLATFORM_UNAVAILABLE unless the platform has registered, NOT_FOUND when the bytes are not there
     */
    async receive(params: Actions["files.receive"]["params"]): Promise<Actions["files.receive"]["result"]> {
      const { fileId, platform, merchant, sha256, bytes, name, manifest } = params;
      await assertRegistered(deps.call, platform);
      if (!(await deps.store.blobs.has(fileId)))
        throw new MergepayError("NOT_FOUND", "The bytes of this file are not stored; send the file again.");
      const at = instant(deps.now());
      const file: StoredFile = {
        _id: fileId,
        platform,
        merchant,
        ...(name === undefined ? {} : { name }),
        ...(manifest === undefined ? {} : { manifest }),
        sha256,
        bytes,
        state: "received",
        ...UNREAD,
        receivedAt: at,
        version: 1,
        dueAt: at,
        ...EMPTY_OUTBOX,
        ...deps.audit(undefined, {
          what: "file.received",
          subject: fileId,
          after: { platform, merchant, sha256, bytes },
        }),
      };
      try {
        await files.insertOne(file);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        const present = await again(await find(fileId, platform), manifest);
        return { ...showFile(present), existed: true };
      }
      processing.wake();
      return { ...showFile(file), existed: false };
    },

    foresee: foresight.foresee,

    /** @throws NOT_FOUND; as `foresee` */
    foreseeRemap: async ({ fileId }: Actions["files.foreseeRemap"]["params"]): Promise<RemapPlan> =>
      foresight.foreseeRemap(await find(fileId, undefined)),

    /**
     * Maps a stored file again from its start, by the plugin as it is now: open orders that have their content of this file follow it, all
     * others are left alone. It goes the way of any file.
     * @throws NOT_FOUND, STATE_REFUSED while it is being processed
     */
    async remap({ fileId }: Actions["files.remap"]["params"]): Promise<FileReport> {
      const present = await find(fileId, undefined);
      if (!isEnded(present))
        throw new MergepayError("STATE_REFUSED", "The file is being processed; wait until it has ended.");
      FILE_STATES.assertMove(present.state, "received");
      const { state, remaps = 0, pluginVersion = null } = present;
      const before = { state, remaps, pluginVersion };
      const anew = {
        ...UNREAD,
        ...deps.audit(present, { what: "file.remapped", subject: fileId, before, after: { remaps: remaps + 1 } }),
        state: "received",
        remaps: remaps + 1,
        dueAt: instant(deps.now()),
      } as const;
      try {
        const file = await saveVersion(files, present, anew, ["error", "processedAt", "verifiedBy", "recordsTotal"]);
        processing.wake();
        return showFile(file);
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        throw new MergepayError("STATE_REFUSED", "The file has just been taken up by another call; look at it again.");
      }
    },

    get: async ({ fileId, platform }: Actions["files.get"]["params"]): Promise<FileReport> =>
      showFile(await find(fileId, platform)),

    list: ({ platform, ...query }: Actions["files.list"]["params"]): Promise<Page<FileReport>> =>
      page(files, platform === undefined ? {} : { platform }, BY_FILE, query, deps.limits.ordersPerPage, showFile),

    async records({ fileId, platform, ...query }: Actions["files.records"]["params"]): Promise<Page<RecordReject>> {
      await find(fileId, platform);
      return page(rejects, { fileId }, BY_RECORD, query, deps.limits.ordersPerPage, showReject);
    },

    /** Takes up what is due now; `sweep` also waits until it has ended. */
    takeUp: processing.takeUp,
    sweep: processing.sweep,
    stop: processing.stop,
    /** Takes up at once what an earlier process of this very store left half-done; only when no other process can be at it. */
    recover: processing.recover,
  };
}

export type FilesService = Awaited<ReturnType<typeof filesService>>;
