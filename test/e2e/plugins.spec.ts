import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect } from "chai";
import type { Inbox, Page, PluginStatus } from "../../core/actions.ts";
import type { DemoFile } from "../../gateway/sandbox.ts";
import type { Payment } from "../../schemas/types.generated.ts";
import {
  type Access,
  ask,
  type BankProcess,
  makeAccess,
  PLUGINS,
  platformsOf,
  ROOT,
  type RunningNode,
  startBank,
  startMergepay,
} from "../support/cluster.ts";
import { until } from "../support/process.ts";
import {
  allDemoFiles,
  buyersOf,
  deliver,
  generated,
  link,
  openAccount,
  sendFile,
  settlementLines,
  type Shop,
  sumOf,
} from "../support/shopping.ts";

describe("A running Mergepay and its plugins folder", function () {
  this.timeout(60_000);
  const platforms = platformsOf();
  const [leaving = "", ...staying] = platforms;
  let dir: string;
  let pluginsDir: string;
  let node: RunningNode;
  let bank: BankProcess;
  let access: Access;
  let shop: Shop;
  let demos: DemoFile[];

  before(async () => {
    // In the repository's own data folder, where a plugin's imports find what the repository has installed.
    await mkdir(join(ROOT, "data"), { recursive: true });
    dir = await mkdtemp(join(ROOT, "data", "test-plugins-"));
    pluginsDir = join(dir, "plugins");
    await cp(PLUGINS, pluginsDir, { recursive: true });
    await symlink(join(ROOT, "core"), join(dir, "core"));
    [access, bank, demos] = await Promise.all([makeAccess(dir), startBank(), allDemoFiles()]);
    node = await startMergepay("plugins", {
      ...bank.env,
      MERGEPAY_DATA: join(dir, "data"),
      MERGEPAY_PLUGINS: pluginsDir,
      MERGEPAY_CREDENTIALS: access.file,
      MERGEPAY_LOG: "silent",
    });
    shop = { url: node.url, access, bank };
  });
  after(async () => {
    await node?.stop();
    await bank?.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  const plugins = async () => (await ask<Page<PluginStatus>>(node.url, "/v1/plugins", access.operator)).body.items;
  const statesOf = async () => Object.fromEntries((await plugins()).map(({ id, state }) => [id, state]));
  const demoOf = (platform: string) => {
    const demo = demos.find((one) => one.platform === platform);
    return demo ?? expect.fail(`${platform} has no demonstration file`);
  };
  const deliverDemo = async (platform: string) => {
    const { path } = demoOf(platform);
    return deliver(shop, platform, basename(path), await readFile(path));
  };

  it("goes on with the others when a platform's folder is taken away, and knows that platform no more", async () => {
    expect(await statesOf()).to.deep.equal(Object.fromEntries(platforms.map((id) => [id, "running"])));
    await rename(join(pluginsDir, leaving), join(dir, "away"));
    await until("the platform to be gone", async () => !(leaving in (await statesOf())));
    expect(await statesOf()).to.deep.equal(Object.fromEntries(staying.map((id) => [id, "running"])));

    const bytes = await readFile(demoOf(leaving).path);
    const refused = await until("its files to be refused", async () => {
      const answer = await sendFile(shop, leaving, "late", bytes);
      return answer.status !== 202 && answer.status !== 200 && answer;
    });
    expect([refused.status, refused.body.code]).to.deep.equal([404, "PLATFORM_UNKNOWN"]);
    const shown = demos.filter(({ platform }) => staying.includes(platform));
    expect(shown).to.have.length.greaterThan(1);
    for (const { platform, orders } of shown) expect((await deliverDemo(platform)).created).to.equal(orders.length);
    expect((await ask(node.url, "/readyz")).status).to.equal(200);
  });

  it("has the platform back when its folder is put back, without a restart", async () => {
    await rename(join(dir, "away"), join(pluginsDir, leaving));
    await until("the platform to be back", async () => (await statesOf())[leaving] === "running", 20_000);
    expect((await deliverDemo(leaving)).created).to.equal(demoOf(leaving).orders.length);
  });

  for (const [name, files, code] of [
    ["cut-off", { "plugin.ts": "export default definePlatform({" }, "PLUGIN_LOAD_FAILED"],
    ["no-plugin", { "plugin.ts": "export const nothing = 1;\n" }, "PLUGIN_SHAPE_INVALID"],
    ["no-entry", { "plugin.js": "export default {};\n" }, "PLUGIN_ENTRY_MISSING"],
    ["Bad Name", { "plugin.ts": "export default {};\n" }, "PLUGIN_NAME_INVALID"],
  ] as const) {
    it(`refuses a broken plugin, "${name}", by name and reason, and others go on`, async () => {
      await mkdir(join(pluginsDir, name));
      for (const [file, content] of Object.entries(files)) await writeFile(join(pluginsDir, name, file), content);
      const seen = await until("its refusal", async () => (await plugins()).find(({ id }) => id === name), 20_000);
      expect([seen.state, seen.error?.code]).to.deep.equal(["refused", code]);
      expect(seen.error?.reason).to.match(/^.{10,}$/);
      const states = await statesOf();
      expect(platforms.map((platform) => states[platform])).to.deep.equal(platforms.map(() => "running"));
    });
  }

  it("takes files of the good platforms while broken plugins lie beside them", async () => {
    const pieces = await generated(leaving, 5, { seed: 3 });
    expect((await deliver(shop, leaving, "beside", Buffer.from([...pieces].join("")))).created).to.equal(5);
    expect((await ask(node.url, "/readyz")).status).to.equal(200);
  });

  it("pays 1,000 orders of all platforms with a demonstration at once: one deduction, and lines that sum to it to the last cent", async () => {
    const userId = "usr_thousand";
    const payer = await access.payer(userId);
    const buyers = buyersOf(demos);
    await link(shop, userId, buyers);
    await openAccount(shop, userId, "9000000.00");
    const { body: before } = await ask<Inbox>(node.url, "/v1/inbox?limit=1", payer);
    const present = before.totals[0]?.orders ?? 0;
    const shares = buyers.map(
      (_, index) =>
        Math.floor(((index + 1) * (1_000 - present)) / buyers.length) -
        Math.floor((index * (1_000 - present)) / buyers.length),
    );
    await Promise.all(
      buyers.map(async ({ platform, buyerId }, index) => {
        const pieces = await generated(platform, shares[index] ?? 0, { seed: 77, buyer: buyerId });
        const report = await deliver(shop, platform, "thousand", Buffer.from([...pieces].join("")));
        expect([report.created, report.rejected]).to.deep.equal([shares[index], 0]);
      }),
    );

    const { body: inbox } = await ask<Inbox>(node.url, "/v1/inbox", payer);
    const [owed] = inbox.totals;
    expect(owed?.orders).to.equal(1_000);
    const body = { orders: "all", currency: owed?.total.currency };
    const paid = await ask<Payment>(node.url, "/v1/payments", { ...payer, "idempotency-key": "thousand" }, body);
    expect([paid.status, paid.body.state, paid.body.orders.length]).to.deep.equal([201, "succeeded", 1_000]);
    expect(paid.body.total).to.deep.equal(owed?.total);

    const ledger = await bank.ledger();
    expect(ledger.map(({ amount }) => amount)).to.deep.equal([paid.body.total]);
    const lines = await settlementLines(shop, paid.body);
    expect(new Set(lines.map(({ orderId }) => orderId)).size).to.equal(1_000);
    const total = sumOf([paid.body.total]);
    expect(sumOf(lines.map(({ gross }) => gross))).to.equal(total);
    const merchants = Map.groupBy(lines, ({ platform, merchant }) => `${platform}/${merchant}`);
    expect(merchants.size).to.equal(demos.length).and.to.be.greaterThan(2);
    const parts = [...merchants.values()].map((own) => {
      const [net, fee] = [sumOf(own.map((line) => line.net)), sumOf(own.map((line) => line.fee))];
      expect(net + fee, "a merchant's net and fee").to.equal(sumOf(own.map(({ gross }) => gross)));
      return net + fee;
    });
    expect(parts.reduce((a, b) => a + b, 0n)).to.equal(total);
    for (const line of lines) expect(sumOf([line.net, line.fee])).to.equal(sumOf([line.gross]));
  });
});
