/** Says where nodes were killed, by what has come of all tables; it stands behind every `crash-*.spec.ts` in the order of names. */
import { expect } from "chai";
import { POINTS } from "../../core/deps.ts";
import { type Engine, deathsNoted, ENGINES } from "./support/engines.ts";
import { KILLS } from "./support/kills.ts";

const of = (engine: Engine) => deathsNoted().filter((one) => one.engine === engine);

describe("Real nodes were killed", () => {
  before(function () {
    const rows = Object.values(KILLS).flat().length;
    const whole = ENGINES.every((engine) => of(engine).flatMap(({ kills }) => kills).length === rows);
    // Of a few specs alone nothing can be counted; where CI is true a test that is skipped fails.
    if (!whole) this.skip();
  });

  for (const engine of ENGINES)
    it(`at every point that core names, on ${engine}`, () => {
      const deaths = of(engine).flatMap((one) => one.deaths);
      expect(POINTS.filter((point) => !deaths.includes(point))).to.deep.equal([]);
    });

  after(() => {
    const counts = ENGINES.map((engine) => {
      const deaths = of(engine).flatMap((one) => one.deaths);
      return `${engine} ${deaths.length} kills at ${new Set(deaths).size} points`;
    });
    process.stdout.write(`Killed on ${ENGINES.length} engines, of ${POINTS.length} points: ${counts.join(", ")}.\n`);
  });
});
