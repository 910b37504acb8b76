import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Patch } from "../sabotage/contract.ts";
import { type Copy, copyTree, loadPatches, patched } from "../sabotage/run.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The whole list is run by `npm run sabotage`. */
const TRIED = ["percentages round half up", "anything is a cursor", "a success with another amount is a success"];

describe("the list of sabotage", () => {
  let patches: readonly Patch[];
  before(async () => (patches = await loadPatches()));

  it("has 25 patches at least, each of another name and of one line", () => {
    expect(patches.length).to.be.at.least(25);
    expect(new Set(patches.map(({ name }) => name)).size).to.equal(patches.length);
    for (const { name, from, to } of patches) expect(from + to, name).to.not.include("\n");
  });

  it("fits the code as it is, and names suites that are there", () => {
    for (const patch of patches) {
      const text = readFileSync(join(ROOT, patch.file), "utf8");
      expect(patched(text, patch), patch.name).to.not.equal(text);
      expect(patch.red.length, patch.name).to.be.greaterThan(0);
      for (const spec of patch.red) expect(existsSync(join(ROOT, spec)), spec).to.equal(true);
    }
  });

  it("refuses a patch whose line is gone or is there twice", () => {
    const patch: Patch = { name: "p", file: "f", from: "a", to: "b", red: ["s"] };
    expect(patched("1a2", patch)).to.equal("1b2");
    expect(() => patched("12", patch)).to.throw("0 times");
    expect(() => patched("a a", patch)).to.throw("2 times");
  });
});

describe("a copy of the tree", function () {
  this.timeout(120_000);
  let copy: Copy;
  let patches: readonly Patch[];
  before(async () => {
    copy = copyTree();
    patches = await loadPatches();
  });
  after(() => copy.remove());

  for (const name of TRIED)
    it(`is green as it is and red where ${name}`, async () => {
      const patch = patches.find((one) => one.name === name) ?? expect.fail(`no patch ${name}`);
      const [spec = ""] = patch.red;
      expect((await copy.test(spec)).result).to.equal("green");
      expect(await copy.with(patch, async () => (await copy.test(spec)).result)).to.equal("red");
      expect((await copy.test(spec)).result).to.equal("green");
    });

  it("says of a suite that does not load that it is broken, and not red", async () => {
    const torn: Patch = {
      name: "torn",
      file: "core/pages.ts",
      from: "export async function page",
      to: "export async function page(",
      red: [],
    };
    const result = await copy.with(torn, async () => (await copy.test("test/unit/pages.spec.ts")).result);
    expect(result).to.equal("broken");
  });
});
