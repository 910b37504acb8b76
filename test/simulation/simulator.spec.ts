/**
 * The whole system by seeds, a small run of what `npm run sim` does at length, and the simulator's own promises: the same seed is the same
 * run, a broken promise is noticed, and a failing run is made short.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Broken, type Noun, type Plan } from "./engine/contract.ts";
import { noCoverage } from "./engine/coverage.ts";
import { unseen } from "./engine/report.ts";
import { type Simulator, simulator } from "./engine/simulator.ts";

const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);
const REPLAYS = join(import.meta.dirname, "replays");

describe("the whole system on faulty nodes with a lying bank", function () {
  this.timeout(60_000);
  let sim: Simulator;
  before(async () => (sim = await simulator()));

  for (const seed of SEEDS)
    it(`keeps every promise, seed ${seed}`, async () => {
      const { failure } = await sim.run(sim.planOf(seed));
      expect(failure, `${failure?.message}\nRun it alone: npm run sim -- --seed ${seed}`).to.equal(undefined);
    });

  for (const file of readdirSync(REPLAYS).filter((name) => name.endsWith(".json")))
    it(`keeps the promise that was once broken in ${file}`, async () => {
      const { plan } = JSON.parse(readFileSync(join(REPLAYS, file), "utf8")) as { plan: Plan };
      const { failure } = await sim.run(plan);
      expect(failure, `${failure?.message}\nnpm run sim -- --replay test/simulation/replays/${file}`).to.equal(
        undefined,
      );
    });
});

describe("the simulator", function () {
  this.timeout(60_000);

  it("does the same for the same seed, whatever it did before, and something else for another", async () => {
    const [one, other] = [await simulator(), await simulator()];
    const traces = [];
    for (const seed of [3, 4]) traces.push((await one.run(one.planOf(seed))).trace);
    const again = (await other.run(other.planOf(4))).trace;
    expect(again).to.equal(traces[1]);
    expect(traces[0]).to.not.equal(traces[1]);
    expect((await one.run(one.planOf(3))).trace).to.equal(traces[0]);
  });

  it("names the moves, faults and cases that a run never came by", async () => {
    const { nouns, choices, planOf, run } = await simulator();
    const none = unseen(noCoverage(), nouns, choices.faults);
    expect(none.faults).to.deep.equal(choices.faults);
    expect(none.moves).to.include("payment: unknown -> succeeded").and.include("order: locked -> paid");
    expect(none.cases).to.include("mandates.charge: MANDATE_ENDED").and.include("charged by a mandate: succeeded");
    const { coverage } = await run(planOf(1));
    expect(unseen(coverage, nouns, choices.faults).moves.length).to.be.within(1, none.moves.length - 1);
  });

  it("goes the ways of its nouns: all of it on one node and in its order, some with a fault of theirs", async () => {
    const nothing = { weight: 1, run: () => Promise.resolve() };
    const walker: Noun = {
      name: "walker",
      faults: ["walker.stumbles", "walker.is late"],
      ways: [{ steps: ["walker.sets out", 5_000, "walker.is late", "walker.arrives"], faults: ["walker.stumbles"] }],
      open: () => ({
        ops: { rests: nothing, "sets out": { ...nothing, weight: 0 }, arrives: { ...nothing, weight: 0 } },
      }),
    };
    const { planOf } = await simulator([walker]);
    const plans = Array.from({ length: 60 }, (_, seed) => planOf(seed));
    const ways = plans.flatMap(({ steps }) =>
      steps.flatMap((step, at) => ("op" in step && step.op === "walker.sets out" ? [steps.slice(at, at + 5)] : [])),
    );
    const [whole, disturbed] = [0, 1].map((more) =>
      ways.filter((way) => way.findIndex((step) => "op" in step && step.op === "walker.arrives") === 3 + more),
    );
    expect(whole?.length).to.be.above(0);
    expect(disturbed?.flat().some((step) => "fault" in step && step.fault === "walker.stumbles")).to.equal(true);
    for (const way of whole ?? []) {
      const [first, pass, late] = way;
      expect(pass).to.deep.equal({ pass: 5_000 });
      expect(late).to.include({
        fault: "walker.is late",
        at: 1,
        node: first !== undefined && "op" in first && first.node,
      });
    }
    expect(plans.every(({ steps }) => steps.length === 40)).to.equal(true);
  });

  for (const [what, way] of [
    ["step", { steps: ["walker.flies"] }],
    ["beginning of faults", { steps: [1_000], faults: ["walker."] }],
  ] as const)
    it(`refuses a way with a ${what} that it does not have`, async () => {
      const walker: Noun = { name: "walker", ways: [way], open: () => ({ ops: {} }) };
      const thrown = await simulator([walker]).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(thrown)
        .to.be.instanceOf(Error)
        .with.property("message")
        .match(/walker\./);
    });

  it("leaves out of a failing run every step that does not matter", async () => {
    const done = new Set<string>();
    const fragile: Noun = {
      name: "fragile",
      open: () => {
        done.clear();
        const note = (what: string) => ({ weight: 3, run: () => Promise.resolve(void done.add(what)) });
        return {
          ops: { a: note("a"), b: note("b"), c: note("c") },
          audit: () => {
            if (done.has("a") && done.has("c")) throw new Broken("never a and c", "both were done");
          },
        };
      },
    };
    const sim = await simulator([fragile]);
    const plan = sim.planOf(1);
    expect((await sim.run(plan)).failure?.rule).to.equal("never a and c");
    const { plan: shortest } = await sim.shrink(plan, "never a and c");
    const ops = shortest.steps.map((step) => ("op" in step ? step.op : "other"));
    expect(ops).to.have.members(["fragile.a", "fragile.c"]);
  });
});
