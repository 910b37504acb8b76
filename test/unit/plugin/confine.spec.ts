import { cp, symlink } from "node:fs/promises";
import { builtinModules } from "node:module";
import { type AddressInfo, createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import type { startPluginWorker } from "../../../core/plugin/worker-process.ts";
import { ROOT } from "../../support/cluster.ts";
import {
  goodPlugin,
  line,
  openShop,
  pluginFile,
  type PluginFiles,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
} from "../../support/plugins.ts";

const urlOf = (path: string): string => new URL(`../../../${path}`, import.meta.url).href;
const withTop = (top: string, more: PluginFiles = {}): PluginFiles => ({
  ...goodPlugin,
  "plugin.ts": pluginFile({ top }),
  ...more,
});

/** What a plugin does when it is loaded, its files, and the words that it is refused with. */
const refused: readonly (readonly [string, PluginFiles, RegExp])[] = [
  ["imports a module of Node", withTop('import "node:net";'), /can't import "node:net": it is a module of Node/],
  ["imports later", withTop('await import("node:net");'), /can't import "node:net"/],
  ["imports by a name that it makes", withTop('await import(["node", "net"].join(":"));'), /can't import "node:net"/],
  ["imports in code that it makes", withTop('await eval(`import("node:net")`);'), /can't import "node:net"/],
  ["imports a file of the system", withTop('import "/etc/passwd";'), /can't import "\/?(?:etc\/)?passwd"/],
  [
    "imports a file beside its folder",
    withTop('import "../../package.json" with { type: "json" };'),
    /outside of its folder/,
  ],
  [
    "imports the house behind the contract",
    withTop(`import ${JSON.stringify(urlOf("core/money/money.ts"))};`),
    /outside of its folder/,
  ],
  [
    "imports code out of an address",
    withTop('import "data:text/javascript,export default 1";'),
    /outside of its folder/,
  ],
  [
    "brings a CommonJS module",
    withTop('import "./a.cjs";', { "a.cjs": "module.constructor._load('net');" }),
    /"a\.cjs": it is not an ECMAScript module/,
  ],
  [
    "imports a library that is none of computing",
    withTop(`import "${urlOf("node_modules/mongodb/lib/index.js")}";`),
    /it is a module of Node/,
  ],
  ["ends the process", withTop("process.exit(0);"), /process\.exit is not a function/],
  ["changes the language", withTop("Array.prototype.map = () => [];"), /TypeError/],
  [
    "changes how a module is found",
    withTop('String.prototype.startsWith = () => true; await import("../../a.ts");'),
    /TypeError/,
  ],
];

/** What a plugin tries at a record, as an expression; and what comes of it. */
const tried: readonly (readonly [string, string, string])[] = [
  ["ask the network", 'fetch("http://127.0.0.1:PORT/")', "ReferenceError"],
  ["open a socket", 'new WebSocket("ws://127.0.0.1:PORT/")', "ReferenceError"],
  ["listen to events", 'new EventSource("http://127.0.0.1:PORT/")', "ReferenceError"],
  ["get at the network by what it is made of", "Response", "ReferenceError"],
  ["see the environment", "JSON.stringify(process.env)", "{}"],
  ["reach the process", "Object.keys(process).join()", "env"],
  ["kill its host", "process.kill(process.ppid)", "TypeError"],
  ["kill its process", 'process.kill(process.pid, "SIGKILL")', "TypeError"],
  ["end its process", "process.exit(0)", "TypeError"],
  ["close its channel", "process.disconnect()", "TypeError"],
  ["speak for its worker", "process.send({})", "TypeError"],
  ["bind to Node's inside", 'process.binding("fs")', "TypeError"],
  ["get a module of Node", 'process.getBuiltinModule("fs")', "TypeError"],
  ["load a library of the machine", 'process.dlopen({ exports: {} }, "/x.node")', "TypeError"],
  ["require", 'require("fs")', "ReferenceError"],
  ["print", 'console.log("x")', "ReferenceError"],
  [
    "use another global",
    "Object.getOwnPropertyNames(globalThis).filter((n) => /fetch|socket|worker|broadcast|message/i.test(n)).join()",
    "",
  ],
  ["find the process in code that it makes", 'new Function("return typeof process.kill")()', "undefined"],
  ["have what awaits call it", "Object.prototype.then = () => 1", "TypeError"],
  ["change how text is written", 'JSON.stringify = () => "[]"', "TypeError"],
  ["change a buffer's functions", "Buffer.byteLength = () => 0", "TypeError"],
  ["put the process back", 'Object.defineProperty(globalThis, "process", { value: 1 })', "TypeError"],
  ["leave work for later", "setTimeout(() => 1, 1)", "ReferenceError"],
];

describe("A plugin in its worker", function () {
  this.timeout(20_000);
  let folder: PluginsFolder;
  let server: Server;
  let connections = 0;
  const port = () => String((server.address() as AddressInfo).port);

  before(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
  });
  after(() => server.close());
  beforeEach(async () => {
    folder = await pluginsFolder();
  });
  afterEach(() => folder.remove());

  async function readOnce(files: PluginFiles, file: string): Promise<readonly MappedRecord[]> {
    const platform = await openShop(folder, files, { f: file });
    try {
      return (await platform.read("f", 0, null)).records;
    } finally {
      await platform.close();
    }
  }

  for (const [what, files, sentence] of refused)
    it(`is refused when it ${what}`, async () => {
      const error = await readOnce(files, line("A-1")).then(
        () => expect.fail("It was not refused."),
        (thrown: unknown) => asMergepayError(thrown),
      );
      expect(error.type).to.equal("PLUGIN_LOAD_FAILED");
      expect(error.message).to.match(sentence).and.not.include(folder.dir);
    });

  it("can't do more than compute, whatever it tries at a record", async () => {
    const cases = tried.map(([, expression]) => `() => (${expression.replaceAll("PORT", port())})`).join(",\n");
    const top = `const acts: (() => unknown)[] = [${cases}];`;
    const trick = `if (row.trick !== undefined) {
      try { return { skip: "-" + String(acts[parseInt(row.trick, 10)]()) }; } catch (error) { return { skip: "-" + error.name }; }
    }`;
    const file = tried.map((_, index) => line(`A-${index}`, "1", { trick: String(index) })).join("");
    const records = await readOnce({ ...goodPlugin, "plugin.ts": pluginFile({ top, trick }) }, file + line("B-1"));
    expect(records.slice(0, -1).map(({ skipped }, index) => [tried[index]?.[0], skipped?.slice(1)])).to.deep.equal(
      tried.map(([what, , outcome]) => [what, outcome]),
    );
    expect(records.at(-1)?.orders).to.have.lengthOf(1);
    expect(connections).to.equal(0);
  });

  it("gets no module of Node under any name", async () => {
    const names = builtinModules.flatMap((name) => (name.startsWith("node:") ? [name] : [name, `node:${name}`]));
    const top = `const could: string[] = [];
      for (const name of ${JSON.stringify(names)}) await import(name).then(() => could.push(name), () => undefined);`;
    const plugin = pluginFile({
      top,
      trick: 'if (row.trick !== undefined) return { skip: "could: " + could.join() };',
    });
    const records = await readOnce({ ...goodPlugin, "plugin.ts": plugin }, line("A-1", "1", { trick: "x" }));
    expect(names.length).to.be.above(100);
    expect(records[0]?.skipped).to.equal("could: ");
  });

  it("may have files of its own: modules, JSON, and what the contract gives", async () => {
    const top = 'import { rows } from "./lib/rows.ts"; import names from "./names.json" with { type: "json" };';
    const files: PluginFiles = {
      ...withTop(`${top} if (rows(names.length) !== 2) throw new Error("no");`),
      "lib/rows.ts":
        'import { exactSum } from "CONTRACT"; export const rows = (n: number) => (exactSum(["1", "1"]) === "2" ? n : 0);'.replace(
          "CONTRACT",
          urlOf("core/plugin/contract.ts"),
        ),
      "names.json": '["a", "b"]',
    };
    expect((await readOnce(files, line("A-1")))[0]?.orders).to.have.lengthOf(1);
  });

  it("may use a library that only computes", async () => {
    const library = `import { Decimal } from "${urlOf("node_modules/decimal.js/decimal.mjs")}";`;
    const files = withTop(`${library} if (new Decimal("0.1").plus("0.2").toString() !== "0.3") throw new Error("no");`);
    expect((await readOnce(files, line("A-1")))[0]?.orders).to.have.lengthOf(1);
  });

  it("runs where the libraries are a link, as several checkouts may share them", async () => {
    const root = dirname(folder.dir);
    for (const name of ["core", "schemas", "package.json"])
      await cp(join(ROOT, name), join(root, name), { recursive: true });
    await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
    const own = pluginFile({}).replace(urlOf("core/plugin/contract.ts"), "../../core/plugin/contract.ts");
    const dir = await folder.write("corner-shop", { ...goodPlugin, "plugin.ts": own });
    const house = (await import(pathToFileURL(join(root, "core/plugin/worker-process.ts")).href)) as {
      startPluginWorker: typeof startPluginWorker;
    };
    const worker = await house.startPluginWorker({ dir, limits: tightLimits });
    expect(worker.manifest.title).to.be.a("string");
    await worker.close();
  });
});
