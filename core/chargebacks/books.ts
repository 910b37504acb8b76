import type { Deps } from "../deps.ts";
import type { StoredEntry } from "../ledger/model.ts";
import type { LedgerService } from "../ledger/service.ts";
import type { MergePayService } from "../merge-pay/service.ts";
import type { OrdersService } from "../orders/service.ts";
import type { StoredPart } from "../refunds/went-back.ts";
import type { StoredLine } from "../settlement/model.ts";
import type { SettlementService } from "../settlement/service.ts";
import type { TakeBackNotes } from "../take-backs/repo.ts";
import type { Money } from "../../schemas/types.generated.ts";

export interface ChargebacksDeps {
  readonly deps: Deps;
  readonly mergePay: Pick<MergePayService, "paid" | "paidBy" | "noteReturned" | "noteGivenAgain">;
  readonly orders: Pick<OrdersService, "noteReturned">;
  readonly settlement: Pick<SettlementService, "takeBack">;
  readonly ledger: Pick<LedgerService, "write">;
  readonly takeBacks: Pick<TakeBackNotes, "cameAgain">;
}

/** What a chargeback, or its reversal, does to the books. */
interface Booking {
  readonly of: "chargeback" | "chargeback-reversal";
  readonly paymentId: string;
  /** Under which payment and orders note it. */
  readonly by: string;
  /** What it took of the debit; of a reversal below zero. */
  readonly debited: Money;
  readonly parts: readonly StoredPart[];
  readonly lines: readonly StoredLine[];
  readonly entry: StoredEntry;
}

/** Writes payment, orders, lines and journal side by side, each once however often it is tried. */
export const chargebackBooks =
  ({ deps, mergePay, orders, settlement, ledger }: ChargebacksDeps) =>
  async ({ of, paymentId, by, debited, parts, lines, entry }: Booking): Promise<void> => {
    const note = of === "chargeback" ? mergePay.noteReturned : mergePay.noteGivenAgain;
    await Promise.all([
      parts.length === 0 ? undefined : note(paymentId, by, debited).then(() => deps.reached(`${of}.payment-noted`)),
      lines.length === 0 ? undefined : orders.noteReturned(by, parts).then(() => deps.reached(`${of}.orders-noted`)),
      lines.length === 0 ? undefined : settlement.takeBack(lines).then(() => deps.reached(`${of}.lines-written`)),
      ledger.write(entry).then(() => deps.reached(`${of}.journal-written`)),
    ]);
  };
