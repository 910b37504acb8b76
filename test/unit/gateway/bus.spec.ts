import { EventEmitter } from "node:events";
import { expect } from "chai";
import { watchBus } from "../../../gateway/bus.ts";
import { silentLog } from "../../support/house.ts";

describe("NATS that can't be reached at the start", () => {
  let localBus: EventEmitter;
  let nowMs: number;
  let told: { readonly fields: object; readonly message: string }[];

  beforeEach(() => {
    localBus = new EventEmitter();
    nowMs = 0;
    told = [];
    const keep = (fields: object, message: string) => void told.push({ fields, message });
    const log = { ...silentLog, error: keep, info: keep };
    watchBus({ localBus }, "nats://core:s3cret@one.example:4222,nats://two.example", log, () => nowMs);
  });
  const fail = (code: string) => localBus.emit("$transporter.error", { error: { code } });

  it("is named by its addresses, without user and password", () => {
    fail("CONNECTION_REFUSED");
    expect(told).to.have.length(1);
    expect(told[0]?.fields).to.deep.equal({
      url: "nats://one.example:4222,nats://two.example",
      code: "CONNECTION_REFUSED",
    });
    expect(told[0]?.message)
      .to.include("nats://one.example:4222,nats://two.example can't be reached")
      .and.include("NATS_URL");
    expect(JSON.stringify(told)).to.not.match(/s3cret|core/);
  });

  it("is named once a minute however often it is tried, and when it is there at last", () => {
    for (nowMs = 0; nowMs < 120_000; nowMs += 5_000) fail("CONNECTION_REFUSED");
    expect(told).to.have.length(2);
    localBus.emit("$transporter.connected", {});
    expect(told.at(-1)?.message).to.equal("NATS is reached now.");
    localBus.emit("$transporter.connected", {});
    expect(told).to.have.length(3);
  });

  it("that refuses the user is told as that", () => {
    fail("AUTHORIZATION_VIOLATION");
    expect(told[0]?.message).to.include("refuses the user or password");
  });
});
