import { expect } from "chai";
import type { Account } from "../../core/actions.ts";
import { ACCOUNTS, type StoredAccount } from "../../core/accounts/model.ts";
import { crashes } from "./support/crashes.ts";
import { changeCredentials, newAccountKey } from "./support/credentials.ts";
import { KILLS } from "./support/kills.ts";
import { ended, fileOf, pay, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

const NUMBERS = 12;

const list = async (world: World) =>
  (await world.insist<{ items: Account[] }>("/v1/accounts", { proof: world.payer })).body.items;

/** An account whose removal was only marked is removed in the end. */
async function remove(world: World, die: () => Promise<void>): Promise<void> {
  const json = { bank: "sandbox", number: "GB82WEST12345698765432", label: "Old" };
  const { body } = await world.insist<Account>("/v1/accounts", { proof: world.payer, json });
  expect((await list(world)).map(({ id }) => id)).to.include(body.id);
  await die();
  const removal = { proof: world.payer, method: "DELETE" } as const;
  const removed = await world.insist(`/v1/accounts/${body.id}`, removal);
  // On a busy machine a sweeper is quicker than the payer who asks again.
  expect(removed.status).to.be.oneOf([200, 404]);
  expect((await list(world)).map(({ id }) => id)).to.not.include(body.id);
  expect((await world.insist(`/v1/accounts/${body.id}`, removal)).status).to.equal(404);
}

/** All accounts are brought under the newest key, and paid from once the older one is gone. */
async function reseal(world: World, die: () => Promise<void>): Promise<void> {
  for (let i = 0; i < NUMBERS; i += 1) {
    const json = { bank: "sandbox", token: `token-${i}`, label: `Account ${i}` };
    await world.insist<Account>("/v1/accounts", { proof: world.payer, json });
  }
  await stock(world, world.platforms[0] ?? "", fileOf("R", 2));
  await die();
  await changeCredentials(world, (now) => ({ ...now, accountKeys: [newAccountKey("two"), ...now.accountKeys] }));
  // The file is looked at once a second: until then all are under the newest key that the node knows.
  for (let done = false; !done;) {
    const rotation = { proof: world.operator, method: "POST" } as const;
    const { body } = await world.insist<{ keyId: string; left: number }>("/v1/account-keys/rotate", rotation);
    done = body.keyId === "two" && body.left === 0;
  }
  await changeCredentials(world, (now) => ({ ...now, accountKeys: now.accountKeys.slice(0, 1) }));
  expect((await ended(world, (await pay(world, "after")).body)).state).to.equal("succeeded");
}

crashes({
  while: "looks after accounts",
  kills: KILLS.accounts,
  survive: (world, { at }, _, die) => (at === "account.resealed" ? reseal(world, die) : remove(world, die)),
  async atEnd(world) {
    const store = await world.openStore();
    const stored = await (await store.collection<StoredAccount>(ACCOUNTS)).find({}).toArray();
    await store.close();
    expect(stored.map(({ keyId }) => keyId)).to.deep.equal(Array.from({ length: NUMBERS + 1 }, () => "two"));
  },
});
