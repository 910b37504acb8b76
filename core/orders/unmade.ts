import type { Filter } from "mongodb";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import type { StoreCollection } from "../store/contract.ts";
import type { Origin } from "./candidates.ts";
import { keysOf, type StoredOrder } from "./model.ts";

/** A pass of mapping a stored file again. */
type Pass = Origin & { readonly pass: string };

/** Orders looked at in one go. */
const AT_ONCE = 500;

/**
 * Orders that an earlier version of its plugin made of a file, and that this one makes no more: their records are skipped now, or are other
 * orders. A record that is rejected now says nothing of the order that it was, as in any other file.
 */
export function orderUnmade(deps: Pick<Deps, "now">, orders: StoreCollection<StoredOrder>) {
  /** Open orders of a file that fit the filter, by pages. All orders of the platform are looked through: this is seldom, and needs no index. */
  async function* openOf({ fileId, platform }: Origin, filter: Filter<StoredOrder>): AsyncGenerator<StoredOrder[]> {
    const { $gt: first, $lt } = keysOf(platform);
    for (let $gt = first; ;) {
      const query = { ...filter, key: { $gt, $lt }, "source.fileId": fileId, state: "open" } as Filter<StoredOrder>;
      const found = await orders.find(query).sort({ key: 1 }).limit(AT_ONCE).toArray();
      const last = found.at(-1);
      if (last === undefined) return;
      yield found;
      $gt = last.key;
    }
  }

  return {
    openOf,

    /**
     * Cancels those that are open still and have their content of this file. Done again, it counts the same.
     * @param rejectedAmong which of these records were rejected in this pass
     * @returns how many this pass has cancelled
     */
    async takeBack(pass: Pass, rejectedAmong: (records: readonly number[]) => Promise<Set<number>>): Promise<number> {
      const { fileId, platform, pluginVersion, pass: name } = pass;
      for await (const found of openOf(pass, { "remapped.pass": { $ne: name } })) {
        const rejected = await rejectedAmong(found.map(({ source }) => source.record));
        const unmade = found.filter(({ source }) => !rejected.has(source.record));
        if (unmade.length === 0) continue;
        const updatedAt = instant(deps.now());
        await orders.bulkWrite(
          unmade.map(({ _id, revision, source }) => ({
            updateOne: {
              // Locked or revised meanwhile: then it is not ours to take back.
              filter: { _id, revision, state: "open" as const },
              update: {
                $set: {
                  state: "cancelled" as const,
                  cancellation: { reason: NO_MORE, source: { ...source, pluginVersion } },
                  remapped: { pass: name, record: source.record, as: "unmade" as const },
                  updatedAt,
                },
              },
            },
          })),
          { ordered: false },
        );
      }
      return orders.countDocuments({
        key: keysOf(platform),
        "source.fileId": fileId,
        "remapped.pass": name,
        "remapped.as": "unmade",
      });
    },
  };
}

const NO_MORE = "The plugin's present version no longer makes this order of its record.";
