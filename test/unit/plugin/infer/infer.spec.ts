/** Folders made of samples: what they read, what they make of it, and what they say that they can't know. */
import { expect } from "chai";
import fc from "fast-check";
import { LIMITS } from "../../../../core/limits.ts";
import { decodeSample, once } from "../../../../core/plugin/infer/encoding.ts";
import { inferSample } from "../../../../core/plugin/infer/infer.ts";
import { schemaOf } from "../../../../core/plugin/infer/schema.ts";
import { isAlways } from "../../../../core/plugin/infer/uses.ts";
import { pluginFiles, proposalRows } from "../../../../core/plugin/infer/write.ts";
import { openPlatform } from "../../../../core/plugin/platform.ts";
import { noBlobs } from "../../../../core/plugin/record-sample.ts";
import { compileSchema } from "../../../../core/schema/validate.ts";
import { asMergepayError } from "../../../../core/errors/errors.ts";
import { pluginsFolder, type PluginsFolder } from "../../../support/plugins.ts";
import { cases as formatCases } from "./samples.ts";
import { moneyCases } from "./samples-money.ts";
import { unitCases } from "./samples-units.ts";

const cases = [...formatCases, ...moneyCases, ...unitCases];
const contract = new URL("../../../../core/plugin/contract.ts", import.meta.url).href;
const bytesOf = (file: string | Uint8Array): Uint8Array => (typeof file === "string" ? Buffer.from(file) : file);
const infer = (file: string | Uint8Array) => inferSample(bytesOf(file), LIMITS);
const written = async (file: string | Uint8Array) => pluginFiles("paper-lantern", await infer(file), contract);

