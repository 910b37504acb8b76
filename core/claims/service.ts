import type { Actions, Page } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { minorOfMoney, moneyOf } from "../money/money.ts";
import { EMPTY_OUTBOX, type Fact, withFacts } from "../notify/outbox.ts";
import { byId, page } from "../pages.ts";
import { daysAfter } from "../settlement/days.ts";
import type { SettlementService } from "../settlement/service.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { Overtaken, saveVersion } from "../versioned.ts";
import type { Claim, Money } from "../../schemas/types.generated.ts";
import type { LedgerService } from "../ledger/service.ts";
import { claimClosing } from "./closing.ts";
import { CLAIMS, decisionOf, factOf, seen, showClaim, showToPlatform, type StoredClaim } from "./model.ts";
import { CLAIM_STATES, type ClaimState } from "./states.ts";

interface ClaimsDeps {
  readonly deps: Deps;
  readonly settlement: Pick<SettlementService, "payees" | "balanceOf" | "settlementRuleOf" | "write" | "lastTaking">;
  readonly ledger: Pick<LedgerService, "write">;
}

const BY_CLAIM = byId(idPattern("clm"));
/** What is owed is counted in days: it is looked at no more often than this. */
const LOOK_MS = 3_600_000;
/** Payees, and claims, that are looked at in one go. */
const AT_ONCE = 100;
/** What is owed for so many days is claimed, where operators have set nothing else. */
const CLAIM_AFTER_DAYS = 30;

/** What merchants owe after refunds and chargebacks: seen, claimed when later orders have not netted it in time, and ended when they have. */
export async function claimsService(given: ClaimsDeps) {
  const { deps, settlement } = given;
  const claims = await deps.store.collection<StoredClaim>(CLAIMS);
  const stamp = () => instant(deps.now());
  let lookedAt: number | undefined;

  function save(
    claim: StoredClaim,
    change: Partial<StoredClaim>,
    gone: readonly "closing"[] = [],
  ): Promise<StoredClaim> {
    const decision = decisionOf(claim, change, gone);
    const audited = decision === undefined ? {} : deps.audit(claim, decision);
    return saveVersion(claims, claim, { ...change, ...audited, updatedAt: stamp() }, gone);
  }

  /** Moves it along the table, with what its platform is told in the same write. */
  function move(claim: StoredClaim, to: ClaimState, change: Partial<StoredClaim>, fact?: Fact): Promise<StoredClaim> {
    CLAIM_STATES.assertMove(claim.state, to);
    const told = fact === undefined ? {} : withFacts(claim, claim._id, [fact], stamp(), deps.newId);
    return save(claim, { ...change, state: to, ...told });
  }

  /** Notes what a payee owes that owed nothing until now. */
  async function note(payee: string, owed: Money): Promise<void> {
    const at = stamp();
    const [platform = "", merchant = ""] = payee.split("/");
    const made: StoredClaim = {
      _id: deps.newId("clm"),
      platform,
      merchant,
      state: "owing",
      owed,
      since: at,
      payee,
      slot: payee,
      version: 1,
      dueAt: null,
      updatedAt: at,
      ...EMPTY_OUTBOX,
    };
    try {
      await claims.insertOne({ ...made, ...deps.audit(undefined, seen(made)) });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** What a payee owes; undefined when it does not. Lines that wait for their time count: they will net it. */
  async function owedBy(payee: string): Promise<Money | undefined> {
    const balance = await settlement.balanceOf(payee);
    const minor = minorOfMoney(balance);
    return minor < 0n ? moneyOf(-minor, balance.currency) : undefined;
  }

  /** Looks for payees that owe something. */
  async function findOwing(): Promise<void> {
    const taking = { state: "payable", kind: { $in: ["refund", "chargeback"] } } as const;
    for (let after = ""; ;) {
      const payees = await settlement.payees(after, AT_ONCE, taking);
      const known = await claims.find({ slot: { $in: payees } }).toArray();
      const noted = new Set(known.map(({ payee }) => payee));
      for (const payee of payees) {
        const owed = noted.has(payee) ? undefined : await owedBy(payee);
        if (owed !== undefined) await note(payee, owed);
      }
      const last = payees.at(-1);
      if (last === undefined || payees.length < AT_ONCE) return;
      after = last;
    }
  }

  async function look(claim: StoredClaim): Promise<void> {
    const owed = await owedBy(claim.payee);
    if (owed === undefined) {
      // Its platform hears of the end of what it was told of.
      const fact = claim.state === "claimed" ? factOf("claim.ended", { ...claim, state: "netted" }) : undefined;
      await move(claim, "netted", { slot: claim._id, endedAt: stamp() }, fact);
      return;
    }
    const { claimAfterDays = CLAIM_AFTER_DAYS, zone = "UTC" } = await settlement.settlementRuleOf(
      claim.platform,
      claim.merchant,
    );
    const claimAt = daysAfter(claim.since, claimAfterDays, zone);
    const now = { owed, claimAt };
    if (claim.state === "owing" && claimAt <= stamp())
      await move(
        claim,
        "claimed",
        { ...now, claimedAt: stamp() },
        factOf("claim.opened", { ...claim, owed, state: "claimed" }),
      );
    else if (owed.value !== claim.owed.value || claimAt !== claim.claimAt) await save(claim, now);
  }

  async function lookAtAll(): Promise<void> {
    for (let after = ""; ;) {
      const open = await claims
        .find({ state: { $in: ["owing", "claimed"] }, _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(AT_ONCE)
        .toArray();
      for (const claim of open)
        try {
          await look(claim);
        } catch (thrown) {
          if (thrown instanceof Overtaken) continue;
          const { type: code, message: reason } = asMergepayError(thrown);
          deps.log.error({ platform: claim.platform, state: claim.state, code, reason }, "claim not looked at");
        }
      const last = open.at(-1);
      if (last === undefined || open.length < AT_ONCE) return;
      after = last._id;
    }
  }

  const closing = claimClosing({ ...given, claims, save, move });

  return {
    ...closing.calls,
    recover: closing.recover,

    /** Looks at what merchants owe, when it was not looked at for an hour. Every node may: each write is once or by compare-and-set. */
    async sweep(): Promise<void> {
      await closing.finishDue();
      const now = deps.now();
      if (lookedAt !== undefined && now - lookedAt < LOOK_MS && now >= lookedAt) return;
      await findOwing();
      await lookAtAll();
      lookedAt = now;
    },

    /** @throws NOT_FOUND, also when it is of another platform's merchant */
    async get({ claimId, platform }: Actions["claims.get"]["params"]): Promise<Claim> {
      const claim = await claims.findOne({ _id: claimId });
      if (claim === null || (platform !== undefined && claim.platform !== platform))
        throw new MergepayError("NOT_FOUND");
      return platform === undefined ? showClaim(claim) : showToPlatform(claim);
    },

    list: ({ platform, state, ...query }: Actions["claims.list"]["params"]): Promise<Page<Claim>> =>
      page(
        claims,
        { ...(platform === undefined ? {} : { platform }), ...(state === undefined ? {} : { state }) },
        BY_CLAIM,
        query,
        deps.limits.ordersPerPage,
        platform === undefined ? showClaim : showToPlatform,
      ),
  };
}

export type ClaimsService = Awaited<ReturnType<typeof claimsService>>;
