import type { AccountsService } from "../accounts/service.ts";
import type { Actions, Mandate, MandateRequest, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import type { StoredPayment } from "../merge-pay/model.ts";
import { canonicalMoney } from "../money/money.ts";
import { EMPTY_OUTBOX, type Fact, withFacts } from "../notify/outbox.ts";
import { byId, page } from "../pages.ts";
import { instantOf } from "../plugin/instant.ts";
import { isZone } from "../settlement/days.ts";
import { isDuplicateKey, type StoreCollection } from "../store/contract.ts";
import { Overtaken, saveVersion } from "../versioned.ts";
import type { Money } from "../../schemas/types.generated.ts";
import { dayFor, mandateHashOf, refusalOf, showMandate, type StoredMandate, useOf, usesKept } from "./model.ts";
import { MANDATE_STATES } from "./states.ts";

const BY_MANDATE = byId(idPattern("man"));
const ACTIVE_PER_USER = 20;
/** A permission that nobody remembers is none. */
const LONGEST_MS = 3 * 366 * 86_400_000;
/** What the payer hears of a mandate. */
export type MandateFact = Extract<Fact["type"], `mandate.${string}`>;

/** When a use whose payment is under way is looked at again. */
export const USE_MS = 15_000;

export interface BookDeps {
  readonly deps: Deps;
  readonly mandates: StoreCollection<StoredMandate>;
  readonly accounts: AccountsService;
}

/** Mandates and what is taken of them. Each change is a compare-and-set on the mandate, with the payer's event in the same write. */
export function mandateBook({ deps, mandates, accounts }: BookDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  async function find(mandateId: string, userId?: string): Promise<StoredMandate> {
    const mandate = await mandates.findOne({ _id: mandateId });
    if (mandate === null || (userId !== undefined && mandate.userId !== userId)) throw new MergepayError("NOT_FOUND");
    return mandate;
  }

  /** Writes a change with the events of it. @throws Overtaken */
  function save(
    mandate: StoredMandate,
    change: Partial<StoredMandate>,
    facts: readonly { readonly type: MandateFact; readonly data: Fact["data"] }[] = [],
  ): Promise<StoredMandate> {
    const { _id: mandateId, userId } = mandate;
    const told = facts.map(({ type, data }): Fact => ({ type, userId, data: { mandateId, ...data } }));
    const next = { ...mandate, ...change };
    const open = next.uses.some(({ state }) => state === "open");
    const ends = next.state === "active" ? next.expiresAt : null;
    return saveVersion(mandates, mandate, {
      ...change,
      dueAt: open ? stamp(USE_MS) : ends,
      ...(told.length === 0 ? {} : withFacts(mandate, mandateId, told, stamp(), deps.newId)),
    });
  }

  /** Changes a mandate as often as somebody else is quicker; a change that is undefined is none. */
  async function change(
    mandateId: string,
    by: (mandate: StoredMandate) => Promise<StoredMandate> | undefined,
  ): Promise<StoredMandate> {
    for (;;) {
      const mandate = await find(mandateId);
      try {
        return (await by(mandate)) ?? mandate;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  /** Ends a mandate by its payer's word, or because its account is gone; one that has ended stays as it is. */
  const end = (mandateId: string): Promise<StoredMandate> =>
    change(mandateId, (mandate) => {
      if (mandate.state !== "active") return undefined;
      MANDATE_STATES.assertMove(mandate.state, "revoked");
      const decided = deps.audit(mandate, {
        what: "mandate.revoked",
        subject: mandateId,
        before: { state: mandate.state },
        after: { state: "revoked" },
      });
      const ended = { state: "revoked", endedAt: stamp(), lookAt: null, ...decided } as const;
      return save(mandate, ended, [{ type: "mandate.revoked", data: {} }]);
    });

  return {
    find,
    save,
    change,
    end,

    /** @throws IDEMPOTENCY_KEY_REUSED, BODY_INVALID, AMOUNT_INVALID, CURRENCY_UNKNOWN, CURRENCIES_MIXED, ACCOUNT_MISSING, STATE_REFUSED */
    async create(params: Actions["mandates.create"]["params"]): Promise<Mandate & { existed: boolean }> {
      const { userId, idempotencyKey, request } = params;
      const requestHash = mandateHashOf(request);
      const again = ({ requestHash: before, ...present }: StoredMandate) => {
        if (before !== requestHash) throw new MergepayError("IDEMPOTENCY_KEY_REUSED");
        return { ...showMandate({ ...present, requestHash }), existed: true };
      };
      const before = await mandates.findOne({ userId, idempotencyKey });
      if (before !== null) return again(before);
      const terms = termsOf(request, deps.now());
      if ((await mandates.countDocuments({ userId, state: "active" })) >= ACTIVE_PER_USER)
        throw new MergepayError("STATE_REFUSED", `A payer has at most ${ACTIVE_PER_USER} mandates; revoke one.`);
      const { _id: accountId } = await accounts.toPayFrom(userId, request.accountId);
      const _id = deps.newId("man");
      const { limits, expiresAt, auto } = terms;
      const after = {
        userId,
        perPayment: limits.perPayment.value,
        perDay: limits.perDay.value,
        currency: limits.perDay.currency,
        expiresAt,
        auto,
      };
      const mandate: StoredMandate = {
        _id,
        userId,
        accountId,
        ...terms,
        state: "active",
        idempotencyKey,
        requestHash,
        uses: [],
        lookAt: terms.auto ? stamp() : null,
        version: 1,
        dueAt: terms.expiresAt,
        createdAt: stamp(),
        ...EMPTY_OUTBOX,
        ...deps.audit(undefined, { what: "mandate.made", subject: _id, after }),
      };
      try {
        await mandates.insertOne(mandate);
      } catch (error) {
        const present = isDuplicateKey(error) ? await mandates.findOne({ userId, idempotencyKey }) : null;
        if (present === null) throw error;
        if (present._id !== mandate._id) return again(present);
      }
      try {
        // Looked at once more: whoever removes the account looks for mandates after having marked it.
        await accounts.toPayFrom(userId, accountId);
      } catch (error) {
        // Not taken out: it may have been charged by since. Of any other error nothing is known, and who asks again is told of the mandate.
        if (asMergepayError(error).type === "ACCOUNT_MISSING") await end(mandate._id);
        throw error;
      }
      return { ...showMandate(mandate), existed: false };
    },

    get: async ({ mandateId, userId }: Actions["mandates.get"]["params"]): Promise<Mandate> =>
      showMandate(await find(mandateId, userId)),

    list: ({ userId, ...query }: Actions["mandates.list"]["params"]): Promise<Page<Mandate>> =>
      page(mandates, { userId }, BY_MANDATE, query, deps.limits.ordersPerPage, showMandate),

    /**
     * Takes what a payment needs of its mandate's day, before anything of the payment is durable that may be sent. Once for each payment.
     * @throws MANDATE_ENDED, MANDATE_LIMIT_REACHED, MANDATE_NOT_COVERING: the payer is told of the refusal
     */
    async reserve(payment: Pick<StoredPayment, "_id" | "total" | "orders">, mandateId: string): Promise<void> {
      let refusal: MergepayError | undefined;
      await change(mandateId, (mandate) => {
        refusal = undefined;
        if (mandate.uses.some(({ paymentId }) => paymentId === payment._id)) return undefined;
        const now = deps.now();
        const use = useOf(payment, dayFor(mandate, now));
        const about = { paymentId: payment._id, total: payment.total, orders: payment.orders.length, day: use.day };
        refusal = refusalOf(mandate, use, now);
        if (refusal !== undefined) {
          const { type: code, message: reason } = refusal;
          return save(mandate, {}, [{ type: "mandate.refused", data: { ...about, code, reason } }]);
        }
        return save(mandate, { uses: [...usesKept(mandate, now), use] }, [{ type: "mandate.used", data: about }]);
      });
      if (refusal !== undefined) throw refusal;
      deps.reached("mandate.reserved");
    },
  };
}

export type MandateBook = ReturnType<typeof mandateBook>;

/** The terms of a mandate in canonical form. */
function termsOf(request: MandateRequest, now: number) {
  const { limits, timeZone, expiresAt, auto = false } = request;
  const { currency } = limits.perPayment;
  const money = (given: Money, field: string): Money => {
    if (given.currency !== currency)
      throw new MergepayError("CURRENCIES_MIXED", "All limits of a mandate are in one currency.", { field });
    return canonicalMoney(given.value, given.currency, field);
  };
  const perPayment = money(limits.perPayment, "/limits/perPayment");
  const perDay = money(limits.perDay, "/limits/perDay");
  const platforms = limits.platforms?.map((own, index) => ({
    platform: own.platform,
    perDay: money(own.perDay, `/limits/platforms/${index}/perDay`),
  }));
  if (new Set(platforms?.map(({ platform }) => platform)).size < (platforms?.length ?? 0))
    throw new MergepayError("BODY_INVALID", "A platform is named twice.", { field: "/limits/platforms" });
  if (!isZone(timeZone))
    throw new MergepayError("BODY_INVALID", "timeZone is a name of the IANA database, such as Asia/Shanghai.", {
      field: "/timeZone",
    });
  const ends = Date.parse(instantOf(expiresAt) ?? "");
  if (!(ends > now) || ends > now + LONGEST_MS)
    throw new MergepayError("BODY_INVALID", "expiresAt is an instant with a zone, to come, within three years.", {
      field: "/expiresAt",
    });
  return {
    limits: { perPayment, perDay, ...(platforms === undefined ? {} : { platforms }) },
    timeZone,
    expiresAt: instant(ends),
    auto,
  };
}
