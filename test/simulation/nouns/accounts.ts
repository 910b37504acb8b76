/** Payers add and take away accounts, merchants' accounts are verified by a second operator, and keys rotate under all of it. */
import type { Doc } from "../../../core/store/contract.ts";
import {
  ACCOUNTS,
  MERCHANT_ACCOUNTS,
  type StoredAccount,
  type StoredMerchantAccount,
} from "../../../core/accounts/model.ts";
import { MERCHANT_ACCOUNT_STATES } from "../../../core/accounts/states.ts";
import { accountKey, PLATFORMS } from "../../support/house.ts";
import { BANK } from "../engine/bank.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { MERCHANTS, USERS } from "./files.ts";
import { PAID } from "../engine/ways.ts";

const OPERATORS = ["operator", "reviewer"];
/** More would only be more of the same. */
const MOST_KEYS = 4;

export const accounts: Noun = {
  name: "accounts",
  tables: [{ noun: "merchant-account", collection: MERCHANT_ACCOUNTS.name, table: MERCHANT_ACCOUNT_STATES.table }],
  fixed: { [MERCHANT_ACCOUNTS.name]: ["platform", "merchant", "bank", "currency"] },
  ways: [
    { steps: ["accounts.add", "accounts.add", "accounts.remove", "accounts.remove"], faults: ["crash.at account."] },
    { steps: ["accounts.add", "accounts.new key", "all jobs", ...PAID], faults: ["crash.at account."] },
    { steps: ["accounts.add for merchant", "accounts.take away unverified"] },
  ],
  async open({ store, bank, keys, prepare }) {
    await prepare(async ({ accounts: service }) => {
      for (const userId of USERS)
        await service.create({ userId, bank: BANK, token: `token-of-${userId}`, label: "Test" });
    });
    return {
      audit() {
        // What a bank knows an account by is nowhere in the store as it is.
        for (const name of [ACCOUNTS.name, MERCHANT_ACCOUNTS.name])
          for (const doc of store.all<Doc>(name))
            if (JSON.stringify(doc).includes("token-of-")) throw new Broken("tokens are sealed", `${name} ${doc._id}`);
        for (const { accountToken = "" } of bank.ledger)
          if (accountToken !== "" && !accountToken.startsWith("token-of-"))
            throw new Broken("the bank gets its own token", `it got ${accountToken}`);
      },
      ops: {
        add: {
          weight: 1,
          expects: ["STATE_REFUSED"],
          async run({ services, random }) {
            const userId = random.pick(USERS);
            await services.accounts.create({
              userId,
              bank: BANK,
              token: `token-of-${userId}-${random.below(3)}`,
              label: "More",
            });
          },
        },
        remove: {
          weight: 1,
          expects: ["STATE_REFUSED", "NOT_FOUND"],
          async run({ services, random }) {
            const all = store.all<StoredAccount>(ACCOUNTS.name);
            if (all.length < 3) return;
            const { _id: accountId, userId } = random.pick(all);
            await services.accounts.remove({ accountId, userId });
          },
        },
        "new key": {
          weight: 1,
          async run() {
            const count = keys.all.length;
            if (count < MOST_KEYS) keys.all = [accountKey(`key-${count}`), ...keys.all];
          },
        },
        "add for merchant": {
          weight: 1,
          expects: ["STATE_REFUSED"],
          async run({ services, random }) {
            const [platform, merchant] = [random.pick(Object.keys(PLATFORMS)), random.pick(MERCHANTS)];
            await services.accounts.addForMerchant({
              platform,
              merchant,
              currency: "USD",
              bank: BANK,
              label: "Shop",
              operatorId: random.pick(OPERATORS),
              token: `token-of-${platform}-${merchant}-${random.below(2)}`,
            });
          },
        },
        "verify for merchant": {
          weight: 2,
          expects: ["NOT_FOUND", "STATE_REFUSED", "SECOND_PERSON_REQUIRED"],
          async run({ services, random }) {
            const all = store.all<StoredMerchantAccount>(MERCHANT_ACCOUNTS.name);
            if (all.length === 0) return;
            await services.accounts.verifyForMerchant({
              accountId: random.pick(all)._id,
              operatorId: random.pick(OPERATORS),
            });
          },
        },
        "take away unverified": {
          weight: 0,
          expects: ["NOT_FOUND"],
          async run({ services, random }) {
            const all = store.all<StoredMerchantAccount>(MERCHANT_ACCOUNTS.name);
            const unverified = all.filter(({ state }) => state === "unverified");
            if (unverified.length === 0) return;
            await services.accounts.removeForMerchant({
              accountId: random.pick(unverified)._id,
              operatorId: "operator",
            });
          },
        },
        "remove for merchant": {
          weight: 1,
          expects: ["NOT_FOUND"],
          async run({ services, random }) {
            const all = store.all<StoredMerchantAccount>(MERCHANT_ACCOUNTS.name);
            if (all.length === 0 || random.below(3) > 0) return;
            await services.accounts.removeForMerchant({ accountId: random.pick(all)._id, operatorId: "operator" });
          },
        },
      },
    };
  },
};
