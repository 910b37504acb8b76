import type { Actions, MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { createTurns } from "../plugin/turns.ts";
import type { Foresight } from "../orders/foresee.ts";
import type { OrdersService } from "../orders/service.ts";
import type { DryRun, Manifest, RemapPlan } from "../../schemas/types.generated.ts";
import { controlTotals } from "./manifest.ts";
import { fileIdOf, type StoredFile } from "./model.ts";
import { readAhead } from "./read-ahead.ts";

interface Look {
  readonly fileId: string;
  readonly platform: string;
  readonly merchant: string | null;
  readonly manifest: Manifest | undefined;
  readonly foresight: Foresight;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Rejects and differences that a dry run lists; it counts all. */
const SHOWN = 100;
/** Dry runs at the same time in one node; the others wait, and their time runs. */
const AT_ONCE = 2;
const AHEAD = 2;

/** Reads files as processing would, and says what would become of them; nothing is written. */
export function fileForesight(
  deps: Pick<Deps, "call" | "limits" | "now">,
  orders: Pick<OrdersService, "foresee">,
  isKnown: (fileId: string) => Promise<boolean>,
) {
  const turns = createTurns(AT_ONCE);
  const { dryRunMs, dryRunOrders } = deps.limits;
  const tooLarge = (what: string) =>
    new MergepayError(
      "DRY_RUN_TOO_LARGE",
      `A dry run ${what}, and this file takes more. Nothing of it was kept; try a part of it, or send it as it is.`,
    );

  const tooSlow = () => tooLarge(`takes at most ${dryRunMs / 1000} s`);
  /** @throws MANIFEST_MISMATCH, FILE_..., PLUGIN_..., PLATFORM_UNAVAILABLE as they would end the file; DRY_RUN_TOO_LARGE */
  const inTurn = <T>(run: (deadline: number) => Promise<T>): Promise<T> => {
    const deadline = deps.now() + dryRunMs;
    return turns
      .take(() => run(deadline))
      .catch((error: unknown) => {
        throw deps.now() < deadline ? error : tooSlow();
      });
  };

  /** Reads a file to its end and adds up what would become of it. */
  async function look({ fileId, platform, merchant, manifest, foresight, deadline }: Look) {
    const timeLeft = (): { platform: string; timeoutMs: number } => {
      const timeoutMs = deadline - deps.now();
      if (timeoutMs <= 0) throw tooSlow();
      return { platform, timeoutMs };
    };
    const { records } = await deps.call("platform.check", { fileId }, timeLeft());
    const sum = { created: 0, revised: 0, unchanged: 0, cancelled: 0, skipped: 0, rejected: 0 };
    const rejects: DryRun["rejects"] = [];
    const totals = manifest === undefined ? undefined : controlTotals(manifest);
    const take = async (batch: readonly MappedRecord[]): Promise<void> => {
      totals?.add(batch);
      const done = await foresight.next(batch);
      for (const name of ["created", "revised", "unchanged", "cancelled", "skipped"] as const) sum[name] += done[name];
      sum.rejected += done.rejects.length;
      rejects.push(...done.rejects.slice(0, SHOWN - rejects.length));
      if (foresight.orders() > dryRunOrders) throw tooLarge(`takes at most ${dryRunOrders} orders`);
    };
    const read = async (from: number, node: string | undefined) =>
      deps.call("platform.read", { fileId, from, merchant }, { ...timeLeft(), node });
    const batches = readAhead(read, 0, AHEAD);
    let pluginVersion = "";
    try {
      for (let done = false; !done;) {
        const batch = await batches.next();
        ({ done, version: pluginVersion } = batch);
        await take(batch.records);
      }
    } finally {
      batches.stop();
    }
    totals?.assertFits();
    return { records, ...sum, rejects, pluginVersion };
  }

  return {
    /** What would become of staged bytes as a file. */
    foresee: ({ blobId, platform, merchant, sha256, bytes, manifest }: Actions["files.foresee"]["params"]) =>
      inTurn(async (deadline): Promise<DryRun> => {
        const foresight = orders.foresee({ fileId: blobId, platform, pluginVersion: "" });
        const found = await look({ fileId: blobId, platform, merchant, manifest, foresight, deadline });
        const confirmation = fileIdOf(platform, merchant, sha256);
        const known = await isKnown(confirmation);
        return { platform, merchant, sha256, bytes, ...found, known, confirmation };
      }),

    /** What would change if a stored file were mapped again. */
    foreseeRemap: ({ _id: fileId, platform, merchant, manifest, pluginVersion: mappedBy }: StoredFile) =>
      inTurn(async (deadline): Promise<RemapPlan> => {
        const differences: RemapPlan["differences"] = [];
        const tell = (difference: RemapPlan["differences"][number]): void => {
          if (differences.length < SHOWN) differences.push(difference);
        };
        const foresight = orders.foresee({ fileId, platform, pluginVersion: "", pass: "dry run" }, tell);
        const found = await look({ fileId, platform, merchant, manifest, foresight, deadline });
        const cancelled = found.cancelled + (await foresight.unmade());
        return { fileId, ...(mappedBy === undefined ? {} : { mappedBy }), ...found, cancelled, differences };
      }),
  };
}
