import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { MergepayError } from "../../../core/errors/errors.ts";
import type { InputSpec } from "../../../core/formats/contract.ts";
import { parseJson } from "../../../core/formats/json-value.ts";
import { attempt, outcome, plain, read } from "./reading.ts";

/**
 * Public collections of hard inputs, which are not part of the project: a folder that holds JSONTestSuite, csv-spectrum and blns as they
 * are published. Where MERGEPAY_CORPORA names none there is nothing to run, and these tests do not exist.
 */
const corpora = process.env["MERGEPAY_CORPORA"];

/** Files that JSON allows and that are refused on purpose. */
const stricter: Readonly<Record<string, string>> = {
  "y_object_duplicated_key.json": "the same name twice has no one meaning",
  "y_object_duplicated_key_and_value.json": "the same name twice has no one meaning",
};

const root: InputSpec = { format: "json", records: [""] };

if (corpora !== undefined) {
  const file = (...path: readonly string[]): Buffer => readFileSync(join(corpora, ...path));
  const names = (...path: readonly string[]): string[] => readdirSync(join(corpora, ...path));

  describe("JSONTestSuite", () => {
    const verdict = (bytes: Uint8Array): string => {
      try {
        parseJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), { depth: 32 });
        return "taken";
      } catch (error) {
        if (error instanceof MergepayError) return error.type;
        if (error instanceof TypeError) return "not UTF-8";
        throw error;
      }
    };
    for (const name of names("JSONTestSuite", "test_parsing")) {
      const bytes = file("JSONTestSuite", "test_parsing", name);
      if (name.startsWith("n_"))
        it(`refuses ${name}`, async () => {
          expect(verdict(bytes)).not.to.equal("taken");
          expect(await outcome(bytes, root)).to.be.oneOf(["FILE_FRAME_BROKEN", "FILE_EMPTY", "FILE_ENCODING_INVALID"]);
        });
      else if (name.startsWith("y_"))
        it(name in stricter ? `refuses ${name}: ${stricter[name]}` : `takes ${name}`, async () => {
          expect(verdict(bytes)).to.equal(name in stricter ? "JSON_INVALID" : "taken");
          const records = await outcome(bytes, root);
          if (/^\s*[[{]/.test(bytes.toString())) expect(records).to.be.an("array");
          else expect(records).to.equal("FILE_NOT_RECOGNISED");
        });
      else
        it(`has one answer to ${name}`, async () => {
          const records = await outcome(bytes, root);
          if (verdict(bytes) === "taken") expect(records).to.be.an("array");
        });
    }
  });

  describe("csv-spectrum", () => {
    for (const name of names("csv-spectrum", "csvs"))
      it(`reads ${name}`, async () => {
        const expected = JSON.parse(
          file("csv-spectrum", "json", `${basename(name, ".csv")}.json`).toString(),
        ) as object[];
        const columns = Object.keys(expected[0] ?? {});
        const records = await outcome(file("csv-spectrum", "csvs", name), { format: "csv", columns });
        expect(plain(records)).to.deep.equal(expected.map((row) => ({ rows: [row] })));
      });
  });

  describe("naughty strings", () => {
    const strings = JSON.parse(file("blns", "blns.json").toString()) as string[];

    it("all survive JSON and ndjson", async () => {
      expect(plain(await outcome(JSON.stringify(strings), root))).to.deep.equal(strings);
      const lines = strings.map((text) => JSON.stringify({ text })).join("\n");
      expect(plain(await outcome(lines, { format: "ndjson" }))).to.deep.equal(strings.map((text) => ({ text })));
    });

    it("all survive CSV", async () => {
      const rows = strings.map((text) => `"${text.replaceAll('"', '""')}"`);
      expect(plain(await outcome(`text\n${rows.join("\r\n")}`, { format: "csv", columns: ["text"] }))).to.deep.equal(
        strings.map((text) => ({ rows: [{ text }] })),
      );
    });

    it("all survive TSV but those with a tab or a line end, which it can't hold", async () => {
      const fit = strings.filter((text) => text !== "" && !/[\t\r\n]/.test(text));
      expect(fit.length).to.be.above(strings.length - 10);
      expect(plain(await outcome(`text\n${fit.join("\n")}`, { format: "tsv", columns: ["text"] }))).to.deep.equal(
        fit.map((text) => ({ rows: [{ text }] })),
      );
    });

    it("all survive XML but for white space at their ends, or are refused where XML has no such character", async () => {
      for (const text of strings) {
        const escaped = text
          .replaceAll("&", "&amp;")
          .replaceAll("<", "&lt;")
          .replaceAll(">", "&gt;")
          .replaceAll("\r", "&#13;");
        const records = await attempt(() => read(`<o>${escaped}</o>`, { format: "xml", records: ["/o"] }));
        // The class is the Char production of XML 1.0, turned round.
        const characterless = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text);
        if (characterless) expect(records).to.equal("FILE_FRAME_BROKEN");
        else
          expect(plain(records)).to.deep.equal([
            { record: 0, position: "/o", value: text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "") },
          ]);
      }
    });
  });
}
