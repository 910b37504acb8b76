import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readCredentials, sandboxCredentials } from "../../../gateway/credentials.ts";
import { SCOPES } from "../../../gateway/http/auth.ts";
import type { MergepayError } from "../../../core/errors/errors.ts";

const rest = { payerJwtSecret: Buffer.alloc(32, 1).toString("base64"), operatorKeys: [] };

describe("what a credentials file says of a platform", () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), "mergepay-credentials-"))));
  after(() => rm(dir, { recursive: true, force: true }));

  for (const [name, entry, master, secrets, required] of [
    ["its secrets alone", ["whsec_a", "whsec_b"], undefined, ["whsec_a", "whsec_b"], false],
    ["secrets and a manifest", { secrets: ["whsec_a"], manifest: "required" }, undefined, ["whsec_a"], true],
    ["an optional manifest", { secrets: ["whsec_a"], manifest: "optional" }, "m", ["whsec_a"], false],
    ["a manifest, its secret made of the master", { manifest: "required" }, "m", 1, true],
    ["a manifest and no secret", { manifest: "required" }, undefined, [], true],
    ["no secret any more", [], "m", [], false],
    ["nothing", undefined, "m", 1, false],
    ["a manifest of another kind", { manifest: "always" }, undefined, "CONFIG_INVALID", false],
  ] as const)
    it(name, async () => {
      const file = join(dir, "credentials.json");
      const platforms = entry === undefined ? {} : { shop: entry };
      const platformMaster = master === undefined ? {} : { platformMaster: master };
      await writeFile(file, JSON.stringify({ ...rest, platforms, ...platformMaster }));
      const read = await readCredentials(file).catch((error: MergepayError) => error.type);
      if (typeof read === "string") return expect(read).to.equal(secrets);
      const found = read.platformSecrets("shop");
      expect(typeof secrets === "number" ? found.length : found).to.deep.equal(secrets);
      return expect(read.manifestRequired("shop")).to.equal(required);
    });
});

describe("what a credentials file says of an operator", () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), "mergepay-credentials-"))));
  after(() => rm(dir, { recursive: true, force: true }));

  const sha256 = "ab".repeat(32);
  for (const [name, entry, expected] of [
    ["an id", { id: "ann@books" }, "ann@books"],
    ["no id", {}, "key-abababababab"],
    ["an id with a line in it", { id: "ann\nroot" }, "CONFIG_INVALID"],
    ["an empty id", { id: "" }, "CONFIG_INVALID"],
  ] as const)
    it(name, async () => {
      const file = join(dir, "credentials.json");
      await writeFile(file, JSON.stringify({ ...rest, operatorKeys: [{ ...entry, sha256, scopes: ["read"] }] }));
      const read = await readCredentials(file).catch((error: MergepayError) => error.type);
      const found = typeof read === "string" ? read : read.operatorKeys;
      expect(found).to.deep.equal(
        expected === "CONFIG_INVALID" ? expected : [{ id: expected, sha256, scopes: ["read"] }],
      );
    });

  it("of a sandbox are two persons, whose keys stay and get the scopes of a newer version", async () => {
    const first = await sandboxCredentials(dir, "usr_x");
    const content = JSON.parse(await readFile(first.file, "utf8")) as { operatorKeys: { scopes: string[] }[] };
    for (const key of content.operatorKeys) key.scopes = ["read"];
    await writeFile(first.file, JSON.stringify(content));
    const { file, access } = await sandboxCredentials(dir, "usr_x");
    expect([access.operatorKey, access.reviewerKey]).to.deep.equal([
      first.access.operatorKey,
      first.access.reviewerKey,
    ]);
    const { operatorKeys } = await readCredentials(file);
    expect(operatorKeys.map(({ id, scopes }) => ({ id, scopes }))).to.deep.equal(
      ["operator", "reviewer"].map((id) => ({ id, scopes: SCOPES })),
    );
  });
});