describe("A folder made of a sample", function () {
  this.timeout(30_000);
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());

  for (const [index, { name, file, becomes }] of cases.entries())
    it(`reads ${name}`, async () => {
      const id = `lantern-${index}`;
      const { files } = await written(file);
      const dir = await folder.write(id, files);
      const platform = await openPlatform({ id, dir, limits: LIMITS, openBlob: noBlobs });
      const found: string[] = [];
      try {
        for await (const records of platform.trial(() => once(bytesOf(file))))
          for (const { orders = [], skipped, cancelled, notOwed, rejected } of records) {
            for (const { orderNo, amount } of orders) found.push(`${orderNo} ${amount.value} ${amount.currency}`);
            if (skipped !== undefined) found.push(skipped);
            if (cancelled !== undefined) found.push(`${cancelled.orderNo} is taken back: ${cancelled.reason}`);
            if (notOwed !== undefined) found.push(`${notOwed.orderNo} is not owed: ${notOwed.reason}`);
            if (rejected !== undefined) found.push(rejected.reason);
          }
      } finally {
        await platform.close();
      }
      expect(found).to.deep.equal(becomes);
    });

  it("is of at most 60 lines of code, and the same each time", async () => {
    for (const { name, file } of cases) {
      const { files } = await written(file);
      expect(files["plugin.ts"].split("\n").length, name).to.be.at.most(66);
      expect((await written(file)).files, name).to.deep.equal(files);
    }
  });

  it("marks each thing that the sample can't tell with one line that says what to fill in", async () => {
    for (const [file, words] of [
      ['{"tid":"1","payment":"5.00"}', "the sample tells no currency"],
      ['{"orderNo":"1","currency":"EUR"}', "the sample tells no total"],
      ['{"total":"5.00","currency":"EUR"}', "which field is the order's number?"],
      ['{"orderNo":"1","total":"5.00","currency":"EUR"}', "which orders are paid or cancelled already"],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","status":"paid"}', "all orders of the sample sound paid"],
      [
        '{"orderNo":"1","total":"5.00","currency":"EUR","status":"processing"}',
        "still to be paid when it is processing",
      ],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","cancelled_on":"2026-03-01"}', "all orders of the sample have"],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","created_at":"2026-03-01 10:00:00"}', "the zone of the times"],
      ['{"orderNo":"1","total":500,"currency":"EUR"}', 'write "whole" if they count the currency itself'],
      ['{"orderNo":"1","total":"500","currency":"EUR"}', "are whole numbers, and texts"],
      [
        '{"orderNo":"1","total":"5.00","amount_due":"2.00","currency":"EUR"}',
        "amount_due says that a part of the total",
      ],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","paid":true}', "all orders of the sample are paid by paid"],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","test":true}', "all orders of the sample are a test by test"],
      [
        '{"orderNo":"1","total":"5.00","currency":"EUR","voided":true}',
        "all orders of the sample are cancelled by voided",
      ],
      ['{"orderNo":"1","total":"5.00","currency":"EUR","customer":"Ann Lee"}', "these look like names of people"],
      ['{"refunds":[{"order_id":"1","amount":"5.00","currency":"EUR"}]}', "sounds like something else than orders"],
      [
        '{"orderNo":"1","currency":"EUR","items":[{"price":"1.00","quantity":2,"name":"a"}]}',
        "no field tells the total",
      ],
    ] as const) {
      const { files, needed } = await written(file);
      expect(needed.join("\n"), file).to.include(words);
      const marked = files["plugin.ts"].split("\n").filter((line) => line.includes("// NEEDED: "));
      expect(marked.length, file).to.equal(needed.length);
      expect(marked.join("\n"), file).to.include(words);
      expect(files["README.md"], file).to.include(words);
    }
  });

  it("says how a sample of paid orders is taken both ways, on the one line that decides it", async () => {
    const sample =
      '[{"orderNo":"1","total":"5.00","currency":"EUR","status":"paid"},{"orderNo":"2","total":"5.00","currency":"EUR","status":"refunded"}]';
    const { files, needed } = await written(sample);
    const line = files["plugin.ts"].split("\n").find((one) => one.includes("const OPEN"));
    expect(line).to.match(
      /^const OPEN = \["paid"\]; \/\/ NEEDED: all orders .* sound paid.*such as \["pending"\], or \[\]/,
    );
    expect(needed.filter((reason) => reason.includes("sound paid"))).to.have.lengthOf(1);
    const outcomes = async (name: string, plugin: string): Promise<unknown[]> => {
      const dir = await folder.write(name, { ...files, "plugin.ts": plugin });
      const platform = await openPlatform({ id: name, dir, limits: LIMITS, openBlob: noBlobs });
      const found: unknown[] = [];
      for await (const records of platform.trial(() => once(Buffer.from(sample))))
        found.push(
          ...records.map(({ orders, notOwed, skipped }) => orders?.[0]?.orderNo ?? notOwed?.reason ?? skipped),
        );
      await platform.close();
      return found;
    };
    const own = files["plugin.ts"];
    expect(await outcomes("paid-lantern", own)).to.deep.equal(["1", "The order is refunded."]);
    const none = own.replace('const OPEN = ["paid"]', "const OPEN: readonly string[] = []");
    expect(await outcomes("sold-lantern", none)).to.deep.equal([
      "Nothing says that an order in status paid is still to be paid.",
      "The order is refunded.",
    ]);
  });

  it("shows what the first record has where the number, the amount and the currency are read", async () => {
    const rows = proposalRows(await infer('{"orderNo":"A-1","total":"5.00","currency":"EUR"}'));
    expect(rows.slice(0, 3).map(([, from, sure]) => [from, sure])).to.deep.equal([
      ["orderNo", "high (A-1)"],
      ["total", "high (5.00)"],
      ["currency", "high (EUR)"],
    ]);
  });

  it("finds who buys, or says that orders wait without", async () => {
    const buyerOf = async (fields: object): Promise<unknown> => {
      const rows = proposalRows(
        await infer(JSON.stringify({ orderNo: "A-1", total: "5.00", currency: "EUR", ...fields })),
      );
      return rows.find(([field]) => field === "buyerId")?.slice(1);
    };
    expect(await buyerOf({ id_customer: "7" })).to.deep.equal(["id_customer", "high"]);
    const { needed } = await written('{"orderNo":"1","total":"5.00","currency":"EUR","customer":"ann.lee-7"}');
    expect(needed.join(" ")).to.not.include("names of people");
    expect(await buyerOf({})).to.deep.equal(["-", "not found: each order waits until it is linked by its number"]);
  });

  it("lets no name of a field end a comment or a text of the code", async () => {
    const name = 'total"*/`${process.exit()}\u2028\nprocess.exit(); //';
    const { files } = await written(
      JSON.stringify([{ orderNo: "1", items: [{ [`${name} price`]: "1.00", name: "a", quantity: "1" }] }]),
    );
    const code = files["plugin.ts"].split("\n").filter((line) => line.trimStart().startsWith("process.exit"));
    expect(code).to.deep.equal([]);
  });
});

