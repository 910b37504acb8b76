import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
}

/** Names that senders use for a file that is not complete yet. */
const INCOMPLETE = /^\.|\.(?:part|partial|tmp|crdownload|filepart)$/i;

/**
 * The drop folder: a file put into `<dir>/<platform>/` is taken in when its size and time have stood still between two looks, and moved
 * to `done/` or `failed/` with its report beside it (`<name>.report.json`) once it is processed. Folders of running platforms are made.
 */
export function dropFolder({ dir, log, manifestRequired, ...intake }: DropDeps) {
  /** Size and time of each file at the last look. */
  const seen = new Map<string, string>();
  /** Files taken in and not ended yet, by path. */
  const underWay = new Map<string, { fileId: string; platform: string }>();

  async function lookAt(platform: string): Promise<void> {
    const folder = join(dir, platform);
    await mkdir(folder, { recursive: true });
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isFile() || INCOMPLETE.test(entry.name)) continue;
      await lookAtFile(platform, folder, entry.name);
    }
  }

  async function lookAtFile(platform: string, folder: string, name: string): Promise<void> {
    const path = join(folder, name);
    const taken = underWay.get(path);
    if (taken !== undefined) {
      const report = await intake.call("files.get", { fileId: taken.fileId });
      if (isEnded(report)) await putAway(folder, name, report.state === "processed" ? "done" : "failed", report);
      return;
    }
    const { size, mtimeMs } = await stat(path);
    const look = `${size}/${mtimeMs}`;
    const still = seen.get(path) === look;
    seen.set(path, look);
    if (!still) return;
    try {
      if (manifestRequired(platform)) throw new MergepayError("MANIFEST_REQUIRED");
      const report = await takeIn(intake, { platform, merchant: null, name, bytes: createReadStream(path) });
      underWay.set(path, { fileId: report.id, platform });
    } catch (thrown) {
      const error = asMergepayError(thrown);
      if (error.info.retry === "later") throw error;
      await putAway(folder, name, "failed", problemOf(error));
    }
  }

  async function putAway(
    folder: string,
    name: string,
    to: "done" | "failed",
    report: FileReport | Record<string, unknown>,
  ) {
    const target = join(folder, to);
    await mkdir(target, { recursive: true });
    await writeFile(join(target, `${name}.report.json`), `${JSON.stringify(report, undefined, 2)}\n`);
    await rename(join(folder, name), join(target, name));
    const path = join(folder, name);
    seen.delete(path);
    underWay.delete(path);
    log.info({ state: to, reason: name }, "drop folder: file put away");
  }

  return {
    /** Looks into the folder of every platform that is registered now. */
    async sweep(): Promise<void> {
      const { items } = await intake.call("bank-adapter.platforms", {});
      for (const { platform } of items) await lookAt(platform);
    },
  };
}
