/**
 * Writes errors.md from the list of errors: `node docs/generate.ts` (or `--check`: exit 1 when they differ), so that what is
 * documented and what is answered can't drift apart.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ERRORS, type ErrorInfo } from "../core/errors/codes.ts";

const target = join(import.meta.dirname, "errors.md");

const retry: Record<ErrorInfo["retry"], string> = {
  never: "never",
  later: "later, as it is",
  changed: "after a change",
};

const errors: [string, ErrorInfo][] = Object.entries(ERRORS);
const rows = errors.map(
  ([code, info]) =>
    `| \`${code}\` | ${info.status} | ${info.who} | ${retry[info.retry]} | ${info.title.replaceAll("|", "\\|")} |`,
);
const text = `# Errors

Every error that Mergepay answers with, over HTTP (an RFC 9457 problem, \`code\`), over NATS (\`type\`), in file reports and on the command
line. A code never changes its meaning. The sentence in \`detail\` says what was wrong in the case at hand, \`field\` and \`position\` say where.

*Who* must act; *again*: whether the same request may be sent again.

| code | status | who | again | meaning |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

<!-- Generated from core/errors/codes.ts by docs/generate.ts. Do not edit: \`npm run docs\` writes it. -->
`;

if (process.argv.includes("--check")) {
  const present = await readFile(target, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return "";
  });
  if (present !== text) {
    process.stderr.write("docs/errors.md is not what core/errors/codes.ts gives: run `npm run docs`.\n");
    process.exitCode = 1;
  }
} else await writeFile(target, text);
