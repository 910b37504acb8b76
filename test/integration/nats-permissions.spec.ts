import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ServiceBroker } from "moleculer";
import { connect, type NatsConnection } from "nats";
import { brokerOptions } from "../../moleculer.config.ts";
import { natsOrSkip, type TestNats } from "../support/nats.ts";
import { until } from "../support/process.ts";

const roles = ["gateway", "core", "plugins"] as const;
type Role = (typeof roles)[number];
const password = (role: Role): string => `secret-of-${role}`;

describe("deploy/nats-server.conf", () => {
  let nats: TestNats;
  const brokers = new Map<Role, ServiceBroker>();
  const connections: NatsConnection[] = [];

  before(async function () {
    nats = await natsOrSkip(this, {
      config: readFileSync(join(import.meta.dirname, "../../deploy/nats-server.conf"), "utf8"),
      env: Object.fromEntries(roles.map((role) => [`NATS_${role.toUpperCase()}_PASSWORD`, password(role)])),
      user: "gateway",
      pass: password("gateway"),
    });
    for (const role of roles) {
      const natsUrl = nats.url.replace("nats://", `nats://${role}:${password(role)}@`);
      const broker = new ServiceBroker({ ...brokerOptions({ nodeId: `${role}.1`, natsUrl }), logger: false });
      broker.createService({ name: `at-${role}`, actions: { hello: () => role } });
      brokers.set(role, broker);
    }
    await Promise.all([...brokers.values()].map((broker) => broker.start()));
    for (const broker of brokers.values())
      await broker.waitForServices(
        roles.map((role) => `at-${role}`),
        10_000,
      );
  });
  after(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await Promise.all([...brokers.values()].map((broker) => broker.stop()));
    await nats?.stop();
  });

  /** Someone who has taken a role's password and speaks NATS themselves; `refused` are the subjects that the server refused. */
  async function intruder(role: Role): Promise<{ connection: NatsConnection; refused: string[] }> {
    const connection = await connect({ servers: nats.url, user: role, pass: password(role) });
    connections.push(connection);
    const refused: string[] = [];
    void (async () => {
      for await (const status of connection.status())
        refused.push(String((status as { permissionContext?: { subject?: string } }).permissionContext?.subject));
    })();
    return { connection, refused };
  }

  for (const [from, to] of [
    ["gateway", "core"],
    ["gateway", "plugins"],
    ["core", "plugins"],
    ["core", "core"],
    ["plugins", "plugins"],
  ] as const) {
    it(`lets ${from} call ${to}`, async () => {
      expect(await brokers.get(from)?.call(`at-${to}.hello`)).to.equal(to);
    });
  }

  for (const [role, subject] of [
    ["plugins", "MOL-mergepay.REQ.core.1"],
    ["plugins", "MOL-mergepay.REQ.gateway.1"],
    ["core", "MOL-mergepay.REQ.gateway.1"],
    ["gateway", "MOL-mergepay.RES.core.1"],
    ["gateway", "MOL-mergepay.EVENT.core.1"],
    ["gateway", "anything.else"],
  ] as const) {
    it(`keeps ${role} from sending to ${subject}`, async () => {
      const { connection, refused } = await intruder(role);
      connection.publish(subject, "{}");
      await connection.flush();
      await until("the refusal", () => refused.includes(subject));
    });
  }

  for (const [role, subject] of [
    ["plugins", "MOL-mergepay.RES.core.*"],
    ["plugins", "MOL-mergepay.>"],
    ["gateway", "MOL-mergepay.REQ.core.*"],
    ["core", "MOL-mergepay.REQ.plugins.*"],
  ] as const) {
    it(`keeps ${role} from listening to ${subject}`, async () => {
      const { connection, refused } = await intruder(role);
      connection.subscribe(subject, { callback: () => undefined });
      await connection.flush();
      await until("the refusal", () => refused.includes(subject));
    });
  }

  it("lets nobody in without a password", async () => {
    let code: unknown;
    await connect({ servers: nats.url, reconnect: false }).catch((error: { code?: unknown }) => (code = error.code));
    expect(code).to.equal("AUTHORIZATION_VIOLATION");
  });
});
