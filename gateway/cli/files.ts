import { once } from "node:events";
import type { Command } from "commander";
import type { Page } from "../../core/actions.ts";
import { isEnded } from "../../core/files/states.ts";
import type { FileReport, RecordReject, RemapPlan } from "../../schemas/types.generated.ts";
import { type Api, withApi } from "./api.ts";
import { print, table } from "./print.ts";
import { counted, summary } from "./progress.ts";
import { waitFor } from "./wait.ts";

/** Mapping a file again takes as long as the file is. */
const REMAP_MS = 60 * 60_000;

/** Adds `mergepay files ...`: stored files, what became of them, and mapping them again. */
export function fileCommands(program: Command): void {
  const files = program.command("files").description("look at stored files and map them again");
  files
    .command("list")
    .description("list the files, a line each")
    .option("--platform <id>", "only of this platform")
    .action(({ platform }: { platform?: string }) => withApi((api) => list(api, platform)));
  const ofFile = (name: string, description: string, run: (api: Api, fileId: string) => Promise<void>) =>
    files
      .command(name)
      .description(description)
      .argument("<fileId>", "the file's id")
      .action((fileId: string) => withApi((api) => run(api, fileId)));
  ofFile("show", "print a file's report as JSON", async (api, fileId) =>
    print(JSON.stringify(await api.get<FileReport>(pathOf(fileId)), undefined, 2)),
  );
  ofFile("records", "list the records of a file that were rejected, and why", records);
  ofFile("content", "write a file's bytes, as they came, to standard output", (api, fileId) =>
    write(api, `${pathOf(fileId)}/content`),
  );
  ofFile(
    "echo",
    "write a file's rejected records, in its own format with the reasons, to standard output",
    (api, fileId) => write(api, `${pathOf(fileId)}/echo`),
  );
  files
    .command("remap")
    .description("map a file again by its plugin as it is now: shows what would change, and does it with --yes")
    .argument("<fileId>", "the file's id")
    .option("--yes", "do it")
    .action((fileId: string, { yes }: { yes?: true }) => withApi((api) => remap(api, fileId, yes === true)));
}

const pathOf = (fileId: string): string => `/v1/files/${encodeURIComponent(fileId)}`;

/** The items of all pages. */
async function* itemsOf<T>(api: Api, path: string, query: Readonly<Record<string, string>> = {}): AsyncGenerator<T> {
  for (let after: string | undefined; ;) {
    const search = new URLSearchParams({ ...query, ...(after === undefined ? {} : { after }) }).toString();
    const { items, next } = await api.get<Page<T>>(search === "" ? path : `${path}?${search}`);
    yield* items;
    after = next;
    if (after === undefined) return;
  }
}

async function list(api: Api, platform: string | undefined): Promise<void> {
  for await (const report of itemsOf<FileReport>(api, "/v1/files", platform === undefined ? {} : { platform }))
    print(
      `${report.id}  ${report.receivedAt}  ${report.platform}  ${report.name ?? "-"}  ${report.state}  ${summary(report)}`,
    );
}

async function records(api: Api, fileId: string): Promise<void> {
  for await (const { position, code, field, reason } of itemsOf<RecordReject>(api, `${pathOf(fileId)}/records`))
    print([position, code, field ?? "", reason].join("  "));
}

async function write(api: Api, path: string): Promise<void> {
  for await (const piece of await api.bytes(path))
    if (!process.stdout.write(piece)) await once(process.stdout, "drain");
}

async function remap(api: Api, fileId: string, yes: boolean): Promise<void> {
  const path = pathOf(fileId);
  if (!yes) {
    const plan = await api.post<RemapPlan>(`${path}/remap?dryRun=true`);
    print(`mapped by ${plan.mappedBy ?? "none"}, now by ${plan.pluginVersion}: ${counted(plan)}`);
    for (const { position, merchant, orderNo, change, fields } of plan.differences) {
      print(`${position}  ${change}  ${merchant} ${orderNo}`);
      for (const { field, from, to } of fields) print(`    ${field}: ${from ?? "none"} -> ${to ?? "none"}`);
    }
    if (plan.rejects.length > 0)
      print(table(plan.rejects.map(({ position, code, field, reason }) => [position, code, field ?? "", reason])));
    print(
      plan.differences.length === 0 ? "No order would change." : "Nothing was changed yet; say it again with --yes.",
    );
    return;
  }
  await api.post<FileReport>(`${path}/remap`);
  const report = await waitFor(() => api.get<FileReport>(path), { until: isEnded, timeoutMs: REMAP_MS, what: fileId });
  print(summary(report));
  if (report.state !== "processed") process.exitCode = 1;
}
