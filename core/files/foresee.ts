import type { Actions, MappedRecord } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { createTurns } from "../plugin/turns.ts";
import type { OrdersService } from "../orders/service.ts";
import type { DryRun } from "../../schemas/types.generated.ts";
import { controlTotals } from "./manifest.ts";
import { fileIdOf } from "./model.ts";
import { readAhead } from "./read-ahead.ts";

type Params = Actions["files.foresee"]["params"];

/** Rejects that a dry run lists; there are as many as it counts. */
const REJECTS_SHOWN = 100;
/** Dry runs at the same time in one node; the others wait, and their time runs. */
const AT_ONCE = 2;
const AHEAD = 2;

/** Reads a file whose bytes are staged as processing would, and says what would become of it; nothing is written. */
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
  return (params: Params): Promise<DryRun> => {
    const deadline = deps.now() + dryRunMs;
    return turns
      .take(() => look(params, deadline))
      .catch((error: unknown) => {
        throw deps.now() < deadline ? error : tooSlow();
      });
  };

  async function look(
    { blobId, platform, merchant, sha256, bytes, manifest }: Params,
    deadline: number,
  ): Promise<DryRun> {
    const timeLeft = (): { platform: string; timeoutMs: number } => {
      const timeoutMs = deadline - deps.now();
      if (timeoutMs <= 0) throw tooSlow();
      return { platform, timeoutMs };
    };
    const confirmation = fileIdOf(platform, merchant, sha256);
    const { records } = await deps.call("platform.check", { fileId: blobId }, timeLeft());
    const sum = { created: 0, revised: 0, unchanged: 0, cancelled: 0, skipped: 0, rejected: 0 };
    const rejects: DryRun["rejects"] = [];
    const foresight = orders.foresee({ fileId: blobId, platform, pluginVersion: "" });
    const totals = manifest === undefined ? undefined : controlTotals(manifest);
    const take = async (batch: readonly MappedRecord[]): Promise<void> => {
      totals?.add(batch);
      const done = await foresight.next(batch);
      for (const name of ["created", "revised", "unchanged", "cancelled", "skipped"] as const) sum[name] += done[name];
      sum.rejected += done.rejects.length;
      rejects.push(...done.rejects.slice(0, REJECTS_SHOWN - rejects.length));
      if (foresight.orders() > dryRunOrders) throw tooLarge(`takes at most ${dryRunOrders} orders`);
    };
    const batches = readAhead(
      async (from) => deps.call("platform.read", { fileId: blobId, from, merchant }, timeLeft()),
      0,
      AHEAD,
    );
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
    const known = await isKnown(confirmation);
    return { platform, merchant, sha256, bytes, records, ...sum, rejects, pluginVersion, known, confirmation };
  }
}
