import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { MergepayError } from "../../core/errors/errors.ts";
import { isEnded } from "../../core/files/states.ts";
import { defineStates, type States } from "../../core/states.ts";

const LIGHT = { red: ["green"], green: ["amber", "off"], amber: ["red"], off: [] } as const;

const refusal = (act: () => unknown): MergepayError => {
  try {
    act();
  } catch (error) {
    if (error instanceof MergepayError) return error;
    throw error;
  }
  return expect.fail("It was not refused.");
};

describe("a table of states", () => {
  const light = defineStates<keyof typeof LIGHT>("light", LIGHT);

  it("takes every move that it has and refuses every other one, with both states in the words", () => {
    const states = Object.keys(LIGHT) as (keyof typeof LIGHT)[];
    for (const from of states)
      for (const to of states) {
        if ((LIGHT[from] as readonly string[]).includes(to)) expect(light.assertMove(from, to)).to.equal(undefined);
        else {
          const error = refusal(() => light.assertMove(from, to));
          expect(error.type).to.equal("STATE_REFUSED");
          expect(error.message).to.equal(`A light that is ${from} can't become ${to}.`);
        }
      }
  });

  it("says from where a state is reached", () => {
    expect(light.into("red")).to.deep.equal(["amber"]);
    expect(light.into("off")).to.deep.equal(["green"]);
    const two = defineStates<"a" | "b" | "c">("t", { a: ["c"], b: ["c"], c: [] });
    expect(two.into("c")).to.deep.equal(["a", "b"]);
    expect(two.into("a")).to.deep.equal([]);
  });

  it("is refused when it moves to itself or to a state that it does not have", () => {
    const itself = refusal(() => defineStates<"a">("t", { a: ["a"] }));
    expect([itself.type, itself.message]).to.deep.equal(["INTERNAL", "The t states have no move a -> a."]);
    const nowhere = refusal(() => defineStates<"a">("t", { a: ["b"] } as never));
    expect([nowhere.type, nowhere.message]).to.deep.equal(["INTERNAL", "The t states have no move a -> b."]);
  });

  it("shows what it was made of", () => {
    const { table }: States<keyof typeof LIGHT> = light;
    expect(table).to.deep.equal(LIGHT);
  });
});

const ROOT = join(import.meta.dirname, "../..");

/** The tables of ARCHITECTURE.md by the file that they stand in: for each state where it may go, in the order of the alphabet. */
function tablesOfPaper(): Map<string, Record<string, string[]>> {
  const paper = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
  const sections = paper.matchAll(
    /^\*\*[^*]+\*\* \(`(core\/[\w-]+\/states\.ts)`\)\n\n\| from \| to \|\n\|---\|---\|\n((?:\|.*\n)+)/gm,
  );
  return new Map(
    [...sections].map(([, file = "", rows = ""]) => {
      const table: Record<string, string[]> = {};
      for (const row of rows.trim().split("\n")) {
        const [froms = "", tos = ""] = row.split("|").slice(1);
        // What is in brackets is said of a state, and may name others.
        const named = (cell: string) =>
          [...cell.replaceAll(/\([^)]*\)/g, "").matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
        for (const from of named(froms)) table[from] = named(tos).toSorted();
      }
      return [file, table];
    }),
  );
}

async function tableIn(file: string): Promise<States<string>> {
  const module = (await import(pathToFileURL(join(ROOT, file)).href)) as Record<string, unknown>;
  const found = Object.values(module).find(
    (value): value is States<string> => typeof value === "object" && value !== null && "assertMove" in value,
  );
  return found ?? expect.fail(`${file} exports no table of states`);
}

describe("a file", () => {
  for (const [state, ended] of [
    ["received", false],
    ["processing", false],
    ["processed", true],
    ["failed", true],
    ["quarantined", true],
  ] as const)
    it(`that is ${state} ${ended ? "has ended" : "goes on"}`, () => expect(isEnded({ state })).to.equal(ended));
});

describe("the tables of the house", () => {
  const paper = tablesOfPaper();

  it("stand in ARCHITECTURE.md, each of them", () => {
    const files = globSync("core/*/states.ts", { cwd: ROOT });
    expect(files).to.include("core/orders/states.ts");
    expect([...paper.keys()]).to.have.members(files);
  });

  for (const [file, written] of paper)
    it(`${file} is what ARCHITECTURE.md says`, async () => {
      const { table, assertMove } = await tableIn(file);
      const moves = Object.entries(table).map(([from, tos]) => [from, [...tos].toSorted()] as const);
      expect(Object.fromEntries(moves.filter(([, tos]) => tos.length > 0))).to.deep.equal(written);
      const states = new Set([...Object.keys(written), ...Object.values(written).flat()]);
      expect(Object.keys(table)).to.have.members([...states]);
      const [end = ""] = moves.find(([, tos]) => tos.length === 0) ?? moves[0] ?? [];
      expect(refusal(() => assertMove(end, end)).message).to.match(/^A [a-z][a-z' -]+ that is \w+ can't become \w+\.$/);
    });
});
