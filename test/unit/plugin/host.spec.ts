import { appendFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { PlatformRegistration } from "../../../core/actions.ts";
import type { Decision } from "../../../core/audit/outbox.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { createPluginHost, type PluginHost } from "../../../core/plugin/host.ts";
import type { PlatformFace } from "../../../core/plugin/slot.ts";
import { folderFingerprint, folderGlance } from "../../../core/plugin/version.ts";
import { silentLog } from "../../support/house.ts";
import {
  blobsOf,
  goodPlugin,
  line,
  pluginFile,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
  tricky,
} from "../../support/plugins.ts";
import { until } from "../../support/process.ts";

const many = Array.from({ length: 1700 }, (_, index) => line(`A-${index}`)).join("");

describe("The plugins folder is the registration", () => {
  let folder: PluginsFolder;
  let host: PluginHost;
  let registrations: PlatformRegistration[];
  let bankKnows: Set<string>;
  let bankIsUp: boolean;
  let registering: () => void;
  let warned: unknown[];
  let decided: Decision[];
  const faces = new Map<string, PlatformFace>();

  beforeEach(async () => {
    folder = await pluginsFolder();
    registrations = [];
    bankKnows = new Set();
    bankIsUp = true;
    registering = () => undefined;
    warned = [];
    decided = [];
    faces.clear();
    host = createPluginHost({
      dir: folder.dir,
      limits: tightLimits,
      openBlob: blobsOf({ many, one: line("B-1"), trick: line("B-2", "1", { trick: "x" }) }),
      async register(registration) {
        registering();
        if (!bankIsUp) throw new Error("The bank side is away.");
        registrations.push(registration);
        bankKnows.add(registration.platform);
      },
      unregister: async (id) => void bankKnows.delete(id),
      registered: async () => bankKnows,
      onStarted: async (face) => void faces.set(face.id, face),
      onStopped: async (id) => void faces.delete(id),
      decided: (decision) => void decided.push(decision),
      log: { ...silentLog, warn: (fields) => void warned.push(fields) },
      pollMs: 20,
      registeredMs: 40,
      loadMs: 4_000,
    });
  });
  afterEach(async () => {
    await host.stop();
    await folder.remove();
  });

  const face = (id: string): PlatformFace => faces.get(id) ?? expect.fail(`${id} does not run`);
  const status = (id: string) => host.list().find((one) => one.id === id);
  const failure = (call: Promise<unknown>) =>
    call.then(
      () => "none",
      (error: unknown) => asMergepayError(error).type,
    );

  it("starts every good plugin and refuses the bad ones by name and reason, none stopping another", async () => {
    await folder.write("corner-shop");
    await folder.write("other-shop", { ...goodPlugin, "plugin.ts": "for (;;);" });
    await folder.write("third_shop");
    await folder.write("bank-adapter", {});
    await folder.write("tricky-shop", tricky("for (;;);"));
    await host.start();
    expect(host.list().map(({ id, state, error }) => [id, state, error?.code])).to.deep.equal([
      ["corner-shop", "running", undefined],
      ["other-shop", "refused", "PLUGIN_LOAD_FAILED"],
      ["third_shop", "refused", "PLUGIN_NAME_INVALID"],
      ["tricky-shop", "running", undefined],
    ]);
    expect(status("corner-shop")).to.include({ title: "Corner shop" });
    const [looping, fine] = await Promise.all([
      failure(face("tricky-shop").read("trick", 0, null)),
      face("corner-shop").read("one", 0, null),
    ]);
    expect(looping).to.equal("PLUGIN_TIMEOUT");
    expect(fine.records[0]?.orders).to.have.lengthOf(1);
  });

  it("registers a platform with the bank side before it is callable", async () => {
    bankIsUp = false;
    await folder.write("corner-shop");
    await host.start();
    expect(status("corner-shop")?.error?.code).to.equal("PLUGIN_REGISTRATION_FAILED");
    expect(faces.size).to.equal(0);
    bankIsUp = true;
    await until("the plugin runs", () => status("corner-shop")?.state === "running");
    expect(status("corner-shop")).not.to.have.property("error");
    const { version } = face("corner-shop").current();
    expect(registrations).to.deep.equal([
      {
        platform: "corner-shop",
        title: "Corner shop",
        version,
        currencies: ["EUR", "JPY"],
        fees: { percent: "2.5", fixed: { EUR: "0.30" } },
        settlementAccount: "acct-corner",
      },
    ]);
  });

  it("blames no plugin when it is stopped while they load", async () => {
    bankIsUp = false;
    const first = new Promise<void>((resolve) => (registering = resolve));
    for (const id of ["one-shop", "two-shop", "three-shop", "four-shop", "five-shop"]) await folder.write(id);
    const starting = host.start();
    await first;
    await Promise.all([host.stop(), starting]);
    expect(warned).to.deep.equal([]);
  });

  it("registers again what the bank side has lost", async () => {
    await folder.write("corner-shop");
    await host.start();
    bankKnows.clear();
    await until("it is registered again", () => bankKnows.has("corner-shop"));
    expect(registrations).to.have.lengthOf(2);
  });

  it("starts a plugin that is dropped in, stops one that is taken out, and starts it again when it is put back", async () => {
    await host.start();
    expect(host.list()).to.deep.equal([]);
    await folder.write("corner-shop");
    await until("it runs", () => faces.has("corner-shop"));
    const away = join(folder.dir, ".away");
    await rename(folder.path("corner-shop"), away);
    await until("it is gone", () => !faces.has("corner-shop"));
    expect([host.list(), [...bankKnows]]).to.deep.equal([[], []]);
    await rename(away, folder.path("corner-shop"));
    await until("it runs again", () => faces.has("corner-shop"));
    expect([...bankKnows]).to.deep.equal(["corner-shop"]);
    expect((await face("corner-shop").read("one", 0, null)).done).to.equal(true);
  });

  it("ends files in flight on the version that they began with, and begins others on the new one", async () => {
    await folder.write("corner-shop");
    await host.start();
    const shop = face("corner-shop");
    const first = await shop.read("many", 0, null);
    await folder.write("corner-shop", {
      "plugin.ts": pluginFile({ merchant: "corner", trick: "row.buyer = 'b-2';" }),
      "samples/orders.ndjson.expected.json": (goodPlugin["samples/orders.ndjson.expected.json"] ?? "").replace(
        '"amount"',
        '"buyerId":"b-2","amount"',
      ),
    });
    await until("the new version runs", () => shop.current().version !== first.version);
    const begun = await shop.read("one", 0, null);
    expect(begun.version).to.equal(shop.current().version);
    expect(begun.records[0]?.orders?.[0]?.buyerId).to.equal("b-2");
    for (let from = 500, done = false; !done; from += 500) {
      const answer = await shop.read("many", from, null);
      expect(answer.version).to.equal(first.version);
      expect(answer.records[0]?.orders?.[0]).not.to.have.property("buyerId");
      done = answer.done;
    }
    expect((await shop.read("many", 0, null)).version).to.equal(shop.current().version);
    expect(registrations.map(({ version }) => version)).to.deep.equal([first.version, shop.current().version]);
  });

  it("lets files in flight end after the folder was removed, and takes no new ones", async () => {
    await folder.write("corner-shop");
    await host.start();
    const shop = face("corner-shop");
    await shop.read("many", 0, null);
    await rm(folder.path("corner-shop"), { recursive: true });
    await until("it is no longer listed", () => host.list().length === 0);
    expect(await failure(shop.check("one"))).to.equal("PLATFORM_UNAVAILABLE");
    expect(faces.has("corner-shop")).to.equal(true);
    for (let from = 500, done = false; !done; from += 500) ({ done } = await shop.read("many", from, null));
    await until("it is stopped", () => !faces.has("corner-shop"));
  });

  it("goes on with the version before when a change is refused, and shows the refusal", async () => {
    await folder.write("corner-shop");
    await host.start();
    const { version } = face("corner-shop").current();
    await folder.write("corner-shop", { "plugin.ts": "export default {" });
    await until("the change is refused", () => status("corner-shop")?.error?.code === "PLUGIN_LOAD_FAILED");
    expect(status("corner-shop")).to.include({ state: "running", version });
    expect((await face("corner-shop").read("one", 0, null)).version).to.equal(version);
    await folder.write("corner-shop");
    await until("the refusal is gone", () => status("corner-shop")?.error === undefined);
    expect(face("corner-shop").current().version).to.equal(version);
  });

  it("says once what was loaded, refused, replaced and removed, with the versions", async () => {
    const said = () => decided.map(({ what, before, after }) => [what, before?.["version"], after]);
    await folder.write("corner-shop");
    await host.start();
    const { version } = face("corner-shop").current();
    await folder.write("corner-shop", { "plugin.ts": "export default {" });
    await until("the change is refused", () => status("corner-shop")?.error !== undefined);
    await folder.write("corner-shop");
    await until("the refusal is gone", () => status("corner-shop")?.error === undefined);
    await folder.write("corner-shop", {
      "plugin.ts": pluginFile({ merchant: "corner", trick: "row.buyer = 'b-2';" }),
      "samples/orders.ndjson.expected.json": (goodPlugin["samples/orders.ndjson.expected.json"] ?? "").replace(
        '"amount"',
        '"buyerId":"b-2","amount"',
      ),
    });
    await until("the new version runs", () => face("corner-shop").current().version !== version);
    const next = face("corner-shop").current().version;
    await until("it is said", () => decided.length === 3);
    await rm(folder.path("corner-shop"), { recursive: true });
    await until("it is stopped", () => !faces.has("corner-shop"));
    expect(said()).to.deep.equal([
      ["plugin.loaded", undefined, { version }],
      ["plugin.refused", version, { code: "PLUGIN_LOAD_FAILED", running: true }],
      ["plugin.replaced", version, { version: next }],
      ["plugin.removed", next, undefined],
    ]);
    expect(new Set(decided.map(({ subject }) => subject))).to.deep.equal(new Set(["corner-shop"]));
  });

  it("tries a refused plugin again when only its samples change", async () => {
    await folder.write("corner-shop", { ...goodPlugin, "samples/orders.ndjson.expected.json": '{ "orders": [] }' });
    await host.start();
    expect(status("corner-shop")?.error?.code).to.equal("PLUGIN_SAMPLES_FAILED");
    await folder.write("corner-shop");
    await until("it runs", () => status("corner-shop")?.state === "running");
  });

  it("sees a sample that is written in its place, in a folder that is otherwise the same", async () => {
    await folder.write("corner-shop");
    await host.start();
    await writeFile(join(folder.dir, "corner-shop", "samples", "orders.ndjson.expected.json"), '{ "orders": [] }');
    await until("it is refused", () => status("corner-shop")?.error?.code === "PLUGIN_SAMPLES_FAILED");
  });

  it("tells at a glance what else there is and what of the code is another, and looks at all of it for the rest", async () => {
    const dir = await folder.write("corner-shop");
    const sample = join(dir, "samples", "orders.ndjson");
    const [glance, whole] = [await folderGlance(dir), await folderFingerprint(dir)];
    await appendFile(sample, "\n");
    expect([(await folderGlance(dir)) === glance, (await folderFingerprint(dir)) === whole]).to.deep.equal([
      true,
      false,
    ]);
    await writeFile(join(dir, "samples", "more.ndjson"), "\n");
    const more = await folderGlance(dir);
    expect(more).to.not.equal(glance);
    await appendFile(join(dir, "plugin.ts"), "\n");
    expect(await folderGlance(dir)).to.not.equal(more);
  });
});
