import { createReadStream } from "node:fs";
import { access, mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { onBehalfOf, type Origin } from "../core/audit/origin.ts";
import type { Log } from "../core/deps.ts";
import { isEnded } from "../core/files/states.ts";
import { asMergepayError, MergepayError, problemOf } from "../core/errors/errors.ts";
import type { FileReport } from "../schemas/types.generated.ts";
import { type IntakeDeps, takeIn } from "./intake.ts";

export interface DropDeps extends IntakeDeps {
  readonly dir: string;
  readonly log: Log;
  /** Whether files of the platform are taken with a manifest only, which has no place in a folder. */
  readonly manifestRequired: (platform: string) => boolean;
  /** Milliseconds of a clock that only goes on. */
  readonly now: () => number;
  /** How long a file must have stood still to be taken as whole. Default 5 s. */
  readonly settleMs?: number;
}

/** Names that senders use for a file that is not complete yet. */
const INCOMPLETE = /^\.|\.(?:part|partial|tmp|crdownload|filepart)$/i;
/** How long a file that was put away is looked at: its sender may still hold it open and write on. */
const WATCH_MS = 10 * 60_000;
/** Bytes of a file's name, so that there is room for a number and the ending of its report (255 in all on common systems). */
const NAME_BYTES = 200;
const AWAY = ["done", "failed"] as const;

/** A file as it was at a look, and since when it has been so. */
interface Look {
  readonly state: string;
  readonly since: number;
}

/** A file that was taken, and its state then. */
interface Taken {
  readonly fileId: string;
  readonly state: string;
}

/**
 * The drop folder: a file put into `<dir>/<platform>/` is taken in when its size and time have stood still for a while, and moved to `done/`
 * or `failed/` with its report beside it (`<name>.report.json`) once it is processed. One that changes after all is taken again: its
 * bytes are another file then, of whose orders only the new ones are new. Folders of running platforms are made.
 */
export function dropFolder({ dir, log, manifestRequired, now, settleMs = 5_000, ...intake }: DropDeps) {
  const seen = new Map<string, Look>();
  /** Files taken in and not ended yet, by path. */
  const underWay = new Map<string, Taken>();
  /** Files that were put away lately, by path, and the folder that they came from. */
  const away = new Map<string, Look & { readonly folder: string }>();
  /** What was complained of: once is enough. */
  const complained = new Set<string>();

  const stateOf = async (path: string): Promise<string> => {
    const { size, mtimeMs } = await stat(path);
    return `${size}/${mtimeMs}`;
  };

  function complain(platform: string, name: string, thrown: unknown): void {
    const { type: code, message, cause } = asMergepayError(thrown);
    const system = (cause as NodeJS.ErrnoException | undefined)?.code;
    const said = `${platform}/${name} ${code}`;
    if (complained.has(said)) return;
    complained.add(said);
    const reason = `${name}: ${system ?? message}`;
    log.warn({ platform, code, reason }, "drop folder: a file can't be had; the others go on");
  }

  async function lookAt(platform: string): Promise<void> {
    const folder = join(dir, platform);
    await mkdir(folder, { recursive: true });
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || INCOMPLETE.test(entry.name)) continue;
      // One file that can't be had must not hold up the others.
      await lookAtFile(platform, folder, entry.name).catch((error: unknown) => complain(platform, entry.name, error));
    }
  }

  async function lookAtFile(platform: string, folder: string, name: string): Promise<void> {
    const path = join(folder, name);
    const taken = underWay.get(path);
    if (taken !== undefined) return await follow(folder, name, taken);
    const state = await stateOf(path);
    const before = seen.get(path);
    if (before?.state !== state) {
      seen.set(path, { state, since: now() });
      return;
    }
    if (now() - before.since < settleMs) return;
    try {
      if (manifestRequired(platform)) throw new MergepayError("MANIFEST_REQUIRED");
      const { id: fileId } = await takeIn(intake, { platform, merchant: null, name, bytes: createReadStream(path) });
      underWay.set(path, { fileId, state });
    } catch (thrown) {
      const error = asMergepayError(thrown);
      if (error.info.retry === "later") throw error;
      await putAway(folder, name, "failed", problemOf(error));
    }
  }

  /** Puts a file away that has ended, unless it has changed since it was taken: then it is looked at anew. */
  async function follow(folder: string, name: string, { fileId, state }: Taken): Promise<void> {
    const path = join(folder, name);
    const report = await intake.call("files.get", { fileId });
    if (!isEnded(report)) return;
    underWay.delete(path);
    if ((await stateOf(path)) === state)
      await putAway(folder, name, report.state === "processed" ? "done" : "failed", report);
  }

  async function putAway(
    folder: string,
    name: string,
    to: (typeof AWAY)[number],
    report: FileReport | Record<string, unknown>,
  ): Promise<void> {
    const target = join(folder, to);
    await mkdir(target, { recursive: true });
    const path = join(folder, name);
    const kept = join(target, await freeName(target, name));
    await writeFile(`${kept}.report.json`, `${JSON.stringify(report, undefined, 2)}\n`);
    await rename(path, kept);
    seen.delete(path);
    away.set(kept, { state: await stateOf(kept), since: now(), folder });
    log.info({ state: to, reason: name }, "drop folder: file put away");
  }

  /** Brings back what its sender has written on since it was put away. */
  async function lookAtAway(): Promise<void> {
    for (const [path, { state, since, folder }] of away) {
      const present = await stateOf(path).catch(() => undefined);
      if (present === undefined || now() - since > WATCH_MS) away.delete(path);
      else if (present !== state) {
        away.delete(path);
        await rename(path, join(folder, await freeName(folder, basename(path))));
        log.warn({ reason: basename(path) }, "drop folder: a file grew after it was taken; it is taken again");
      }
    }
  }

  /** Says of folders that are no platform's that nothing is taken from them. */
  async function lookAtStrangers(platforms: ReadonlySet<string>): Promise<void> {
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      const { name } = entry;
      if (platforms.has(name) || name.startsWith(".") || complained.has(name)) continue;
      complained.add(name);
      log.warn({ reason: name }, "drop folder: there is no such platform now; nothing is taken from here");
    }
  }

  async function sweep(): Promise<void> {
    const { items } = await intake.call("bank-adapter.platforms", {});
    await mkdir(dir, { recursive: true });
    await lookAtAway();
    for (const { platform } of items) await lookAt(platform);
    await lookAtStrangers(new Set(items.map(({ platform }) => platform)));
  }

  return {
    /** Looks into the folder of every platform that is registered now. */
    sweep: () => onBehalfOf(() => DROPPED, sweep),
  };
}

/** Whoever may write to the folder: nobody asks who. */
const DROPPED: Origin = { by: { kind: "system", id: "drop folder" }, via: "drop" };

/** The name, or a shorter one with a number where it is too long or taken: `orders.2.csv`. */
async function freeName(folder: string, name: string): Promise<string> {
  const ending = extname(name).slice(0, 20);
  let stem = name.slice(0, name.length - extname(name).length);
  while (Buffer.byteLength(stem) > NAME_BYTES) stem = stem.slice(0, -1).toWellFormed();
  for (let count = 1; ; count += 1) {
    const free = `${stem}${count === 1 ? "" : `.${count}`}${ending}`;
    const taken = await access(join(folder, free)).then(
      () => true,
      () => false,
    );
    if (!taken) return free;
  }
}
