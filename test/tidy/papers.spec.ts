/** What stands in papers, package.json and the schemas fits the code and each other. Every check is tried on a bad case first. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, normalize } from "node:path/posix";
import { expect } from "chai";
import { ERRORS } from "../../core/errors/codes.ts";
import { loadPatches } from "../sabotage/run.ts";
import { levels } from "../support/levels.ts";
import { importsOf, isScript, listFiles, packageOf, readSource, root, type Source, sourceOf } from "./source.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
}

describe("the papers", () => {
  const { scripts } = JSON.parse(read("package.json")) as Package;
  /** Scripts that a text runs and that do not exist. */
  const unknownScripts = (text: string, known: Readonly<Record<string, string>>): string[] =>
    [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map((match) => match[1] ?? "").filter((name) => !(name in known));

  const brokenLinks = (path: string, text: string): string[] =>
    [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)\s#]+)/g)]
      .map((match) => match[1] ?? "")
      .filter((link) => !existsSync(join(root, normalize(join(dirname(path), link)))));

  it("README names the two commands that a newcomer runs", () => {
    const readme = read("README.md");
    expect(readme).to.include("npm ci && npm run demo").and.include("npm ci && npm test");
    expect(scripts).to.include.keys("demo", "test", "start", "check");
  });

  it("every npm command in a paper is a script of package.json", () => {
    expect(unknownScripts("`npm run nothing`, npm test, npm run a", { a: "" })).to.deep.equal(["nothing"]);
    for (const path of listFiles().filter((file) => file.endsWith(".md")))
      expect(unknownScripts(read(path), scripts), path).to.deep.equal([]);
  });

  it("every relative link in a paper leads somewhere", () => {
    expect(
      brokenLinks("docs/a.md", "[a](errors.md) [b](../nothing.md#x) [c](#y) [d](https://example.com)"),
    ).to.deep.equal(["../nothing.md"]);
    for (const path of listFiles().filter((file) => file.endsWith(".md")))
      expect(brokenLinks(path, read(path)), path).to.deep.equal([]);
  });

  it("every script of package.json and its bin start a file that is there", () => {
    const { bin } = JSON.parse(read("package.json")) as Package;
    const started = Object.values(scripts).flatMap((command) => command.match(/[\w./-]+\.ts\b/g) ?? []);
    expect(started).to.include("test/run.ts");
    for (const path of [...started, ...Object.values(bin)]) expect(existsSync(join(root, path)), path).to.equal(true);
  });
});

