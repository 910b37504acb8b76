import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Account, MerchantAccount } from "../../core/actions.ts";
import type { Event, Payment } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import type { Answer, Ask } from "./support/client.ts";
import { changeCredentials, newAccountKey } from "./support/credentials.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, openShop, pay, stock } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

/** Numbers that nobody may ever find anywhere; the last one is no IBAN. */
const PAYERS = "GB33BUKB20201555555555";
const MERCHANTS = "DE75512108001245126199";
const WRONG = "GB33BUKB20201555555556";
const CANARIES = [PAYERS, MERCHANTS, WRONG, "20201555555555", "12108001245126", "canary-token-7f3a"];

describe("An account number", function () {
  this.timeout(60_000);
  let world: World;
  before(async () => {
    world = await openWorld({ env: { MERGEPAY_LOG: "debug" } });
    await openShop(world);
  });
  after(() => world.remove());

  /** All that was answered, to be looked through at the end. */
  const answers: string[] = [];
  async function ask<T>(path: string, given: Ask): Promise<Answer<T>> {
    const answer = await world.ask<T>(path, given);
    answers.push(JSON.stringify(answer));
    return answer;
  }

  it("is in no answer, problem, event, webhook, log or file, and in no byte of the database", async () => {
    const { payer: proof, operator, platforms } = world;
    const [platform = ""] = platforms;
    const mine = { bank: "sandbox", label: "Mine" };
    const { body: account } = await ask<Account>("/v1/accounts", { proof, json: { ...mine, number: PAYERS } });
    expect(account.masked).to.equal("****5555");
    await ask("/v1/accounts", { proof, json: { ...mine, token: "canary-token-7f3a" } });
    const refused: readonly [string, Ask][] = [
      ["/v1/accounts", { proof, json: { ...mine, number: WRONG } }],
      ["/v1/accounts", { proof, json: { ...mine, number: PAYERS, extra: PAYERS } }],
      ["/v1/accounts", { proof, json: { ...mine, number: [PAYERS] } }],
      ["/v1/accounts", { proof, json: { ...mine, number: PAYERS, token: PAYERS } }],
      ["/v1/accounts", { proof, json: { ...mine, bank: "none", number: PAYERS } }],
      ["/v1/accounts", { proof, text: `{"number":"${PAYERS}",` }],
      [`/v1/accounts?number=${PAYERS}`, { proof }],
      [`/v1/accounts/${PAYERS}`, { proof, method: "DELETE" }],
      [`/v1/accounts/${PAYERS}`, { proof }],
    ];
    for (const [path, given] of refused) expect((await ask(path, given)).status, path).to.be.within(400, 499);

    const ofMerchant = { platform, merchant: "tea", currency: "EUR", bank: "sandbox", label: "Tea's" };
    const theirs = { proof: operator, json: { ...ofMerchant, number: MERCHANTS } };
    const { body: merchantAccount } = await ask<MerchantAccount>("/v1/merchant-accounts", theirs);
    const verification = `/v1/merchant-accounts/${merchantAccount.id}/verify`;
    expect((await ask(verification, { proof: operator, method: "POST" })).status).to.equal(403);

    // The bank does not know the number: its refusal comes back through every layer.
    await stock(world, platform, fileOf("C", 2));
    const orders = (await inbox(world)).map(({ id }) => id);
    const failed = await pay(world, "canary", { orders, accountId: account.id });
    expect((await ended(world, failed.body)).error?.code).to.equal("BANK_ACCOUNT_UNKNOWN");
    expect((await ended(world, (await pay(world, "fine", { orders })).body)).state).to.equal("succeeded");
    await changeCredentials(world, (now) => ({ ...now, accountKeys: [newAccountKey("two"), ...now.accountKeys] }));
    await until("all accounts to be under the newest key", async () => {
      const rotation = await ask<{ keyId: string; left: number }>("/v1/account-keys/rotate", {
        proof: operator,
        method: "POST",
      });
      return rotation.body.keyId === "two" && rotation.body.left === 0;
    });
    const { payments } = await atRest(world);
    expect(payments).to.have.length(2);

    for (const [path, who] of [
      ["/v1/accounts", proof],
      ["/v1/merchant-accounts", operator],
      ["/v1/events", operator],
      ["/v1/deliveries", operator],
      ["/v1/journal", operator],
      ["/v1/settlement-lines", operator],
      ["/v1/payments", proof],
    ] as const)
      expect((await ask<{ items: (Event | Payment)[] }>(path, { proof: who })).body.items, path).to.not.have.length(0);
    answers.push(JSON.stringify(world.receiver.told));

    const output = await world.node.stop();
    expect(output, "the log is there").to.include("accounts sealed under the newest key");
    const files = await readdir(world.dataDir, { recursive: true, withFileTypes: true });
    const contents = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "latin1")),
    );
    expect(files.map(({ name }) => name)).to.include("mergepay.db");
    for (const canary of CANARIES)
      for (const [where, texts] of Object.entries({ answers, log: [output], files: contents }))
        expect(
          texts.some((text) => text.includes(canary)),
          `${canary} in ${where}`,
        ).to.equal(false);
  });
});
