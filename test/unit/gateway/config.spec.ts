import { expect } from "chai";
import { join } from "node:path";
import { LIMITS } from "../../../core/limits.ts";
import { type Environment, readConfig } from "../../../gateway/config.ts";

const SEAL_KEY = Buffer.alloc(32, 7).toString("base64");

describe("The configuration", () => {
  const refusal = (env: Environment) => {
    try {
      readConfig(env);
    } catch (error) {
      return error as { type: string; message: string; data: { field?: string } };
    }
    return expect.fail(`${JSON.stringify(env)} was taken`);
  };

  it("needs nothing for a single process", () => {
    const config = readConfig({});
    expect(config).to.include({ logLevel: "info" });
    expect(config.roles).to.deep.equal(["gateway", "core", "plugins"]);
    expect(config.http).to.deep.equal({ host: "127.0.0.1", port: 7070 });
    expect(config.dataDir).to.equal(join(import.meta.dirname, "../../../data"));
    expect([config.limits, config.bankSettings]).to.deep.equal([{}, {}]);
  });

  it("takes an empty variable for one that is not there", () => {
    const empty = {
      NATS_URL: "",
      MONGODB_URI: "",
      MERGEPAY_ROLES: "",
      MERGEPAY_DATA: "",
      MERGEPAY_LIMIT_FILE_BYTES: "",
    };
    const { nodeId: _one, ...plain } = readConfig({});
    const { nodeId: _other, ...config } = readConfig(empty);
    expect(config).to.deep.equal(plain);
  });

  it("hands the bank drivers their settings without the prefix", () => {
    const { bankSettings } = readConfig({ MERGEPAY_BANK_HOUSE_URL: "http://bank.example", MERGEPAY_BANK_NONE: "" });
    expect(bankSettings).to.deep.equal({ HOUSE_URL: "http://bank.example" });
  });

  it("sets every limit of one number by its own variable", () => {
    for (const [name, value] of [
      ["BANK_CALL_MS", "bankCallMs"],
      ["ORDERS_PER_PAYMENT", "ordersPerPayment"],
      ["PLUGIN_MS_PER_1000_RECORDS", "pluginMsPer1000Records"],
      ["FILE_BYTES", "fileBytes"],
    ] as const)
      expect(readConfig({ [`MERGEPAY_LIMIT_${name}`]: "1234" }).limits, name).to.deep.equal({ [value]: 1234 });
    const { message } = refusal({ MERGEPAY_LIMIT_NONE: "1" });
    const numbers = Object.values(LIMITS).filter((limit) => typeof limit === "number");
    expect(message.match(/MERGEPAY_LIMIT_[A-Z0-9_]+/g)).to.have.length(numbers.length + 1);
  });

  for (const [env, field, words] of [
    [{ MERGEPAY_ROLES: "gateway" }, "NATS_URL", "must be set"],
    [{ MERGEPAY_ROLES: "core", NATS_URL: "nats://127.0.0.1" }, "MONGODB_URI", "must be set"],
    [{ MERGEPAY_ROLES: "king" }, "MERGEPAY_ROLES", "gateway, core, plugins"],
    [{ MERGEPAY_HTTP_PORT: "65536" }, "MERGEPAY_HTTP_PORT", "65535"],
    [{ MERGEPAY_HTTP_PORT: "-1" }, "MERGEPAY_HTTP_PORT", "65535"],
    [{ MERGEPAY_HTTP_PORT: "http" }, "MERGEPAY_HTTP_PORT", "65535"],
    [{ NATS_URL: "localhost:4222" }, "NATS_URL", "nats://"],
    [{ NATS_URL: "nats://one.example,two.example" }, "NATS_URL", "separated by commas"],
    [{ MERGEPAY_SEAL_KEYS: "c2hvcnQ=" }, "MERGEPAY_SEAL_KEYS", "32 bytes"],
    [{ MERGEPAY_SEAL_KEYS: `${SEAL_KEY},!` }, "MERGEPAY_SEAL_KEYS", "base64"],
    [{ MERGEPAY_LOG: "loud" }, "MERGEPAY_LOG", "debug"],
    [{ MERGEPAY_LIMIT_BANK_CALL: "5" }, "MERGEPAY_LIMIT_BANK_CALL", "MERGEPAY_LIMIT_BANK_CALL_MS"],
    [{ MERGEPAY_LIMIT_INQUIRY_MS: "5" }, "MERGEPAY_LIMIT_INQUIRY_MS", "is not a limit"],
    [{ MERGEPAY_LIMIT_BANK_CALL_MS: "30s" }, "MERGEPAY_LIMIT_BANK_CALL_MS", "whole number"],
    [{ MERGEPAY_LIMIT_BANK_CALL_MS: "0" }, "MERGEPAY_LIMIT_BANK_CALL_MS", "above zero"],
    [{ MERGEPAY_LIMIT_BANK_CALL_MS: "1e3" }, "MERGEPAY_LIMIT_BANK_CALL_MS", "whole number"],
    [{ MERGEPAY_LIMIT_LOCK_MS: "2147483648" }, "MERGEPAY_LIMIT_LOCK_MS", "2147483647"],
  ] as const)
    it(`refuses ${JSON.stringify(env)}, naming the variable and what it takes`, () => {
      const { type, message, data } = refusal(env);
      expect([type, data.field]).to.deep.equal(["CONFIG_INVALID", field]);
      expect(message).to.include(field).and.include(words);
    });

  it("takes keys that seal the books, the newest first", () => {
    const older = Buffer.alloc(40, 8);
    const { sealKeys } = readConfig({ MERGEPAY_SEAL_KEYS: `${SEAL_KEY}, ${older.toString("base64")}` });
    expect(sealKeys).to.deep.equal([Buffer.alloc(32, 7), older]);
  });

  it("takes the longest wait and ports 0 and 65535", () => {
    expect(readConfig({ MERGEPAY_LIMIT_LOCK_MS: "2147483647" }).limits).to.deep.equal({ lockMs: 2_147_483_647 });
    for (const port of [0, 65_535]) expect(readConfig({ MERGEPAY_HTTP_PORT: `${port}` }).http.port).to.equal(port);
  });
});
