import { createReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { basename } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import { takeIn } from "../intake.ts";
import { boot, runningPlatforms } from "./boot.ts";
import { print, table } from "./print.ts";
import { followFile, summary } from "./progress.ts";

const REJECTS_SHOWN = 20;

/** `mergepay import <platform> <file...>`: takes files in and follows each to its end. @returns false when one was not processed */
export async function importFiles(
  platform: string,
  paths: readonly string[],
  merchant: string | undefined,
): Promise<boolean> {
  for (const path of paths) await assertReadable(path);
  const { node, config } = await boot({
    ...process.env,
    MERGEPAY_HTTP_PORT: "0",
    MERGEPAY_LOG: process.env.MERGEPAY_LOG ?? "error",
  });
  try {
    await runningPlatforms(node, config.pluginsDir);
    let good = true;
    for (const path of paths) {
      const name = basename(path);
      const { call, limits, store } = node;
      const file = { platform, merchant: merchant ?? null, name, bytes: createReadStream(path) };
      const { id, existed } = await takeIn({ call, blobs: store.blobs, limits }, file);
      const report = await followFile(call, id, name);
      print(`${name}: ${existed ? "taken before; " : ""}${summary(report)}`);
      const { items, next } = await call("files.records", { fileId: id, limit: REJECTS_SHOWN });
      if (items.length > 0)
        print(table(items.map((reject) => [reject.position, reject.code, reject.field ?? "", reject.reason])));
      if (next !== undefined) print(`  and more: GET /v1/files/${id}/records`);
      good &&= report.state === "processed";
    }
    return good;
  } finally {
    await node.stop();
  }
}

/** Before anything is started: a mistyped name needs no node to be found out. @throws NOT_FOUND naming the file */
async function assertReadable(path: string): Promise<void> {
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
