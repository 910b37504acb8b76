import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { callRules } from "./rules.calls.ts";
import { importRules } from "./rules.imports.ts";
import { platformRule, textRules } from "./rules.text.ts";
import { isScript, listFiles, readSource, root, type Rule, type Source, sourceOf } from "./source.ts";

const platforms = readdirSync(join(root, "plugins"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== "bank-adapter")
  .map((entry) => entry.name);

const rules: readonly Rule[] = [...importRules, ...callRules, ...textRules, platformRule(platforms)];

const caught = (rule: Rule, path: string, text: string): boolean =>
  rule.applies(path) && rule.find(sourceOf(path, text)).length > 0;

describe("the house rules", () => {
  let sources: Source[];
  before(() => {
    sources = listFiles().map(readSource);
    expect(
      sources.filter(({ path }) => isScript(path)),
      "files that the rules look at",
    ).to.have.length.above(20);
  });

  for (const rule of rules) {
    it(rule.name, () => {
      const findings = sources
        .filter(({ path }) => rule.applies(path))
        .flatMap((source) => rule.find(source).map(({ line, what }) => `${source.path}:${line}: ${what}`));
      expect(findings, `${rule.name}.\nInstead: ${rule.instead}.\n${findings.join("\n")}\n`).to.have.length(0);
    });
  }
});

describe("each house rule can fail", () => {
  for (const rule of rules) {
    it(rule.name, () => {
      expect(rule.bad, "bad snippets").to.not.have.length(0);
      for (const [path, text] of rule.bad)
        expect(caught(rule, path, text), `catches in ${path}: ${text}`).to.equal(true);
      for (const [path, text] of rule.good)
        expect(caught(rule, path, text), `lets be in ${path}: ${text}`).to.equal(false);
    });
  }
});
