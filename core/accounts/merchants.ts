import type { Filter } from "mongodb";
import type { Actions, MerchantAccount, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { exponentOf } from "../money/currency.ts";
import { byId, page } from "../pages.ts";
import type { StoreCollection } from "../store/contract.ts";
import { lastVerified, showMerchantAccount, type StoredMerchantAccount } from "./model.ts";
import { assertBank, secretOf } from "./secret.ts";
import { MERCHANT_ACCOUNT_STATES } from "./states.ts";
import type { AccountVault } from "./vault.ts";

/** An account to pay a merchant's money to. Keep `accountId` with the payout: it stays the account of that payout, whatever comes after. */
export interface PayOutAccount {
  readonly accountId: string;
  readonly bank: string;
  readonly token: string;
}

export type ToPayOut =
  { readonly account: PayOutAccount } | { readonly code: "MERCHANT_ACCOUNT_MISSING" | "MERCHANT_ACCOUNT_UNVERIFIED" };

/** More than a merchant ever needs of one currency; a limit all the same. */
const ACCOUNTS_PER_MERCHANT = 50;

const BY_ACCOUNT = byId(idPattern("mac"));

export interface MerchantAccountDeps {
  readonly deps: Deps;
  readonly accounts: StoreCollection<StoredMerchantAccount>;
  readonly vault: AccountVault;
}

type Of = Pick<StoredMerchantAccount, "platform" | "merchant" | "currency">;

/** The bank accounts that merchants are paid to: added by one operator, verified by another. */
export function merchantAccounts({ deps, accounts, vault }: MerchantAccountDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  const allOf = ({ platform, merchant, currency }: Of): Promise<StoredMerchantAccount[]> =>
    accounts.find({ platform, merchant, currency }).sort({ _id: 1 }).toArray();

  async function find(accountId: string): Promise<StoredMerchantAccount> {
    const account = await accounts.findOne({ _id: accountId });
    if (account === null) throw new MergepayError("NOT_FOUND");
    return account;
  }

  async function show(account: StoredMerchantAccount): Promise<MerchantAccount> {
    return showMerchantAccount(account, lastVerified(await allOf(account)));
  }

  /** @throws PLATFORM_UNKNOWN, CURRENCY_UNKNOWN */
  async function assertMerchant({ platform, currency }: Of): Promise<void> {
    const { items } = await deps.call("bank-adapter.platforms", {});
    if (!items.some((known) => known.platform === platform)) throw new MergepayError("PLATFORM_UNKNOWN");
    if (exponentOf(currency) === undefined)
      throw new MergepayError("CURRENCY_UNKNOWN", undefined, { field: "/currency" });
  }

  const opened = (account: StoredMerchantAccount): PayOutAccount => {
    const { _id, bank } = account;
    return { accountId: _id, bank, token: vault.open(_id, account) };
  };

  /** Moves it along the table, if it is still what was read. */
  async function move(
    account: StoredMerchantAccount,
    change: Partial<StoredMerchantAccount> & Pick<StoredMerchantAccount, "state">,
  ) {
    const { _id, state } = account;
    MERCHANT_ACCOUNT_STATES.assertMove(state, change.state);
    const filter: Filter<StoredMerchantAccount> = { _id, state };
    // Whose word it is is in the same write as the state.
    const facts = { platform: account.platform, merchant: account.merchant, currency: account.currency };
    const decided = deps.audit(account, {
      what: `merchant-account.${change.state}`,
      subject: _id,
      before: { ...facts, state },
      after: { ...facts, state: change.state },
    });
    const moved = await accounts.updateOne(filter, { $set: { ...change, ...decided } });
    return moved.matchedCount > 0;
  }

  return {
    /**
     * Adds an account for a merchant's payouts in a currency. Nothing is paid to it before another operator has verified it. The one that is
     * paid to now, or that waits to be verified, is answered as it is when it is added again.
     * @throws BODY_INVALID, PLATFORM_UNKNOWN, CURRENCY_UNKNOWN, STATE_REFUSED
     */
    async addForMerchant(
      params: Actions["accounts.addForMerchant"]["params"],
    ): Promise<MerchantAccount & { existed: boolean }> {
      const { platform, merchant, currency, bank, label, operatorId } = params;
      const { secret, shown } = secretOf(params);
      await assertBank(deps, bank);
      await assertMerchant(params);
      const present = await allOf(params);
      const last = lastVerified(present);
      const prints = vault.fingerprints(bank, secret);
      const same = present.find(
        (known) =>
          prints.includes(known.fingerprint) &&
          (known.state === "unverified" || (known.state === "verified" && known === last)),
      );
      if (same !== undefined) return { ...showMerchantAccount(same, last), existed: true };
      if (present.filter(({ state }) => state !== "removed").length >= ACCOUNTS_PER_MERCHANT)
        throw new MergepayError(
          "STATE_REFUSED",
          `A merchant has at most ${ACCOUNTS_PER_MERCHANT} accounts of a currency; remove one that is not used.`,
        );
      const _id = deps.newId("mac");
      const account: StoredMerchantAccount = {
        _id,
        platform,
        merchant,
        currency,
        bank,
        label,
        ...shown,
        ...vault.seal(_id, bank, secret),
        state: "unverified",
        addedBy: operatorId,
        createdAt: stamp(),
        ...deps.audit(undefined, {
          what: "merchant-account.added",
          subject: _id,
          after: { platform, merchant, currency },
        }),
      };
      await accounts.insertOne(account);
      return { ...showMerchantAccount(account, last), existed: false };
    },

    /**
     * From now on the merchant's payouts that begin go to this account; those under way stay with theirs.
     * @throws NOT_FOUND; SECOND_PERSON_REQUIRED for the operator who added it; STATE_REFUSED when it was removed
     */
    async verifyForMerchant({
      accountId,
      operatorId,
    }: Actions["accounts.verifyForMerchant"]["params"]): Promise<MerchantAccount> {
      for (;;) {
        const account = await find(accountId);
        if (account.state === "verified") return show(account);
        if (account.addedBy === operatorId)
          throw new MergepayError("SECOND_PERSON_REQUIRED", "Whoever added the account can't be the one to verify it.");
        // Later than the one before, also by a clock that is behind.
        const before = Date.parse(lastVerified(await allOf(account))?.verifiedAt ?? account.createdAt);
        const verifiedAt = instant(Math.max(deps.now(), before + 1));
        if (await move(account, { state: "verified", verifiedBy: operatorId, verifiedAt })) {
          deps.log.info({ platform: account.platform, accountId, operatorId }, "merchant's account verified");
          return show(await find(accountId));
        }
      }
    },

    /** Nothing new is paid to it; an earlier account does not come back by itself. @throws NOT_FOUND */
    async removeForMerchant({
      accountId,
      operatorId,
    }: Actions["accounts.removeForMerchant"]["params"]): Promise<MerchantAccount> {
      for (;;) {
        const account = await find(accountId);
        if (account.state === "removed") return show(account);
        if (await move(account, { state: "removed", removedBy: operatorId, removedAt: stamp() })) {
          deps.log.info({ platform: account.platform, accountId, operatorId }, "merchant's account removed");
          return show(await find(accountId));
        }
      }
    },

    async listForMerchants({
      platform,
      merchant,
      ...query
    }: Actions["accounts.listForMerchants"]["params"]): Promise<Page<MerchantAccount>> {
      const filter = {
        ...(platform === undefined ? {} : { platform }),
        ...(merchant === undefined ? {} : { merchant }),
      };
      const { items, next } = await page(accounts, filter, BY_ACCOUNT, query, deps.limits.ordersPerPage, (own) => own);
      return { items: await Promise.all(items.map(show)), ...(next === undefined ? {} : { next }) };
    },

    /** The account that a payout which begins now goes to, or why there is none. */
    async toPayOut(platform: string, merchant: string, currency: string): Promise<ToPayOut> {
      const all = await allOf({ platform, merchant, currency });
      const last = lastVerified(all);
      if (last?.state === "verified") return { account: opened(last) };
      const waits = all.some(({ state }) => state === "unverified");
      return { code: waits ? "MERCHANT_ACCOUNT_UNVERIFIED" : "MERCHANT_ACCOUNT_MISSING" };
    },

    /** The account of a payout that has begun, as it was then, also when it was replaced or removed since. @throws NOT_FOUND */
    payOutAccount: async (accountId: string): Promise<PayOutAccount> => opened(await find(accountId)),
  };
}
