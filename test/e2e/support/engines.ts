import { databaseOfOwn } from "../../support/cluster.ts";
import { mongoOrSkip, type MongoServer } from "../../support/mongo.ts";
import { openWorld, type World, type WorldOptions } from "./world.ts";

export const ENGINES = ["embedded", "mongodb"] as const;
export type Engine = (typeof ENGINES)[number];

/** Opens a world on the engine of the suite; it is removed when the suite is over. */
export type OpenWorld = (options?: Omit<WorldOptions, "mongoUri">) => Promise<World>;

/**
 * The same suite on each engine that a node can have: on MongoDB one server for the suite, a database for each world. There a node can't
 * know that the one before it is gone, and what that was at is left alone until its lease ends. Prints how often and where nodes died.
 */
export function onEachEngine(title: string, suite: (open: OpenWorld, engine: Engine) => void): void {
  for (const engine of ENGINES)
    describe(`${title} (${engine})`, () => {
      const worlds: World[] = [];
      let mongo: MongoServer | undefined;
      before(async function () {
        if (engine === "mongodb") mongo = await mongoOrSkip(this);
      });
      after(async function () {
        this.timeout(60_000);
        const deaths = worlds.flatMap((world) => world.node.deaths());
        await Promise.all(worlds.map((world) => world.remove()));
        await mongo?.stop();
        process.stdout.write(`Killed on ${engine}: ${deaths.length} times, at ${new Set(deaths).size} points.\n`);
      });
      suite(async (options) => {
        const store = mongo === undefined ? {} : { mongoUri: databaseOfOwn(mongo.uri, "crash") };
        const world = await openWorld({ ...options, ...store });
        worlds.push(world);
        return world;
      }, engine);
    });
}
