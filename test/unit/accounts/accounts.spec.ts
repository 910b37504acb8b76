import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { AccountKey } from "../../../core/accounts/vault.ts";
import { ACCOUNT_KEYS, ACCOUNTS, type StoredAccount } from "../../../core/accounts/model.ts";
import type { Point } from "../../../core/deps.ts";
import type { Store } from "../../../core/store/contract.ts";
import {
  accountKey,
  buildHouse,
  clockAt,
  type House,
  seedAccount,
  seedOrders,
  temporaryStore,
} from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const IBAN = "GB82WEST12345698765432";
const other = "DE89370400440532013000";

describe("a payer's accounts", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
  });
  afterEach(() => till.close());

  const accounts = () => till.house.core.services.accounts;
  const add = (number: string, userId = "ann") => accounts().create({ userId, bank: "test", number, label: "Mine" });
  const listed = async (userId = "ann") => (await accounts().list({ userId })).items.map(({ id }) => id);

  it("are shown with the end of their number only, or nothing of a token", async () => {
    const { existed, ...account } = await add("GB82 WEST 1234 5698 7654 32");
    expect(existed).to.equal(false);
    expect(account).to.include({ bank: "test", label: "Mine", masked: "****5432" });
    const { items } = await accounts().list({ userId: "ann" });
    expect(items.map(({ masked }) => masked)).to.deep.equal([undefined, "****5432"]);
    expect(JSON.stringify([account, items])).to.not.match(/WEST|token-of|v1\./);
  });

  it("are the same account when added twice, in whatever form, one after the other or at once", async () => {
    const first = await add(IBAN);
    for (const form of [IBAN, "GB82 WEST 1234 5698 7654 32", IBAN.toLowerCase()])
      expect(await add(form)).to.deep.equal({ ...first, existed: true });
    expect((await add(other)).existed).to.equal(false);
    expect((await add(IBAN, "ben")).id, "of another payer").to.not.equal(first.id);
    const many = await Promise.all(Array.from({ length: 8 }, () => add("NO9386011117947")));
    expect(new Set(many.map(({ id }) => id)).size).to.equal(1);
    expect(await listed()).to.have.length(4);
  });

  it("are in the audit log when they are added and removed, with nothing of their number", async () => {
    const { audit } = till.house.core.services;
    const decisions = async (subject: string) => {
      await audit.run();
      return (await audit.entries({ subject })).items.map(({ what, before, after }) => [what, before ?? after]);
    };
    const facts = { userId: "ann", bank: "test" };
    const { id } = await add(IBAN);
    await add(IBAN);
    expect(await decisions(id)).to.deep.equal([["account.added", facts]]);
    await accounts().remove({ accountId: id, userId: "ann" });
    expect(await decisions(id)).to.deep.equal([
      ["account.added", facts],
      ["account.removed", facts],
    ]);
    const many = await Promise.all(Array.from({ length: 6 }, () => add(other)));
    await Promise.all([1, 2, 3].map(() => accounts().remove({ accountId: many[0]?.id ?? "", userId: "ann" })));
    await audit.run();
    const { items } = await audit.entries({});
    const own = items.filter(({ what }) => what.startsWith("account."));
    const left = new Map<string, number>();
    for (const { what, subject } of own)
      left.set(subject, (left.get(subject) ?? 0) + (what === "account.added" ? 1 : -1));
    expect(new Set(left.values()), "each that was added and is gone was removed once").to.deep.equal(new Set([0, 1]));
    expect([...left].filter(([, count]) => count === 1).map(([subject]) => subject)).to.deep.equal(await listed());
    expect(JSON.stringify(items)).not.to.match(/5432|0130|WEST|3704/);
  });

  it("whose removal was decided go, whatever died on the way, and are not used again", async () => {
    const { id } = await add(IBAN);
    const raw = await till.store.collection<StoredAccount>(ACCOUNTS);
    const at = "2026-03-01T12:00:00.000Z";
    await raw.updateOne({ _id: id }, { $set: { removing: "req_dead", removedAt: at, dueAt: at } });
    await accounts().sweepRemovals();
    expect(await raw.findOne({ _id: id })).to.equal(null);
  });

  for (const [name, given, field] of [
    ["an IBAN with wrong check digits", { number: "GB82WEST12345698765433" }, "/number"],
    ["a number too short", { number: "1234" }, "/number"],
    ["neither number nor token", {}, "/number"],
    ["both", { number: IBAN, token: "t" }, "/number"],
  ] as const)
    it(`refuse ${name}, and do not repeat it`, async () => {
      const refused = await refusal(accounts().create({ userId: "ann", bank: "test", label: "Mine", ...given }));
      expect([refused.type, refused.data.field]).to.deep.equal(["BODY_INVALID", field]);
      expect(refused.message).to.not.match(/GB82|1234/);
    });

  it("removed: gone for paying, the next one is paid from, and it can be added anew", async () => {
    const [first = ""] = await listed();
    const { id } = await add(IBAN);
    expect(await accounts().remove({ accountId: first, userId: "ann" })).to.deep.equal({ removed: true });
    expect(await listed()).to.deep.equal([id]);
    expect((await refusal(accounts().remove({ accountId: first, userId: "ann" }))).type).to.equal("NOT_FOUND");
    expect((await refusal(accounts().remove({ accountId: id, userId: "eve" }))).type).to.equal("NOT_FOUND");
    await till.seed(1);
    expect((await till.pay("k1")).accountId).to.equal(id);
    await accounts().remove({ accountId: id, userId: "ann" });
    expect((await refusal(till.pay("k2"))).type).to.equal("ACCOUNT_MISSING");
    expect((await add(IBAN)).id).to.not.equal(id);
  });

  for (const [behaviour, refused] of [
    ["book-then-silence", true],
    ["pending", true],
    ["succeed", false],
    ["decline", false],
  ] as const)
    it(`can ${refused ? "not " : ""}be removed after a payment that the bank answers by ${behaviour}`, async () => {
      await till.seed(1);
      till.bank.behave(() => behaviour);
      const { accountId = "" } = await till.pay("k1");
      const removal = accounts().remove({ accountId, userId: "ann" });
      if (!refused) return expect(await removal).to.deep.equal({ removed: true });
      expect((await refusal(removal)).type).to.equal("STATE_REFUSED");
      await till.later(60_000);
      return expect(await accounts().remove({ accountId, userId: "ann" })).to.deep.equal({ removed: true });
    });

  it("removed while a payment begins: either it is refused and nothing is sent, or the account stays", async () => {
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 24; turn += 1) {
      const { id: accountId } = await add(`1000000000${turn}`);
      await seedOrders(till.house, "ann", [{ orderNo: `turn-${turn}` }]);
      // Each time some more turns of the event loop before the removal begins.
      const removal = (async () => {
        for (let wait = 0; wait < turn; wait += 1) await new Promise(setImmediate);
        return accounts().remove({ accountId, userId: "ann" });
      })().catch((error: { type: string }) => error.type);
      const paid = till
        .pay(`k${turn}`, { orders: "all", currency: "USD", accountId })
        .catch((error: { type: string }) => error.type);
      const [removed, payment] = await Promise.all([removal, paid]);
      if (typeof removed !== "string") expect(await listed()).to.not.include(accountId);
      if (typeof payment !== "string") expect(payment.state).to.equal("succeeded");
      if (typeof removed !== "string" && typeof payment === "string") expect(payment).to.equal("ACCOUNT_MISSING");
      outcomes.add(typeof payment === "string" ? payment : "succeeded");
      await till.pay(`rest${turn}`).catch(() => undefined);
    }
    expect([...outcomes]).to.include("succeeded");
  });

  it("marked for removal between the insert and the lock of a payment: it is rejected, and so it is told again", async () => {
    await till.seed(1);
    const { id: accountId } = await add(IBAN);
    const collection = await till.store.collection<StoredAccount>(ACCOUNTS);
    const node = await till.build((point) => {
      if (point === "payment.inserted") void collection.updateOne({ _id: accountId }, { $set: { removing: "req_x" } });
    });
    const pay = () =>
      node.core.services.mergePay.pay({
        userId: "ann",
        idempotencyKey: "k1",
        request: { orders: "all", currency: "USD", accountId },
      });
    expect((await refusal(pay())).type).to.equal("ACCOUNT_MISSING");
    expect((await refusal(pay())).type).to.equal("ACCOUNT_MISSING");
    expect(till.bank.sends).to.have.length(0);
    expect((await till.pay("k2")).state).to.equal("succeeded");
  });

  for (const used of [false, true])
    it(`whose removal died half-way ${used ? "stay, as a payment uses them" : "go with the next sweep"}`, async () => {
      await till.seed(1);
      const { id: accountId } = await add(IBAN);
      till.bank.behave(() => "pending");
      if (used) await till.pay("k1", { orders: "all", currency: "USD", accountId });
      const dying = await till.build((point: Point) => {
        if (point === "account.removal-marked") throw new Error("died");
      });
      const died = dying.core.services.accounts.remove({ accountId, userId: "ann" });
      expect(await died.catch((error: Error) => error.message)).to.equal("died");
      await accounts().sweepRemovals();
      expect(await listed(), "not before its time").to.include(accountId);
      till.clock.advance(10_000);
      await accounts().sweepRemovals();
      expect((await listed()).includes(accountId)).to.equal(used);
      if (used) expect((await accounts().toPayFrom("ann", accountId))._id).to.equal(accountId);
    });
});

