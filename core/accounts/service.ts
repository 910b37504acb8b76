import { auditWriter } from "../audit/service.ts";
import type { Deps } from "../deps.ts";
import { merchantAccounts } from "./merchants.ts";
import {
  ACCOUNT_KEYS,
  ACCOUNTS,
  MERCHANT_ACCOUNTS,
  type StoredAccount,
  type StoredKeyCheck,
  type StoredMerchantAccount,
} from "./model.ts";
import { payerAccounts, type UsedBy } from "./payers.ts";
import { accountRotation } from "./rotate.ts";
import { type AccountKey, accountVault } from "./vault.ts";

/**
 * Bank accounts of payers and merchants; what a bank knows them by is sealed in the store.
 * @throws CONFIG_INVALID when the keys are not those of the store
 */
export async function accountsService(deps: Deps, keys: () => readonly AccountKey[], usedBy: UsedBy) {
  const accounts = await deps.store.collection<StoredAccount>(ACCOUNTS);
  const merchants = await deps.store.collection<StoredMerchantAccount>(MERCHANT_ACCOUNTS);
  const checks = await deps.store.collection<StoredKeyCheck>(ACCOUNT_KEYS);
  const vault = accountVault(keys);
  const rotation = accountRotation({ deps, accounts, merchants, checks, vault });
  await rotation.checkKeys();
  return {
    ...payerAccounts({ deps, accounts, vault, usedBy, writeAudit: await auditWriter(deps) }),
    ...merchantAccounts({ deps, accounts: merchants, vault }),
    ...rotation,
  };
}

export type AccountsService = Awaited<ReturnType<typeof accountsService>>;
