import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openBanks, settingsOf } from "../../../plugins/bank-adapter/drivers.ts";
import plugin from "../../../plugins/bank-adapter/plugin.ts";

/** A driver as text: drop-in folders are what is tested, so they are written as a person would drop them. */
const driver = (open: string, over = ""): string =>
  `export default Object.freeze({ contract: 1, title: "Stub", finalityMs: 5, open: async (context) => { ${open} } ${over} });`;
const RUNNING = `return { debit: async () => ({ state: "pending" }), inquire: async () => ({ state: "pending" }), close: async () => {} };`;

describe("bank drivers are found in their folder", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "drivers-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function drop(name: string, text: string): Promise<void> {
    await mkdir(join(root, "banks", name), { recursive: true });
    if (text !== "") await writeFile(join(root, "banks", name, "driver.ts"), text);
  }
  const open = (settings: Record<string, string> = {}, bankCallMs = 5000): ReturnType<typeof openBanks> =>
    openBanks(join(root, "banks"), { dataDir: join(root, "data"), settings, limits: { bankCallMs } });

  it("each folder with a driver.ts is a bank; files and hidden folders are not", async () => {
    await drop("alpha", driver(RUNNING));
    await drop("beta", driver(RUNNING));
    await drop(".git", "");
    await writeFile(join(root, "banks", "README.md"), "");
    const { banks, refused } = await open();
    expect([...banks.keys()]).to.deep.equal(["alpha", "beta"]);
    expect(refused).to.deep.equal([]);
  });

  const broken: readonly [string, string, string][] = [
    ["has no driver.ts", "", "PLUGIN_ENTRY_MISSING"],
    ["does not parse", "export default {", "PLUGIN_LOAD_FAILED"],
    ["throws when loaded", "throw new Error('canary');", "PLUGIN_LOAD_FAILED"],
    ["exports nothing", "export const x = 1;", "PLUGIN_SHAPE_INVALID"],
    ["exports a value that can be changed", "export default { contract: 1 };", "PLUGIN_SHAPE_INVALID"],
    ["was made for another contract", driver(RUNNING, ", contract: 2"), "PLUGIN_CONTRACT_UNSUPPORTED"],
    ["has no finality window", driver(RUNNING, ", finalityMs: undefined"), "PLUGIN_SHAPE_INVALID"],
    ["throws when opened", driver("throw new Error('canary');"), "PLUGIN_LOAD_FAILED"],
    ["opens as something that can't inquire", driver("return { debit() {}, close() {} };"), "PLUGIN_SHAPE_INVALID"],
  ];
  for (const [what, text, code] of broken)
    it(`a driver that ${what} is refused by name and the others run`, async () => {
      await drop("alpha", driver(RUNNING));
      await drop("broken", text);
      const { banks, refused } = await open();
      expect([...banks.keys()]).to.deep.equal(["alpha"]);
      expect(refused).to.have.length(1);
      expect(refused[0]).to.include({ bank: "broken", code });
      expect(refused[0]?.reason).not.to.include("canary");
    });

  it("a folder with a bad name is refused", async () => {
    await drop("Bad_Name", driver(RUNNING));
    const { refused } = await open();
    expect(refused[0]).to.include({ bank: "Bad_Name", code: "PLUGIN_NAME_INVALID" });
  });

  it("a driver that never opens is refused at the deadline", async () => {
    await drop("stuck", driver("return new Promise(() => {});"));
    const { refused } = await open({}, 20);
    expect(refused[0]).to.include({ bank: "stuck", code: "BANK_UNAVAILABLE" });
  });

  it("a driver sees its own settings only, and a folder of its own", async () => {
    await drop("alpha", driver(`globalThis.seenByAlpha = context; ${RUNNING}`));
    await open({ ALPHA_URL: "http://alpha.example.com", BETA_KEY: "canary" });
    const seen = (globalThis as { seenByAlpha?: unknown }).seenByAlpha;
    expect(seen).to.deep.equal({ dataDir: join(root, "data", "alpha"), settings: { URL: "http://alpha.example.com" } });
  });

  it("settings of a driver whose name starts like another's are not mixed up", () => {
    const settings = { SAND_URL: "a", SAND_BOX_URL: "b", SAND_BOX_KEY: "c" };
    expect(settingsOf("sand", settings, ["sand", "sand-box"])).to.deep.equal({ URL: "a" });
    expect(settingsOf("sand-box", settings, ["sand", "sand-box"])).to.deep.equal({ URL: "b", KEY: "c" });
  });
});

describe("bank-adapter's plugin value", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "adapter-"));
  });
  after(() => rm(dir, { recursive: true }));

  it("is frozen and of its kind", () => {
    expect(Object.isFrozen(plugin)).to.equal(true);
    expect(plugin).to.include({ kind: "bank-adapter", contract: 1 });
  });

  it("opens with a sandbox bank that pays out of a test account", async () => {
    const adapter = await plugin.open({
      dataDir: dir,
      settings: { SANDBOX_FINALITY_MS: "500" },
      limits: { bankCallMs: 10_000 },
    });
    try {
      expect(adapter.refused()).to.deep.equal([]);
      expect(adapter.banks().items).to.deep.include({
        bank: "sandbox",
        title: "Sandbox bank",
        finalityMs: 500,
        refunds: true,
        payouts: true,
      });
      const opening = { value: "10.00", currency: "EUR" };
      const { accountToken } = await adapter.openTestAccount({ bank: "sandbox", opening });
      const outcome = await adapter.debit({
        bank: "sandbox",
        bankRequestId: "ded_1",
        accountToken,
        amount: opening,
        reference: "",
      });
      expect(outcome).to.include({ state: "succeeded" });
    } finally {
      await adapter.close();
    }
  });

  const wrong: readonly [string, Record<string, string>][] = [
    ["a setting that is misspelt", { SANDBOX_URI: "http://127.0.0.1:1" }],
    ["a URL without a key", { SANDBOX_URL: "http://127.0.0.1:1" }],
    ["a URL with a password", { SANDBOX_URL: "http://u:canary@127.0.0.1:1", SANDBOX_KEY: "canary" }],
    ["a URL of another kind", { SANDBOX_URL: "ftp://127.0.0.1", SANDBOX_KEY: "canary" }],
    ["a key with a line break", { SANDBOX_URL: "http://127.0.0.1:1", SANDBOX_KEY: "canary\r\nx: y" }],
    ["a key file that is not there", { SANDBOX_URL: "http://127.0.0.1:1", SANDBOX_KEY_FILE: "/nonexistent/canary" }],
    ["a finality window that is no number", { SANDBOX_FINALITY_MS: "soon" }],
    ["faults of another kind", { SANDBOX_FAULTS: "some" }],
  ];
  for (const [what, settings] of wrong)
    it(`the sandbox bank is refused with ${what}, and the refusal shows no value`, async () => {
      const adapter = await plugin.open({ dataDir: dir, settings, limits: { bankCallMs: 10_000 } });
      const refused = adapter.refused().find(({ bank }) => bank === "sandbox");
      await adapter.close();
      expect(refused).to.include({ code: "CONFIG_INVALID" });
      expect(refused?.reason).not.to.include("canary");
    });
});