describe("the list of faults", () => {
  /** Tests that a text names by file and words of the title, and that are not there. */
  const missing = (text: string): string[] =>
    [...text.matchAll(/`(test\/[\w./-]+\.ts)` "([^"]+)"/g)].flatMap(([, file = "", words = ""]) =>
      existsSync(join(root, file)) && read(file).includes(words) ? [] : [`${file} "${words}"`],
    );

  it("names tests that are there", () => {
    expect(
      missing('`test/none.ts` "x" and `test/run.ts` "no such words" and `test/run.ts` "readTotals"'),
    ).to.deep.equal(['test/none.ts "x"', 'test/run.ts "no such words"']);
    expect(missing(read("test/FAULTS.md"))).to.deep.equal([]);
  });

  it("has a test for each of its rows", () => {
    const rows = read("test/FAULTS.md")
      .split("\n")
      .filter((line) => /^\| \d+ \|/.test(line));
    expect(rows.length).to.be.greaterThan(30);
    expect(rows.filter((row) => !/`test\/[\w./-]+` "/.test(row))).to.deep.equal([]);
  });

  /** The last column of each row: ways to take the defence away. */
  const sabotageOf = (text: string): [no: number, names: string[]][] =>
    [...text.matchAll(/^\| (\d+) \|.*\|([^|]*)\|$/gm)].map(([, no = "", last = ""]) => [
      Number.parseInt(no, 10),
      [...last.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
    ]);

  it("names sabotage that is there, some for each fault of payments, the bank, races, the store and the clock", async () => {
    expect(sabotageOf('| 4 | a | `f` "t" | "x"; "y" |\n| 5 | b | `f` "t" | |')).to.deep.equal([
      [4, ["x", "y"]],
      [5, []],
    ]);
    const rows = sabotageOf(read("test/FAULTS.md"));
    const names = new Set((await loadPatches()).map(({ name }) => name));
    expect(rows.flatMap(([, own]) => own).filter((name) => !names.has(name))).to.deep.equal([]);
    const without = rows.flatMap(([no, own]) => (own.length === 0 ? [no] : []));
    // Of files and of keys the list of sabotage is not complete.
    expect(without.filter((no) => (no > 3 && no < 27) || (no > 32 && no < 52))).to.deep.equal([]);
  });
});

describe("the list of errors", () => {
  const codes = Object.keys(ERRORS);
  const undocumented = (text: string): string[] => codes.filter((code) => !text.includes(`| \`${code}\` |`));
  const unused = (sources: readonly Source[]): string[] => {
    const words = new Set(sources.flatMap(({ code }) => code.match(/\b[A-Z][A-Z_]+\b/g) ?? []));
    return codes.filter((code) => !words.has(code));
  };

  it("is documented in docs/errors.md, each code", () => {
    expect(undocumented("| `NOT_FOUND` | 404 |")).to.have.length(codes.length - 1);
    expect(undocumented(read("docs/errors.md"))).to.deep.equal([]);
  });

  it("has no code that is never used", () => {
    expect(unused([sourceOf("core/a.ts", 'throw new MergepayError("NOT_FOUND"); // INTERNAL')])).to.have.length(
      codes.length - 1,
    );
    const sources = listFiles()
      .filter((path) => /^(?:core|gateway|plugins)\//.test(path) && isScript(path) && path !== "core/errors/codes.ts")
      .map(readSource);
    expect(unused(sources)).to.deep.equal([]);
  });
});

describe("package.json", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Package;
  const all = { ...dependencies, ...devDependencies };
  /** Used without an import, and how. */
  const tools: Readonly<Record<string, string>> = {
    node: "the runtime",
    typescript: "tsc",
    prettier: "prettier",
    oxlint: "oxlint",
    "oxlint-tsgolint": "--type-aware",
  };
  const imported = new Map<string, string[]>();
  before(() => {
    for (const path of listFiles().filter(isScript)) {
      for (const { specifier } of importsOf(readSource(path))) {
        const name = packageOf(specifier);
        if (name === undefined || isBuiltin(specifier)) continue;
        imported.set(name, [...(imported.get(name) ?? []), path]);
      }
    }
  });

  const loose = (versions: Readonly<Record<string, string>>): string[] =>
    Object.entries(versions).flatMap(([name, version]) =>
      /^\d+\.\d+\.\d+$/.test(version) ? [] : [`${name} ${version}`],
    );

  it("pins every dependency exactly", () => {
    expect(loose({ a: "^1.0.0", b: "1.x", c: "1.0.0", d: "latest" })).to.deep.equal(["a ^1.0.0", "b 1.x", "d latest"]);
    expect(loose(all)).to.deep.equal([]);
  });

  it("has no dependency that nothing imports", () => {
    const runner = read("test/run.ts");
    for (const [name, word] of Object.entries(tools))
      if (name !== "node") expect(runner, `test/run.ts runs ${name}`).to.include(word);
    const types = read("tsconfig.json");
    const idle = Object.keys(all).filter((name) => {
      if (imported.has(name) || name in tools) return false;
      const typed = /^@types\/(.+)$/.exec(name)?.[1];
      return typed === undefined || !(imported.has(typed) || types.includes(`"${typed}"`));
    });
    expect(idle, "take them out of package.json, or use them").to.deep.equal([]);
  });

  it("declares everything that is imported, and for production what production imports", () => {
    const undeclared = [...imported].flatMap(([name, paths]) => {
      const inProduction = paths.filter(
        (path) => /^(?:core|gateway|plugins)\/|^moleculer\.config/.test(path) && !path.includes("/test/"),
      );
      if (!(name in all)) return [`${name} (${paths[0] ?? ""})`];
      return inProduction.length > 0 && !(name in dependencies)
        ? [`${name} in dependencies (${inProduction[0] ?? ""})`]
        : [];
    });
    expect(undeclared).to.deep.equal([]);
  });
});

describe("the schemas", () => {
  type Node = Readonly<Record<string, unknown>>;
  const isNode = (value: unknown): value is Node =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const names = readdirSync(join(root, "schemas")).filter((name) => name.endsWith(".schema.json"));

  /** Everything that the house expects of a schema and this one does not have. */
  function faults(name: string, schema: Node, known: readonly string[]): string[] {
    const found: string[] = [];
    if (schema["$id"] !== `mergepay:${name.replace(".schema.json", "")}`)
      found.push(`$id is not that of the file's name`);
    if (schema["$schema"] !== "https://json-schema.org/draft/2020-12/schema") found.push("$schema is not 2020-12");
    const walk = (node: unknown, path: string): void => {
      if (Array.isArray(node)) return node.forEach((item, at) => walk(item, `${path}/${at}`));
      if (!isNode(node)) return undefined;
      const properties = node["properties"];
      const open = node["additionalProperties"];
      // An object with no property named is one of anything; it has to say so.
      if (isNode(properties) && open !== false) found.push(`${path}: additionalProperties is not false`);
      else if (node["type"] === "object" && open === undefined)
        found.push(`${path}: says nothing of additionalProperties`);
      const required = Array.isArray(node["required"]) ? node["required"] : [];
      if (isNode(properties))
        for (const key of required)
          if (!(String(key) in properties)) found.push(`${path}: requires ${String(key)}, which is not a property`);
      const id = typeof node["$ref"] === "string" ? (node["$ref"].split("#")[0] ?? "") : "";
      if (id !== "" && !known.includes(id)) found.push(`${path}: there is no ${id}`);
      for (const [key, item] of Object.entries(node))
        if (key !== "enum" && key !== "const") walk(item, `${path}/${key}`);
      return undefined;
    };
    walk(schema, "");
    return found;
  }

  it("are caught when they are not of the house", () => {
    const bad = {
      $id: "mergepay:b",
      properties: { a: { type: "object" }, c: { $ref: "mergepay:none#/x" } },
      required: ["a", "d"],
    };
    expect(faults("a.schema.json", bad, ["mergepay:b"])).to.have.length(6);
  });

  for (const name of names) {
    it(`${name} has its id, refuses unknown properties and refers to what is there`, () => {
      const known = names.map((each) => `mergepay:${each.replace(".schema.json", "")}`);
      expect(faults(name, JSON.parse(read(`schemas/${name}`)) as Node, known)).to.deep.equal([]);
    });
  }
});

describe("the tests", () => {
  it("all stand in a folder that test/run.ts runs", () => {
    const specs = listFiles().filter((path) => path.endsWith(".spec.ts"));
    const known = new Set<string>(levels);
    const isRun = (path: string): boolean => path.startsWith("test/") && known.has(path.split("/")[1] ?? "");
    expect(isRun("test/elsewhere/a.spec.ts")).to.equal(false);
    expect(isRun("core/a.spec.ts")).to.equal(false);
    expect(specs.filter((path) => !isRun(path))).to.deep.equal([]);
  });

  it("hold at least one expectation each", () => {
    const empty = (text: string): boolean => !/\bexpect\b|\bassert\b|\bsinon\.assert\b/.test(text);
    expect(empty('it("does", () => undefined);')).to.equal(true);
    const specs = listFiles().filter((path) => path.endsWith(".spec.ts"));
    expect(specs.filter((path) => empty(readSource(path).bare))).to.deep.equal([]);
  });
});
