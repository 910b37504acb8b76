/** `mergepay plugin ...` as the author of a plugin uses it: each command a process of its own, in a folder of nobody else's. */
import { execFile } from "node:child_process";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { TEMPLATE } from "../../gateway/cli/scaffold.ts";
import { goodPlugin, pluginFile, pluginsFolder, type PluginsFolder } from "../support/plugins.ts";
import { root } from "../tidy/source.ts";
import { textRow, workbookOf } from "../unit/formats/workbook.ts";

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
    expect(out).to.include("plugin.ts").and.include("mergepay plugin test tea-house --record");
    const written = await readFile(join(folder.path("tea-house"), "plugin.ts"), "utf8");
    expect(written).to.include('title: "Tea house"').and.include("tea-house-settlement").and.not.match(/kiosk/i);
    expect(await samples(folder.path("tea-house"))).to.deep.equal(
      (await samples(TEMPLATE)).filter((name) => !name.endsWith(".expected.json")),
    );
  });

  it("gets a folder from a packed file or a workbook, or is told what a fixed-width file does not say", async () => {
    const table = "order_no,total,currency\nL-1,12.30,EUR\nL-2,1.00,EUR\n";
    const book = workbookOf({
      rows: textRow("Order No", "Total", "Currency") + textRow("L-1", "12.3", "EUR") + textRow("L-2", "1", "EUR"),
    });
    for (const [id, name, bytes] of [
      ["lantern-pack", "orders.csv.gz", gzipSync(table)],
      ["lantern-book", "orders.xlsx", book],
    ] as const) {
      const file = join(folder.dir, "..", name);
      await writeFile(file, bytes);
      const made = await plugin("new", id, "--from", file);
      expect(made.code, made.err).to.equal(0);
      expect((await plugin("test", id)).out).to.include("pass");
      expect((await plugin("try", id, file)).out).to.match(/L-1 +12\.30 EUR/);
      await rm(folder.path(id), { recursive: true });
    }
    const file = join(folder.dir, "..", "orders.txt");
    await writeFile(file, "OR1001      12.30\nOR1002       1.00\n");
    const none = await plugin("new", "lantern-lines", "--from", file);
    expect(none.code).to.equal(1);
    expect(none.err).to.include("FILE_NOT_RECOGNISED").and.include('format: "fixed"');
  });

  it("is told by `test` to record what the samples become", async () => {
    const { code, out } = await plugin("test", "tea-house");
    expect(code).to.equal(1);
    expect(out).to.include("PLUGIN_SAMPLES_FAILED").and.include("mergepay plugin test tea-house --record");
  });

  it("records the expectations, the same that the example has", async () => {
    const { code, out, err } = await plugin("test", "tea-house", "--record");
    expect(code, err + out).to.equal(0);
    expect(out).to.include("6 written, 0 updated, 0 as they were");
    const merchant = (text: unknown): unknown =>
      JSON.parse(JSON.stringify(text).replaceAll("corner-kiosk", "tea-house"));
    expect(await expectations(folder.path("tea-house"))).to.deep.equal(merchant(await expectations(TEMPLATE)));
  });

  it("passes `test`, and finds the plugin in `list`", async () => {
    const tested = await plugin("test", "tea-house");
    expect(tested.code, tested.out).to.equal(0);
    expect(tested.out)
      .to.match(/tea-house +pass +1-[0-9a-f]{12} +Tea house, 6 samples/)
      .and.match(/purity +11 records/)
      .and.match(/hostile +\d{3} files/)
      .and.match(/speed +1,000 records in \d+ ms/);
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
    const { out } = await plugin("test", "tea-house", "--record");
    expect(out).to.include("1 written, 0 updated, 6 as they were");
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
    const lines = out.split("\n").map((text) => text.replaceAll(/ +/g, " ").trim());
    expect(lines[0]).to.match(/^line 2 order north K-1001 12\.50 USD \d+\.\d\d ms$/);
    expect(lines.slice(1, 7)).to.deep.equal([
      "merchant north",
      "orderNo K-1001 <- /rows/0/order",
      "amount 12.50 <- /rows/0/total",
      "currency USD <- /rows/0/currency",
      "buyerId buyer-7 <- /rows/0/buyer",
      "placedAt 2026-03-01T09:30:00Z <- /rows/0/placed",
    ]);
    expect(lines).to.include("line 3 not owed north K-1002: The order is paid.");
    expect(lines).to.include("3 records: 2 orders, 1 with nothing to pay, 0 rejected");
    expect(lines.at(-2)).to.match(/^\d+ ms, \d+ records\/s; \d+\.\d ms of it mapping$/);
    const rejected = await plugin("try", "tea-house", join(TEMPLATE, "samples", "bad-amount-decimals.csv"), "--json");
    const [first] = rejected.out.split("\n").map((text) => JSON.parse(text === "" ? "null" : text) as unknown);
    expect(first).to.deep.include({ record: 0, position: "line 2" });
    expect(first).to.have.nested.property("rejected.code", "AMOUNT_INVALID");
  });

  it("sees with `explain` how one record is read, checked and mapped, of a folder by its path too", async () => {
    const paid = await plugin("explain", TEMPLATE, join(TEMPLATE, "samples", "orders.csv"), "line 3");
    expect(paid.code, paid.err).to.equal(0);
    expect(paid.out)
      .to.include('"order": "K-1002"')
      .and.match(/^schema +fits$/m)
      .and.include('"reason": "The order is paid."')
      .and.match(/^not owed +\S+ K-1002: The order is paid\.$/m);
    const bad = await plugin("explain", TEMPLATE, join(TEMPLATE, "samples", "bad-status.csv"), "0");
    expect(bad.out).to.match(/^schema +\/rows\/0\/status must be one of .*; map is not called$/m);
  });

  it("gets a folder from a file of the platform that loads before a line is edited, and is told what is missing", async () => {
    const file = join(folder.dir, "..", "orders.json");
    const order = { orderNumber: "L-1", total: "12.30", currency: "EUR", customerId: "7" };
    await writeFile(file, JSON.stringify({ orders: [order] }));
    const made = await plugin("new", "lantern-hall", "--from", file);
    expect(made.code, made.err).to.equal(0);
    expect(made.out)
      .to.match(/orderNo +orderNumber +high/)
      .and.match(/samples.orders\.json\.expected\.json/)
      .and.not.include("no currency");
    const tested = await plugin("test", "lantern-hall");
    expect(tested.code, tested.out).to.equal(0);
    expect(tested.out)
      .to.match(/lantern-hall +pass/)
      .and.include("lines of plugin.ts are still marked NEEDED");
    const tried = await plugin("try", "lantern-hall", file);
    expect(tried.out)
      .to.match(/order +lantern-hall L-1 +12\.30 EUR/)
      .and.match(/buyerId +7 +<- \/customerId/);

    await writeFile(file, JSON.stringify({ orders: [{ orderNumber: "L-1", total: "12.30" }] }));
    const part = await plugin("new", "lantern-yard", "--from", file);
    expect(part.out).to.include("the sample tells no currency");
    expect((await plugin("test", "lantern-yard")).out).to.match(/lantern-yard +pass/);

    await writeFile(file, "no orders here");
    const none = await plugin("new", "lantern-gate", "--from", file);
    expect(none.code).to.equal(1);
    expect(none.err).to.include("FILE_NOT_RECOGNISED");
    expect(await readdir(folder.dir)).to.not.include("lantern-gate");
  });

  it("is told what is wrong with a whole file, a name, a missing file or a folder that is there", async () => {
    for (const [args, words] of [
      [["try", "tea-house", join(TEMPLATE, "samples", "bad-column-missing.csv")], "[FILE_NOT_RECOGNISED]"],
      [["try", "tea-house", "no-such.csv"], "There is no file no-such.csv. [NOT_FOUND]"],
      [["try", "coffee", "no-such.csv"], "[PLUGIN_ENTRY_MISSING]"],
      [["new", "tea-house"], "is there already; nothing was written"],
      [["new", "../tea"], "[PLUGIN_NAME_INVALID]"],
      [["try", "bank-adapter", "no-such.csv"], "[PLUGIN_NAME_INVALID]"],
      [["explain", "tea-house", join(TEMPLATE, "samples", "orders.csv"), "line 9"], "has no record line 9"],
      [["new", "coffee", "--from", "no-such.csv"], "There is no file no-such.csv. [NOT_FOUND]"],
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

  it("takes what a changed plugin makes by `--update`, and never by `--record`", async () => {
    const entry = join(folder.path("tea-house"), "plugin.ts");
    const text = await readFile(entry, "utf8");
    await writeFile(entry, text.replace("title: row.title", "title: row.title.toUpperCase()"));
    expect((await plugin("test", "tea-house", "--record")).code).to.equal(1);
    const updated = await plugin("test", "tea-house", "--update");
    expect(updated.code, updated.out).to.equal(0);
    expect(updated.out).to.match(/0 written, 3 updated, 3 as they were/);
  });

  it("hears of a plugin that changes its records, and of one that a damaged file makes throw", async () => {
    await folder.write("corner-shop", {
      ...goodPlugin,
      "plugin.ts": pluginFile({ trick: "row.no = row.no.trim() + ''; delete row.buyer; row.seen = 'yes';" }),
    });
    const changing = await plugin("test", "corner-shop");
    expect(changing.code).to.equal(1);
    expect(changing.out).to.include("map changes the record that it is given");
    await folder.write("corner-shop", { "plugin.ts": pluginFile({ trick: "BigInt(row.total.replace('.', ''));" }) });
    const throwing = await plugin("test", "corner-shop");
    expect(throwing.code).to.equal(1);
    expect(throwing.out)
      .to.match(/corner-shop +fails/)
      .and.include("PLUGIN_THREW");
  });
});
