import type { Account, Actions, Page } from "../actions.ts";
import type { Audited } from "../audit/outbox.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { StoreCollection } from "../store/contract.ts";
import { showAccount, type StoredAccount } from "./model.ts";
import { assertBank, secretOf } from "./secret.ts";
import type { AccountVault } from "./vault.ts";

/** More accounts than a person has; a limit all the same. */
const ACCOUNTS_PER_USER = 50;
/** By then a removal is decided, or its process is gone. */
const REMOVAL_MS = 10_000;
const AT_A_SWEEP = 50;

/** What still uses an account: in words for its payer; undefined when nothing does. */
export type UsedBy = (account: Pick<StoredAccount, "_id" | "userId">) => Promise<string | undefined>;

export interface PayerAccountDeps {
  readonly deps: Deps;
  readonly accounts: StoreCollection<StoredAccount>;
  readonly vault: AccountVault;
  readonly usedBy: UsedBy;
  readonly writeAudit: (docs: readonly Audited[]) => Promise<void>;
}

/** What the audit log says of an account: whose, and at which bank; nothing of its number. */
const factsOf = ({ userId, bank }: Pick<StoredAccount, "userId" | "bank">) => ({ userId, bank });

/** The bank accounts that payers pay from. */
export function payerAccounts({ deps, accounts, vault, usedBy, writeAudit }: PayerAccountDeps) {
  const stamp = (inMs = 0) => instant(deps.now() + inMs);

  async function twinOf(userId: string, prints: readonly string[]): Promise<StoredAccount | undefined> {
    const found = await accounts.find({ userId }).sort({ _id: 1 }).limit(ACCOUNTS_PER_USER).toArray();
    return found.find(({ fingerprint = "", removing }) => removing === undefined && prints.includes(fingerprint));
  }

  const removal = (account: StoredAccount) =>
    deps.audit(account, { what: "account.removed", subject: account._id, before: factsOf(account) });

  /** Deletes the document of an account. What was decided about it must not go with it. */
  async function drop(account: StoredAccount): Promise<void> {
    await writeAudit([account]);
    await accounts.deleteOne({ _id: account._id });
  }

  /**
   * Decides a removal that is marked. Whoever pays looks at the mark after the payment is there, and whoever removes looks for payments after
   * the mark is there: one of the two sees the other. @returns false when somebody else has marked it since @throws STATE_REFUSED
   */
  async function decide(account: StoredAccount, mark: string): Promise<boolean> {
    const { _id, removedAt } = account;
    const use = removedAt === undefined ? await usedBy(account) : undefined;
    if (use === undefined) {
      const gone = removedAt === undefined ? removal(account) : {};
      const done = await accounts.updateOne(
        { _id, removing: mark },
        { $set: { removedAt: removedAt ?? stamp(), ...gone } },
      );
      if (done.matchedCount === 0) return false;
      await drop({ ...account, ...gone });
      return true;
    }
    await accounts.updateOne({ _id, removing: mark }, { $set: { dueAt: null }, $unset: { removing: true } });
    throw new MergepayError("STATE_REFUSED", `The account can't be removed: ${use}`);
  }

  /** Marks it as being removed, over any mark that is there. @throws NOT_FOUND */
  async function markRemoved(filter: { _id: string; userId?: string }) {
    const mark = deps.newId("req");
    const account = await accounts.findOneAndUpdate(filter, { $set: { removing: mark, dueAt: stamp(REMOVAL_MS) } });
    if (account === null) throw new MergepayError("NOT_FOUND");
    deps.reached("account.removal-marked");
    return { account, mark };
  }

  function tokenIn(account: StoredAccount): string {
    const { _id, token, sealed, keyId } = account;
    if (sealed !== undefined && keyId !== undefined) return vault.open(_id, { sealed, keyId });
    if (token === undefined) throw new MergepayError("INTERNAL", `The account ${_id} has no token.`);
    return token;
  }

  return {
    /** Adds an account by its number or by the bank's token of it; one that the payer has already is answered as it is. */
    async create(params: Actions["accounts.create"]["params"]): Promise<Account & { existed: boolean }> {
      const { userId, bank, label } = params;
      const { secret, shown } = secretOf(params);
      await assertBank(deps, bank);
      const prints = vault.fingerprints(bank, secret);
      const before = await twinOf(userId, prints);
      if (before !== undefined) return { ...showAccount(before), existed: true };
      if ((await accounts.countDocuments({ userId })) >= ACCOUNTS_PER_USER)
        throw new MergepayError("STATE_REFUSED", `A payer has at most ${ACCOUNTS_PER_USER} accounts.`);
      const _id = deps.newId("acc");
      const sealed = vault.seal(_id, bank, secret);
      const own = { _id, userId, bank, label, ...shown, ...sealed, createdAt: stamp() };
      const added = deps.audit(undefined, { what: "account.added", subject: _id, after: factsOf(own) });
      const account: StoredAccount = { ...own, ...added };
      await accounts.insertOne(account);
      // Added twice at once: the one with the lower id is the account.
      const first = await twinOf(userId, prints);
      if (first === undefined || first._id === _id) return { ...showAccount(account), existed: false };
      await drop({ ...account, ...removal(account) });
      return { ...showAccount(first), existed: true };
    },

    async list({ userId }: Actions["accounts.list"]["params"]): Promise<Page<Account>> {
      const found = await accounts.find({ userId }).sort({ _id: 1 }).limit(ACCOUNTS_PER_USER).toArray();
      return { items: found.map(showAccount) };
    },

    /** Removes an account, its number with it. @throws NOT_FOUND; STATE_REFUSED while a payment under way or a mandate uses it */
    async remove({ accountId, userId }: Actions["accounts.remove"]["params"]): Promise<{ removed: true }> {
      for (let tries = 0; ; tries += 1) {
        try {
          const { account, mark } = await markRemoved({ _id: accountId, userId });
          if (await decide(account, mark)) return { removed: true };
        } catch (error) {
          // Whoever marked it after us has removed it.
          if (tries > 0 && error instanceof MergepayError && error.type === "NOT_FOUND") return { removed: true };
          throw error;
        }
      }
    },

    /** The account to pay from: the one named, or the payer's first. @throws ACCOUNT_MISSING */
    async toPayFrom(userId: string, accountId: string | undefined): Promise<Pick<StoredAccount, "_id" | "bank">> {
      const own = { userId, ...(accountId === undefined ? {} : { _id: accountId }) };
      const found = await accounts.find(own).sort({ _id: 1 }).limit(ACCOUNTS_PER_USER).toArray();
      const account = found.find(({ removing }) => removing === undefined);
      if (account === undefined) throw new MergepayError("ACCOUNT_MISSING");
      return account;
    },

    /** The bank's token of an account for a payment that is stored and of which nothing is sent yet. @throws ACCOUNT_MISSING once it is being removed */
    async tokenToDebit(accountId: string): Promise<string> {
      const account = await accounts.findOne({ _id: accountId });
      if (account === null || account.removing !== undefined) throw new MergepayError("ACCOUNT_MISSING");
      return tokenIn(account);
    },

    /** The bank's token of an account that was debited already. @throws ACCOUNT_MISSING */
    async tokenOf(accountId: string): Promise<string> {
      const account = await accounts.findOne({ _id: accountId });
      if (account === null) throw new MergepayError("ACCOUNT_MISSING");
      return tokenIn(account);
    },

    /** Decides the removals whose process died. */
    async sweepRemovals(): Promise<void> {
      const due = await accounts
        .find({ dueAt: { $lte: stamp() } })
        .limit(AT_A_SWEEP)
        .toArray();
      for (const { _id } of due) {
        try {
          const { account, mark } = await markRemoved({ _id });
          await decide(account, mark);
        } catch (error) {
          // Somebody else is at it, or it is used after all and stays.
          if (!(error instanceof MergepayError)) throw error;
        }
      }
    },
  };
}
