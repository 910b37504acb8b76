import { mkdir, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { expect } from "chai";
import type { DemoFile } from "../../gateway/sandbox.ts";
import { mergepay, platformsOf, type Ran, temporaryFolder } from "../support/cluster.ts";
import { allDemoFiles, generated } from "../support/shopping.ts";

describe("mergepay import", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let env: Record<string, string>;
  let demos: DemoFile[];

  before(async () => {
    folder = await temporaryFolder();
    env = { MERGEPAY_DATA: join(folder.dir, "data") };
    demos = await allDemoFiles();
  });
  after(() => folder.remove());

  /** A file of made-up orders in the format of the first platform. */
  async function fileOf(count: number, bad: readonly number[], demo = demos[0]) {
    if (demo === undefined) return expect.fail("no platform has a demonstration file");
    const path = join(folder.dir, `orders-${count}-${bad.length}${extname(demo.path)}`);
    await writeFile(path, [...(await generated(demo.platform, count, { bad }))].join(""));
    return { platform: demo.platform, path };
  }

  const importing = (...args: readonly string[]): Promise<Ran> => mergepay(["import", ...args], env);
  /** The table of rejects: position, code and field of each. */
  const rejectsIn = ({ stdout }: Ran) =>
    stdout.split("\n").flatMap((line) => {
      const [, position, code, field] = /^ {3}(\S.*?) {2,}([A-Z]+_[A-Z_]+) {2}(\S*) +\S/.exec(line) ?? [];
      return position === undefined ? [] : [{ position: position.trim(), code, field }];
    });

  it("takes what is good in a file, and says of each bad record where it is and what is wrong", async () => {
    const { platform, path } = await fileOf(200, [7, 100, 199]);
    const ran = await importing(platform, path);
    expect([ran.code, ran.stderr], ran.stdout).to.deep.equal([0, ""]);
    expect(ran.stdout).to.match(
      /: 200 records: 197 new orders, 0 revised, 0 unchanged, 0 with nothing to pay, 3 rejected/,
    );
    const rejects = rejectsIn(ran);
    expect(new Set(rejects.map(({ position }) => position)).size).to.equal(3);
    for (const { code, field } of rejects) {
      expect(["AMOUNT_INVALID", "RECORD_INVALID"]).to.include(code);
      expect(field).to.not.equal("");
    }
  });

  it("knows the same file again and takes nothing twice", async () => {
    const { platform, path } = await fileOf(200, [7, 100, 199]);
    const ran = await importing(platform, path);
    expect(ran.code).to.equal(0);
    expect(ran.stdout).to.match(/taken before; 200 records: 197 new orders.*3 rejected/);
    // The same orders in other bytes: each is known.
    const { path: whole } = await fileOf(200, []);
    const other = await importing(platform, whole);
    expect(other.stdout).to.match(/: 200 records: 3 new orders, 0 revised, 197 unchanged/);
  });

  it("says in a dry run what would become of a file, keeps nothing, and then takes that very file only", async () => {
    const own = (...args: readonly string[]) =>
      mergepay(["import", ...args], { MERGEPAY_DATA: join(folder.dir, "dry-run") });
    const { platform, path } = await fileOf(6, [2]);
    const dry = await own("--dry-run", platform, path);
    expect([dry.code, dry.stderr], dry.stdout).to.deep.equal([0, ""]);
    expect(dry.stdout).to.match(/: dry run; 6 records: 5 new orders, 0 revised, .* 1 rejected/);
    expect(rejectsIn(dry)).to.have.length(1);
    const [, confirmation = ""] = /--confirm (\S+)/.exec(dry.stdout) ?? [];
    const { path: other } = await fileOf(7, [2]);
    const refused = await own("--confirm", confirmation, platform, other);
    expect([refused.code, refused.stdout]).to.deep.equal([1, ""]);
    expect(refused.stderr).to.contain("[CONFIRMATION_MISMATCH]");
    const taken = await own("--confirm", confirmation, platform, path);
    expect(taken.stdout).to.match(/: 6 records: 5 new orders/);
  });

  it("ends with 1 when one of several files is broken, and takes the others", async () => {
    const { platform, path } = await fileOf(5, []);
    const broken = join(folder.dir, "broken");
    await writeFile(broken, "<<<{ no format at all");
    const { code, stdout } = await importing(platform, broken, path);
    expect(code).to.equal(1);
    expect(stdout).to.match(/^broken: failed: FILE_[A-Z_]+/m);
    expect(stdout).to.match(/5 records: /);
  });

  it("names the one of several files that is empty, and takes the others", async () => {
    const { platform, path } = await fileOf(5, []);
    const empty = join(folder.dir, "empty.json");
    await writeFile(empty, "");
    for (const more of [[], ["--dry-run"]]) {
      const { code, stdout, stderr } = await importing(...more, platform, empty, path);
      expect(code).to.equal(1);
      expect(stdout + stderr).to.match(/(?:^|\n)[^\n]*empty\.json: [^\n]*FILE_EMPTY/);
      expect(stdout).to.match(/5 records: /);
    }
  });

  for (const [name, given, message] of [
    [
      "a platform that is not there",
      ["no-such-shop", "good"],
      new RegExp(`^mergepay: .*"no-such-shop"; there are ${platformsOf().join(", ")}\\. .*\\[PLATFORM_UNKNOWN\\]\n$`),
    ],
    ["a file that is not there", ["platform", "missing"], /^mergepay: \S*missing does not exist; .* \[NOT_FOUND\]\n$/],
    ["a folder in a file's place", ["platform", "folder"], /^mergepay: \S*folder is not a file; .* \[NOT_FOUND\]\n$/],
  ] as const) {
    it(`refuses ${name} in one clear line`, async () => {
      const { platform, path } = await fileOf(2, []);
      await mkdir(join(folder.dir, "folder"), { recursive: true });
      const [id, file] = given;
      const ran = await importing(id === "platform" ? platform : id, file === "good" ? path : join(folder.dir, file));
      expect([ran.code, ran.stdout]).to.deep.equal([1, ""]);
      expect(ran.stderr).to.match(message);
    });
  }

  it("imports 100,000 orders with 10 bad ones among them: 99,990 orders and where the 10 are", async function () {
    this.timeout(180_000);
    const json = demos.find(({ path }) => extname(path) === ".json") ?? demos[0];
    const bad = [0, 1, 4_999, 5_000, 31_337, 50_000, 65_535, 77_777, 99_998, 99_999];
    const { platform, path } = await fileOf(100_000, bad, json);
    const ran = await mergepay(
      ["import", platform, path],
      { MERGEPAY_DATA: join(folder.dir, "large") },
      { deadlineMs: 170_000 },
    );
    expect([ran.code, ran.stderr], ran.stdout).to.deep.equal([0, ""]);
    expect(ran.stdout).to.match(/: 100000 records: 99990 new orders, 0 revised, 0 unchanged, .* 10 rejected/);
    const rejects = rejectsIn(ran);
    expect(rejects).to.have.length(10);
    const places = rejects.map(({ position }) => Number(/[0-9]+/.exec(position)?.[0]));
    expect(places.map((place) => place - (places[0] ?? 0))).to.deep.equal(bad);
    expect(new Set(rejects.map(({ code, field }) => `${code} ${field}`)).size).to.equal(1);
  });
});
