import type { Account, Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { CollectionSpec, Doc } from "../store/contract.ts";

/** A payer's tokenised bank account. The token goes to the bank driver and nowhere else. */
export interface StoredAccount extends Doc, Omit<Account, "id"> {
  token: string;
}

export const ACCOUNTS: CollectionSpec = { name: "accounts", indexes: [{ name: "user", keys: ["userId", "_id"] }] };

/** More accounts than a person has; a limit all the same. */
const ACCOUNTS_PER_USER = 50;

export async function accountsService(deps: Deps) {
  const accounts = await deps.store.collection<StoredAccount>(ACCOUNTS);

  return {
    async create(params: Actions["accounts.create"]["params"]): Promise<Account> {
      const { items: banks } = await deps.call("bank-adapter.banks", {});
      if (!banks.some(({ bank }) => bank === params.bank))
        throw new MergepayError("BODY_INVALID", "There is no bank of this name here.", { field: "/bank" });
      if ((await accounts.countDocuments({ userId: params.userId })) >= ACCOUNTS_PER_USER)
        throw new MergepayError("STATE_REFUSED", `A payer has at most ${ACCOUNTS_PER_USER} accounts.`);
      const { userId, bank, token, label } = params;
      const account: StoredAccount = {
        _id: deps.newId("acc"),
        userId,
        bank,
        token,
        label,
        createdAt: instant(deps.now()),
      };
      await accounts.insertOne(account);
      return showAccount(account);
    },

    async list({ userId }: Actions["accounts.list"]["params"]): Promise<Page<Account>> {
      const found = await accounts.find({ userId }).sort({ _id: 1 }).limit(ACCOUNTS_PER_USER).toArray();
      return { items: found.map(showAccount) };
    },

    /** The account to pay from, its token included: the one named, or the payer's first. @throws ACCOUNT_MISSING */
    async toPayFrom(userId: string, accountId: string | undefined): Promise<StoredAccount> {
      const [account] = await accounts
        .find({ userId, ...(accountId === undefined ? {} : { _id: accountId }) })
        .sort({ _id: 1 })
        .limit(1)
        .toArray();
      if (account === undefined) throw new MergepayError("ACCOUNT_MISSING");
      return account;
    },
  };
}

export type AccountsService = Awaited<ReturnType<typeof accountsService>>;

function showAccount({ _id, userId, bank, label, createdAt }: StoredAccount): Account {
  return { id: _id, userId, bank, label, createdAt };
}
