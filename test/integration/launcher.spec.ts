import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";

const run = promisify(execFile);
const launcher = join(import.meta.dirname, "../../gateway/bin/mergepay");

describe("the mergepay command", () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-launcher-"));
  });
  after(() => rm(dir, { recursive: true }));

  it("runs from any folder and through a link, on its own Node", async () => {
    const link = join(dir, "mergepay");
    await symlink(launcher, link);
    const { stdout, stderr } = await run(link, ["--help"], { cwd: dir, env: { PATH: "/usr/bin:/bin" } });
    expect(stdout).to.include("Usage: mergepay").and.include("start").and.include("demo");
    expect(stderr).to.equal("");
  });

  it("ends with the exit code of what it ran", async () => {
    let error: { code?: unknown; stderr?: unknown } = {};
    await run(launcher, ["no-such-command"]).catch((caught: typeof error) => (error = caught));
    expect(error.code).to.equal(1);
    expect(error.stderr).to.include("no-such-command");
  });

  it("says what to do where nothing is installed", async () => {
    await mkdir(join(dir, "gateway/bin"), { recursive: true });
    await cp(launcher, join(dir, "gateway/bin/mergepay"));
    let error: { code?: unknown; stderr?: unknown } = {};
    await run(join(dir, "gateway/bin/mergepay"), []).catch((caught: typeof error) => (error = caught));
    expect(error.code).to.equal(1);
    expect(error.stderr).to.include("npm ci");
  });
});
