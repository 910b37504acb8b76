import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { MergepayError } from "../../../core/errors/errors.ts";
import { makeDataDir } from "../../../gateway/data-dir.ts";

describe("The data folder", () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-data-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it("is made with all above it, for its owner only, and may be there already", async () => {
    const path = join(dir, "a", "b", "c");
    await makeDataDir(path);
    expect((await stat(path)).mode & 0o777).to.equal(0o700);
    await makeDataDir(path);
    expect(await readdir(path)).to.deep.equal([]);
  });

  const file = () => join(dir, "file");
  for (const [what, path] of [
    ["a file", file],
    ["a folder inside of a file", () => join(file(), "x")],
    ["a place where no folder can be made", () => "/proc/nope"],
    ["a folder that takes nothing", () => "/proc"],
  ] as const)
    it(`can't be ${what}: the setting and the path are named`, async function () {
      // Only Linux has /proc.
      if (path().startsWith("/proc") && process.platform !== "linux") this.skip();
      await writeFile(file(), "");
      const { type, message, data } = await makeDataDir(path()).then(
        () => expect.fail("It was taken."),
        (error: unknown) => error as MergepayError,
      );
      expect([type, data.field]).to.deep.equal(["CONFIG_INVALID", "MERGEPAY_DATA"]);
      expect(message).to.include(`${path()} `).and.include("MERGEPAY_DATA");
    });
});
