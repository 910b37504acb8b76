import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import { SCOPES } from "../../gateway/http/auth.ts";
import { until } from "../support/process.ts";
import type { Proof } from "./support/client.ts";
import { changeCredentials, newAccountKey } from "./support/credentials.ts";
import { atRest, auditAll } from "./support/rest.ts";
import { fileOf, openShop, pay } from "./support/shop.ts";
import { openWorld, type World } from "./support/world.ts";

const newOperatorKey = (): string => `mpk_${randomBytes(24).toString("base64url")}`;
const entryOf = (key: string) => ({
  id: "operator",
  sha256: createHash("sha256").update(key).digest("hex"),
  scopes: SCOPES,
});

/** Fault 52: every key of the credentials file is replaced while files are sent, orders paid and reports read. */
describe("Keys that are replaced under traffic", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await openWorld();
    await openShop(world);
  });
  after(() => world.remove());

  it("are noticed by nobody who has the new one in time, and the old ones are worth nothing after", async () => {
    const [platform = "", ...others] = world.platforms;
    expect(others).to.not.have.length(0);
    let secret = world.secretOf(platform);
    let operator: Proof = world.operator;
    const seen = { files: 0, payments: 0, reads: 0 };
    const traffic = new AbortController();
    const going = () => !traffic.signal.aborted;

    const sending = async () => {
      while (going()) {
        const text = fileOf(`T${(seen.files += 1)}`, 2);
        const proof = { platformSecret: secret };
        expect((await world.ask(`/v1/platforms/${platform}/files`, { proof, text })).status).to.equal(202);
      }
    };
    const paying = async () => {
      while (going()) {
        const { status, problem } = await pay(world, `T${(seen.payments += 1)}`);
        expect(status === 422 ? problem.code : status).to.be.oneOf([200, 201, 202, "SELECTION_EMPTY"]);
      }
    };
    const reading = async () => {
      while (going()) {
        seen.reads += 1;
        expect((await world.ask("/v1/files", { proof: operator })).status).to.equal(200);
      }
    };
    /** As whoever rotates does: the new one is given out once the node takes it. */
    const taken = (what: string, path: string, proof: Proof, text?: string) =>
      until(what, async () => {
        const given = text === undefined ? { proof } : { proof, text };
        return (await world.ask(path, given)).status < 400;
      });

    const clients = Promise.all([sending(), paying(), reading()]);
    const rotation = (async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        const before = { ...seen };
        const old = { secret, operator };
        const next = { secret: `whsec_${randomBytes(32).toString("base64")}`, key: newOperatorKey() };
        await changeCredentials(world, (now) => ({
          ...now,
          platforms: { [platform]: [next.secret, secret] },
          operatorKeys: [...now.operatorKeys, entryOf(next.key)],
          accountKeys: [newAccountKey(`turn-${turn}`), ...now.accountKeys],
        }));
        const upload = `/v1/platforms/${platform}/files`;
        await taken("the new secret", upload, { platformSecret: next.secret }, fileOf(`N${turn}`, 1));
        await taken("the new key", "/v1/files", { bearer: next.key });
        secret = next.secret;
        operator = { bearer: next.key };
        await until("all accounts to be under the newest key", async () => {
          const given = { proof: operator, method: "POST" } as const;
          const { body } = await world.ask<{ keyId: string; left: number }>("/v1/account-keys/rotate", given);
          return body.keyId === `turn-${turn}` && body.left === 0;
        });
        await until("some traffic with the new keys", () =>
          [seen.files - before.files, seen.payments - before.payments, seen.reads - before.reads].every((n) => n > 4),
        );
        await changeCredentials(world, (now) => ({
          ...now,
          platforms: { [platform]: [next.secret] },
          operatorKeys: [entryOf(next.key)],
          accountKeys: now.accountKeys.slice(0, 1),
        }));
        await until("the old ones to be refused", async () => {
          const file = { proof: { platformSecret: old.secret }, text: fileOf(`O${turn}`, 1) };
          const statuses = await Promise.all([
            world.ask(upload, file),
            world.ask("/v1/files", { proof: old.operator }),
          ]);
          return statuses.every(({ status }) => status === 401);
        });
      }
    })().finally(() => traffic.abort());
    await Promise.all([clients, rotation]);
    // The world's own key for what follows.
    const { bearer = "" } = world.operator as { bearer?: string };
    await changeCredentials(world, (now) => ({ ...now, operatorKeys: [entryOf(bearer)] }));
    await taken("the first key", "/v1/files", world.operator);
    await pay(world, "the rest");
    await atRest(world);
    await auditAll(world);
  });
});
