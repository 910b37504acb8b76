import { createReadStream } from "node:fs";
import { access, constants, readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename } from "node:path";
import { onBehalfOf, type Origin } from "../../core/audit/origin.ts";
import { asMergepayError, MergepayError } from "../../core/errors/errors.ts";
import { readManifest } from "../../core/files/manifest.ts";
import type { DryRun } from "../../schemas/types.generated.ts";
import { type IncomingFile, takeIn, tryOut } from "../intake.ts";
import type { Node } from "../node.ts";
import { boot, runningPlatforms } from "./boot.ts";
import { complain, print, table } from "./print.ts";
import { counted, followFile, summary } from "./progress.ts";

const REJECTS_SHOWN = 20;

export interface ImportOptions {
  readonly merchant?: string;
  readonly dryRun?: true;
  readonly confirm?: string;
  readonly manifest?: string;
}

/** `mergepay import <platform> <file...>`: takes files in and follows each to its end. @returns false when one was not processed */
export async function importFiles(
  platform: string,
  paths: readonly string[],
  { merchant, dryRun, confirm, manifest: manifestPath }: ImportOptions,
): Promise<boolean> {
  for (const path of manifestPath === undefined ? paths : [manifestPath, ...paths]) await assertReadable(path);
  const manifest = manifestPath === undefined ? undefined : readManifest(await readFile(manifestPath, "utf8"));
  const { node, config } = await boot({
    ...process.env,
    MERGEPAY_HTTP_PORT: "0",
    MERGEPAY_LOG: process.env.MERGEPAY_LOG ?? "error",
  });
  try {
    await assertRuns(node, platform, await runningPlatforms(node, config.pluginsDir));
    let good = true;
    for (const path of paths) {
      const name = basename(path);
      const file = {
        platform,
        merchant: merchant ?? null,
        name,
        bytes: createReadStream(path),
        ...(confirm === undefined ? {} : { confirm }),
        ...(manifest === undefined ? {} : { manifest }),
      };
      const by: Origin = { by: { kind: "operator", id: userInfo().username }, via: "cli" };
      const done = onBehalfOf(
        () => by,
        () => (dryRun === undefined ? importOne(node, file) : tryOne(node, file)),
      );
      good = (await done.catch((error: unknown) => refused(error, name))) && good;
    }
    return good;
  } finally {
    await node.stop();
  }
}

/** @throws PLATFORM_UNKNOWN with those that there are, PLATFORM_UNAVAILABLE with the reason why its plugin is refused */
async function assertRuns({ call }: Node, platform: string, running: readonly string[]): Promise<void> {
  if (running.includes(platform)) return;
  const { items } = await call("plugins.list", {});
  const error = items.find(({ id }) => id === platform)?.error;
  if (error !== undefined)
    throw new MergepayError(
      "PLATFORM_UNAVAILABLE",
      `The plugin of ${platform} is refused: ${error.reason} [${error.code}] Nothing was imported.`,
    );
  const known = running.length === 0 ? "none" : running.join(", ");
  throw new MergepayError(
    "PLATFORM_UNKNOWN",
    `There is no platform ${JSON.stringify(platform)}; there are ${known}. Nothing was imported.`,
  );
}

/** One file that is refused does not keep the others; what is wrong with the house does. */
function refused(thrown: unknown, name: string): false {
  const error = asMergepayError(thrown);
  if (error.info.who === "operator" || error.info.who === "nobody") throw error;
  complain(error, name);
  return false;
}

type NamedFile = IncomingFile & { readonly name: string };

const intakeOf = ({ call, limits, store }: Node) => ({ call, limits, blobs: store.blobs });

async function importOne(node: Node, file: NamedFile): Promise<boolean> {
  const { id, existed } = await takeIn(intakeOf(node), file);
  const report = await followFile(node.call, id, file.name);
  print(`${file.name}: ${existed ? "taken before; " : ""}${summary(report)}`);
  const { items, next } = await node.call("files.records", { fileId: id, limit: REJECTS_SHOWN });
  printRejects(items);
  if (next !== undefined) print(`  and more: GET /v1/files/${id}/records`);
  return report.state === "processed";
}

async function tryOne(node: Node, file: NamedFile): Promise<boolean> {
  try {
    const told = await tryOut(intakeOf(node), file);
    print(`${file.name}: dry run; ${told.known ? "taken before; " : ""}${counted(told)}`);
    printRejects(told.rejects.slice(0, REJECTS_SHOWN));
    if (told.rejected > REJECTS_SHOWN) print(`  and ${told.rejected - REJECTS_SHOWN} more`);
    print(`  nothing was kept; to take this very file: --confirm ${told.confirmation}`);
    return true;
  } catch (thrown) {
    const error = asMergepayError(thrown);
    if (!error.type.startsWith("FILE_") && error.type !== "MANIFEST_MISMATCH") throw error;
    const where = error.data.position === undefined ? "" : ` at ${error.data.position}`;
    print(`${file.name}: dry run; it would fail: ${error.type}${where}. ${error.message}`);
    return false;
  }
}

function printRejects(rejects: readonly DryRun["rejects"][number][]): void {
  if (rejects.length > 0)
    print(table(rejects.map((reject) => [reject.position, reject.code, reject.field ?? "", reject.reason])));
}

/** Before anything is started: a mistyped name needs no node to be found out. @throws NOT_FOUND naming the file */
export async function assertReadable(path: string): Promise<void> {
  const why = await stat(path).then(
    async (entry) => {
      if (!entry.isFile()) return "is not a file";
      return access(path, constants.R_OK).then(
        () => undefined,
        () => "may not be read by you",
      );
    },
    () => "does not exist",
  );
  if (why !== undefined) throw new MergepayError("NOT_FOUND", `${path} ${why}; nothing was imported.`);
}
