/** Platforms send files of orders, send them again, have them mapped again; plugins are away, stop, or meet a broken file. */
import { createHash } from "node:crypto";
import type { MappedRecord } from "../../../core/actions.ts";
import { instant } from "../../../core/deps.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { fileIdOf, FILES, type StoredFile } from "../../../core/files/model.ts";
import { FILE_STATES } from "../../../core/files/states.ts";
import { cancelled, mapped, notOwed, PLATFORMS } from "../../support/house.ts";
import { Broken, type Noun, type OnNode, type Random } from "../engine/contract.ts";
import { LONG_MS } from "../engine/ways.ts";

export const USERS = ["ann", "ben"];
const PLATFORM_NAMES = Object.keys(PLATFORMS);
export const MERCHANTS = ["shop", "stall"];
/** Order numbers of a platform's merchant: few, so that files meet each other. */
const NUMBERS = 40;
/** Orders of each platform that are there from the start. */
const STOCK = 6;
/** Records that the plugin gives at a time. */
const AT_A_TIME = 3;

const KINDS = [...Array.from({ length: 14 }, () => "whole" as const), "broken", "poison"] as const;

interface Sent {
  readonly platform: string;
  readonly sha256: string;
  readonly records: readonly MappedRecord[];
  /** Nothing wrong, its frame is broken, or it stops every reader. */
  readonly kind: "whole" | "broken" | "poison";
}

const HOUR_MS = 3_600_000;

const orderOf = (random: Random, record: number, orderNo: string, merchant = "shop", payBy?: string): MappedRecord =>
  mapped(record, {
    merchant,
    orderNo,
    buyerId: `of-${random.pick(USERS)}`,
    value: `${random.below(500) + 1}.${random.below(90) + 10}`,
    ...(random.below(4) === 0 ? { currency: "EUR" } : {}),
    ...(payBy === undefined ? {} : { payBy }),
  });

function recordOf(random: Random, record: number, nowMs: number): MappedRecord {
  const merchant = random.pick(MERCHANTS);
  const orderNo = `n${random.below(NUMBERS)}`;
  const kind = random.below(14);
  if (kind === 0) return cancelled(record, orderNo, merchant);
  // Long enough ago for every node's clock.
  if (kind === 1) return notOwed(record, orderNo, merchant, { deliveredAt: instant(nowMs - 6 * HOUR_MS) });
  if (kind === 2)
    return { record, position: `line ${record + 2}`, rejected: { code: "AMOUNT_INVALID", reason: "bad" } };
  // Some are over when they come, most end while the run goes on.
  const payBy = kind === 3 ? instant(nowMs + (random.below(60) - 5) * 60_000) : undefined;
  return orderOf(random, record, orderNo, merchant, payBy);
}

export const files: Noun = {
  name: "files",
  tables: [{ noun: "file", collection: FILES.name, table: FILE_STATES.table }],
  faults: ["plugin.away", "plugin.crashes", "plugin.hangs"],
  ways: [
    // It stops its reader until nobody tries any more; the plugin is mended, and the operator has it read again.
    { steps: ["files.send poison", "all jobs", LONG_MS, "all jobs", LONG_MS, "all jobs", "files.remap"] },
    { steps: ["files.send", "files.send", "all jobs"], faults: ["crash.at file.", "plugin."] },
  ],
  async open({ store, struck, prepare, random, now }) {
    const sent = new Map<string, Sent>();
    await prepare(async ({ links, orders }) => {
      for (const userId of USERS)
        for (const platform of PLATFORM_NAMES) await links.create({ platform, userId, buyerId: `of-${userId}` });
      for (const platform of PLATFORM_NAMES) {
        const stock = Array.from({ length: STOCK }, (_, at) => orderOf(random, at, `s${at}`));
        await orders.ingest({ fileId: `file_${platform}`, platform, pluginVersion: "1-000000000000" }, stock);
      }
    });

    const fileOf = (fileId: string): Sent => {
      const file = sent.get(fileId);
      if (struck("plugin.away")) throw new MergepayError("PLATFORM_UNAVAILABLE");
      if (struck("plugin.crashes")) throw new MergepayError("PLUGIN_CRASHED");
      if (struck("plugin.hangs")) throw new MergepayError("PLUGIN_TIMEOUT");
      if (file === undefined) throw new MergepayError("NOT_FOUND");
      if (file.kind === "poison") throw new MergepayError("PLUGIN_CRASHED");
      return file;
    };

    function audit(atRest: boolean): void {
      if (!atRest) return;
      for (const file of store.all<StoredFile>(FILES.name)) {
        const { records } = sent.get(file._id) ?? { records: [] };
        if (file.state === "received" || file.state === "processing")
          throw new Broken("every file comes to its end", `${file._id} is ${file.state} at rest`);
        if (file.state === "processed" && file.records !== records.length)
          throw new Broken("no record is lost", `${file._id} counts ${file.records} of ${records.length}`);
      }
    }

    async function send({ files: service }: OnNode["services"], random: Random, only?: Sent["kind"]): Promise<void> {
      const platform = random.pick(PLATFORM_NAMES);
      const records = Array.from({ length: random.below(8) + 1 }, (_, at) => recordOf(random, at, now()));
      const kind = only ?? random.pick(KINDS);
      const sha256 = createHash("sha256")
        .update(JSON.stringify([platform, records, kind]))
        .digest("hex");
      const fileId = fileIdOf(platform, null, sha256);
      sent.set(fileId, { platform, sha256, records, kind });
      await store.blobs.put(fileId, (async function* bytes() {})());
      await service.receive({ fileId, platform, merchant: null, sha256, bytes: records.length });
    }

    return {
      audit,
      outside: {
        "plugins.has": () => Promise.resolve({ here: true }),
        "platform.check": async ({ fileId }) => {
          const { kind, records } = fileOf(fileId);
          if (kind === "broken") throw new MergepayError("FILE_FRAME_BROKEN");
          return { records: records.length };
        },
        "platform.read": async ({ fileId, from }) => {
          const { records } = fileOf(fileId);
          const batch = records.slice(from, from + AT_A_TIME);
          return { records: batch, done: from + batch.length >= records.length, version: "1-000000000000" };
        },
      },
      ops: {
        send: {
          weight: 6,
          run: ({ services, random }) => send(services, random),
        },
        "send poison": {
          weight: 0,
          run: ({ services, random }) => send(services, random, "poison"),
        },
        "send again": {
          weight: 1,
          async run({ services, random }) {
            if (sent.size === 0) return;
            const [fileId, { platform, sha256, records }] = random.pick([...sent]);
            const before = store.all<StoredFile>(FILES.name).some(({ _id }) => _id === fileId);
            const { existed } = await services.files.receive({
              fileId,
              platform,
              merchant: null,
              sha256,
              bytes: records.length,
            });
            if (before && !existed)
              throw new Broken("a file's bytes decide its id", `${fileId} was taken as new again`);
          },
        },
        remap: {
          weight: 1,
          expects: ["STATE_REFUSED", "NOT_FOUND"],
          async run({ services, random }) {
            const ended = store
              .all<StoredFile>(FILES.name)
              .filter(({ state }) => random.below(3) > 0 || state !== "processed");
            if (ended.length === 0) return;
            await services.files.remap({ fileId: random.pick(ended)._id });
          },
        },
      },
    };
  },
};
