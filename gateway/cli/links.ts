import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { MergepayError } from "../../core/errors/errors.ts";
import type { LinkFileReport } from "../link-file.ts";
import { withApi } from "./api.ts";
import { many, print, table } from "./print.ts";

/** Adds `mergepay links ...`: which buyers of platforms a payer is. */
export function linkCommands(program: Command): void {
  program
    .command("links")
    .description("tie platforms' buyers to payers")
    .command("import")
    .description("make the links of a CSV file with the columns platform, buyerId and userId")
    .argument("<file>", "the file")
    .action(importFile);
}

async function importFile(path: string): Promise<void> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new MergepayError("NOT_FOUND", `There is no file ${path} that can be read.`, {}, { cause: error });
  });
  const report = await withApi((api) => api.post<LinkFileReport>("/v1/links/import", { bytes, type: "text/csv" }));
  const { lines, made, known, rejected, claimed, rejects, more } = report;
  if (rejects.length > 0)
    print(table(rejects.map(({ line, code, field, reason }) => [`line ${line}`, code, field ?? "", reason])));
  if (more) print("  and more, which are not listed");
  print(
    `${many(lines, "line")}: ${many(made, "link")} made, ${known} there already, ${rejected} rejected; ${many(claimed, "order")} claimed`,
  );
  if (rejected > 0) process.exitCode = 1;
}
