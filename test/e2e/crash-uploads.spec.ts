import { readdir, stat } from "node:fs/promises";
import { type ClientRequest, request } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import type { FileReport } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { headersOf, listAll } from "./support/client.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { fileOf, openShop, send, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

const ORDERS = 400;

/** Begins an upload and stops in the middle of its body. */
function beginUpload(url: string, headers: Record<string, string>, text: string): ClientRequest {
  const upload = request(url, { method: "POST", headers: { ...headers, "content-length": Buffer.byteLength(text) } });
  upload.write(text.slice(0, text.length / 2));
  return upload;
}

describe("A node that is killed while the bytes of a file arrive", () => {
  let world: World;
  /** What the next life had of it before anything was sent again. */
  let reborn: { files: readonly FileReport[]; staged: readonly string[] } | undefined;
  const staged = () => join(world.dataDir, "blobs", "staged");
  before(async () => {
    world = await openWorld({
      reborn: async (url, operator) => {
        reborn = { files: await listAll<FileReport>(url, "/v1/files", operator), staged: await readdir(staged()) };
      },
    });
    await openShop(world);
  });
  after(() => world?.remove());

  it("has recorded nothing, keeps no stray bytes, and takes the same file when it is sent again", async () => {
    const [platform = ""] = world.platforms;
    const text = fileOf("U", ORDERS);
    const headers = headersOf({ platformSecret: world.secretOf(platform) }, text);
    const upload = beginUpload(`${await world.node.url()}/v1/platforms/${platform}/files`, headers, text);
    const broken = new Promise<boolean>((resolve) => {
      upload.once("error", () => resolve(true)).once("response", () => resolve(false));
    });
    await until("the first bytes to be written", async () => {
      const [name] = await readdir(staged());
      return name !== undefined && (await stat(join(staged(), name))).size > 0;
    });
    await world.node.kill();
    expect(await broken, "the connection broke").to.equal(true);

    const report = await stock(world, platform, text);
    expect(reborn).to.deep.equal({ files: [], staged: [] });
    expect(report).to.include({ records: ORDERS, created: ORDERS, rejected: 0 });
    const { status, body } = await send(world, platform, text);
    expect(status).to.equal(200);
    expect(body.id).to.equal(report.id);
    expect((await atRest(world)).files).to.have.length(1);
    expect(world.node.deaths()).to.deep.equal(["killed"]);
    await auditAll(world);
  }).timeout(30_000);
});
