import { expect } from "chai";
import { ServiceBroker } from "moleculer";
import { type Origin, onBehalfOf, originNow } from "../../../core/audit/origin.ts";
import { callOver } from "../../../core/call.ts";
import { shell } from "../../../core/shell.ts";

const OLGA: Origin = { by: { kind: "operator", id: "olga" }, via: "http", ip: "10.0.0.7", requestId: "req_1" };

describe("On whose behalf a call is made", () => {
  const broker = (nodeID: string) =>
    new ServiceBroker({ nodeID, namespace: "audit-bus", logger: false, transporter: "Fake" });
  const [here, there] = [broker("here"), broker("there")];
  const seen: (Origin | undefined)[] = [];
  before(async () => {
    const entries = async () => {
      await Promise.resolve();
      seen.push(originNow());
      return { items: [] };
    };
    here.createService(shell("audit", { entries }));
    await Promise.all([here.start(), there.start()]);
    await there.waitForServices("audit", 5_000, 10);
  });
  after(() => Promise.all([here.stop(), there.stop()]));

  for (const [where, from] of [
    ["in the same process", here],
    ["over the bus", there],
  ] as const)
    it(`is known to the service ${where}, and to nobody after it`, async () => {
      seen.length = 0;
      const call = callOver(from);
      await onBehalfOf(
        () => OLGA,
        () => call("audit.entries", {}),
      );
      await call("audit.entries", {});
      expect(seen).to.deep.equal([OLGA, undefined]);
    });
});
