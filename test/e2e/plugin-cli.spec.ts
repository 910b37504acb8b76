/** `mergepay plugin ...` as the author of a plugin uses it: each command a process of its own, in a folder of nobody else's. */
import { execFile } from "node:child_process";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { TEMPLATE } from "../../gateway/cli/scaffold.ts";
import { pluginsFolder, type PluginsFolder } from "../support/plugins.ts";
import { root } from "../tidy/source.ts";

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe("The author of a plugin, with `mergepay plugin`", function () {
  this.timeout(120_000);
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());

  const plugin = (...args: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { PATH: process.env["PATH"], MERGEPAY_PLUGINS: folder.dir };
      execFile(join(root, "gateway/bin/mergepay"), ["plugin", ...args], { env, cwd: root }, (error, out, err) =>
        resolve({ code: typeof error?.code === "number" ? error.code : Number(error !== null), out, err }),
      );
    });
  const samples = async (dir: string): Promise<string[]> => (await readdir(join(dir, "samples"))).sort();
  const expectations = async (dir: string): Promise<Record<string, unknown>> => {
    const names = (await samples(dir)).filter((name) => name.endsWith(".expected.json"));
    const texts = await Promise.all(names.map((name) => readFile(join(dir, "samples", name), "utf8")));
    return Object.fromEntries(names.map((name, at) => [name, JSON.parse(texts[at] ?? "null") as unknown]));
  };

  it("gets a folder named after the platform, with nothing left of the example's name", async () => {
    const { code, out, err } = await plugin("new", "tea-house");
    expect(code, err).to.equal(0);
    expect(out).to.include("plugin.ts").and.include("mergepay plugin record tea-house");
    const written = await readFile(join(folder.path("tea-house"), "plugin.ts"), "utf8");
    expect(written).to.include('title: "Tea house"').and.include("tea-house-settlement").and.not.match(/kiosk/i);
    expect(await samples(folder.path("tea-house"))).to.deep.equal(
      (await samples(TEMPLATE)).filter((name) => !name.endsWith(".expected.json")),
    );
  });

  it("gets a folder from a file of the platform that loads before a line is edited, or is told what is missing", async () => {
    const file = join(folder.dir, "..", "orders.json");
    const order = { orderNumber: "L-1", total: "12.30", currency: "EUR", customerId: "7" };
    await writeFile(file, JSON.stringify({ orders: [order] }));
    const made = await plugin("new", "lantern-hall", "--from", file);
    expect(made.code, made.err).to.equal(0);
    expect(made.out).to.include("/orderNumber").and.not.include("NEEDED");
    expect((await plugin("test", "lantern-hall")).out).to.include("pass");
    expect((await plugin("try", "lantern-hall", file)).out).to.include("L-1  12.30 EUR  buyer 7");

    await writeFile(file, JSON.stringify({ orders: [{ orderNumber: "L-1", total: "12.30" }] }));
    const part = await plugin("new", "lantern-yard", "--from", file);
    expect(part.out).to.include("NEEDED in plugin.ts: the currency: the file tells none.");
    expect((await plugin("test", "lantern-yard")).out).to.include("pass");

    await writeFile(file, "no orders here");
    const none = await plugin("new", "lantern-gate", "--from", file);
    expect(none.code).to.equal(1);
    expect(none.err).to.include("FILE_NOT_RECOGNISED");
    expect(await readdir(folder.dir)).to.not.include("lantern-gate");
    for (const id of ["lantern-hall", "lantern-yard"]) await rm(folder.path(id), { recursive: true });
  });

  it("is told by `test` to record what the samples become", async () => {
    const { code, out } = await plugin("test", "tea-house");
    expect(code).to.equal(1);
    expect(out).to.include("PLUGIN_SAMPLES_FAILED").and.include("mergepay plugin record tea-house");
  });

  it("records the expectations, the same that the example has", async () => {
    const { code, out, err } = await plugin("record", "tea-house");
    expect(code, err).to.equal(0);
    expect(out).to.include("6 written, 0 were there");
    const merchant = (text: unknown): unknown =>
      JSON.parse(JSON.stringify(text).replaceAll("corner-kiosk", "tea-house"));
    expect(await expectations(folder.path("tea-house"))).to.deep.equal(merchant(await expectations(TEMPLATE)));
  });

  it("passes `test`, and finds the plugin in `list`", async () => {
    const tested = await plugin("test", "tea-house");
    expect(tested.code, tested.out).to.equal(0);
    expect(tested.out).to.match(/tea-house +pass +1-[0-9a-f]{12} +Tea house, 6 samples/);
    await folder.write("broken", { "plugin.ts": "export default {" });
    const listed = await plugin("list");
    expect(listed.code).to.equal(0);
    expect(listed.out)
      .to.match(/broken +refused +PLUGIN_LOAD_FAILED/)
      .and.match(/tea-house +pass/);
  });

  it("records again without touching what is there", async () => {
    const sample = join(folder.path("tea-house"), "samples", "more.csv");
    await writeFile(sample, "order,buyer,status,total,currency,placed,title\n");
    const { out } = await plugin("record", "tea-house");
    expect(out).to.include("1 written, 6 were there");
    await rm(sample);
    const tested = await plugin("test", "tea-house");
    expect(tested.code).to.equal(1);
    expect(tested.out).to.include("more.csv.expected.json expects something of a sample that is not there");
    await rm(`${sample}.expected.json`);
  });

  it("sees with `try` what each record of a file becomes", async () => {
    const file = join(TEMPLATE, "samples", "orders.csv");
    const { code, out } = await plugin("try", "tea-house", file, "--merchant", "north");
    expect(code).to.equal(0);
    expect(out.split("\n")).to.deep.equal([
      "line 2  order     north K-1001  12.50 USD  buyer buyer-7  Two newspapers, one coffee",
      "line 3  not owed  north K-1002: The order is paid.",
      "line 4  order     north K-1003  8.00 EUR  no buyer  Umbrella",
      "3 records: 2 orders, 1 with nothing to pay, 0 rejected",
      "",
    ]);
    const rejected = await plugin("try", "tea-house", join(TEMPLATE, "samples", "bad-amount-decimals.csv"), "--json");
    const [first] = rejected.out.split("\n").map((text) => JSON.parse(text === "" ? "null" : text) as unknown);
    expect(first).to.deep.include({ record: 0, position: "line 2" });
    expect(first).to.have.nested.property("rejected.code", "AMOUNT_INVALID");
  });

  it("is told what is wrong with a whole file, a name, a missing file or a folder that is there", async () => {
    for (const [args, words] of [
      [["try", "tea-house", join(TEMPLATE, "samples", "bad-column-missing.csv")], "[FILE_NOT_RECOGNISED]"],
      [["try", "tea-house", "no-such.csv"], "There is no file no-such.csv. [NOT_FOUND]"],
      [["try", "coffee", "no-such.csv"], "[PLUGIN_ENTRY_MISSING]"],
      [["new", "tea-house"], "is there already; nothing was written"],
      [["new", "../tea"], "[PLUGIN_NAME_INVALID]"],
      [["record", "bank-adapter"], "[PLUGIN_NAME_INVALID]"],
    ] as const) {
      const { code, err } = await plugin(...args);
      expect(code, args.join(" ")).to.equal(1);
      expect(err, args.join(" ")).to.include(words);
    }
  });

  it("hears from `test` which field a change of the plugin spoilt", async () => {
    const entry = join(folder.path("tea-house"), "plugin.ts");
    const text = await readFile(entry, "utf8");
    await writeFile(entry, text.replace("title: row.title", "title: row.title.toUpperCase()"));
    const spoilt = await plugin("test", "tea-house");
    expect(spoilt.out).to.include("/orders/0/title").and.include("PLUGIN_SAMPLES_FAILED");
    await writeFile(entry, text);
    await appendFile(entry, "// The same plugin.\n");
    expect((await plugin("test", "tea-house")).code).to.equal(0);
  });
});
