import { rename } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ServiceBroker } from "moleculer";
import type { Call } from "../../../core/actions.ts";
import { callOver } from "../../../core/call.ts";
import { readAhead } from "../../../core/files/read-ahead.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { bankAdapterService } from "../../../core/plugin/bank-adapter.service.ts";
import { pluginsService } from "../../../core/plugin/plugins.service.ts";
import { silentLog } from "../../support/house.ts";
import {
  blobsOf,
  goodPlugin,
  line,
  pluginFile,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
} from "../../support/plugins.ts";
import { until } from "../../support/process.ts";

const bankAdapterFile = `const known = new Map();
export default Object.freeze({
  kind: "bank-adapter",
  contract: 1,
  open: async () => ({
    register: (one) => { known.set(one.platform, one); return { registered: true }; },
    unregister: ({ platform }) => { known.delete(platform); return { registered: false }; },
    platforms: () => ({ items: [...known.values()] }),
    banks: () => ({ items: [{ bank: "house", title: "House bank", finalityMs: 1000 }] }),
    debit: async ({ bankRequestId }) => ({ state: "unknown", reason: bankRequestId }),
    inquire: async () => ({ state: "not_found" }),
    openTestAccount: async () => { throw Object.assign(new Error("No test accounts."), { type: "UNSUPPORTED" }); },
    refused: () => [{ bank: "broken", code: "UNSUPPORTED", reason: "It is broken." }],
    close: async () => undefined,
  }),
});
`;

/** What is decided about plugins is looked at in host.spec.ts. */
const decided = (): void => undefined;

