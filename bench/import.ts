import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { startMongo, type MongoServer } from "../test/support/mongo.ts";
import { measure } from "./child.ts";
import { median, megabytes, perSecond, range, short, whole } from "./figures.ts";
import type { OrderFile, OrderFiles } from "./order-file.ts";
import { print } from "./print.ts";
import type { FloorParams, FloorResult } from "./runs/floor-embedded.ts";
import type { MongoFloorParams } from "./runs/floor-mongo.ts";
import type { ImportParams, ImportResult } from "./runs/import.ts";

export interface ImportPart {
  readonly files: OrderFiles;
  /** An empty folder for everything that is written. */
  readonly dir: string;
  readonly orders: number;
  readonly rounds: number;
}

interface Round {
  readonly import: ImportResult;
  readonly floor: { readonly ms: number; readonly orders: number };
}

/** So many that what is compiled on the way is compiled: a small file would pay for it otherwise, and a large one not. */
const WARM_UP_ORDERS = 20_000;
const PEAK_AIM_MB = 300;

/** Writes the file that counts and the small one before it. */
export async function writeFiles({ files, dir, orders }: ImportPart): Promise<{ file: OrderFile; warmUp: OrderFile }> {
  const warmUp = await files.write(join(dir, "warm-up.xml"), WARM_UP_ORDERS, { seed: 2 });
  return { warmUp, file: await files.write(join(dir, `${orders}.xml`), orders, { seed: 1 }) };
}

/** Import of one large file beside the floor of the same documents, on both engines. */
export async function importPart(part: ImportPart): Promise<void> {
  const { file, warmUp } = await writeFiles(part);
  print(`Import of ${whole(file.orders)} XML orders from bytes to stored orders, whole node in one process`);
  print(
    `  file: ${megabytes(file.bytes)}, ${whole(file.bytes / file.orders)} bytes an order; before it ${whole(warmUp.orders)} other orders as warm-up`,
  );
  const params = { platform: part.files.platform, file: file.path, warmUp: warmUp.path };

  const embedded: Round[] = [];
  let floor: FloorResult | undefined;
  for (let round = 0; round < part.rounds; round += 1) {
    const dataDir = await emptyFolder(part.dir, "import");
    const imported = await measure<ImportParams, ImportResult>("import", { ...params, dataDir });
    floor = await measure<FloorParams, FloorResult>("floor-embedded", {
      from: dataDir,
      dataDir: await emptyFolder(part.dir, "floor"),
      orders: imported.orders,
      perBatch: Math.ceil(imported.orders / imported.batches),
    });
    embedded.push({ import: imported, floor });
  }
  report("Embedded engine", "prepared inserts of the ready rows", embedded);
  print(`  document: ${whole(floor?.documentBytes ?? 0)} bytes of JSON`);

  const server = await startMongo({ prefer: "fast" });
  if (server === undefined) {
    print("MongoDB: no server on this machine; set MONGODB_URI, or put mongod on the PATH, for these figures");
    return;
  }
  try {
    report(
      `MongoDB protocol: ${server.server}`,
      "insertMany of the ready documents",
      await onMongo(part, params, server),
    );
  } finally {
    await server.stop();
  }
}

async function onMongo(
  part: ImportPart,
  params: Pick<ImportParams, "platform" | "file" | "warmUp">,
  server: MongoServer,
): Promise<Round[]> {
  const client = new MongoClient(server.uri);
  const rounds: Round[] = [];
  try {
    for (let round = 0; round < part.rounds; round += 1) {
      const from = `bench-import-${process.pid}-${round}`;
      const database = `bench-floor-${process.pid}-${round}`;
      const mongoUri = inDatabase(server.uri, from);
      const dataDir = await emptyFolder(part.dir, "import");
      const imported = await measure<ImportParams, ImportResult>("import", { ...params, dataDir, mongoUri });
      const perBatch = Math.ceil(imported.orders / imported.batches);
      const floorParams = { uri: server.uri, from, database, orders: imported.orders, perBatch };
      rounds.push({
        import: imported,
        floor: await measure<MongoFloorParams, Round["floor"]>("floor-mongo", floorParams),
      });
      // A server of somebody's own is left as it was found.
      await client.db(from).dropDatabase();
      await client.db(database).dropDatabase();
    }
  } finally {
    await client.close();
  }
  return rounds;
}

/** The server's address with the name of a database, which it has none of. */
function inDatabase(uri: string, name: string): string {
  const url = new URL(uri);
  url.pathname = `/${name}`;
  return url.href;
}

export async function emptyFolder(dir: string, name: string): Promise<string> {
  const path = join(dir, name);
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  return path;
}

function report(title: string, floorIs: string, rounds: readonly Round[]): void {
  const rates = rounds.map((round) => perSecond(round.import.orders, round.import.ms));
  const floors = rounds.map(({ floor }) => perSecond(floor.orders, floor.ms));
  const ratios = rounds.map((round) => round.floor.ms / round.import.ms);
  const peaks = rounds.map((round) => round.import.peakBytes);
  const [first] = rounds;
  print(title);
  print(`  import   ${whole(median(rates))} orders/s${range(rates)}, in ${whole(first?.import.batches ?? 0)} batches`);
  print(`  floor    ${whole(median(floors))} orders/s${range(floors)}: ${floorIs}, same indexes, same batches`);
  print(`  ratio    ${short(median(ratios))} of the floor (aim 0.5 or more)`);
  const workers = rounds.map((round) => round.import.workerPeaksBytes[0] ?? 0);
  const aim = `aim at most ${PEAK_AIM_MB} MB`;
  const all = rounds.map(({ import: { peakBytes, workerPeaksBytes } }) => peakBytes + (workerPeaksBytes[0] ?? 0));
  print(
    `  memory   ${megabytes(median(peaks))} at most in the node, ${megabytes(median(workers))} in the plugin's worker: ` +
      `${megabytes(median(all))} together (${aim})`,
  );
}
