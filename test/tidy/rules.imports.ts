/** Who may import whom: gateway -> core <- plugins, and what else keeps the parts apart. */
import { builtinModules } from "node:module";
import { dirname, join } from "node:path/posix";
import { type Finding, type Import, importsOf, isScript, packageOf, type Rule, type Source } from "./source.ts";

/** Where an import leads: a path from the root, or a package's name. */
function targetOf(source: Source, specifier: string): string {
  return specifier.startsWith(".") ? join(dirname(source.path), specifier) : (packageOf(specifier) ?? specifier);
}

const refused =
  (refuse: (target: string, imported: Import, source: Source) => boolean) =>
  (source: Source): Finding[] =>
    importsOf(source)
      .filter((imported) => refuse(targetOf(source, imported.specifier), imported, source))
      .map(({ line, specifier }) => ({ line, what: `imports ${specifier}` }));

const within = (folder: string) => (path: string) => path.startsWith(`${folder}/`) && isScript(path);
const inFolder = (target: string, ...folders: readonly string[]): boolean =>
  folders.some((folder) => target === folder || target.startsWith(`${folder}/`));

const contracts = new Set(["core/plugin/contract.ts", "core/plugin/bank-contract.ts"]);
const notForPlugins = new Set(["moleculer", "mongodb", "pino", "nats", "fastify", "mingo"]);
const ownFolder = (path: string): string => path.split("/").slice(0, 2).join("/");

/** Parts without clock, randomness or I/O. `plugins/<platform>` because mapping is pure; bank drivers talk to banks. */
export const isPure = (path: string): boolean =>
  isScript(path) &&
  (/^core\/(?:money|formats|schema|errors)\//.test(path) ||
    /^core\/.*(?:^|\/)(?:model|states)\.ts$/.test(path) ||
    /^core\/(?:bank\/instruction|refunds\/(?:allocation|scope))\.ts$/.test(path) ||
    /^core\/settlement\/(?:days|fees|fee-rule|settlement-rule)\.ts$/.test(path) ||
    /^plugins\/(?!bank-adapter\/)/.test(path));

const impure = new Set(
  [
    "fs",
    "fs/promises",
    "net",
    "http",
    "https",
    "http2",
    "tls",
    "dns",
    "dgram",
    "child_process",
    "worker_threads",
    "timers",
    "timers/promises",
    "os",
    "sqlite",
    "perf_hooks",
  ].map((name) => `node:${name}`),
);

