/** What the currency is taken from when a sample tells no code. */
import { expect } from "chai";
import { LIMITS } from "../../../../core/limits.ts";
import { exponentOf } from "../../../../core/money/currency.ts";
import { currencyOfAddress, currencyOfCountry, currencyOfSite } from "../../../../core/plugin/infer/countries.ts";
import { once } from "../../../../core/plugin/infer/encoding.ts";
import { inferSample } from "../../../../core/plugin/infer/infer.ts";
import { pluginFiles, proposalRows } from "../../../../core/plugin/infer/write.ts";
import { openPlatform } from "../../../../core/plugin/platform.ts";
import { noBlobs } from "../../../../core/plugin/record-sample.ts";
import { pluginsFolder, type PluginsFolder } from "../../../support/plugins.ts";

const contract = new URL("../../../../core/plugin/contract.ts", import.meta.url).href;

describe("What is paid where", () => {
  const facts: readonly (readonly [what: string, found: string | undefined, expected: string | undefined])[] = [
    ["a code of two letters", currencyOfCountry("SG"), "SGD"],
    ["a code of three letters", currencyOfCountry("USA"), "USD"],
    ["a name", currencyOfCountry("Singapore"), "SGD"],
    ["a name in small letters", currencyOfCountry(" germany "), "EUR"],
    ["a name in its own language", currencyOfCountry("Österreich"), "EUR"],
    ["a name in Chinese", currencyOfCountry("日本"), "JPY"],
    ["no country", currencyOfCountry("Atlantis"), undefined],
    ["a country with two currencies", currencyOfCountry("PA"), undefined],
    ["nothing", currencyOfCountry(""), undefined],
    ["a site of a country", currencyOfSite("lantern.it"), "EUR"],
    ["a site below another name", currencyOfSite("https://shop.lantern.co.uk/"), "GBP"],
    ["a site of no country", currencyOfSite("lantern.com"), undefined],
    ["a site of a country whose domain all use", currencyOfSite("lantern.co"), undefined],
    ["a name that is no site", currencyOfSite("it"), undefined],
    ["an address in a province of China", currencyOfAddress("陕西省西安市新城区1号"), "CNY"],
    ["an address in a city of that rank", currencyOfAddress("中国上海市浦东新区1号"), "CNY"],
    ["the province alone", currencyOfAddress("北京"), "CNY"],
    ["an address in Hong Kong", currencyOfAddress("香港中環1號"), undefined],
    ["a street that is named as a province", currencyOfAddress("南京路100号"), undefined],
    ["a street of a province's name", currencyOfAddress("北京路100号"), undefined],
  ];
  for (const [what, found, expected] of facts) it(what, () => expect(found).to.equal(expected));

  it("only currencies that Mergepay handles", () => {
    const region = new Intl.DisplayNames("en", { type: "region" });
    const letters = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const known = letters.flatMap((a) => letters.map((b) => a + b)).filter((code) => currencyOfCountry(code));
    expect(known.length).to.be.greaterThan(80);
    for (const code of known) {
      expect(exponentOf(currencyOfCountry(code) ?? ""), code).to.be.a("number");
      expect(currencyOfCountry(region.of(code) ?? ""), code).to.equal(currencyOfCountry(code));
    }
  });
});

describe("A currency that is not told by its code", function () {
  this.timeout(30_000);
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());

  /** What a folder made of a sample makes of another file of the same platform. */
  async function becomes(id: string, sample: string, file: string): Promise<string[]> {
    const inference = await inferSample(Buffer.from(sample), LIMITS);
    const dir = await folder.write(id, pluginFiles(id, inference, contract).files);
    const platform = await openPlatform({ id, dir, limits: LIMITS, openBlob: noBlobs });
    const found: string[] = [];
    try {
      for await (const records of platform.trial(() => once(Buffer.from(file))))
        for (const { orders = [], rejected } of records)
          found.push(rejected?.field ?? orders.map(({ amount }) => `${amount.value} ${amount.currency}`).join());
    } finally {
      await platform.close();
    }
    return found;
  }
  const order = (fields: object): string => JSON.stringify([{ order_no: "1", order_total: "5.00", ...fields }]);

  for (const [name, known, other, field] of [
    ["a country", { country: "SG" }, { country: "MY" }, "/country"],
    ["a site", { marketplace: "lantern.de" }, { marketplace: "lantern.com" }, "/marketplace"],
    ["a sign", { currency_symbol: "€" }, { currency_symbol: "$" }, "/currency_symbol"],
    ["a number", { currency_id: 7, country: "SG" }, { currency_id: 8, country: "SG" }, "/currency_id"],
    ["nothing where the sample has a country", { country: "SG" }, { country: "" }, "/country"],
  ] as const)
    it(`by ${name}: an order with another is not taken`, async () => {
      const id = `lantern-${name.replaceAll(" ", "-")}`;
      expect(await becomes(id, order(known), order(other))).to.deep.equal([field]);
    });

  it("is shown as one of low confidence, and marked", async () => {
    const inference = await inferSample(Buffer.from(order({ country: "Singapore" })), LIMITS);
    expect(proposalRows(inference)[2]).to.deep.equal(["currency", "country", "low (Singapore SGD)"]);
    const { files } = pluginFiles("lantern", inference, contract);
    expect(files["plugin.ts"]).to.match(/^const CURRENCIES = new Map\(\[\["Singapore", "SGD"\]\]\); \/\/ NEEDED: /m);
    expect(files["plugin.ts"]).to.include('currencies: ["SGD"], // NEEDED: ');
  });

  it("is not guessed of a sign that several have, unless it is told where the orders are from", async () => {
    const dollars = order({ currency_symbol: "$" });
    expect(await becomes("lantern-dollars", dollars, dollars)).to.deep.equal(["/currency_symbol"]);
    const canadian = order({ currency_symbol: "$", country: "CA" });
    expect(await becomes("lantern-canada", canadian, canadian)).to.deep.equal(["5.00 CAD"]);
  });
});
