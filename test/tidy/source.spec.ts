import { expect } from "chai";
import { importsOf, sourceOf } from "./source.ts";

describe("the reader of the house rules", () => {
  for (const [text, code, bare] of [
    ["a; // b", "a;     ", "a;     "],
    ["a; /* b\nc */ d", "a;     \n     d", "a;     \n     d"],
    ['x = "a // b";', 'x = "a // b";', 'x = "      ";'],
    ["x = 'it\\'s';", "x = 'it\\'s';", "x = '     ';"],
    ["x = /[/'\"]/g.test(y);", "x = /[/'\"]/g.test(y);", "x = /     /g.test(y);"],
    ["x = a / b; // c / d", "x = a / b;         ", "x = a / b;         "],
    ["return /a'b/;", "return /a'b/;", "return /   /;"],
    ["x = `a ${f({ b: `c` })} d`; g", "x = `a ${f({ b: `c` })} d`; g", "x = `  ${f({ b: ` ` })}  `; g"],
    ["x = `//`; y", "x = `//`; y", "x = `  `; y"],
  ] as const) {
    it(`tells comments and strings from code: ${text.replace("\n", " ")}`, () => {
      const source = sourceOf("a.ts", text);
      expect([source.code, source.bare]).to.deep.equal([code, bare]);
    });
  }

  it("finds every way to import, and says what is gone at run time", () => {
    const text = [
      'import a, { b } from "./a.ts";',
      'import type { C } from "c";',
      'import { type D } from "d";',
      'export * from "@s/e/f";',
      'export type { G } from "node:g";',
      'import "h";',
      'const i = await import("i");',
      'const j = require("j");',
      'import {\n  k,\n  l,\n} from "k";',
      'import type from "m";',
      '// import "no";',
      "const text = \"import 'no'\";",
      'export const n = from("no");',
    ].join("\n");
    const found = importsOf(sourceOf("x.ts", text)).map(
      ({ specifier, typeOnly }) => `${typeOnly ? "type " : ""}${specifier}`,
    );
    expect(found).to.deep.equal(["./a.ts", "type c", "d", "@s/e/f", "type node:g", "h", "i", "j", "k", "m"]);
  });
});
