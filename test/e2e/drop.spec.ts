import { existsSync } from "node:fs";
import { appendFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { expect } from "chai";
import type { Page } from "../../core/actions.ts";
import type { DemoFile } from "../../gateway/sandbox.ts";
import type { FileReport } from "../../schemas/types.generated.ts";
import { ask, makeAccess, platformsOf, type RunningNode, startMergepay, temporaryFolder } from "../support/cluster.ts";
import { until } from "../support/process.ts";
import { allDemoFiles, generated } from "../support/shopping.ts";

describe("The drop folder", function () {
  this.timeout(40_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let node: RunningNode;
  let operator: Record<string, string>;
  let demo: DemoFile;
  let drop: string;

  before(async () => {
    folder = await temporaryFolder();
    const access = await makeAccess(folder.dir);
    ({ operator } = access);
    node = await startMergepay("drop", { MERGEPAY_DATA: folder.dir, MERGEPAY_CREDENTIALS: access.file });
    const [first] = await allDemoFiles();
    if (first === undefined) return expect.fail("no platform has a demonstration file");
    demo = first;
    drop = join(folder.dir, "drop", demo.platform);
    await until("the folder", () => existsSync(drop));
  });
  after(async () => {
    await node?.stop();
    await folder.remove();
  });

  const filesTaken = async () => (await ask<Page<FileReport>>(node.url, "/v1/files", operator)).body.items;
  const reportOf = async (where: "done" | "failed", name: string) => {
    const path = join(drop, where, `${name}.report.json`);
    await until(path, () => existsSync(path), 20_000);
    await until("the file beside its report", () => existsSync(join(drop, where, name)));
    return JSON.parse(await readFile(path, "utf8")) as FileReport & { code?: string };
  };
  /** As careful senders do it: written elsewhere on the same disk, then moved in. */
  async function put(name: string, content: string | Uint8Array): Promise<void> {
    const elsewhere = join(folder.dir, name);
    await writeFile(elsewhere, content);
    await rename(elsewhere, join(drop, name));
  }

  it("is there for every platform", async () => {
    const folders = () => readdir(join(folder.dir, "drop"));
    await until("all folders", async () => (await folders()).length === platformsOf().length);
    expect((await folders()).sort()).to.deep.equal(platformsOf());
  });

  it("takes a whole file, and puts it to done/ with its report", async () => {
    const name = basename(demo.path);
    await put(name, await readFile(demo.path));
    const report = await reportOf("done", name);
    expect([report.state, report.created, report.name]).to.deep.equal(["processed", demo.orders.length, name]);
    expect(existsSync(join(drop, name))).to.equal(false);
    expect(await readFile(join(drop, "done", name))).to.deep.equal(await readFile(demo.path));
  });

  it("puts a broken file to failed/ with the reason, and an empty one too", async () => {
    await put("broken.txt", "<<<{ no format at all\n");
    await put("empty.txt", "");
    const broken = await reportOf("failed", "broken.txt");
    expect(broken.state).to.equal("failed");
    expect(broken.error?.code).to.match(/^FILE_/);
    expect((await reportOf("failed", "empty.txt")).code).to.equal("FILE_EMPTY");
  });

  it("leaves alone what is not complete by its name, what is hidden, and folders", async () => {
    const before = (await filesTaken()).length;
    const left = ["orders.part", "orders.csv.tmp", ".orders.swp"];
    for (const name of left) await put(name, await readFile(demo.path));
    await mkdir(join(drop, "folder"));
    // A file put in after them is through: they have been looked at and passed by.
    await put("marker.txt", "nothing\n");
    await reportOf("failed", "marker.txt");
    expect(await readdir(drop)).to.include.members([...left, "folder"]);
    expect(await filesTaken()).to.have.length(before + 1);
  });

  it("does not take a file that is still growing, and takes all of it when it is whole", async () => {
    const name = `growing${extname(demo.path)}`;
    // More than can be written in pieces within the deadline.
    const pieces = [...(await generated(demo.platform, 3_000, { seed: 9 }))];
    await appendFile(join(drop, name), pieces[0] ?? "");
    await put("other.txt", "not growing\n");
    let written = 1;
    await until(
      "another file's end, which takes three looks into the folder",
      async () => {
        await appendFile(join(drop, name), pieces[written] ?? "");
        written += 1;
        return existsSync(join(drop, "failed", "other.txt"));
      },
      30_000,
    );
    expect(written, "it grew all the while").to.be.lessThan(pieces.length - 1);
    expect(existsSync(join(drop, name))).to.equal(true);
    expect((await filesTaken()).map((file) => file.name)).to.not.include(name);
    await appendFile(join(drop, name), pieces.slice(written).join(""));
    const report = await reportOf("done", name);
    expect([report.state, report.created, report.rejected]).to.deep.equal(["processed", 3_000, 0]);
  });
});