export const importRules: readonly Rule[] = [
  {
    name: "core imports nothing from gateway or plugins",
    instead: "take what is needed through deps, or move it into core",
    applies: within("core"),
    find: refused((target) => inFolder(target, "gateway", "plugins", "test", "bench")),
    bad: [
      ["core/orders/service.ts", 'import { serve } from "../../gateway/http/server.ts";'],
      ["core/plugin/host.ts", 'import type { x } from "../../plugins/bank-adapter/plugin.ts";'],
      ["core/a.ts", 'const x = await import("../plugins/bank-adapter/plugin.ts");'],
      ["core/a.ts", 'export { x } from "../test/support/process.ts";'],
    ],
    good: [
      ["core/orders/service.ts", 'import { x } from "../money/money.ts";'],
      ["core/a.ts", 'import type { Order } from "../schemas/types.generated.ts";'],
    ],
  },
  {
    name: "gateway imports nothing from plugins",
    instead: "call the plugin's service over the broker, or use core/plugin",
    applies: within("gateway"),
    find: refused((target) => inFolder(target, "plugins", "test", "bench")),
    bad: [["gateway/cli/main.ts", 'import plugin from "../../plugins/bank-adapter/plugin.ts";']],
    good: [["gateway/cli/main.ts", 'import { x } from "../../core/limits.ts";']],
  },
  {
    name: "a plugin imports only the contracts, its own folder and small libraries",
    instead:
      "import core/plugin/contract.ts or core/plugin/bank-contract.ts, which hold all that a plugin may know of the house",
    applies: within("plugins"),
    find: refused((target, imported, source) => {
      if (!imported.specifier.startsWith(".")) return notForPlugins.has(target) || imported.specifier.startsWith("/");
      return !contracts.has(target) && !inFolder(target, ownFolder(source.path));
    }),
    bad: [
      ["plugins/shop/plugin.ts", 'import { x } from "../../core/money/money.ts";'],
      ["plugins/shop/plugin.ts", 'import { x } from "../other/plugin.ts";'],
      ["plugins/shop/plugin.ts", 'import { x } from "../../schemas/types.generated.ts";'],
      ["plugins/shop/plugin.ts", 'import { ServiceBroker } from "moleculer";'],
      ["plugins/bank-adapter/banks/b/driver.ts", 'import type { Db } from "mongodb";'],
      ["plugins/shop/a/b.ts", 'import pino from "pino";'],
    ],
    good: [
      ["plugins/shop/plugin.ts", 'import { definePlatform } from "../../core/plugin/contract.ts";'],
      ["plugins/shop/plugin.ts", 'import { rows } from "./rows.ts";'],
      ["plugins/bank-adapter/banks/b/driver.ts", 'import { d } from "../../../../core/plugin/bank-contract.ts";'],
      [
        "plugins/bank-adapter/banks/b/driver.ts",
        'import { x } from "../../common.ts";\nimport { parse } from "saxes";',
      ],
    ],
  },
  {
    name: "only core/store imports mongodb at run time",
    instead: "write against StoreCollection of core/store/contract.ts; types may be imported with `import type`",
    applies: (path) => /^(?:core|gateway|plugins)\//.test(path) && isScript(path) && !path.startsWith("core/store/"),
    find: refused((target, { typeOnly }) => !typeOnly && target === "mongodb"),
    bad: [
      ["core/orders/service.ts", 'import { MongoClient } from "mongodb";'],
      ["gateway/health.ts", 'import { type Db } from "mongodb";'],
    ],
    good: [
      ["core/orders/service.ts", 'import type { Filter } from "mongodb";'],
      ["core/store/mongo.ts", 'import { MongoClient } from "mongodb";'],
    ],
  },
  {
    name: "core knows no HTTP server and no command line",
    instead: "put it into gateway",
    applies: within("core"),
    find: refused((target) => /^(?:fastify|@fastify\/.*|commander|cli-progress)$/.test(target)),
    bad: [["core/a.ts", 'import fastify from "fastify";']],
    good: [["core/a.ts", 'import { Service } from "moleculer";']],
  },
  {
    name: "pure parts import nothing that reaches the outside",
    instead: "take bytes, times and ids as arguments or through deps",
    // core/schema reads the schema files when it is loaded, as an import would.
    applies: (path) => isPure(path) && !path.startsWith("core/schema/"),
    find: refused((target) => impure.has(target)),
    bad: [
      ["core/money/money.ts", 'import { readFileSync } from "node:fs";'],
      ["core/orders/states.ts", 'import { setTimeout } from "node:timers/promises";'],
      ["plugins/shop/plugin.ts", 'import { request } from "node:http";'],
    ],
    good: [
      ["core/orders/service.ts", 'import { readFileSync } from "node:fs";'],
      ["plugins/bank-adapter/banks/b/driver.ts", 'import { request } from "node:http";'],
      ["core/formats/json.ts", 'import { TextDecoder } from "node:util";'],
    ],
  },
  {
    name: "imports are written as Node reads them",
    instead: "`node:` before a builtin, the `.ts` suffix (or the file's own) on a relative path",
    applies: isScript,
    find: refused(
      (_target, { specifier }) =>
        (specifier.startsWith(".") && !/\.(?:ts|js|mjs|json)$/.test(specifier)) ||
        (!specifier.startsWith("node:") && builtinModules.includes(specifier)),
    ),
    bad: [
      ["core/a.ts", 'import { join } from "path";'],
      ["test/a.ts", 'import { x } from "./b";'],
      ["test/a.ts", 'import { x } from "..";'],
    ],
    good: [
      [
        "core/a.ts",
        'import { join } from "node:path";\nimport x from "./b.ts";\nimport y from "./c.json" with { type: "json" };',
      ],
    ],
  },
];
