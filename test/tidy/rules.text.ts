/** What stands in no file of the repository, whatever its kind. */
import { type Finding, glue, isScript, matches, type Rule, type Source } from "./source.ts";

export const maxLines = 400;

const any = (): boolean => true;
const notLock = (path: string): boolean => path !== "package-lock.json";
const inText =
  (pattern: RegExp) =>
  (source: Source): Finding[] =>
    matches(source.text, pattern);
const homes = ["work", "root", "farm", "home", "Users"];
const hosts = [
  ["registry.", "npmjs"],
  ["registry.", "yarnpkg"],
  ["pythonhosted", ".org"],
  ["pypi", ".org"],
  ["deb.", "debian.org"],
  ["static.", "crates.io"],
  ["repo1.", "maven.org"],
].map((parts) => glue(...parts));
const key = glue("PRIVATE ", "KEY-----");

export const textRules: readonly Rule[] = [
  {
    name: `no file is longer than ${maxLines} lines`,
    instead: "split it by what it is about",
    applies: (path) => isScript(path) || path.startsWith(".ci/"),
    find: ({ text }) => {
      const lines = text.replace(/\n$/, "").split("\n").length;
      return lines > maxLines ? [{ line: maxLines + 1, what: `${lines} lines` }] : [];
    },
    bad: [["core/a.ts", "x;\n".repeat(maxLines + 1)]],
    good: [
      ["core/a.ts", "x;\n".repeat(maxLines)],
      ["schemas/types.generated.ts", "x;\n".repeat(maxLines + 1)],
    ],
  },
  {
    name: "no path of somebody's machine",
    instead: "a path from the repository's root, or os.tmpdir()",
    applies: notLock,
    find: inText(new RegExp(`(?<![\\w.$}\\])])/(?:${homes.join("|")})/|\\.\\./${glue("sha", "red")}\\b`, "g")),
    bad: [
      ...homes.map((home) => ["docs/a.md", `see /${home}/x`] as const),
      ["core/a.ts", `readFileSync("${glue("..", "/sha", "red")}/x")`],
    ],
    good: [["docs/a.md", "https://example.com/home/ and core/work/x"]],
  },
  {
    name: "no package registry's host",
    instead:
      "take it away: the machine's own npm, pip and apt know where to ask (.npmrc leaves hosts out of the lock file)",
    applies: any,
    find: inText(
      new RegExp([...hosts.map((host) => host.replaceAll(".", "\\.")), '"resolved": "https?:'].join("|"), "g"),
    ),
    bad: [
      ...hosts.map((host) => ["deploy/Dockerfile", `RUN curl https://${host}/x`] as const),
      ["package-lock.json", glue('"resolved": ', '"https://example.com/x.tgz"')],
    ],
    good: [["package-lock.json", '"resolved": "file:x", "url": "https://opencollective.com/x"']],
  },
  {
    name: "no private key",
    instead: "make it when it is needed (node:crypto), into the data folder or a temporary one",
    applies: any,
    find: inText(new RegExp(`-----BEGIN [A-Z ]*${key}`, "g")),
    bad: [["test/a.pem", `-----BEGIN EC ${key}\nabc`]],
    good: [["core/a.ts", 'text.includes("PRIVATE KEY")']],
  },
  {
    name: "nothing about how the repository came to be",
    instead: "say what is and why; the repository stands alone",
    applies: notLock,
    find: inText(
      new RegExp(
        [glue("cl", "aude"), glue("anth", "ropic"), glue("the foun", "der\\b"), glue("co", "pilot")].join("|"),
        "gi",
      ),
    ),
    bad: [["CONTRIBUTING.md", glue("Asked ", "the foun", "der.")]],
    good: [["CONTRIBUTING.md", "Ask the owner."]],
  },
];

/**
 * No platform's name outside of its own folder and the papers: who adds a platform touches no other path.
 * A name of six letters or more is found inside other words too.
 */
export function platformRule(platforms: readonly string[]): Rule {
  const names = platforms.map((id) => {
    const pattern = id.replaceAll("-", "[-_ ]?");
    return id.length >= 6 ? pattern : `(?<![a-z])${pattern}(?![a-z])`;
  });
  const pattern = new RegExp(names.join("|") || "(?!)", "gi");
  const own = (path: string): boolean => platforms.some((id) => path.startsWith(`plugins/${id}/`));
  return {
    name: "no platform's name outside of its own folder and the papers",
    instead: "list the folder plugins/ to find platforms; use an invented one in tests",
    applies: (path) => !path.endsWith(".md") && notLock(path) && !own(path),
    find: (source) => [
      ...(source.path.search(pattern) === -1 ? [] : [{ line: 1, what: `the path ${source.path}` }]),
      ...matches(source.text, pattern),
    ],
    bad: platforms.flatMap((id) => [
      ["core/a.ts", `const id = "${id}";`] as const,
      ["test/e2e/a.spec.ts", `// the ${id.toUpperCase()} file`] as const,
      ["package.json", `"${id} x"`] as const,
      [`test/fixtures/${id}.xml`, "<a/>"] as const,
      ["plugins/bank-adapter/a.ts", `"${id}"`] as const,
    ]),
    good: platforms.flatMap((id) => [
      [`plugins/${id}/plugin.ts`, `"${id}"`] as const,
      ["README.md", `It reads ${id} files.`] as const,
    ]),
  };
}
