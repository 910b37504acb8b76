import { expect } from "chai";
import { databaseOfOwn } from "../../support/cluster.ts";
import { sharedMongo, skipWithoutMongo } from "../../support/mongo.ts";
import { type Engine, ENGINES, noteDeaths } from "./engines.ts";
import { inTurn } from "./in-turn.ts";
import type { Kill } from "./kills.ts";
import { atRest, auditAll, auditNow } from "./rest.ts";
import { openShop } from "./shop.ts";
import { openWorld, type World, type WorldOptions } from "./world.ts";

/** Longer than all rows of a table on a busy machine. */
const PATIENCE_MS = 600_000;

export interface Crashes<K extends Kill> {
  /** What the node is at, such as "gives money back". */
  readonly while: string;
  readonly kills: readonly K[];
  readonly world?: Omit<WorldOptions, "mongoUri">;
  /** What is there before the first death, beside the payer's account, links and endpoints. */
  readonly prepare?: (world: World) => Promise<void>;
  /** Goes the way of one row to its end as clients do that do not give up, and asserts what came of it; `die` tells the node to die from now on. */
  readonly survive: (world: World, kill: K, index: number, die: () => Promise<void>) => Promise<void>;
  /** What else must hold when all is at rest and audited, and the node is stopped. */
  readonly atEnd?: (world: World) => Promise<void>;
}

interface Started {
  readonly world: World;
  /** Of each row, then of the books at the end. */
  readonly runs: readonly Promise<void>[];
}

/**
 * A suite of deaths on both engines, side by side as they mostly wait. On each, every row is the death of one node, which then goes on with
 * the next row: what it holds grows, and is audited after every death and at the end. On MongoDB a node can't know that the one before it is
 * gone, and what that was at is left alone until its lease ends.
 */
export function crashes<K extends Kill>({ kills, prepare, survive, atEnd, ...given }: Crashes<K>): void {
  const start = async (engine: Engine): Promise<Started | undefined> => {
    const mongo = engine === "mongodb" ? await sharedMongo() : undefined;
    if (engine === "mongodb" && mongo === undefined) return undefined;
    const store = mongo === undefined ? {} : { mongoUri: databaseOfOwn(mongo.uri, "crash") };
    const world = await openWorld({ buried: auditNow, ...given.world, ...store });
    const ready = openShop(world).then(() => prepare?.(world));
    const works = kills.map((kill, index) => async () => {
      await ready;
      const before = world.node.deaths().length;
      const { at, first, count = 1, times = 1 } = kill;
      const dyings = [
        ...(first === undefined ? [] : [{ at: first }]),
        ...Array.from({ length: times }, () => ({ at, count })),
      ];
      await survive(world, kill, index, () => world.node.die(...dyings));
      expect(world.node.deaths().slice(before)).to.deep.equal(dyings.map((dying) => dying.at));
    });
    const end = async () => {
      await atRest(world);
      await auditAll(world);
      await atEnd?.(world);
    };
    return { world, runs: inTurn([...works, end]) };
  };

  describe(`A node that is killed while it ${given.while}, and started again on the same data`, () => {
    const sides = new Map<Engine, Promise<Started | undefined>>();
    before(() => {
      for (const engine of ENGINES) {
        const side = start(engine);
        // Told by the engine's own suite.
        side.catch(() => undefined);
        sides.set(engine, side);
      }
    });

    for (const engine of ENGINES)
      describe(`on ${engine}`, () => {
        let started: Started | undefined;
        before(async function () {
          this.timeout(PATIENCE_MS);
          started = await sides.get(engine);
          if (started === undefined) skipWithoutMongo(this);
        });
        after(async function () {
          this.timeout(60_000);
          if (started === undefined) return;
          noteDeaths({ engine, kills, deaths: started.world.node.deaths() });
          await started.world.remove();
        });

        for (const [index, { at, what }] of kills.entries())
          it(`goes on when ${what} (${at})`, () => started?.runs[index]).timeout(PATIENCE_MS);

        it("leaves books that agree after all of it", () => started?.runs.at(-1)).timeout(PATIENCE_MS);
      });
  });
}
