/** Calls and words that the code does without, each with what to write instead. */
import { isPure } from "./rules.imports.ts";
import { type Finding, glue, isScript, matches, type Rule, type Source } from "./source.ts";

const inBare =
  (pattern: RegExp) =>
  (source: Source): Finding[] =>
    matches(source.bare, pattern);
const inText =
  (pattern: RegExp) =>
  (source: Source): Finding[] =>
    matches(source.text, pattern);
const inComments =
  (pattern: RegExp) =>
  (source: Source): Finding[] =>
    matches(source.comments, pattern);
const under =
  (...folders: readonly string[]) =>
  (path: string): boolean =>
    isScript(path) && folders.some((folder) => path.startsWith(`${folder}/`));
const isSpec = (path: string): boolean => path.startsWith("test/") && path.endsWith(".spec.ts");
const notTidy = (path: string): boolean => isScript(path) && !path.startsWith("test/tidy/");

/** Words in an identifier that say that it holds money. */
const money = new Set(["amount", "total", "fee", "price", "value", "minor", "gross", "net"]);

/** `orderAmount`, `order.total`, `row.FEES`: a word, plural or not, of the last name of one of the chains in an expression. */
function isMoney(expression: string): boolean {
  const names = [...expression.matchAll(/[\w$.?!]+/g)].map(([chain]) => /[\w$]*$/.exec(chain)?.[0] ?? "");
  const words = names.flatMap((name) => name.split(/(?<=[a-z0-9])(?=[A-Z])|_/));
  return words.map((word) => word.toLowerCase()).some((word) => money.has(word) || money.has(word.replace(/s$/, "")));
}

const withMoney =
  (pattern: RegExp) =>
  (source: Source): Finding[] =>
    [...source.bare.matchAll(pattern)]
      .filter((match) => isMoney(match.groups?.["of"] ?? ""))
      .flatMap((match) => [{ line: source.bare.slice(0, match.index).split("\n").length, what: match[0].trim() }]);

const any = glue("a", "ny");
const switches = [
  ...["ignore", "expect-error", "nocheck"].map((word) => `@ts-${word}`),
  ...["eslint", "oxlint", "tslint"].map((name) => `${name}-disable`),
  ...["biome", "prettier"].map((name) => `${name}-ignore`),
];
const marks = [glue("TO", "DO"), glue("FIX", "ME"), glue("XX", "X"), glue("HA", "CK")];

