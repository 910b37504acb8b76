import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { line, pluginsFolder, tightLimits, tricky } from "../../support/plugins.ts";
import { until } from "../../support/process.ts";

const module = (name: string) => JSON.stringify(new URL(`../../../core/plugin/${name}`, import.meta.url).href);

/** A host that reads one file with a plugin, then waits. */
const hostScript = (dir: string, file: string, limits: unknown) => `
  import { openPlatform } from ${module("platform.ts")};
  const openBlob = async function* () { yield Buffer.from(${JSON.stringify(file)}); };
  const options = { id: "corner-shop", dir: ${JSON.stringify(dir)}, limits: ${JSON.stringify(limits)}, openBlob };
  const platform = await openPlatform(options);
  process.stdout.write("ready");
  await platform.read("f", 0, null);
  setInterval(() => undefined, 1000);
`;

describe("A host that is killed leaves no worker behind", () => {
  const states: readonly (readonly [string, string])[] = [
    ["waits for work", line("A-1")],
    ["runs a plugin that loops", line("A-1", "1", { trick: "x" })],
  ];
  for (const [what, file] of states)
    it(`when the worker ${what}`, async function () {
      if (process.platform !== "linux") this.skip(); // Children are found by /proc, which only Linux has.
      const folder = await pluginsFolder();
      const dir = await folder.write("corner-shop", tricky("for (;;);"));
      const script = hostScript(dir, file, { ...tightLimits, pluginMsPer1000Records: 60_000 });
      const host = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const said = new Promise((resolve) => {
        host.stdout.once("data", resolve);
      });
      await said;
      const children = readFileSync(`/proc/${host.pid}/task/${host.pid}/children`, "utf8").trim().split(" ");
      expect(children).to.have.lengthOf(1);
      const worker = `/proc/${children[0]}/stat`;
      expect(existsSync(worker)).to.equal(true);
      host.kill("SIGKILL");
      // A process that nobody has collected yet shows as Z.
      await until("the worker has ended", () => !existsSync(worker) || readFileSync(worker, "utf8").includes(") Z "));
      await folder.remove();
    });
});
