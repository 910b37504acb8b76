import { expect } from "chai";
import { connect, StringCodec } from "nats";
import { listens } from "./process.ts";
import { natsOrSkip } from "./nats.ts";

describe("the NATS server for tests", () => {
  it("answers, keeps a stream, and is gone after stop", async function () {
    const server = await natsOrSkip(this);
    try {
      expect(server.version).to.match(/^\d+\.\d+\.\d+/);
      const connection = await connect({ servers: server.url });
      const manager = await connection.jetstreamManager();
      const name = `PROBE_${process.pid}`;
      await manager.streams.add({ name, subjects: [`${name}.>`] });
      const sent = await connection.jetstream().publish(`${name}.a`, StringCodec().encode("x"));
      expect(sent.seq).to.equal(1);
      await manager.streams.delete(name);
      await connection.close();
    } finally {
      await server.stop();
    }
    if (process.env["NATS_URL"] === undefined)
      expect(await listens(Number.parseInt(new URL(server.url).port, 10))).to.equal(false);
  });

  it("takes a configuration of one's own", async function () {
    const config = `authorization { users: [ { user: "one", password: "two" } ] }`;
    const server = await natsOrSkip(this, { config, user: "one", pass: "two" });
    try {
      let code: unknown;
      await connect({ servers: server.url, reconnect: false }).catch(
        (error: { code?: unknown }) => (code = error.code),
      );
      expect(code).to.equal("AUTHORIZATION_VIOLATION");
    } finally {
      await server.stop();
    }
  });
});
