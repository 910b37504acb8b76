import { Presets, SingleBar } from "cli-progress";
import type { Command } from "commander";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import type { StatementReport } from "../../core/settlement/actions.ts";
import { type Api, withApi } from "./api.ts";
import { assertReadable } from "./import.ts";
import { complain, many, print } from "./print.ts";

interface Options {
  readonly bank: string;
  readonly zone?: string;
  readonly dryRun?: true;
}

/** Adds `mergepay statement import`: holds banks' own files against the books. */
export function statementCommands(program: Command): void {
  program
    .command("statement")
    .description("bank statements")
    .command("import")
    .description(
      "hold bank statements (ISO 20022 camt.053, camt.054) against the books; exit code 1 when something differs or is refused",
    )
    .argument("<files...>", "the bank's own files")
    .requiredOption("--bank <name>", "whose they are: the name of the bank's driver")
    .option("--zone <name>", "the time zone of times in the files that name none, such as Europe/Zurich (UTC)")
    .option("--dry-run", "only say what would come of them; nothing is kept, and nothing ends by them")
    .action(async (files: readonly string[], options: Options) => {
      for (const file of files) await assertReadable(file);
      await withApi(async (api) => {
        for (const file of files) if (!(await importOne(api, file, options))) process.exitCode = 1;
      });
    });
}

/** One file that is refused does not keep the others. @returns false when it was refused or something differs */
async function importOne(api: Api, path: string, { bank, zone, dryRun }: Options): Promise<boolean> {
  const name = basename(path);
  const query = new URLSearchParams({
    bank,
    ...(zone === undefined ? {} : { zone }),
    ...(dryRun === undefined ? {} : { dryRun: "true" }),
  });
  const { size } = await stat(path);
  try {
    const body = { pieces: shown(path, name, size), type: "application/xml" };
    const report = await api.stream<StatementReport>(`/v1/bank-statements?${query.toString()}`, body);
    print(`${name}: ${summary(report)}`);
    if (report.dryRun) print("  a dry run: nothing was kept, and nothing ended by it");
    else print(`  kept as ${report.id}`);
    if (report.breaks > 0 && !report.dryRun) print("  what differs: GET /v1/breaks?state=open");
    return report.breaks === 0;
  } catch (error) {
    if (!(error instanceof MergepayError) || error.info.who === "nobody") throw error;
    complain(error, name);
    return false;
  }
}

/** The pieces of a file, with a bar of how much of it has gone; without a terminal there is none. */
async function* shown(path: string, name: string, size: number): AsyncGenerator<Uint8Array> {
  const format = `   ${name} [{bar}] {percentage} %`;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.rect);
  bar.start(size, 0);
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
      yield piece;
      bar.increment(piece.length);
    }
  } finally {
    bar.stop();
  }
}

/** One line that says what came of a statement, or would come of it. */
function summary(report: StatementReport): string {
  const { statements, entries, pending, agreed, ended, asked, breaks, fresh, dryRun } = report;
  const waiting = pending === 0 ? "" : ` (${pending} not booked yet)`;
  const known = dryRun || breaks === 0 ? "" : ` (${fresh} new)`;
  const parts = [
    `${agreed} agree`,
    `${ended} ${dryRun ? "would end" : "ended"} what was unknown`,
    ...(asked === 0 ? [] : [`${asked} ${dryRun ? "would be" : "are"} asked about`]),
    `${many(breaks, "break")}${known}`,
  ];
  return `${many(statements, "statement")}, ${many(entries, "entry", "entries")}${waiting}: ${parts.join(", ")}`;
}
