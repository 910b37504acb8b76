/** `mergepay files ...` as an operator uses it, on a platform whose plugin changes after its file was taken. */
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { FileReport } from "../../schemas/types.generated.ts";
import { mergepay, PLUGINS, ROOT } from "../support/cluster.ts";
import { goodPlugin, line, pluginFile } from "../support/plugins.ts";

describe("mergepay files", function () {
  this.timeout(60_000);
  const platform = "corner-shop";
  let dir: string;
  let env: Record<string, string>;
  let fileId: string;

  async function writePlugin(files: Readonly<Record<string, string | undefined>>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(dir, "plugins", platform, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content ?? "");
    }
  }
  const files = async (...args: readonly string[]): Promise<string> => {
    const ran = await mergepay(["files", ...args], env);
    expect([ran.code, ran.stderr], ran.stdout).to.deep.equal([0, ""]);
    return ran.stdout;
  };
  const report = async () => JSON.parse(await files("show", fileId)) as FileReport;

  const sent = line("B-1", "1.00") + line("B-2", "2.00") + line("refuse", "3.00") + line("B-4", "4.001");

  before(async () => {
    // In the repository's own data folder, where a plugin's imports find what the repository has installed.
    await mkdir(join(ROOT, "data"), { recursive: true });
    dir = await mkdtemp(join(ROOT, "data", "test-files-"));
    await cp(join(PLUGINS, "bank-adapter"), join(dir, "plugins", "bank-adapter"), { recursive: true });
    await symlink(join(ROOT, "core"), join(dir, "core"));
    await writePlugin(goodPlugin);
    env = { MERGEPAY_DATA: join(dir, "data"), MERGEPAY_PLUGINS: join(dir, "plugins") };
    const path = join(dir, "orders.ndjson");
    await writeFile(path, sent);
    const { code, stdout, stderr } = await mergepay(["import", platform, path], env);
    expect([code, stderr], stdout).to.deep.equal([0, ""]);
    [fileId = ""] = /file_[0-9a-f]{40}/.exec(await files("list")) ?? [];
  });
  after(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));

  it("lists, shows and gives back what came", async () => {
    expect(await files("list", "--platform", platform)).to.match(
      /^file_\S+ {2}\S+ {2}corner-shop {2}orders\.ndjson {2}processed {2}4 records/,
    );
    expect(await report()).to.include({ id: fileId, created: 2, rejected: 2 });
    expect(await files("content", fileId)).to.equal(sent);
    expect((await files("records", fileId)).split("\n").map((text) => text.split("  ").slice(0, 3))).to.deep.equal([
      ["line 3", "RECORD_INVALID", "/no"],
      ["line 4", "AMOUNT_INVALID", "/total"],
      [""],
    ]);
    const echoed = (await files("echo", fileId)).trimEnd().split("\n");
    expect(echoed.map((text) => (JSON.parse(text) as { record: { no: string } }).record.no)).to.deep.equal([
      "refuse",
      "B-4",
    ]);
  });

  it("maps a file again by the newer plugin: shows what would change, and does it with --yes", async () => {
    const { pluginVersion: older } = await report();
    const trick = `
      if (row.no === "B-1") return [{ merchant, orderNo: "B-1", amount: money("1.50", "EUR"), buyerId: row.buyer }];
      if (row.no === "B-2") return { cancel: { merchant, orderNo: "B-2" }, reason: "Sold out." };
      if (row.no === "refuse") return [{ merchant, orderNo: "B-3", amount: money(row.total, row.currency) }];`;
    await writePlugin({ "plugin.ts": pluginFile({ trick }) });
    const plan = await files("remap", fileId);
    expect(plan).to.match(
      /4 records: 1 new orders, 1 revised, 0 unchanged, 1 cancelled, 0 with nothing to pay, 1 rejected/,
    );
    expect(plan).to.contain("line 1  revised  corner B-1\n    amount: {");
    expect(plan).to.contain("line 2  cancelled  corner B-2\n");
    expect(plan).to.contain("line 3  created  corner B-3\n");
    expect(plan.trimEnd()).to.match(/Nothing was changed yet; say it again with --yes\.$/);
    expect((await report()).pluginVersion).to.equal(older);
    expect(await files("remap", "--yes", fileId)).to.match(/1 new orders, 1 revised, 0 unchanged, 1 cancelled/);
    const now = await report();
    expect(now).to.include({ created: 1, revised: 1, cancelled: 1, rejected: 1, remaps: 1 });
    expect(now.pluginVersion).to.be.a("string").and.not.equal(older);
    expect((await files("remap", fileId)).trimEnd()).to.match(/No order would change\.$/);
  });

  it("a packed file: a dry run, its manifest, which is of the bytes as they are sent, its echo, mapped again", async () => {
    await writePlugin({ "plugin.ts": pluginFile() });
    const packed = gzipSync(line("P-1", "1.00") + line("refuse", "2.00") + line("P-2", "3.00"));
    const path = join(dir, "orders.ndjson.gz");
    await writeFile(path, packed);
    const manifest = join(dir, "manifest.json");
    const sha256 = createHash("sha256").update(packed).digest("hex");
    const told = async (records: number): Promise<void> =>
      writeFile(manifest, JSON.stringify({ sha256, records, totals: { EUR: "4.00" } }));
    await told(2);
    const wrong = await mergepay(["import", platform, "--dry-run", "--manifest", manifest, path], env);
    expect(wrong.stdout).to.contain("it would fail: MANIFEST_MISMATCH");
    await told(3);
    const tried = await mergepay(["import", platform, "--dry-run", "--manifest", manifest, path], env);
    expect([tried.code, tried.stderr], tried.stdout).to.deep.equal([0, ""]);
    expect(tried.stdout).to.contain("2 new orders").and.contain("1 rejected");
    const taken = await mergepay(["import", platform, "--manifest", manifest, path], env);
    expect([taken.code, taken.stderr], taken.stdout).to.deep.equal([0, ""]);
    const [id = ""] =
      (await files("list"))
        .split("\n")
        .find((text) => text.includes(".gz"))
        ?.split("  ") ?? [];
    expect(JSON.parse(await files("show", id))).to.include({ state: "processed", created: 2, rejected: 1 });
    expect(JSON.parse(await files("echo", id))).to.deep.include({ position: "line 2", code: "RECORD_INVALID" });
    await writePlugin({ "plugin.ts": pluginFile({ trick: `if (row.no === "refuse") return { skip: "Not ours." };` }) });
    expect(await files("remap", "--yes", id)).to.match(
      /0 new orders, 0 revised, 2 unchanged, .*1 with nothing to pay, 0 rejected/,
    );
  });

  it("says in one line that there is no such file", async () => {
    const ran = await mergepay(["files", "show", `file_${"0".repeat(40)}`], env);
    expect([ran.code, ran.stdout]).to.deep.equal([1, ""]);
    expect(ran.stderr).to.contain("[NOT_FOUND]");
  });
});
