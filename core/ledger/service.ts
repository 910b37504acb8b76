import type { Actions, Page } from "../actions.ts";
import { chainSealer } from "../chain/seal.ts";
import type { Deps } from "../deps.ts";
import { byId, page } from "../pages.ts";
import { CHARGEBACKS } from "../chargebacks/model.ts";
import { REFUNDS } from "../refunds/model.ts";
import { type Doc, isDuplicateKey } from "../store/contract.ts";
import type { Balance, JournalEntry } from "../../schemas/types.generated.ts";
import { balanceKeeper, BALANCES, showBalance, type StoredBalance } from "./balances.ts";
import { ledgerDays } from "./days.ts";
import { assertBookable, JOURNAL, JOURNAL_CHAIN, showEntry, type StoredEntry } from "./model.ts";

interface OfPayment extends Doc {
  readonly paymentId: string;
}

const BY_ENTRY = byId("jrn_[0-9a-z]{26}(?:_late|_taken|_reversed)?");

/** An account and a currency: accounts have no control characters, a merchant's name may have blanks. */
const BY_BALANCE = byId("[a-z-]+(?::.+)? [A-Z]{3}");

/** The double-entry journal: written once, never changed, sealed into a chain of hashes. */
export async function ledgerService(deps: Deps) {
  const journal = await deps.store.collection<StoredEntry>(JOURNAL);

  const balances = await deps.store.collection<StoredBalance>(BALANCES);
  const seal = await chainSealer<StoredEntry>(deps, JOURNAL_CHAIN, "journal.block-written");
  const fold = await balanceKeeper(deps);
  const days = await ledgerDays({ deps, journal, seal });
  const backs = await Promise.all([REFUNDS, CHARGEBACKS].map((spec) => deps.store.collection<OfPayment>(spec)));

  /** The refunds and chargebacks of a payment. */
  async function backOf(paymentId: string): Promise<readonly string[]> {
    const found = await Promise.all(
      backs.map((collection) => collection.find({ paymentId }, { projection: { _id: 1 } }).toArray()),
    );
    return found.flat().map(({ _id }) => _id);
  }

  return {
    ...days,
    /** Seals what was written since into the chain. */
    seal,

    /** Seals what was written since, and brings balances on by a block. @returns how many entries there were to do */
    async run(): Promise<number> {
      const sealed = await seal();
      if (sealed > 0) deps.reached("journal.sealed");
      return sealed + (await fold());
    },

    balances: ({ account, ...query }: Actions["ledger.balances"]["params"]): Promise<Page<Balance>> =>
      page(
        balances,
        account === undefined ? {} : { account },
        BY_BALANCE,
        query,
        deps.limits.ordersPerPage,
        showBalance,
      ),

    /** Writes an entry whose id comes from what it is about; a second time changes nothing. @throws INTERNAL unless `assertBookable` */
    async write(entry: StoredEntry): Promise<void> {
      assertBookable(entry);
      try {
        await journal.insertOne(entry);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    /** Of a payment also what was given back of it: entries of its refunds and chargebacks, which refer to these. */
    async entries({ paymentId, ...query }: Actions["ledger.entries"]["params"]): Promise<Page<JournalEntry>> {
      const of = paymentId === undefined ? {} : { reference: { $in: [paymentId, ...(await backOf(paymentId))] } };
      return page(journal, of, { ...BY_ENTRY, of: paymentId ?? "" }, query, deps.limits.ordersPerPage, showEntry);
    },
  };
}

export type LedgerService = Awaited<ReturnType<typeof ledgerService>>;
