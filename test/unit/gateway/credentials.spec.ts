import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readCredentials } from "../../../gateway/credentials.ts";
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
