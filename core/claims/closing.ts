import type { Actions } from "../actions.ts";
import { type Deps, instant } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { LedgerService } from "../ledger/service.ts";
import { minorOfMoney } from "../money/money.ts";
import type { Fact } from "../notify/outbox.ts";
import { needsApproval } from "../refunds/model.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { Claim } from "../../schemas/types.generated.ts";
import { claimEntry, claimLine, factOf, showClaim, type StoredClaim } from "./model.ts";
import type { ClaimState } from "./states.ts";

interface ClosingDeps {
  readonly deps: Deps;
  readonly claims: StoreCollection<StoredClaim>;
  readonly settlement: Pick<SettlementService, "write" | "lastTaking">;
  readonly ledger: Pick<LedgerService, "write">;
  readonly save: (
    claim: StoredClaim,
    change: Partial<StoredClaim>,
    gone?: readonly "closing"[],
  ) => Promise<StoredClaim>;
  readonly move: (
    claim: StoredClaim,
    to: ClaimState,
    change: Partial<StoredClaim>,
    fact?: Fact,
  ) => Promise<StoredClaim>;
}

const AT_A_SWEEP = 20;

/** Claims that end by operators: the merchant paid what it owed, or nobody asks for it any more. So much is credited to it then. */
export function claimClosing({ deps, claims, settlement, ledger, save, move }: ClosingDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  /** Line and entry, each once however often it is tried. Only then the payee may owe anew. */
  async function finish(claim: StoredClaim): Promise<StoredClaim> {
    await Promise.all([
      claim.credit === undefined
        ? undefined
        : settlement.write([claim.credit]).then(() => deps.reached("claim.line-written")),
      ledger.write(claimEntry(claim)).then(() => deps.reached("claim.journal-written")),
    ]);
    return save(claim, { slot: claim._id, dueAt: null });
  }

  /** It is so: by one operator, or, above the limit, by two. */
  async function close(claim: StoredClaim, closing: NonNullable<Claim["closing"]>): Promise<StoredClaim> {
    const last = await settlement.lastTaking(claim.payee);
    if (last === undefined)
      throw new MergepayError("STATE_REFUSED", "Later orders have netted it; look at it again in an hour.", {
        state: claim.state,
      });
    const [state, endedAt] = [closing.how, stamp()];
    const credit = claimLine(claim._id, closing.amount, endedAt, last);
    const ended = { closing, credit, endedAt, dueAt: stamp(deps.limits.leaseMs) };
    const written = await move(claim, state, ended, factOf("claim.ended", { ...claim, state }));
    deps.reached("claim.closed");
    return finish(written);
  }

  /** Reads the claim, checks and writes; anew when somebody else wrote it meanwhile. @throws NOT_FOUND, STATE_REFUSED, what `step` throws */
  async function decide(claimId: string, step: (claim: StoredClaim) => Promise<StoredClaim>): Promise<Claim> {
    for (;;) {
      const claim = await claims.findOne({ _id: claimId });
      if (claim === null) throw new MergepayError("NOT_FOUND");
      const { state } = claim;
      if (state !== "claimed")
        throw new MergepayError("STATE_REFUSED", `There is nothing to decide about a claim that is ${state}.`, {
          state,
        });
      try {
        return showClaim(await step(claim));
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  const waiting = ({ closing, state }: StoredClaim): NonNullable<Claim["closing"]> => {
    if (closing !== undefined) return closing;
    throw new MergepayError("STATE_REFUSED", "Nobody has said what became of this claim.", { state });
  };

  return {
    calls: {
      /** An operator says with evidence what became of a claim. @throws NOT_FOUND, STATE_REFUSED (not claimed, or somebody said it already) */
      close: ({ claimId, by, how, bank, evidence }: Actions["claims.close"]["params"]): Promise<Claim> =>
        decide(claimId, (claim) => {
          const { owed: amount, state } = claim;
          if (claim.closing !== undefined)
            throw new MergepayError(
              "STATE_REFUSED",
              "What became of it was said; that is approved or rejected first.",
              {
                state,
              },
            );
          const said = { how, amount, ...(bank === undefined ? {} : { bank }), evidence, by, at: stamp() };
          const alone = !needsApproval(minorOfMoney(amount), amount.currency, deps.limits.refundFourEyes);
          return alone ? close(claim, said) : save(claim, { closing: said });
        }),

      /** A second operator says so too. @throws NOT_FOUND, STATE_REFUSED, SECOND_PERSON_REQUIRED */
      approve: ({ claimId, by }: Actions["claims.approve"]["params"]): Promise<Claim> =>
        decide(claimId, (claim) => {
          const said = waiting(claim);
          if (said.by === by) throw new MergepayError("SECOND_PERSON_REQUIRED");
          return close(claim, { ...said, approvedBy: by });
        }),

      /** It is not so, or is taken back; the claim goes on. @throws NOT_FOUND, STATE_REFUSED */
      reject: ({ claimId }: Actions["claims.reject"]["params"]): Promise<Claim> =>
        decide(claimId, (claim) => {
          waiting(claim);
          return save(claim, {}, ["closing"]);
        }),
    },

    /** Makes due at once what an earlier process of this very store left undone; only when no other process can be at it. */
    async recover(): Promise<void> {
      await claims.updateMany({ dueAt: { $gt: stamp() } }, { $set: { dueAt: stamp() } });
    },

    /** Finishes what a crash left undone. */
    async finishDue(): Promise<void> {
      for (const claim of await findDue(claims, stamp(), AT_A_SWEEP))
        try {
          await finish(await save(claim, { dueAt: stamp(deps.limits.leaseMs) }));
        } catch (thrown) {
          if (thrown instanceof Overtaken) continue;
          const { type: code, message: reason } = asMergepayError(thrown);
          deps.log.error({ platform: claim.platform, state: claim.state, code, reason }, "claim not finished");
        }
    },
  };
}
