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
