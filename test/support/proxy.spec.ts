import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { until } from "./process.ts";
import { type FaultProxy, startProxy } from "./proxy.ts";

describe("the fault proxy", () => {
  let echo: Server;
  let proxy: FaultProxy;
  let got = "";
  const sockets: Socket[] = [];

  before(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => undefined); // Resets are what is tested; what the client sees is asserted.
      socket.on("data", (bytes: Buffer) => {
        got += bytes.toString();
        socket.write(bytes);
      });
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
  });
  beforeEach(async () => {
    got = "";
    const address = echo.address();
    if (address === null || typeof address === "string") throw new Error("The echo server has no port.");
    proxy = await startProxy(address.port);
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await proxy.close();
  });
  after(async () => {
    echo.close();
    await once(echo, "close");
  });

  /** A client that collects what it gets and how it ended. */
  async function client(): Promise<{ socket: Socket; text: () => string; ended: () => string | undefined }> {
    const socket = connect({ host: "127.0.0.1", port: proxy.port });
    sockets.push(socket);
    let text = "";
    let ended: string | undefined;
    socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
    socket.on("error", (error: NodeJS.ErrnoException) => (ended = error.code));
    socket.on("close", () => (ended ??= "closed"));
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    return { socket, text: () => text, ended: () => ended };
  }

  it("passes bytes both ways, large ones too", async () => {
    const one = await client();
    const large = "x".repeat(3_000_000);
    one.socket.write(large);
    await until("the echo of 3 MB", () => one.text().length === large.length);
    expect(one.text() === large).to.equal(true);
    expect(proxy.connections()).to.equal(1);
  });

  it("cut resets every connection and refuses new ones until it passes again", async () => {
    const one = await client();
    proxy.set({ kind: "cut" });
    expect(await until("the reset", one.ended)).to.equal("ECONNRESET");
    const two = await client();
    expect(await until("the refusal", two.ended)).to.equal("ECONNRESET");
    proxy.set({ kind: "pass" });
    const three = await client();
    three.socket.write("back");
    await until("the echo", () => three.text() === "back");
  });

  for (const [direction, afterBytes, serverGot, clientGot] of [
    ["toServer", 4, "1234", ""],
    ["toServer", 0, "", ""],
    ["toClient", 3, "123456", "123"],
    ["toClient", 0, "123456", ""],
    ["toClient", 6, "123456", "123456"],
  ] as const) {
    it(`drop after ${afterBytes} bytes ${direction} hands on just these`, async () => {
      const one = await client();
      proxy.set({ kind: "drop", direction, afterBytes });
      one.socket.write("123456");
      await until("the reset", one.ended);
      await until("what the server got", () => got === serverGot);
      expect(one.text().startsWith(clientGot)).to.equal(true);
      expect(one.text().length).to.be.at.most(direction === "toClient" ? afterBytes : 4);
      expect(proxy.drops()).to.equal(1);
      const two = await client();
      two.socket.write("again");
      await until("the echo after the fault", () => two.text() === "again");
    });
  }

  it("stall keeps bytes until the fault is taken back, then hands them on in order", async () => {
    const one = await client();
    proxy.set({ kind: "stall" });
    one.socket.write("first ");
    const two = await client();
    two.socket.write("-");
    await until("both connections", () => proxy.connections() === 2);
    expect(got).to.equal("");
    one.socket.write("second");
    proxy.set({ kind: "pass" });
    await until("the echo", () => one.text() === "first second");
  });

  it("delay hands bytes on late and in order, also when the delay is taken back in between", async () => {
    const one = await client();
    const start = performance.now();
    proxy.set({ kind: "delay", delayMs: 60 });
    one.socket.write("first ");
    await until("the piece to reach the proxy", () => one.socket.bytesWritten === 6);
    await until("the echo", () => one.text() === "first ");
    expect(performance.now() - start).to.be.at.least(59);
    proxy.set({ kind: "pass" });
    one.socket.write("second");
    await until("the second echo", () => one.text() === "first second");
  });

  it("stall of the answers alone lets requests through, and hands the answers on late", async () => {
    const one = await client();
    proxy.set({ kind: "stall", direction: "toClient" });
    one.socket.write("asked");
    await until("the request to arrive", () => got === "asked");
    expect(one.text()).to.equal("");
    proxy.set({ kind: "pass" });
    await until("the late answer", () => one.text() === "asked");
  });

  it("trickle hands bytes on one at a time, and the rest at once when it is taken back", async () => {
    const one = await client();
    proxy.set({ kind: "trickle", everyMs: 20, direction: "toServer" });
    const start = performance.now();
    one.socket.write("1234567890");
    await until("some of it", () => one.text().startsWith("123"));
    expect(performance.now() - start).to.be.at.least(39);
    expect(one.text()).to.not.equal("1234567890");
    proxy.set({ kind: "pass" });
    await until("the rest", () => one.text() === "1234567890");
  });

  for (const [direction, serverGot] of [
    ["toServer", ""],
    ["toClient", "asked"],
  ] as const)
    it(`lose ${direction} is silent while it lasts; the connection is reset when it is taken back, others go on`, async () => {
      const one = await client();
      const idle = await client();
      await until("both connections", () => proxy.connections() === 2);
      proxy.set({ kind: "lose", direction });
      one.socket.write("asked");
      await until("the bytes to be gone", () => one.socket.bytesWritten === 5 && got === serverGot);
      await new Promise((resolve) => {
        setTimeout(resolve, 30);
      });
      expect([one.text(), one.ended()]).to.deep.equal(["", undefined]);
      proxy.set({ kind: "pass" });
      expect(await until("the reset", one.ended)).to.equal("ECONNRESET");
      got = "";
      idle.socket.write("here");
      await until("the echo", () => idle.text() === "here");
    });

  it("ends a connection to a server that is not there", async () => {
    const gone = await startProxy(1);
    const socket = connect({ host: "127.0.0.1", port: gone.port });
    const errors: (string | undefined)[] = [];
    socket.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
    await new Promise((resolve) => socket.once("close", resolve));
    await gone.close();
    expect(errors).to.deep.equal(["ECONNRESET"]);
  });
});