describe("the keys of account numbers", () => {
  let store: Store;
  let dir: string;
  let remove: () => Promise<void>;
  let keys: readonly AccountKey[];
  beforeEach(async () => {
    ({ store, dir, remove } = await temporaryStore());
    keys = [accountKey("one")];
  });
  afterEach(() => remove());

  const clock = clockAt();
  const build = (reached?: (point: Point) => void): Promise<House> =>
    buildHouse({ store, clock, accountKeys: () => keys, ...(reached === undefined ? {} : { reached }) });
  const stored = async () => (await store.collection<StoredAccount>(ACCOUNTS)).find({}).toArray();
  const under = async () => (await stored()).map(({ keyId }) => keyId ?? "plain");
  const users = Array.from({ length: 5 }, (_, i) => `user-${i}`);

  it("are rotated in bounded steps; every account opens before, in between and after, and is known again", async () => {
    const house = await build();
    const { accounts } = house.core.services;
    for (let i = 0; i < 130; i += 1) await seedAccount(house, `user-${i}`);
    const [first] = (await accounts.list({ userId: "user-0" })).items;
    keys = [accountKey("two"), accountKey("one")];
    await seedAccount(house, "late");
    expect(await accounts.rotate()).to.deep.equal({ keyId: "two", rotated: 100, failed: 0, left: 30 });
    for (const { _id, userId } of await stored()) expect(await accounts.tokenOf(_id)).to.equal(`token-of-${userId}`);
    const again = { userId: "user-129", bank: "test", token: "token-of-user-129", label: "Again" };
    expect((await accounts.create(again)).existed, "under the key before").to.equal(true);
    expect(await accounts.rotate()).to.deep.equal({ keyId: "two", rotated: 30, failed: 0, left: 0 });
    expect(await accounts.rotate()).to.deep.equal({ keyId: "two", rotated: 0, failed: 0, left: 0 });
    keys = [accountKey("two")];
    expect(await accounts.tokenOf(first?.id ?? "")).to.equal("token-of-user-0");
    expect((await accounts.create(again)).existed).to.equal(true);
  });

  it("seal what version 0.1.0 stored in plain: nothing of it is left in the file", async () => {
    const collection = await store.collection<StoredAccount>(ACCOUNTS);
    for (const userId of users)
      await collection.insertOne({
        _id: `acc_${userId}`,
        userId,
        bank: "test",
        token: `canary-${userId}`,
        label: "Old",
        createdAt: "2025-01-01T00:00:00.000Z",
      });
    const { accounts } = (await build()).core.services;
    expect(await accounts.tokenToDebit("acc_user-1")).to.equal("canary-user-1");
    expect(await accounts.rotateSome()).to.equal(5);
    expect(await under()).to.deep.equal(users.map(() => "one"));
    expect(await accounts.tokenToDebit("acc_user-1")).to.equal("canary-user-1");
    await store.close();
    const files = (await readdir(dir)).filter((name) => name.startsWith("mergepay.db"));
    expect(files).to.include("mergepay.db");
    for (const name of files) expect((await readFile(join(dir, name))).includes("canary-"), name).to.equal(false);
  });

  it("are rotated by two nodes at once, and by one that died at each account", async () => {
    const house = await build();
    for (const userId of users) await seedAccount(house, userId);
    keys = [accountKey("two"), accountKey("one")];
    const second = await build();
    const [a, b] = await Promise.all([house, second].map((node) => node.core.services.accounts.rotate()));
    expect((a?.rotated ?? 0) + (b?.rotated ?? 0)).to.equal(5);
    keys = [accountKey("three"), accountKey("two")];
    for (let left = users.length; left > 0; left -= 1) {
      const dying = await build((point) => {
        if (point === "account.resealed") throw new Error("died");
      });
      expect(await dying.core.services.accounts.rotateSome().catch((error: Error) => error.message)).to.equal("died");
      expect((await under()).filter((keyId) => keyId === "two")).to.have.length(left - 1);
    }
    for (const { _id, userId } of await stored())
      expect(await house.core.services.accounts.tokenOf(_id)).to.equal(`token-of-${userId}`);
  });

  it("may be joined by a new one while they are checked", async () => {
    const other = await build();
    for (const userId of users) await seedAccount(other, userId);
    const collection: Store["collection"] = async (spec) => {
      const real = await store.collection(spec);
      if (spec.name !== ACCOUNT_KEYS.name) return real as never;
      let looked = 0;
      const findOne = async (...args: unknown[]) => {
        // The check of this node is under way, on the keys as they were when it began.
        if ((looked += 1) === 2) {
          keys = [accountKey("two"), accountKey("one")];
          await other.core.services.accounts.rotate();
        }
        return (real.findOne as (...given: unknown[]) => Promise<unknown>)(...args);
      };
      return Object.assign(Object.create(real) as object, { findOne }) as never;
    };
    const node = await buildHouse({ store: { ...store, collection }, clock, accountKeys: () => keys });
    keys = [...keys];
    expect(await node.core.services.accounts.rotate()).to.include({ keyId: "two", left: 0 });
    expect(await under()).to.deep.equal(users.map(() => "two"));
  });

  it("go on past an account that can't be opened, which is named by its id alone", async () => {
    const house = await build();
    for (const userId of users) await seedAccount(house, userId);
    const collection = await store.collection<StoredAccount>(ACCOUNTS);
    const [one, two] = await stored();
    // One account's number put into another's place.
    await collection.updateOne({ _id: one?._id ?? "" }, { $set: { sealed: two?.sealed ?? "" } });
    keys = [accountKey("two"), accountKey("one")];
    expect(await house.core.services.accounts.rotate()).to.deep.equal({
      keyId: "two",
      rotated: 4,
      failed: 1,
      left: 1,
    });
    expect((await refusal(house.core.services.accounts.tokenToDebit(one?._id ?? ""))).message).to.include(one?._id);
  });

  for (const [name, next, message] of [
    ["another key under a name that is known", [{ ...accountKey("two"), id: "one" }], "is not the one"],
    ["a key that is missing while accounts are under it", [accountKey("two")], "put it back"],
    ["no key", [], "no accountKeys"],
  ] as const)
    it(`${name}: a node does not start, and none goes on rotating`, async () => {
      const house = await build();
      await seedAccount(house, "ann");
      keys = next;
      for (const refused of [refusal(build()), refusal(house.core.services.accounts.rotate())]) {
        const { type, message: said } = await refused;
        expect([type, said]).to.satisfy(
          ([code = "", text = ""]) => code === "CONFIG_INVALID" && text.includes(message),
        );
      }
    });
});
