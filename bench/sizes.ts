import { measure } from "./child.ts";
import { median, short, spreadPercent, whole } from "./figures.ts";
import { emptyFolder, type ImportPart, writeFiles } from "./import.ts";
import { print } from "./print.ts";
import type { ImportParams, ImportResult } from "./runs/import.ts";

export interface SizesPart extends Omit<ImportPart, "orders"> {
  readonly sizes: readonly number[];
}

const SPREAD_AIM_PERCENT = 15;

/** What one order costs in files of different sizes, each into an empty embedded store. */
export async function sizesPart({ sizes, ...part }: SizesPart): Promise<void> {
  print("Cost of one order by the size of its file (embedded engine)");
  const measured = [];
  for (const orders of sizes)
    measured.push({ ...(await writeFiles({ ...part, orders })), microseconds: [] as number[] });
  // Size after size in each round, so that what else the machine does falls on all of them.
  for (let round = 0; round < part.rounds; round += 1) {
    for (const { file, warmUp, microseconds } of measured) {
      const params = { platform: part.files.platform, file: file.path, warmUp: warmUp.path };
      const dataDir = await emptyFolder(part.dir, "import");
      const { ms, orders } = await measure<ImportParams, ImportResult>("import", { ...params, dataDir });
      microseconds.push((ms * 1000) / orders);
    }
  }
  const costs = measured.map(({ microseconds }) => median(microseconds));
  for (const { file, microseconds } of measured) {
    const rounds = microseconds.map(short).join(", ");
    print(
      `  ${whole(file.orders).padStart(8)} orders   ${short(median(microseconds))} µs an order (rounds: ${rounds})`,
    );
  }
  print(
    `  spread   ${short(spreadPercent(costs))} % between the largest and the smallest (aim within ${SPREAD_AIM_PERCENT} %)`,
  );
}
