/** Every point at which a crash must be survived has a real node killed there: a row in a table, which a spec goes through on each engine. */
import { expect } from "chai";
import { POINTS } from "../../core/deps.ts";
import { KILLS } from "../e2e/support/kills.ts";
import { listFiles, readSource } from "./source.ts";

describe("the tables of kills", () => {
  const rows = Object.values(KILLS).flat();

  /** Points without a row. */
  const unkilled = (points: readonly string[]): string[] =>
    points.filter((point) => !rows.some(({ at }) => at === point));
  /** Tables that no spec goes through. */
  const idle = (names: readonly string[], specs: readonly string[]): string[] =>
    names.filter((name) => !specs.some((text) => new RegExp(`\\bkills: (?:\\[.*)?\\.*KILLS\\.${name}\\b`).test(text)));

  it("kill at every point", () => {
    expect(unkilled(["payment.sent", "payment.none"])).to.deep.equal(["payment.none"]);
    expect(unkilled(POINTS), "add rows to test/e2e/support/kills.ts").to.deep.equal([]);
  });

  it("tell each row from the others by what is half-done", () => {
    const said = Object.values(KILLS).map((table) => table.map(({ at, what, count = 1 }) => `${at} ${count} ${what}`));
    for (const table of said) expect(new Set(table).size).to.equal(table.length);
  });

  it("are each gone through by a spec", () => {
    expect(idle(["files", "none"], ["crashes({ kills: KILLS.files })"])).to.deep.equal(["none"]);
    const specs = listFiles().filter((path) => /^test\/e2e\/crash-.*\.spec\.ts$/.test(path));
    expect(
      idle(
        Object.keys(KILLS),
        specs.map((path) => readSource(path).text),
      ),
    ).to.deep.equal([]);
  });
});