describe("the keys of account numbers in a credentials file", () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), "mergepay-credentials-"))));
  after(() => rm(dir, { recursive: true, force: true }));

  const key = (byte: number, length = 32) => Buffer.alloc(length, byte).toString("base64");
  for (const [name, accountKeys, expected] of [
    [
      "two",
      [
        { id: "2026-11", key: key(1) },
        { id: "2026-12", key: key(2) },
      ],
      ["2026-11", "2026-12"],
    ],
    ["none", undefined, []],
    ["a short one", [{ id: "a", key: key(1, 31) }], "CONFIG_INVALID"],
    ["a long one", [{ id: "a", key: key(1, 33) }], "CONFIG_INVALID"],
    ["a name with a line in it", [{ id: "a\nb", key: key(1) }], "CONFIG_INVALID"],
    [
      "two of one name",
      [
        { id: "a", key: key(1) },
        { id: "a", key: key(2) },
      ],
      "CONFIG_INVALID",
    ],
  ] as const)
    it(name, async () => {
      const file = join(dir, "credentials.json");
      await writeFile(file, JSON.stringify({ ...rest, ...(accountKeys === undefined ? {} : { accountKeys }) }));
      const read = await readCredentials(file).catch((error: MergepayError) => error);
      if ("accountKeys" in read) expect(read.accountKeys.map(({ id }) => id)).to.deep.equal(expected);
      else {
        expect(read.type).to.equal(expected);
        expect(read.message).to.not.include(key(1).slice(0, 8));
      }
    });

  it("are the same for all nodes that start in one folder at once", async () => {
    const folder = join(dir, "at-once");
    const made = await Promise.all(Array.from({ length: 8 }, () => sandboxCredentials(folder, "usr_x")));
    const texts = await Promise.all(made.map(({ file }) => readFile(file, "utf8")));
    expect(new Set(texts).size).to.equal(1);
    expect(new Set(made.map(({ access }) => access.operatorKey)).size).to.equal(1);
    const { accountKeys } = await readCredentials(made[0]?.file ?? "");
    expect(accountKeys.map(({ id }) => id)).to.deep.equal(["sandbox-1"]);
  });

  it("of a sandbox that an earlier version made are added to it", async () => {
    const folder = join(dir, "earlier");
    const { file } = await sandboxCredentials(folder, "usr_x");
    const { accountKeys: _none, ...earlier } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify(earlier));
    await sandboxCredentials(folder, "usr_x");
    const now = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    expect(now).to.include({ platformMaster: earlier.platformMaster, payerJwtSecret: earlier.payerJwtSecret });
    expect((await readCredentials(file)).accountKeys).to.have.length(1);
  });
});

describe("a credentials file that changes", () => {
  let dir: string;
  before(async () => (dir = await mkdtemp(join(tmpdir(), "mergepay-credentials-"))));
  after(() => rm(dir, { recursive: true, force: true }));

  it("is read again; one that is wrong is told once, and what was read before stands", async () => {
    const file = join(dir, "credentials.json");
    const write = (platforms: object) => writeFile(file, JSON.stringify({ ...rest, platforms }));
    await write({ shop: ["whsec_one"] });
    const credentials = await readCredentials(file);
    await credentials.reload();
    expect(credentials.platformSecrets("shop")).to.deep.equal(["whsec_one"]);
    await write({ shop: ["whsec_three", "whsec_one"] });
    expect(credentials.platformSecrets("shop"), "not before it is looked at").to.deep.equal(["whsec_one"]);
    await credentials.reload();
    expect(credentials.platformSecrets("shop")).to.deep.equal(["whsec_three", "whsec_one"]);
    await writeFile(file, "{ half");
    expect((await credentials.reload().catch((error: MergepayError) => error.type)) ?? "taken").to.equal(
      "CONFIG_INVALID",
    );
    await credentials.reload();
    expect(credentials.platformSecrets("shop")).to.deep.equal(["whsec_three", "whsec_one"]);
    await rm(file);
    expect((await credentials.reload().catch((error: MergepayError) => error.type)) ?? "taken").to.equal(
      "CONFIG_INVALID",
    );
    await write({ shop: ["whsec_three"] });
    await credentials.reload();
    expect(credentials.platformSecrets("shop")).to.deep.equal(["whsec_three"]);
  });
});