describe("Plugins over the bus", () => {
  let folder: PluginsFolder;
  let house: ServiceBroker;
  let elsewhere: ServiceBroker;
  let runs = 0;

  const broker = (nodeID: string) =>
    new ServiceBroker({
      namespace: `plugins-${runs}`,
      nodeID,
      transporter: "Fake",
      logger: false,
      validator: false,
      skipProcessEventRegistration: true,
    });
  const errorOf = (call: Promise<unknown>) =>
    call.then(
      () => "none",
      (error: unknown) => asMergepayError(error).type,
    );

  beforeEach(async () => {
    runs += 1;
    folder = await pluginsFolder();
    await folder.write("bank-adapter", { "plugin.ts": bankAdapterFile });
    await folder.write("corner-shop");
    await folder.write("refused-shop", { ...goodPlugin, "plugin.ts": "export default 1;" });
    house = broker("house");
    elsewhere = broker("elsewhere");
    const pluginsDir = folder.dir;
    house.createService(
      bankAdapterService({ pluginsDir, dataDir: folder.dir, settings: {}, limits: tightLimits, log: silentLog }),
    );
    const openBlob = blobsOf({ f: line("A-1") + line("A-2", "1.999"), empty: "" });
    house.createService(
      pluginsService({ pluginsDir, limits: tightLimits, openBlob, log: silentLog, decided, pollMs: 20 }),
    );
  });
  afterEach(async () => {
    await Promise.all([house.stop(), elsewhere.stop()]);
    await folder.remove();
  });

  async function start(): Promise<Readonly<Record<"local" | "remote", Call>>> {
    await Promise.all([house.start(), elsewhere.start()]);
    await elsewhere.waitForServices(["plugins", "platform.corner-shop"], 10_000, 10);
    return { local: callOver(house), remote: callOver(elsewhere) };
  }

  it("runs what is in the folder as soon as the node is up, known to bank-adapter", async () => {
    await house.start();
    const call = callOver(house);
    const { items } = await call("plugins.list", {});
    expect(items.map(({ id, state, error }) => [id, state, error?.code])).to.deep.equal([
      ["corner-shop", "running", undefined],
      ["refused-shop", "refused", "PLUGIN_SHAPE_INVALID"],
    ]);
    const known = await call("bank-adapter.platforms", {});
    expect(known.items.map(({ platform, version }) => [platform, version])).to.deep.equal([
      ["corner-shop", items[0]?.version],
    ]);
  });

  it("is not ready before the plugins of the start are through, however long they take", async () => {
    const slow = broker("slow");
    const log = silentLog;
    slow.createService(
      pluginsService({
        pluginsDir: folder.dir,
        limits: tightLimits,
        openBlob: blobsOf({}),
        log,
        decided,
        pollMs: 20,
        startMs: 1,
      }),
    );
    slow.createService(
      bankAdapterService({ pluginsDir: folder.dir, dataDir: folder.dir, settings: {}, limits: tightLimits, log }),
    );
    await slow.start();
    const call = callOver(slow);
    const here = async (platform: string) => (await call("plugins.has", { platform })).here;
    expect([await here("corner-shop"), await here("refused-shop")]).to.deep.equal([true, true]);
    expect([await here("no-shop"), await here("bank-adapter"), await here("..")]).to.deep.equal([false, false, false]);
    expect(await errorOf(call("plugins.ready", {}))).to.equal("PLATFORM_UNAVAILABLE");
    await until("it is ready", async () => (await errorOf(call("plugins.ready", {}))) === "none");
    expect((await call("plugins.list", {})).items.map(({ id }) => id)).to.deep.equal(["corner-shop", "refused-shop"]);
    await slow.stop();
  });

  for (const from of ["local", "remote"] as const)
    it(`answers check and read the same to a ${from} caller, errors with their code`, async () => {
      const call = (await start())[from];
      const platform = "corner-shop";
      expect(await call("platform.inputs", {}, { platform })).to.deep.equal({ inputs: [{ format: "ndjson" }] });
      expect(await call("platform.check", { fileId: "f" }, { platform })).to.deep.equal({ records: 2 });
      const answer = await call("platform.read", { fileId: "f", from: 0, merchant: null }, { platform });
      expect(answer.done).to.equal(true);
      expect(answer.records[0]?.orders?.[0]).to.deep.include({ amount: { value: "12.30", currency: "EUR" } });
      expect(answer.records[1]?.rejected?.code).to.equal("AMOUNT_INVALID");
      expect(await errorOf(call("platform.check", { fileId: "empty" }, { platform }))).to.equal("FILE_EMPTY");
      expect(await errorOf(call("platform.check", { fileId: 1 as never }, { platform }))).to.equal("BODY_INVALID");
      for (const params of [
        { fileId: "f", from: -1, merchant: null },
        { fileId: "f", from: 1.5, merchant: null },
        { fileId: "", from: 0, merchant: null },
        { fileId: "f", from: 0, merchant: 7 as never },
      ])
        expect(await errorOf(call("platform.read", params, { platform }))).to.equal("BODY_INVALID");
      expect(await errorOf(call("platform.check", { fileId: "f" }, { platform: "refused-shop" }))).to.equal(
        "PLATFORM_UNAVAILABLE",
      );
    });

  it("reads a file to its end where it was begun, when several nodes have the platform in other versions", async () => {
    const other = await pluginsFolder();
    await other.write("corner-shop", { ...goodPlugin, "plugin.ts": pluginFile({ top: "// another version" }) });
    const second = broker("second");
    const openBlob = blobsOf({ long: Array.from({ length: 3_000 }, (_, index) => line(`B-${index}`)).join("") });
    for (const [node, pluginsDir] of [
      [house, folder.dir],
      [second, other.dir],
    ] as const) {
      await node.destroyService("plugins").catch(() => undefined);
      node.createService(
        pluginsService({ pluginsDir, limits: tightLimits, openBlob, log: silentLog, decided, pollMs: 20 }),
      );
    }
    const { remote } = await start();
    await second.start();
    const endpoints = () => elsewhere.registry.actions.get("platform.corner-shop.read")?.endpoints.length;
    await until("both nodes have the platform", () => endpoints() === 2);
    const begun = new Set<string>();
    try {
      for (let file = 0; file < 4; file += 1) {
        const versions = new Set<string>();
        let records = 0;
        const batches = readAhead(
          (from, node) =>
            remote("platform.read", { fileId: "long", from, merchant: `m${file}` }, { platform: "corner-shop", node }),
          0,
          2,
        );
        for (let done = false; !done;) {
          const batch = await batches.next();
          ({ done } = batch);
          records += batch.records.length;
          versions.add(batch.version);
        }
        expect([records, versions.size]).to.deep.equal([3_000, 1]);
        begun.add([...versions].join());
      }
      expect(begun.size, "both have read").to.equal(2);
      const gone = remote(
        "platform.read",
        { fileId: "long", from: 0, merchant: null },
        { platform: "corner-shop", node: "x" },
      );
      expect(await errorOf(gone)).to.equal("PLATFORM_UNAVAILABLE");
    } finally {
      await second.stop();
      await other.remove();
    }
  }).timeout(20_000);

  for (const from of ["local", "remote"] as const)
    it(`hands bank-adapter's actions to what its plugin opened, for a ${from} caller`, async () => {
      const call = (await start())[from];
      await elsewhere.waitForServices("bank-adapter", 10_000, 10);
      const banks = await call("bank-adapter.banks", {});
      expect(banks.items.map(({ bank }) => bank)).to.deep.equal(["house"]);
      const amount = { value: "1.00", currency: "EUR" };
      const instruction = { bank: "house", bankRequestId: "ded_1", accountToken: "t", amount, reference: "r" };
      expect(await call("bank-adapter.debit", instruction)).to.deep.equal({ state: "unknown", reason: "ded_1" });
      const opening = errorOf(call("bank-adapter.openTestAccount", { bank: "house", opening: amount }));
      expect(await opening).to.equal("UNSUPPORTED");
    });

  it("takes a removed platform off the bus, and puts it back with its folder", async () => {
    const { remote } = await start();
    const call = () => errorOf(remote("platform.check", { fileId: "f" }, { platform: "corner-shop" }));
    const away = join(folder.dir, ".away");
    await rename(folder.path("corner-shop"), away);
    await until("it is away", async () => (await call()) === "PLATFORM_UNAVAILABLE");
    expect((await remote("plugins.list", {})).items.map(({ id }) => id)).to.deep.equal(["refused-shop"]);
    expect((await remote("bank-adapter.platforms", {})).items).to.deep.equal([]);
    await rename(away, folder.path("corner-shop"));
    await until("it is back", async () => (await call()) === "none");
  });

  const misset = bankAdapterFile.replace('code: "UNSUPPORTED"', 'code: "CONFIG_INVALID"');
  const broken: readonly (readonly [string, string | undefined, string])[] = [
    ["is missing", undefined, "bank-adapter/plugin.ts"],
    ["throws", 'throw new Error("x");', "bank-adapter/plugin.ts"],
    ["exports something else", "export default { kind: 'bank-adapter', contract: 2 };", "bank-adapter/plugin.ts"],
    ["has a bank with wrong settings", misset, "The bank broken can't be used: It is broken."],
  ];
  for (const [what, text, told] of broken)
    it(`does not start a node whose bank-adapter ${what}, and says so`, async () => {
      const dir = await pluginsFolder();
      await dir.write("bank-adapter", { "plugin.ts": text });
      const alone = new ServiceBroker({ nodeID: "alone", logger: false, skipProcessEventRegistration: true });
      alone.createService(
        bankAdapterService({
          pluginsDir: dir.dir,
          dataDir: dir.dir,
          settings: {},
          limits: tightLimits,
          log: silentLog,
        }),
      );
      const failure = await alone.start().then(
        () => expect.fail("It started."),
        (error: unknown) => asMergepayError(error),
      );
      expect(failure.type).to.equal("CONFIG_INVALID");
      expect(failure.message).to.include(told);
      await alone.stop();
      await dir.remove();
    });
});