describe("A sample that can't be inferred", () => {
  for (const [name, file, code] of [
    ["of no format", "Dear reader,\nthis is a letter.\n", "FILE_NOT_RECOGNISED"],
    ["of nothing", "", "FILE_NOT_RECOGNISED"],
    ["cut off", '{"orders":[{"id":1', "FILE_FRAME_BROKEN"],
    ["of XML that is not well-formed", "<orders><order></orders>", "FILE_FRAME_BROKEN"],
    ["of a list without records", '{"orders":[]}', "FILE_NOT_RECOGNISED"],
  ] as const)
    it(`${name} is refused with ${code}`, async () => {
      const error = await infer(file).then(
        () => undefined,
        (thrown: unknown) => asMergepayError(thrown),
      );
      expect(error?.type).to.equal(code);
    });
});

describe("The encoding of a sample", () => {
  for (const [name, bytes, encoding] of [
    ["ASCII", Buffer.from("order_id,total"), "utf-8"],
    ["a mark of UTF-8", Buffer.from("\ufeffa"), "utf-8"],
    ["umlauts in UTF-8", Buffer.from("Käufer: Jürgen Müßig"), "utf-8"],
    ["a mark of UTF-16, little end first", Buffer.from("\ufeffab", "utf16le"), "utf-16le"],
    ["a mark of UTF-16, big end first", Buffer.from("\ufeffab", "utf16le").swap16(), "utf-16be"],
    ["UTF-16 without a mark", Buffer.from("order_id,total\n", "utf16le"), "utf-16le"],
    ["umlauts in one byte", Buffer.from("K\u00e4ufer: J\u00fcrgen M\u00fc\u00dfig", "latin1"), "windows-1252"],
    ["quotation marks of Windows", Buffer.from([0x93, 0x61, 0x94]), "windows-1252"],
    ["a byte that Windows-1252 has not", Buffer.from([0x61, 0x81, 0x62]), "iso-8859-1"],
    ["Chinese in two bytes", Buffer.from([0xb2, 0xe8, 0xba, 0xf8, 0xd5, 0xc5, 0xc8, 0xfd]), "gb18030"],
    ["what XML says", Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e4</a>', "latin1"), "iso-8859-1"],
  ] as const)
    it(`is told by ${name}: ${encoding}`, async () => {
      expect((await decodeSample(bytes)).encoding).to.equal(encoding);
    });
});

describe("The schema of a sample", () => {
  /** Values as readers give them: numbers are text. */
  const { record } = fc.letrec<{ value: unknown; record: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string({ maxLength: 5 }),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      tie("record"),
    ),
    record: fc.dictionary(fc.constantFrom("id", "total", "a b", "toString", "lines"), tie("value"), { maxKeys: 4 }),
  }));
  const paths = fc.constantFrom(["id"], ["total"], ["lines", "*", "id"], ["lines", "total"]);

  /** Whether what is read as a text is one, or is not there: `*` is each element of an array. */
  const isRead = (value: unknown, [name, ...rest]: readonly string[]): boolean => {
    if (name === undefined) return typeof value === "string" || value === null;
    if (typeof value !== "object" || value === null) return true;
    if (name === "*") return !Array.isArray(value) || value.every((item) => isRead(item, rest));
    return !Object.hasOwn(value, name) || isRead((value as Readonly<Record<string, unknown>>)[name], rest);
  };

  it("takes every record of the sample in which what the mapping reads is text, and no other", () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.array(paths),
        (records, open, used) => {
          const uses = used.map((path) => ({ path, needed: isAlways(records, path), text: { maxLength: 100 } }));
          const fits = compileSchema(schemaOf(records, uses, open));
          for (const value of records)
            expect(fits(value), JSON.stringify([records, uses, open])).to.equal(
              uses.every(({ path }) => isRead(value, path)),
            );
        },
      ),
      { numRuns: 500 },
    );
  });

  it("requires what the mapping can't do without, and lets all else be null or away", () => {
    const uses = [{ path: ["total"], needed: true, text: {} }];
    const fits = compileSchema(schemaOf([{ total: "5", note: "a", tags: [] }], uses, false));
    for (const [value, taken] of [
      [{ total: "5" }, true],
      [{ total: "5", note: null, tags: {} }, true],
      [{ total: "5", note: [] }, false],
      [{ total: null }, false],
      [{ note: "a" }, false],
      [[], false],
    ] as const)
      expect(fits(value), JSON.stringify(value)).to.equal(taken);
  });
});
