import { createReadStream, createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { MergepayError } from "../../core/errors/errors.ts";
import { type Archive, verifyPack } from "../../core/evidence/verify.ts";
import { readConfig } from "../config.ts";
import { withApi } from "./api.ts";
import { many, print, table } from "./print.ts";

const FAULTS_SHOWN = 100;

/** Adds `mergepay evidence <paymentId>` and `mergepay evidence verify <file>`. */
export function evidenceCommands(program: Command): void {
  program
    .command("evidence")
    .description("pack all that is kept of a payment into one archive; or `verify` one, without database or network")
    .usage("<paymentId> [--out <file>] | verify <file>")
    .argument("<what>", "the payment's id, or `verify`")
    .argument("[file]", "the archive to verify")
    .option("--out <file>", "where to write the archive; otherwise <paymentId>.evidence.tar.gz")
    .action(async (what: string, file: string | undefined, { out }: { out?: string }) => {
      if (what === "verify") await verify(file);
      else await take(what, out ?? `${what}.evidence.tar.gz`);
    });
}

async function take(paymentId: string, path: string): Promise<void> {
  const unfinished = `${path}.part`;
  try {
    await withApi(async (api) => {
      const bytes = await api.bytes(`/v1/payments/${encodeURIComponent(paymentId)}/evidence`);
      await pipeline(Readable.from(bytes), createWriteStream(unfinished));
    });
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  // What was cut off on its way must not lie there as if it were whole.
  await verify(path);
}

async function verify(path: string | undefined): Promise<void> {
  if (path === undefined)
    throw new MergepayError("QUERY_INVALID", "Name the archive: mergepay evidence verify <file>.");
  const { size } = await stat(path).catch((error: unknown) => {
    throw new MergepayError("NOT_FOUND", `There is no file ${path} that can be read.`, {}, { cause: error });
  });
  const archive: Archive = {
    bytes: size,
    // `end` is the last byte that is read.
    read: (from, to) => (to <= from ? Readable.from([]) : createReadStream(path, { start: from, end: to - 1 })),
  };
  const faults: string[][] = [];
  const { sealKeys } = readConfig(process.env);
  const report = await verifyPack(archive, sealKeys, (member, what) => void faults.push([member, what]));
  if (faults.length > 0) {
    print(table(faults.slice(0, FAULTS_SHOWN)));
    print(`${path}: ${many(faults.length, "fault")}; it is not what was packed`);
    process.exitCode = 1;
    return;
  }
  print(
    `${path}: in order, ${many(report.members, "member")} of ${report.paymentId ?? "?"}, packed at ${report.madeAt ?? "?"}`,
  );
  print(`   sha256 ${report.sha256}`);
  for (const block of report.blocks) print(`   ${block}`);
}
