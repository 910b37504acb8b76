import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { ROOT } from "../../support/cluster.ts";

const run = promisify(execFile);

/** A worker's beginning in a process of its own, since what confines a plugin can't be undone. Prints what it saw, line by line. */
const beginning = (home: string, cache: string): string => {
  const url = (path: string): string => JSON.stringify(pathToFileURL(join(ROOT, path)).href);
  return `
    import { BEGINNING, confine } from ${url("core/plugin/confine.ts")};
    import { whenLoaded } from ${url("core/plugin/seal.ts")};
    const { log } = console;
    const { permission } = process;
    const told = (when) => log(when, "ran" in globalThis, permission.has("fs.write", ${JSON.stringify(cache)}));
    confine({
      dir: ${JSON.stringify(join(home, "shop"))},
      house: [${JSON.stringify(join(home, "house"))}, ${JSON.stringify(join(ROOT, "core"))}],
      libraries: ${JSON.stringify(join(ROOT, "node_modules"))},
      contract: ${JSON.stringify(join(ROOT, "core/plugin/contract.ts"))},
      first: ${JSON.stringify(join(ROOT, "core/plugin/sealing.ts"))},
    });
    whenLoaded(() => {
      told("loaded");
      permission.drop("fs.write");
    });
    await import(BEGINNING).then(() => told("ran"), (error) => log(error.message.split("\\n")[0]));
  `;
};

describe("The beginning of a plugin's worker", function () {
  this.timeout(20_000);
  let home: string;
  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), "mergepay-beginning-")));
    for (const folder of ["shop", "house", "cache"]) await mkdir(join(home, folder));
    await writeFile(join(home, "package.json"), '{ "type": "module" }');
  });
  afterEach(() => rm(home, { recursive: true }));

  async function begun(plugin: string, part = ""): Promise<string[]> {
    await writeFile(join(home, "shop", "plugin.ts"), plugin);
    await writeFile(join(home, "shop", "part.ts"), part);
    const script = join(home, "house", "begin.mjs");
    await writeFile(script, beginning(home, join(home, "cache")));
    const reads = [ROOT, await realpath(join(ROOT, "node_modules")), home].map((path) => `--allow-fs-read=${path}`);
    const flags = ["--disable-warning=ExperimentalWarning", "--disable-warning=SecurityWarning", "--permission"];
    const writes = `--allow-fs-write=${join(home, "cache")}`;
    const { stdout } = await run(process.execPath, [...flags, ...reads, writes, script]);
    return stdout.trim().split("\n");
  }

  it("has the plugin loaded, and the right to write given up, before a line of it runs", async () => {
    const ran = "globalThis.ran = true;";
    for (const [plugin, part] of [
      [ran, ""],
      ['import "./part.ts";', ran],
      ['import "./part.ts";', `await 0; ${ran}`],
    ] as const)
      expect(await begun(plugin, part)).to.deep.equal(["loaded false true", "ran true false"]);
  });

  it("runs nothing of a plugin whose parts can't be loaded", async () => {
    const [said, ...more] = await begun('globalThis.ran = true; import "./none.ts";');
    expect(said).to.match(/^Cannot find module/);
    expect(more).to.deep.equal([]);
  });

  it("is not for the plugin to import", async () => {
    expect(await begun('await import("mergepay:beginning");'))
      .to.have.nested.property("1")
      .that.matches(/scheme|mergepay:/);
  });
});
