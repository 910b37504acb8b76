import type { AccountsService } from "../accounts/service.ts";
import { bankCalls, bankLeaseMs } from "../bank/calls.ts";
import type { Instruction } from "../bank/instruction.ts";
import { endedByStatement, instructionLife } from "../bank/life.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { asMergepayError } from "../errors/errors.ts";
import { minorOfMoney } from "../money/money.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { StoreCollection } from "../store/contract.ts";
import { findDue, Overtaken } from "../versioned.ts";
import type { StoredPayout } from "./model.ts";
import type { PayoutOutcome } from "./outcome.ts";

export interface CarryDeps {
  readonly deps: Deps;
  readonly payouts: StoreCollection<StoredPayout>;
  readonly accounts: Pick<AccountsService, "payOutAccount">;
  readonly settlement: SettlementService;
  readonly outcome: PayoutOutcome;
}

const AT_A_SWEEP = 50;

/** Carries payouts from their plan to the bank's last word. Every node may: compare-and-set decides who does. */
export function carryPayouts({ deps, payouts, accounts, settlement, outcome }: CarryDeps) {
  const bank = bankCalls(deps);
  const stamp = () => instant(deps.now());
  const lease = () => instant(deps.now() + bankLeaseMs(deps));
  const about = ({ _id: payoutId }: StoredPayout) => ({ payoutId });

  /** The one call that sends it. Its record must be durable and count this sending. */
  async function send(payout: StoredPayout) {
    const { bankRequestId, bank: name, amount, _id } = payout;
    const { token } = await accounts.payOutAccount(payout.accountId);
    const params = { bank: name, bankRequestId, accountToken: token, amount, reference: `Mergepay ${_id}` };
    return bank.send("bank-adapter.payout", params, about(payout));
  }

  const life = instructionLife<StoredPayout, Instruction>(deps, bank, {
    instructionOf: ({ instruction, bankRequestId, bank: name, amount }) =>
      instruction ?? { bankRequestId, bank: name, amount, sends: 1, createdAt: stamp(), lastSentAt: stamp() },
    about,
    record: (payout, instruction, dueAt) => outcome.save(payout, { instruction, dueAt }),
    send,
    failsUnsent: true,
    // Nobody waits at a till: what the bank never got is sent again under the same id, so that a late one can't be a second one.
    maySendAgain: () => true,
    succeed: outcome.succeed,
    fail: outcome.fail,
    stayUnknown: outcome.stayUnknown,
  });

  /** Takes the planned lines, makes the instruction durable, sends it once. */
  async function collect(found: StoredPayout): Promise<void> {
    // Whoever was at it before is overtaken by this; what it may still claim are the same lines for the same payout.
    const payout = await outcome.save(found, { dueAt: lease() });
    const claimed = await settlement.claim(payout._id, payout.planned);
    deps.reached("payout.lines-claimed");
    const sum = claimed.reduce((minor, { net }) => minor + minorOfMoney(net), 0n);
    if (claimed.length !== payout.planned.length || sum !== minorOfMoney(payout.amount)) {
      await outcome.cancel(payout);
      return;
    }
    const { bankRequestId, bank: name, amount } = payout;
    const durable = await outcome.move(payout, "submitting", {
      instruction: { bankRequestId, bank: name, amount, sends: 1, createdAt: stamp(), lastSentAt: stamp() },
      dueAt: lease(),
    });
    deps.reached("payout.attempt-durable");
    const answer = await send(durable);
    deps.reached("payout.sent");
    await life.answered(durable, answer);
  }

  async function carryOn(payout: StoredPayout): Promise<void> {
    switch (payout.state) {
      case "collecting":
        return collect(payout);
      case "submitting":
        await life.inquire(await outcome.stayUnknown(payout, lease()));
        return;
      case "unknown":
        await life.inquire(payout);
        return;
      case "succeeded":
        await outcome.finish(payout);
        return;
      case "failed":
      case "cancelled":
        await outcome.release(payout);
    }
  }

  return {
    /** A bank's statement says that it was carried out. */
    endByStatement: endedByStatement(payouts, life.booked),

    /** Carries on all payouts whose time has come; resolves when each had its turn. @returns how many there were */
    async sweep(): Promise<number> {
      const due = await findDue(payouts, stamp(), AT_A_SWEEP);
      await Promise.all(
        due.map(async (payout) => {
          try {
            await carryOn(payout);
          } catch (thrown) {
            if (thrown instanceof Overtaken) return;
            const error = asMergepayError(thrown);
            const fields = { ...about(payout), state: payout.state, code: error.type, reason: error.message };
            deps.log.error(fields, "payout not carried on");
          }
        }),
      );
      return due.length;
    },

    /** Makes due at once what an earlier process of this very store left under way; only when no other process can be at it. */
    async recover(): Promise<void> {
      await payouts.updateMany({ state: { $in: ["collecting", "submitting"] } }, { $set: { dueAt: stamp() } });
    },
  };
}
