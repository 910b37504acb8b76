import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MergepayError } from "../../core/errors/errors.ts";
import type { Limits } from "../../core/limits.ts";
import { type Proposal, propose } from "../../core/plugin/infer/proposal.ts";
import { pluginSource } from "../../core/plugin/infer/source.ts";
import { recordSamples } from "../../core/plugin/record-sample.ts";
import { SAMPLES } from "../../core/plugin/version.ts";
import { print, table } from "./print.ts";
import { contractFrom, makeFolder, titleOf } from "./scaffold.ts";

export interface FromOptions {
  readonly id: string;
  readonly dir: string;
  readonly limits: Limits;
  /** The sample file. */
  readonly file: string;
  /** A path as it is shown to the author. */
  readonly shown: (path: string) => string;
}

const SCHEMA = "order.schema.json";
/** A sample shows a form; it need not be a day's export, packed or not. */
const SAMPLE_BYTES = 16 * 1024 * 1024;

/**
 * Makes a plugin's folder from a sample file: what the file tells is proposed, what it does not is one marked line each. The sample's
 * expectation is recorded, so that the folder loads at once.
 * @throws NOT_FOUND, FILE_TOO_LARGE, FILE_NOT_RECOGNISED, FILE_FRAME_BROKEN, FILE_ARCHIVE_...; nothing is written then. STATE_REFUSED
 */
export async function makeFrom({ id, dir, limits, file, shown }: FromOptions): Promise<void> {
  const proposal = await propose(await sampleOf(file), { ...limits, fileBytes: SAMPLE_BYTES });
  await makeFolder(dir);
  const source = pluginSource(proposal, {
    id,
    title: titleOf(id),
    contract: await contractFrom(dir),
    schema: SCHEMA,
  });
  await writeFile(join(dir, "plugin.ts"), source);
  await writeFile(join(dir, SCHEMA), `${JSON.stringify(schemaOf(id, proposal), null, 2)}\n`);
  await writeFile(join(dir, "README.md"), readme(id, proposal));
  await mkdir(join(dir, SAMPLES));
  await copyFile(file, join(dir, SAMPLES, basename(file)));
  const { written } = await recordSamples({ id, dir, limits });
  print(table(found(proposal)));
  for (const name of [
    "plugin.ts",
    SCHEMA,
    "README.md",
    `${SAMPLES}/${basename(file)}`,
    ...written.map((one) => `${SAMPLES}/${one}`),
  ])
    print(`  ${shown(join(dir, name))}`);
  for (const what of proposal.missing) print(`NEEDED in plugin.ts: ${what}.`);
  print(
    `\nIt loads as it is. Look at the lines marked CHECK${proposal.missing.length === 0 ? "" : " and NEEDED"} in plugin.ts, then:`,
  );
  print(`  mergepay plugin try ${id} ${file}`);
  print(`When it says what you expect, delete samples/*.expected.json, and: mergepay plugin record ${id}`);
}

async function sampleOf(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new MergepayError("NOT_FOUND", `There is no file ${file}.`);
  if (found.size > SAMPLE_BYTES)
    throw new MergepayError("FILE_TOO_LARGE", `A sample has at most ${SAMPLE_BYTES} bytes; cut it to some orders.`);
  return await readFile(file);
}

const schemaOf = (id: string, { schema }: Proposal): object => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: `${titleOf(id)} record`,
  description:
    "One record as read: every number is its literal text. Made from a sample; bind what the platform promises.",
  ...schema,
});

/** What was found for each part of an order: where, how sure, and what it says in the sample. */
function found({ fields, records, input }: Proposal): (readonly string[])[] {
  const named = ["number", "amount", "currency", "buyer", "merchant", "date", "status"] as const;
  const rows = named.map((name) => {
    const field = fields[name];
    if (field === undefined) return [name, "not found"];
    return [name, field.pointer, `${Math.min(Math.round(field.confidence * 100), 99)} %`, field.text.slice(0, 40)];
  });
  const { lines } = fields;
  const place = "records" in input ? (input.records ?? []).join(" ") : "";
  return [
    ["records", `${input.format} ${place}`.trim(), "", String(records)],
    ...rows,
    ["items", lines?.pointer ?? "not found"],
  ];
}

function readme(id: string, { fields, missing }: Proposal): string {
  const from = (pointer: string | undefined): string =>
    pointer === undefined ? "not told by the file" : `\`${pointer}\``;
  return `# ${titleOf(id)}

**Files.** Say which files the platform sends, and in which encoding.

| unified order | from |
|---|---|
| merchant | ${fields.merchant === undefined ? "the merchant named with the file" : from(fields.merchant.pointer)} |
| order number | ${from(fields.number?.pointer)} |
| amount | ${from(fields.amount?.pointer)} |
| currency | ${from(fields.currency?.pointer)} |
| buyer | ${from(fields.buyer?.pointer)} |
| placed at | ${from(fields.date?.pointer)} |
| items | ${from(fields.lines?.pointer)} |

**Skipped, so that nobody pays twice.** Say which statuses are still to be paid.
${missing.length === 0 ? "" : `\n**Missing.** ${missing.join("; ")}.\n`}`;
}
