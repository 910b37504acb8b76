import { isDeepStrictEqual } from "node:util";
import type { Page, PageQuery } from "../actions.ts";
import type { Audited } from "../audit/outbox.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { byId, page } from "../pages.ts";
import { canonicalJson } from "../plugin/canonical-json.ts";
import { instantOf } from "../plugin/instant.ts";
import { type CollectionSpec, isDuplicateKey } from "../store/contract.ts";
import { ownerKey, type StoredVersion, versionAt } from "./model.ts";

/** Versions of one platform or merchant: a rule a day for years. */
const VERSIONS = 1000;

/** A version as operators set it; `from` absent: from now on. */
export interface NewVersion<R> {
  readonly platform: string;
  readonly merchant?: string;
  readonly from?: string;
  readonly rule: R | null;
  readonly by: string;
}

export type ShownVersion<R> = Omit<StoredVersion<R>, "_id" | "key" | keyof Audited> & { readonly id: string };

export interface VersionKind<R> {
  readonly spec: CollectionSpec;
  readonly prefix: "fee" | "str";
  /** What the audit log calls it. */
  readonly noun: "fee-rule" | "settlement-rule";
  /** @throws BODY_INVALID for a rule that can't be taken, PLATFORM_UNKNOWN */
  readonly check: (platform: string, rule: R | null) => Promise<void>;
}

/** Rules that operators set for platforms and merchants as versions from a date on; they are added and never changed. */
export async function ruleVersions<R>(deps: Deps, { spec, prefix, noun, check }: VersionKind<R>) {
  const versions = await deps.store.collection<StoredVersion<R>>(spec);
  const byVersion = byId(idPattern(prefix));
  const ofKey = async (key: string): Promise<StoredVersion<R>[]> =>
    versions.find({ key }).sort({ version: 1 }).toArray();

  return {
    /** What is in force now for each of these keys that have anything; a version that hands back is left out. */
    async inForce(keys: readonly string[]): Promise<Map<string, StoredVersion<R> & { rule: R }>> {
      const at = instant(deps.now());
      const found = await versions.find({ key: { $in: [...keys] }, from: { $lte: at } }).toArray();
      return new Map(
        [...Map.groupBy(found, ({ key }) => key)].flatMap(([key, own]) => {
          const version = versionAt(own, at);
          return version === undefined || version.rule === null ? [] : [[key, { ...version, rule: version.rule }]];
        }),
      );
    },

    /**
     * Adds a version; when the very rule is in force then already, nothing is added.
     * @throws BODY_INVALID with the field, also for a `from` that is over: what was paid since then has its rules; PLATFORM_UNKNOWN, STATE_REFUSED
     */
    async set({ platform, merchant, from, rule, by }: NewVersion<R>): Promise<ShownVersion<R> & { existed: boolean }> {
      await check(platform, rule);
      const key = ownerKey(platform, merchant);
      for (;;) {
        const present = await ofKey(key);
        const at = instant(deps.now());
        const since = from === undefined ? at : sinceOf(from);
        const same = from === undefined ? present : present.filter((version) => version.from === since);
        const standing = versionAt(same, since);
        if (standing !== undefined && isDeepStrictEqual(standing.rule, rule))
          return { ...shown(standing), existed: true };
        if (since < at)
          throw new MergepayError(
            "BODY_INVALID",
            "from is over: payments made since then have their rules already. Give a time to come, or leave it out for now.",
            { field: "/from" },
          );
        if (present.length >= VERSIONS)
          throw new MergepayError("STATE_REFUSED", `A platform or merchant has at most ${VERSIONS} versions.`);
        const id = deps.newId(prefix);
        const whose = { platform, ...(merchant === undefined ? {} : { merchant }) };
        const version: StoredVersion<R> = {
          _id: id,
          key,
          ...whose,
          version: present.length + 1,
          from: since,
          rule,
          by,
          createdAt: at,
          ...deps.audit(undefined, {
            what: `${noun}.set`,
            subject: id,
            after: { ...whose, from: since, rule: canonicalJson(rule) },
          }),
        };
        try {
          await versions.insertOne(version);
          return { ...shown(version), existed: false };
        } catch (error) {
          // Another operator was quicker: decided again with that version there.
          if (!isDuplicateKey(error)) throw error;
        }
      }
    },

    list: ({
      platform,
      merchant,
      ...query
    }: PageQuery & { platform?: string; merchant?: string }): Promise<Page<ShownVersion<R>>> =>
      page(
        versions,
        { ...(platform === undefined ? {} : { platform }), ...(merchant === undefined ? {} : { merchant }) },
        byVersion,
        query,
        deps.limits.ordersPerPage,
        shown,
      ),
  };
}

function shown<R>(stored: StoredVersion<R>): ShownVersion<R> {
  const { _id, key: _key, audits: _audits, auditsPending: _pending, ...version } = stored;
  return { id: _id, ...version };
}

/** @throws BODY_INVALID unless it is an ISO 8601 date and time with a zone */
function sinceOf(text: string): string {
  const given = instantOf(text);
  if (given !== undefined) return instant(Date.parse(given));
  throw new MergepayError(
    "BODY_INVALID",
    "from must be an ISO 8601 date and time with a zone, such as 2026-04-01T00:00:00+02:00.",
    { field: "/from" },
  );
}
