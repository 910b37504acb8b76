import type { Limits } from "../../../core/limits.ts";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { asMergepayError, type MergepayError } from "../../../core/errors/errors.ts";
import { openPlatform, type Platform } from "../../../core/plugin/platform.ts";
import {
  goodPlugin,
  line,
  openShop,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  readAll,
  tightLimits,
  tricky,
} from "../../support/plugins.ts";
import { until } from "../../support/process.ts";

const EATS = "const held = []; for (;;) held.push(new Array(1000).fill(1));";
const many = (count: number): string => Array.from({ length: count }, (_, index) => line(`A-${index}`)).join("");
const orderNumbers = (records: readonly MappedRecord[]): (string | undefined)[] =>
  records.map(({ orders }) => orders?.[0]?.orderNo);

describe("A platform plugin reads files in its worker", () => {
  let folder: PluginsFolder;
  let platform: Platform | undefined;
  beforeEach(async () => {
    folder = await pluginsFolder();
  });
  afterEach(async () => {
    await platform?.close();
    platform = undefined;
    await folder.remove();
  });

  async function open(
    plugin: PluginFiles,
    files: Readonly<Record<string, string>>,
    options: { idleMs?: number; restMs?: number; filesAtOnce?: number; limits?: Limits } = {},
  ) {
    platform = await openShop(folder, plugin, files, options);
    return platform;
  }

  const failureOf = (reading: Promise<unknown>): Promise<MergepayError> =>
    reading.then(
      () => {
        throw new Error("It did not fail.");
      },
      (error: unknown) => asMergepayError(error),
    );

  it("gives orders in canonical money, skips and rejects, each with its place in the file", async () => {
    const file =
      line("A-1", "7.5", { buyer: "b-1" }) + line("A-2", "0.00") + "not json\n" + line("refuse") + line("A-5", "1.999");
    const shop = await open(goodPlugin, { f: file });
    expect(await shop.check("f")).to.deep.equal({ records: 5 });
    const { records, done, version } = await shop.read("f", 0, "north");
    expect({ done, version }).to.deep.equal({ done: true, version: shop.version });
    const [order, skipped, malformed, refused, amount] = records;
    const [made] = order?.orders ?? [];
    expect(made).to.deep.include({
      merchant: "north",
      orderNo: "A-1",
      buyerId: "b-1",
      amount: { value: "7.50", currency: "EUR" },
    });
    expect(made?.contentHash).to.match(/^[0-9a-f]{64}$/);
    expect(skipped).to.deep.equal({ record: 1, position: "line 2", skipped: "Nothing to pay." });
    expect(malformed?.rejected?.code).to.equal("RECORD_MALFORMED");
    expect(malformed?.position).to.equal("line 3");
    expect(refused).to.deep.equal({
      record: 3,
      position: "line 4",
      rejected: { code: "RECORD_INVALID", reason: "No such order.", field: "/no" },
    });
    expect(amount?.rejected).to.include({ code: "AMOUNT_INVALID", field: "/total" });
  });

  it("gives the same content hash for the same order, whatever the order of its fields", async () => {
    const shop = await open(goodPlugin, {
      f: '{"no":"1","total":"1.5","currency":"EUR"}\n{"currency":"EUR","total":"1.50","no":"1"}\n' + line("1", "1.51"),
    });
    const [one, two, three] = (await readAll(shop, "f")).map(({ orders }) => orders?.[0]?.contentHash);
    expect(two).to.equal(one);
    expect(three).not.to.equal(one);
  });

  it("goes on from any record with the same records, in batches of at most 500", async () => {
    const shop = await open(goodPlugin, { f: many(1203) });
    const all = await readAll(shop, "f");
    expect(all.map(({ record }) => record)).to.deep.equal(Array.from({ length: 1203 }, (_, index) => index));
    expect(await readAll(shop, "f", 700)).to.deep.equal(all.slice(700));
    const last = await shop.read("f", 1203, null);
    expect(last).to.deep.include({ records: [], done: true });
  });

  it("answers a call that is repeated with the same records", async () => {
    const shop = await open(goodPlugin, { f: many(1203) });
    await shop.read("f", 0, null);
    const second = await shop.read("f", 500, null);
    expect(await shop.read("f", 500, null)).to.deep.equal(second);
    expect(orderNumbers((await shop.read("f", 1000, null)).records)[0]).to.equal("A-1000");
  });

  it("reads a file that holds large records in batches that fit a bus message", async () => {
    const title = "x".repeat(500);
    const plugin = pluginFile({
      trick: `if (row.trick) return [{ merchant, orderNo: row.no, amount: money(row.total, row.currency), items: Array.from({ length: 900 }, () => ({ name: ${JSON.stringify(title.slice(0, 250))} })) }];`,
    });
    const file = Array.from({ length: 9 }, (_, index) => line(`A-${index}`, "1", { trick: "large" })).join("");
    const shop = await open({ ...goodPlugin, "plugin.ts": plugin }, { f: file });
    let from = 0;
    for (let done = false; !done;) {
      const answer = await shop.read("f", from, null);
      expect(Buffer.byteLength(JSON.stringify(answer))).to.be.below(768 * 1024);
      from += answer.records.length;
      done = answer.done;
    }
    expect(from).to.equal(9);
  });

  it("reads several files at the same time, more than may be open at once, without mixing them", async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `f${index}`);
    const files = Object.fromEntries(ids.map((id) => [id, many(900).replaceAll("A-", `${id}-`)]));
    const shop = await open(goodPlugin, files, { filesAtOnce: 3 });
    const all = await Promise.all(ids.map((id) => readAll(shop, id)));
    for (const [index, records] of all.entries())
      expect(orderNumbers(records)).to.deep.equal(Array.from({ length: 900 }, (_, no) => `f${index}-${no}`));
    expect(shop.openFiles()).to.equal(0);
  });

  it("tells what is wrong with a file as a whole, and that its bytes can't be had", async () => {
    const shop = await open(goodPlugin, { empty: "", latin: "\xff" });
    expect((await failureOf(shop.check("empty"))).type).to.equal("FILE_EMPTY");
    const away = await openPlatform({
      id: "corner-shop",
      dir: folder.path("corner-shop"),
      limits: tightLimits,
      openBlob: async function* () {
        yield* [];
        throw Object.assign(new Error("Gone."), { type: "NOT_FOUND" });
      },
    });
    expect((await failureOf(away.check("f"))).type).to.equal("NOT_FOUND");
    expect((await failureOf(away.read("f", 0, null))).type).to.equal("NOT_FOUND");
    await away.close();
  });

  const perRecord: readonly (readonly [string, string, string, RegExp])[] = [
    [
      "throws",
      'throw new TypeError("secret 4711");',
      "PLUGIN_THREW",
      /^The plugin threw on this record: TypeError at plugin\.ts:\d+:\d+\.$/,
    ],
    ["throws what is no error", 'throw "secret 4711";', "PLUGIN_THREW", /Something/],
    [
      "throws what throws when it is looked at",
      'throw Object.defineProperty(new Error("x"), "name", { get() { throw new Error("secret 4711"); } });',
      "PLUGIN_THREW",
      /Something/,
    ],
    [
      "returns a promise that is never kept",
      "return new Promise(() => undefined);",
      "PLUGIN_OUTPUT_INVALID",
      /promise; it must answer at once/,
    ],
    [
      "returns a generator without end",
      "return (function* () { for (;;) yield {}; })();",
      "PLUGIN_OUTPUT_INVALID",
      /neither orders nor/,
    ],
    [
      "makes a million orders",
      "return Array.from({ length: 1_000_000 }, (_, n) => n);",
      "PLUGIN_OUTPUT_INVALID",
      /1000000 orders/,
    ],
    ["returns a list with holes", "return new Array(3);", "PLUGIN_OUTPUT_INVALID", /order 1 is nothing/],
    [
      "says that its list is longer than it is",
      "return new Proxy([], { get: (list, name) => (name === 'length' ? 2 ** 32 : list[name]) });",
      "PLUGIN_OUTPUT_INVALID",
      /4294967296 orders/,
    ],
    [
      "gives what throws when it is read",
      "return [{ merchant, orderNo: '1', get amount() { throw new Error('secret 4711'); } }];",
      "PLUGIN_THREW",
      /Error/,
    ],
    [
      "gives what holds itself",
      "const o: any = {}; o.items = [o]; return [{ ...o, merchant, orderNo: '1', amount: money('1', 'EUR') }];",
      "PLUGIN_OUTPUT_INVALID",
      /\/items\/0\/name of the order is missing/,
    ],
    ["returns a promise", "return Promise.reject(new Error('x'));", "PLUGIN_OUTPUT_INVALID", /promise/],
    ["returns nothing", "return undefined;", "PLUGIN_OUTPUT_INVALID", /nothing/],
    ["returns text", 'return "order";', "PLUGIN_OUTPUT_INVALID", /a string/],
    ["returns no orders", "return [];", "PLUGIN_OUTPUT_INVALID", /no orders and no reason/],
    ["returns another object", "return { orders: [] };", "PLUGIN_OUTPUT_INVALID", /neither orders nor/],
    ["returns a list of nothing", "return [null];", "PLUGIN_OUTPUT_INVALID", /is null/],
    [
      "gives a number for an amount",
      'return [{ merchant, orderNo: "1", amount: { value: 1.5, currency: "EUR" } }];',
      "PLUGIN_OUTPUT_INVALID",
      /no amount/,
    ],
    [
      "gives an unknown field",
      'return [{ merchant, orderNo: "1", amount: money("1", "EUR"), note: "x" }];',
      "PLUGIN_OUTPUT_INVALID",
      /\/note of the order is not a known field/,
    ],
    [
      "hides a mark in the order number",
      String.raw`return [{ merchant, orderNo: "1\u200b2", amount: money("1", "EUR") }];`,
      "PLUGIN_OUTPUT_INVALID",
      /\/orderNo/,
    ],
    [
      "makes 1,001 orders",
      'return Array.from({ length: 1001 }, (_, n) => ({ merchant, orderNo: String(n), amount: money("1", "EUR") }));',
      "PLUGIN_OUTPUT_INVALID",
      /1001 orders/,
    ],
    [
      "makes more than fits",
      'return Array.from({ length: 1000 }, (_, n) => ({ merchant, orderNo: String(n), amount: money("1", "EUR"), title: "€".repeat(400) }));',
      "PLUGIN_OUTPUT_INVALID",
      /more than \d+ bytes/,
    ],
    [
      "owes nothing",
      'return [{ merchant, orderNo: "1", amount: money("0.00", "EUR") }];',
      "AMOUNT_INVALID",
      /above zero/,
    ],
    [
      "owes a debt",
      'return [{ merchant, orderNo: "1", amount: money("-1.00", "EUR") }];',
      "AMOUNT_INVALID",
      /above zero/,
    ],
    [
      "writes an exponent",
      'return [{ merchant, orderNo: "1", amount: money("1e3", "EUR") }];',
      "AMOUNT_INVALID",
      /plain decimal/,
    ],
    [
      "writes too many decimals",
      'return [{ merchant, orderNo: "1", amount: money("1.5", "JPY") }];',
      "AMOUNT_INVALID",
      /1 decimals; its currency takes 0/,
    ],
    [
      "writes small letters",
      'return [{ merchant, orderNo: "1", amount: money("1", "eur") }];',
      "CURRENCY_UNKNOWN",
      /ISO 4217/,
    ],
    [
      "takes another currency",
      'return [{ merchant, orderNo: "1", amount: money("1", "USD") }];',
      "CURRENCY_UNSUPPORTED",
      /EUR, JPY/,
    ],
  ];
  for (const [what, trick, code, sentence] of perRecord)
    it(`rejects only the record with ${code} when the plugin ${what}`, async () => {
      const shop = await open(tricky(trick), { f: line("A-0") + line("A-1", "12.30", { trick: "x" }) + line("A-2") });
      const [before, bad, after] = await readAll(shop, "f");
      expect(orderNumbers([before, after].filter((record) => record !== undefined))).to.deep.equal(["A-0", "A-2"]);
      expect(bad?.position).to.equal("line 2");
      expect(bad?.rejected?.code, bad?.rejected?.reason).to.equal(code);
      expect(bad?.rejected?.reason).to.match(sentence).and.not.include("4711");
    });

  it("takes 1,000 orders of one record", async () => {
    const trick =
      'return Array.from({ length: 1000 }, (_, n) => ({ merchant, orderNo: String(n), amount: money("1", "EUR") }));';
    const shop = await open(tricky(trick), { f: line("A-1", "1", { trick: "x" }) });
    expect((await readAll(shop, "f"))[0]?.orders).to.have.lengthOf(1000);
  });

  /** Whatever ends a worker but its silence has time to, however busy the machine is. */
  const patient: Limits = { ...tightLimits, pluginMsPer1000Records: 15_000 };
  const stops: readonly (readonly [string, string, string])[] = [
    ["loops", "for (;;);", "PLUGIN_TIMEOUT"],
    ["backtracks without end", '/^(a+)+$/.test("a".repeat(60) + "b");', "PLUGIN_TIMEOUT"],
    ["eats the heap", EATS, "PLUGIN_CRASHED"],
    ["eats memory outside the heap", "const held = []; for (;;) held.push(Buffer.alloc(1e6, 1));", "PLUGIN_CRASHED"],
    ["never ends what it makes", "return Array.from((function* () { for (;;) yield {}; })());", "PLUGIN_CRASHED"],
    ["never ends what it gives", "return new Proxy([], { get: (_, name) => { for (;;); } });", "PLUGIN_TIMEOUT"],
  ];
  for (const [what, trick, code] of stops)
    it(`ends only the file with ${code} when the plugin ${what}; others go on`, async () => {
      const bad = many(600) + line("A-600", "1", { trick: "x" });
      const limits = code === "PLUGIN_TIMEOUT" ? tightLimits : patient;
      const shop = await open(tricky(trick), { bad, good: many(1600), later: many(2) }, { limits });
      await shop.read("good", 0, null);
      const [failure, rest] = await Promise.all([failureOf(readAll(shop, "bad")), readAll(shop, "good", 500)]);
      expect(failure.type, failure.message).to.equal(code);
      expect(failure.data.position).to.match(/^record \d+$/);
      expect(orderNumbers(rest)).to.deep.equal(Array.from({ length: 1100 }, (_, index) => `A-${index + 500}`));
      expect(orderNumbers(await readAll(shop, "later"))).to.deep.equal(["A-0", "A-1"]);
    });

  it("ends a file whose records together take too long, though each comes back", async () => {
    const trick = "const end = Date.now() + 100; while (Date.now() < end);";
    const file = Array.from({ length: 40 }, (_, index) => line(`A-${index}`, "1", { trick: "x" })).join("");
    const shop = await open(tricky(trick), { f: file });
    expect((await failureOf(readAll(shop, "f"))).type).to.equal("PLUGIN_TIMEOUT");
  });

  it("survives promises that the plugin leaves behind", async () => {
    const trick = 'void Promise.reject(new Error("left")); void (async () => { for (;;) await null; });';
    const shop = await open(tricky(trick), { f: line("A-1", "1", { trick: "x" }), g: many(1) });
    expect(orderNumbers(await readAll(shop, "f"))).to.deep.equal(["A-1"]);
    expect(orderNumbers(await readAll(shop, "g"))).to.deep.equal(["A-0"]);
  });

  it("closes a file that nobody asks on for, and opens it again when somebody does", async () => {
    const shop = await open(goodPlugin, { f: many(1203) }, { idleMs: 10 });
    await shop.read("f", 0, null);
    await until("the idle file is closed", () => !shop.isReading("f"));
    expect(orderNumbers((await shop.read("f", 500, null)).records)[0]).to.equal("A-500");
  });

  it("lets a worker without work rest, and starts it again", async () => {
    const shop = await open(goodPlugin, { f: many(3) }, { restMs: 5 });
    expect(await readAll(shop, "f")).to.have.lengthOf(3);
    // A worker that starts again refuses to be another version: that tells that it has rested.
    await folder.write("corner-shop", { "note.txt": "x" });
    let from = 1;
    await until("the worker rested", async () => {
      // Another place each time: the same one is answered without the worker.
      from = 3 - from;
      const outcome = await shop.read("f", from, null).catch((error: unknown) => asMergepayError(error).type);
      return outcome === "PLATFORM_UNAVAILABLE";
    });
    await rm(join(folder.path("corner-shop"), "note.txt"));
    expect(await readAll(shop, "f")).to.have.lengthOf(3);
  });

  it("never goes on with other code than it began with", async () => {
    const shop = await open(tricky(EATS), { bad: line("A-1", "1", { trick: "x" }), f: many(1) });
    await folder.write("corner-shop", { "plugin.ts": pluginFile({ merchant: "other" }) });
    expect((await failureOf(shop.read("bad", 0, null))).type).to.equal("PLUGIN_CRASHED");
    expect((await failureOf(shop.read("f", 0, null))).type).to.equal("PLATFORM_UNAVAILABLE");
  });
});
