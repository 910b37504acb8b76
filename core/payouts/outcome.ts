import type { Doubt, Succeeded } from "../bank/instruction.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { ERRORS, type ErrorCode } from "../errors/codes.ts";
import type { LedgerService } from "../ledger/service.ts";
import { type Fact, withFacts } from "../notify/outbox.ts";
import type { OrdersService } from "../orders/service.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { saveVersion } from "../versioned.ts";
import { decisionOf } from "./decisions.ts";
import { payoutEntry, showPayout, type StoredPayout } from "./model.ts";
import { PAYOUT_STATES, type PayoutState } from "./states.ts";

export interface PayoutOutcomeDeps {
  readonly deps: Deps;
  readonly payouts: StoreCollection<StoredPayout>;
  readonly orders: Pick<OrdersService, "markSettled">;
  readonly settlement: SettlementService;
  readonly ledger: LedgerService;
}

/**
 * Turns the bank's word into the payout's state and all that follows from it. As with payments, each step can be done again after a crash: the
 * state is written first, with its event; lines, orders and journal follow and are found again by `dueAt`.
 */
export function payoutOutcome({ deps, payouts, orders, settlement, ledger }: PayoutOutcomeDeps) {
  const stamp = () => instant(deps.now());
  /** Writes a change, and the decision that it is beside it. */
  function save(payout: StoredPayout, change: Partial<StoredPayout>): Promise<StoredPayout> {
    const decided = decisionOf(payout, change);
    const audited = decided === undefined ? {} : deps.audit(payout, decided.decision, decided.by);
    return saveVersion(payouts, payout, { ...change, ...audited, updatedAt: stamp() });
  }

  /** Moves the payout along the table. Where it ends, its platform is told and its payee may have another one, in the same write. */
  function move(payout: StoredPayout, to: PayoutState, change: Partial<StoredPayout>): Promise<StoredPayout> {
    PAYOUT_STATES.assertMove(payout.state, to);
    const ended = PAYOUT_STATES.table[to].length === 0;
    const moved: StoredPayout = { ...payout, ...change, state: to, ...(ended ? { slot: payout._id } : {}) };
    const { slot, state } = moved;
    if (to !== "succeeded" && to !== "failed") return save(payout, { ...change, slot, state });
    const fact: Fact = { type: `payout.${to}`, platform: payout.platform, data: { ...showPayout(moved) } };
    return save(payout, { ...change, slot, state, ...withFacts(payout, payout._id, [fact], stamp(), deps.newId) });
  }

  /** Lines paid out, journal written, orders settled: each once, however often it is tried. */
  async function finish(payout: StoredPayout): Promise<StoredPayout> {
    const orderIds = await settlement.paidOut(payout._id);
    deps.reached("payout.lines-paid");
    await ledger.write(payoutEntry(payout, payout.instruction?.bookedAt ?? payout.updatedAt));
    deps.reached("payout.journal-written");
    await orders.markSettled(orderIds);
    deps.reached("payout.orders-settled");
    deps.log.info({ payoutId: payout._id, state: "succeeded", count: payout.planned.length }, "merchant paid out");
    return save(payout, { dueAt: null });
  }

  /** Gives back the lines of a payout that ended without money: they go into a later one. */
  async function release(payout: StoredPayout): Promise<StoredPayout> {
    await settlement.release(payout._id);
    deps.reached("payout.lines-released");
    return save(payout, { dueAt: null });
  }

  const ending = async (payout: StoredPayout, to: "failed" | "cancelled", code: ErrorCode): Promise<StoredPayout> => {
    const error = { code, reason: ERRORS[code].title };
    const ended = await move(payout, to, { error, dueAt: stamp() });
    deps.reached("payout.answer-written");
    deps.log.warn({ payoutId: payout._id, platform: payout.platform, state: to, code }, "payout ended without money");
    return release(ended);
  };

  return {
    save,
    move,
    finish,
    release,

    async succeed(payout: StoredPayout, { bankReference, bookedAt }: Succeeded): Promise<StoredPayout> {
      const { instruction } = payout;
      const told = instruction === undefined ? {} : { instruction: { ...instruction, bankReference, bookedAt } };
      const done = await move(payout, "succeeded", { ...told, paidAt: stamp(), dueAt: stamp() });
      deps.reached("payout.answer-written");
      return finish(done);
    },

    fail: (payout: StoredPayout, code: ErrorCode) => ending(payout, "failed", code),
    cancel: (payout: StoredPayout) => ending(payout, "cancelled", "PAYOUT_LINES_TAKEN"),

    /** Keeps the lines in it; the bank is asked again at `dueAt`. In doubt no money moves, and an operator must look. */
    stayUnknown(payout: StoredPayout, dueAt: string, doubt?: Doubt): Promise<StoredPayout> {
      const differs = { code: "BANK_ANSWER_DIFFERS", reason: ERRORS.BANK_ANSWER_DIFFERS.title };
      const change = {
        ...(doubt === undefined ? {} : { needsReview: true }),
        ...(doubt === "differs" ? { error: differs } : {}),
        dueAt,
      };
      return payout.state === "unknown" ? save(payout, change) : move(payout, "unknown", change);
    },
  };
}

export type PayoutOutcome = ReturnType<typeof payoutOutcome>;