export const callRules: readonly Rule[] = [
  {
    name: "an amount never becomes a JavaScript number",
    instead: "keep decimal text and bigint minor units: toMinor, fromMinor and friends of core/money",
    applies: under("core", "gateway", "plugins", "bench"),
    find: (source) => [
      ...inBare(/\bparseFloat\s*\(/g)(source),
      ...withMoney(/\b(?:Number|parseInt|Number\.parseInt|Math\.\w+)\s*\((?<of>[^()]*)/g)(source),
      ...withMoney(/(?:^|[=(,:?[{;&|!~\-*/%<>]|\breturn\b|=>)\s*\+(?![+=])\s*(?<of>[A-Za-z_$][\w$.?![\]]*)/gm)(source),
      ...withMoney(/(?<of>[A-Za-z_$][\w$.]*)\.toFixed\s*\(/g)(source),
    ],
    bad: [
      ["core/a.ts", "const a = Number(order.amount.value);"],
      ["core/a.ts", "const a = parseFloat(text);"],
      ["core/a.ts", "const a = Number.parseFloat(text);"],
      ["core/a.ts", "const a = +order.total;"],
      ["core/a.ts", "return +feeText;"],
      ["core/a.ts", "sum(+line.gross, 1);"],
      ["gateway/a.ts", "const a = Number(totalMinor) / 100;"],
      ["gateway/a.ts", "const a = Math.round(price * 100);"],
      ["plugins/shop/plugin.ts", "const a = Number.parseInt(row.FEES, 10);"],
      ["plugins/shop/plugin.ts", "money(unitPrice.toFixed(2));"],
    ],
    good: [
      ["core/a.ts", "const port = Number(env.PORT);"],
      ["core/a.ts", "const a = gross + net; i++; x = y + +z;"],
      ["core/a.ts", 'const a = "Number(amount)"; // parseFloat(amount)'],
      ["core/a.ts", "const a = Number(network);"],
      ["test/unit/a.spec.ts", "const a = Number(total);"],
    ],
  },
  {
    name: "pure parts have no clock, chance or timers",
    instead: "take `now()`, ids and waits as arguments or through deps",
    applies: isPure,
    find: inBare(
      /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*\()|(?<!new )\bDate\(|\bMath\.random\b|\bset(?:Timeout|Interval|Immediate)\b|\bperformance\.now\b|\bprocess\.(?:hrtime|uptime|env)\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b|\bfetch\s*\(/g,
    ),
    bad: [
      ["core/money/a.ts", "const t = Date.now();"],
      ["core/formats/a.ts", "const t = new Date();"],
      ["core/schema/a.ts", "const t = Math.random();"],
      ["core/orders/model.ts", "setTimeout(go, 5);"],
      ["core/orders/states.ts", "setInterval(go, 5);"],
      ["core/settlement/fees.ts", "performance.now();"],
      ["core/errors/a.ts", "const id = randomUUID();"],
      ["plugins/shop/plugin.ts", "const zone = process.env.TZ;"],
    ],
    good: [
      ["core/orders/service.ts", "const t = Date.now();"],
      ["core/money/a.ts", "const t = new Date(text); // not Date.now()"],
      ["plugins/bank-adapter/banks/b/driver.ts", "const t = Date.now();"],
    ],
  },
  {
    name: "core and plugins write nothing to the console",
    instead: "use the logger of deps, or throw a MergepayError",
    // A main.ts is the entry of a process of its own: it has nobody else to tell.
    applies: (path) => under("core", "plugins")(path) && !path.endsWith("/main.ts"),
    find: inBare(/\bconsole\b|\bprocess\.std(?:out|err)\b/g),
    bad: [
      ["core/a.ts", 'console.log("x");'],
      ["plugins/shop/plugin.ts", "process.stderr.write(x);"],
    ],
    good: [
      ["core/a.ts", 'const t = "console.log"; // console'],
      ["gateway/cli/a.ts", "console.log(x);"],
    ],
  },
  {
    name: "core and plugins do not end the process",
    instead: "throw; only gateway decides about the process",
    // A worker.ts or main.ts is the entry of a process of its own.
    applies: (path) => under("core", "plugins")(path) && !/\/(?:main|worker)\.ts$/.test(path),
    find: inBare(/\bprocess\.(?:exit|abort|kill)\b/g),
    bad: [["core/a.ts", "process.exit(1);"]],
    good: [["gateway/cli/main.ts", "process.exit(1);"]],
  },
  {
    name: "settings are read in gateway, once",
    instead: "take the setting through deps; gateway/config.ts reads the environment",
    applies: under("core", "plugins"),
    find: inBare(/\bprocess\.env\b/g),
    bad: [["core/store/open.ts", 'const uri = process.env["MONGODB_URI"];']],
    good: [["gateway/config.ts", 'const uri = process.env["MONGODB_URI"];']],
  },
  {
    name: "no types or checks switched off",
    instead: "say what the type is (`unknown` and a check where it can't be known); mend what the linter says",
    applies: notTidy,
    find: (source) => [
      ...inBare(new RegExp(`\\bas ${any}\\b|:\\s*${any}\\b|<${any}>`, "g"))(source),
      ...inText(new RegExp(switches.join("|"), "g"))(source),
    ],
    bad: [
      ["core/a.ts", `const x = y as ${any};`],
      ["core/a.ts", `function f(x: ${any}) {}`],
      ...switches.map((word) => ["core/a.ts", `// ${word} x`] as const),
    ],
    good: [["core/a.ts", `const company = many as Anything; // as ${any} other`]],
  },
  {
    name: "no left-over marks",
    instead: "do it, or open an issue",
    applies: notTidy,
    find: inComments(new RegExp(`\\b(?:${marks.join("|")})\\b`, "g")),
    bad: marks.map((word) => ["core/a.ts", `// ${word} later`] as const),
    // ISO 4217 has a code that looks like a mark.
    good: [["core/a.ts", `const none = "${glue("XX", "X")}"; // todos los santos`]],
  },
  {
    name: "no test is narrowed",
    instead: `take \`.${glue("on", "ly")}\` away; name the spec file on the command line`,
    applies: under("test"),
    find: inBare(/\b(?:describe|context|it|specify|suite|test)\.only\b/g),
    bad: [["test/unit/a.spec.ts", `describe${glue(".on", "ly")}("x", () => undefined);`]],
    good: [["test/unit/a.spec.ts", "readOnly.only;"]],
  },
  {
    name: "a skipped test says why, on its line or the one before",
    instead:
      "take the skip away, or use a helper that says what to install (test/support); under CI nothing is skipped",
    applies: isSpec,
    find: (source) =>
      matches(
        source.bare,
        /\b(?:describe|context|it|specify)\.skip\b|\bthis\.skip\(|\bx(?:it|describe|context)\s*\(/g,
      ).filter(
        ({ line }) =>
          !/\/\/ \S+ \S+/.test(
            source.text
              .split("\n")
              .slice(Math.max(0, line - 2), line)
              .join(" "),
          ),
      ),
    bad: [
      ["test/unit/a.spec.ts", "it.skip(name, f);"],
      ["test/unit/a.spec.ts", "xit(name, f);"],
      ["test/unit/a.spec.ts", "this.skip(); // why"],
      ["test/unit/a.spec.ts", "// There is a reason.\nx();\nthis.skip();"],
    ],
    good: [
      ["test/unit/a.spec.ts", "if (windows) this.skip(); // There are no signals there."],
      ["test/unit/a.spec.ts", "// There are no signals there.\nif (windows) this.skip();"],
    ],
  },
  {
    name: "tests wait for the event, never a fixed time",
    instead: "await the event, or poll with `until` of test/support/process.ts",
    applies: isSpec,
    find: inBare(
      /\bsetTimeout\((?:[^,()]*|\(\)\s*=>[^,]*),\s*[\d_]{3,}\s*[,)]|\bawait\s+(?:sleep|delay|wait|setTimeout)\(\s*[\d_]+/g,
    ),
    bad: [
      ["test/unit/a.spec.ts", "setTimeout(resolve, 500);"],
      ["test/unit/a.spec.ts", "setTimeout(() => resolve(), 1_000);"],
      ["test/unit/a.spec.ts", "await sleep(5);"],
      ["test/unit/a.spec.ts", "await setTimeout(100);"],
    ],
    good: [["test/unit/a.spec.ts", "setTimeout(resolve, 20); setTimeout(fail, deadlineMs);"]],
  },
];
