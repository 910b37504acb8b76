import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { findOnPath, freePort, listens, startServer, until } from "./process.ts";

const script = (text: string) => ({ name: "probe", command: process.execPath, args: () => ["-e", text] });
const forever = "setInterval(() => undefined, 1000);";

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false; // ESRCH is the answer asked for.
  }
};

describe("a test server as a child process", () => {
  it("is ready when its output says so, and is gone with its folder after stop", async () => {
    const server = await startServer({
      ...script(`console.log("port 42");${forever}`),
      ready: { output: /port (\d+)/ },
    });
    expect(server.match[1]).to.equal("42");
    expect(existsSync(server.dir)).to.equal(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(alive(server.pid)).to.equal(false);
    expect(existsSync(server.dir)).to.equal(false);
  });

  it("is ready when its port listens", async () => {
    const port = await freePort();
    expect(await listens(port)).to.equal(false);
    const server = await startServer({
      ...script(`require("node:net").createServer().listen(${port}, "127.0.0.1")`),
      ready: { port },
    });
    expect(await listens(port)).to.equal(true);
    await server.stop();
    expect(await listens(port)).to.equal(false);
  });

  it("that stops at once is refused with what it said", async () => {
    let error = "";
    await startServer({
      ...script(`console.error("no such option");process.exit(3)`),
      ready: { output: /ready/ },
    }).catch((caught: unknown) => (error = String(caught)));
    expect(error).to.include("probe could not be started").and.include("no such option");
  });

  it("that is not there is refused by name", async () => {
    let error = "";
    await startServer({ name: "ghost", command: "no-such-server", args: () => [], ready: { output: /ready/ } }).catch(
      (caught: unknown) => (error = String(caught)),
    );
    expect(error).to.include("ghost could not be started (no-such-server)");
  });

  it("that is never ready is ended at the deadline", async () => {
    let error: unknown;
    await startServer({
      ...script(`console.log(process.pid);${forever}`),
      ready: { output: /never/ },
      deadlineMs: 300,
    }).catch((caught: unknown) => (error = caught));
    const pid = /^(\d+)$/m.exec(String(error))?.[1] ?? "";
    expect(alive(Number.parseInt(pid, 10))).to.equal(false);
  });

  it("that is killed keeps its folder until stop, as after a crash", async () => {
    const server = await startServer({ ...script(`console.log("up");${forever}`), ready: { output: /up/ } });
    await server.kill();
    expect(alive(server.pid)).to.equal(false);
    expect(existsSync(server.dir)).to.equal(true);
    await server.stop();
    expect(existsSync(server.dir)).to.equal(false);
  });

  it("does not outlive a test process that is killed", async function () {
    if (process.platform !== "linux" || findOnPath("setpriv") === undefined) this.skip(); // Only the Linux kernel does this for us.
    const text = `
      const { startServer } = await import(${JSON.stringify(join(import.meta.dirname, "process.ts"))});
      const server = await startServer({ name: "probe", command: process.execPath, args: () => ["-e", ${JSON.stringify(
        `console.log("up");${forever}`,
      )}], ready: { output: /up/ } });
      console.log("pid", server.pid);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", text], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    parent.stdout.setEncoding("utf8").on("data", (more: string) => (said += more));
    const pid = await until("the pid", () => /pid (\d+)/.exec(said)?.[1]);
    parent.kill("SIGKILL");
    await once(parent, "close");
    await until("the server to be gone", () => !alive(Number.parseInt(pid, 10)));
  });
});
