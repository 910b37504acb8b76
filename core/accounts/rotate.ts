import type { Filter, UpdateFilter } from "mongodb";
import type { Rotation } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { staleFilters, type StoredAccount, type StoredKeyCheck, type StoredMerchantAccount } from "./model.ts";
import { type AccountKey, type AccountVault, checkOf } from "./vault.ts";

export interface RotationDeps {
  readonly deps: Deps;
  readonly accounts: StoreCollection<StoredAccount>;
  readonly merchants: StoreCollection<StoredMerchantAccount>;
  readonly checks: StoreCollection<StoredKeyCheck>;
  readonly vault: AccountVault;
}

/** What both kinds of accounts have of what is sealed; plain when version 0.1.0 wrote it. */
type Held = Pick<StoredAccount, "_id" | "bank" | "token" | "sealed" | "keyId">;

/** Accounts that one step seals anew. */
const AT_A_STEP = 100;

/** Brings everything under the newest key, a step at a time, while all goes on: whoever reads opens by the key that is named there. */
export function accountRotation({ deps, accounts, merchants, checks, vault }: RotationDeps) {
  const collections = [accounts, merchants] as unknown as readonly StoreCollection<Held>[];
  /** The keys that were last found to be those of the store. */
  let checked: readonly AccountKey[] | undefined;

  async function stale(limit: number): Promise<readonly (readonly [StoreCollection<Held>, Held])[]> {
    const found: (readonly [StoreCollection<Held>, Held])[] = [];
    for (const collection of collections)
      for (const filter of staleFilters(vault.newest())) {
        if (found.length >= limit) return found;
        const some = await collection
          .find(filter as Filter<Held>)
          .limit(limit - found.length)
          .toArray();
        found.push(...some.map((held) => [collection, held] as const));
      }
    return found;
  }

  async function left(): Promise<number> {
    const filters = staleFilters(vault.newest());
    const counts = collections.flatMap((of) => filters.map((filter) => of.countDocuments(filter as Filter<Held>)));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** Only if it is what was read: whoever was quicker has done it. */
  async function reseal(
    collection: StoreCollection<Held>,
    { _id, bank, token, sealed, keyId }: Held,
  ): Promise<boolean> {
    if (sealed !== undefined && keyId !== undefined) {
      const fresh = vault.seal(_id, bank, vault.open(_id, { sealed, keyId }));
      const done = await collection.updateOne({ _id, sealed }, { $set: fresh });
      return done.matchedCount > 0;
    }
    if (token === undefined) throw new MergepayError("INTERNAL", `The account ${_id} has no token.`);
    const change = { $set: vault.seal(_id, bank, token), $unset: { token: true } };
    const done = await collection.updateOne({ _id, token }, change as unknown as UpdateFilter<Held>);
    return done.matchedCount > 0;
  }

  /**
   * Makes sure that each key is the one that was used under its name before, and that none is missing: otherwise accounts would be sealed
   * that another node can't open.
   * @throws CONFIG_INVALID
   */
  async function checkKeys(): Promise<void> {
    const keys = vault.keys();
    if (keys === checked) return;
    // Keys that come while these are checked may be in use by other nodes already: then all are looked at anew.
    const unless = (fault: string): Promise<void> => {
      if (vault.keys() !== keys) return checkKeys();
      throw new MergepayError("CONFIG_INVALID", fault);
    };
    vault.newest();
    for (const key of keys) {
      const check = checkOf(key);
      const known = await checks.findOne({ _id: key.id });
      if (known === null)
        try {
          await checks.insertOne({ _id: key.id, check });
          continue;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
      const now = known ?? (await checks.findOne({ _id: key.id }));
      if (now?.check !== check)
        return unless(
          `The key ${key.id} of accountKeys is not the one that this store was used with: give every core node the same credentials file.`,
        );
    }
    const names = keys.map(({ id }) => id);
    for (const { _id: keyId } of await checks.find({ _id: { $nin: names } }).toArray()) {
      const sealed = await Promise.all(collections.map((of) => of.countDocuments({ keyId })));
      const count = sealed.reduce((sum, one) => sum + one, 0);
      if (count > 0)
        return unless(
          `${count} accounts are sealed under the key ${keyId}, which accountKeys lacks: put it back until rotation is through.`,
        );
    }
    checked = keys;
  }

  /** Seals some of what is not under the newest key anew. */
  async function step(): Promise<{ rotated: number; failed: number }> {
    await checkKeys();
    let rotated = 0;
    let failed = 0;
    for (const [collection, held] of await stale(AT_A_STEP)) {
      try {
        if (await reseal(collection, held)) rotated += 1;
        deps.reached("account.resealed");
      } catch (thrown) {
        if (!(thrown instanceof MergepayError)) throw thrown;
        const { type: code, message: reason } = asMergepayError(thrown);
        failed += 1;
        deps.log.error({ accountId: held._id, code, reason }, "account not sealed under the newest key");
      }
    }
    if (rotated > 0)
      deps.log.info({ count: rotated, keyId: vault.newest().id }, "accounts sealed under the newest key");
    return { rotated, failed };
  }

  return {
    checkKeys,
    /** One step of the job. @returns above zero when there may be more right away */
    rotateSome: async (): Promise<number> => (await step()).rotated,

    /** One step, and how many are left after it: all are under the newest key when that is none. @throws CONFIG_INVALID */
    async rotate(): Promise<Rotation> {
      const { rotated, failed } = await step();
      return { keyId: vault.newest().id, rotated, failed, left: await left() };
    },
  };
}
