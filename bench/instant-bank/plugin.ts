/** The real bank-adapter over a bank in memory that books everything at once: what is left is Mergepay's own time. */
import {
  type BankAdapterContext,
  type BankAdapterPlugin,
  type BankOutcome,
  defineBankDriver,
} from "../../core/plugin/bank-contract.ts";
import type { Money } from "../../schemas/types.generated.ts";
import { createBankAdapter } from "../../plugins/bank-adapter/adapter.ts";

const booked = new Map<string, BankOutcome>();

/** Books whatever it is told to, at once. */
async function book({
  bankRequestId,
  amount,
}: {
  readonly bankRequestId: string;
  readonly amount: Money;
}): Promise<BankOutcome> {
  const outcome: BankOutcome = {
    state: "succeeded",
    bankReference: `booked-${booked.size + 1}`,
    amount,
    bookedAt: new Date().toISOString(),
  };
  booked.set(bankRequestId, outcome);
  return outcome;
}

const bank = defineBankDriver({
  title: "Instant bank",
  finalityMs: 60_000,
  open: async () => ({
    debit: book,
    refund: book,
    payout: book,
    inquire: async (bankRequestId: string): Promise<BankOutcome> => booked.get(bankRequestId) ?? { state: "not_found" },
    openTestAccount: async () => ({ accountToken: "instant-account" }),
    close: async () => undefined,
  }),
});

const plugin: BankAdapterPlugin = Object.freeze({
  kind: "bank-adapter",
  contract: 1,
  async open({ dataDir, settings, limits, log }: BankAdapterContext) {
    const driver = await bank.open({ dataDir, settings });
    return createBankAdapter({
      banks: new Map([["instant", { plugin: bank, driver }]]),
      limits,
      ...(log === undefined ? {} : { log }),
    });
  },
});

export default plugin;
