import { expect } from "chai";
import { faultOfFeeRule, feeRuleInWords } from "../../../core/settlement/fee-rule.ts";
import type { FeeRule } from "../../../schemas/types.generated.ts";

describe("a fee rule", () => {
  const faults: readonly [name: string, rule: unknown, field: string | undefined][] = [
    ["empty", {}, undefined],
    ["as the simplest plugins have it", { percent: "2.9", fixed: { USD: "0.30" } }, undefined],
    [
      "with all that it may have",
      { percent: "1", tiers: { USD: [{ percent: "1" }] }, min: { USD: "1" }, max: { USD: "1.00" }, tax: "20" },
      undefined,
    ],
    ["none", null, ""],
    ["a list", [], ""],
    ["with another name in it", { flat: "1" }, "/flat"],
    ["__proto__ of its own", JSON.parse('{"__proto__":{}}'), "/__proto__"],
    ["percentage as a number", { percent: 2.9 }, "/percent"],
    ["percentage above 100", { percent: "100.01" }, "/percent"],
    ["percentage with seven decimals", { percent: "1.0000000" }, "/percent"],
    ["percentage of six decimals", { percent: "1.000000" }, undefined],
    ["a tax below zero", { tax: "-1" }, "/tax"],
    ["a fixed part below zero", { fixed: { USD: "-0.01" } }, "/fixed/USD"],
    ["a fixed part with too many decimals", { fixed: { JPY: "1.5" } }, "/fixed/JPY"],
    ["a currency in small letters", { fixed: { usd: "1" } }, "/fixed"],
    ["a currency that is none", { min: { XQX: "1" } }, "/min/XQX"],
    ["a currency that is not its platform's", { max: { KWD: "1" } }, "/max/KWD"],
    ["tiers of a currency that is not its platform's", { tiers: { KWD: [{ percent: "1" }] } }, "/tiers/KWD"],
    ["a greatest fee below the least", { min: { USD: "1.01" }, max: { USD: "1.00" } }, "/max/USD"],
    ["no tier", { tiers: { USD: [] } }, "/tiers/USD"],
    ["a last tier with an end", { tiers: { USD: [{ upTo: "1.00", percent: "1" }] } }, "/tiers/USD/0/upTo"],
    ["a first tier without one", { tiers: { USD: [{ percent: "1" }, { percent: "1" }] } }, "/tiers/USD/0/upTo"],
    [
      "a tier that ends at zero",
      { tiers: { USD: [{ upTo: "0", percent: "1" }, { percent: "1" }] } },
      "/tiers/USD/0/upTo",
    ],
    [
      "a tier that ends where the one before it does",
      { tiers: { USD: [{ upTo: "5", percent: "1" }, { upTo: "5.00", percent: "2" }, { percent: "1" }] } },
      "/tiers/USD/1/upTo",
    ],
    [
      "an end with too many decimals",
      { tiers: { JPY: [{ upTo: "1.5", percent: "1" }, { percent: "1" }] } },
      "/tiers/JPY/0/upTo",
    ],
    ["20 tiers", { tiers: { USD: tiers(20) } }, undefined],
    ["21 tiers", { tiers: { USD: tiers(21) } }, "/tiers/USD"],
  ];
  for (const [name, rule, field] of faults)
    it(`${name} is ${field === undefined ? "taken" : `refused at ${field === "" ? "its whole" : field}`}`, () => {
      expect(faultOfFeeRule(rule, ["USD", "JPY", "XQX"])?.field).to.equal(field);
    });

  const words: readonly [rule: FeeRule, words: string][] = [
    [{}, "no fee"],
    [{ percent: "2.9", fixed: { USD: "0.30", EUR: "0.25" } }, "2.9 % + 0.30 USD"],
    [{ fixed: { EUR: "0.25" } }, "no fee"],
    [
      {
        tiers: { USD: [{ upTo: "100.00", percent: "3" }, { percent: "2" }] },
        min: { USD: "0.50" },
        max: { USD: "9.00" },
        tax: "6",
      },
      "3 % up to 100.00, 2 % above, at least 0.50 USD, at most 9.00 USD, plus 6 % tax",
    ],
  ];
  for (const [rule, said] of words)
    it(`says: ${said}`, () => {
      expect(feeRuleInWords(rule, "USD")).to.equal(said);
    });
});

function tiers(count: number): NonNullable<FeeRule["tiers"]>[string] {
  const ends = Array.from({ length: count - 1 }, (_, index) => ({ upTo: `${index + 1}.00`, percent: "1" }));
  return [...ends, { percent: "1" }];
}
