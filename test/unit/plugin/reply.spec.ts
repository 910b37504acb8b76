import { expect } from "chai";
import type { Event } from "../../../core/plugin/contract.ts";
import { checkedReply } from "../../../core/plugin/reply.ts";
import { asMergepayError, type MergepayError } from "../../../core/errors/errors.ts";
import { openPlatform, registrationOf } from "../../../core/plugin/platform.ts";
import {
  blobsOf,
  goodPlugin,
  pluginFile,
  pluginsFolder,
  type PluginsFolder,
  tightLimits,
} from "../../support/plugins.ts";

const EVENT: Event = {
  id: "evt_1",
  type: "orders.paid",
  aggregate: "pay_1",
  sequence: 1,
  platform: "corner-shop",
  at: "2026-03-01T12:00:00.000Z",
  data: { lines: [{ orderNo: "A-1" }] },
};

describe("a plugin's reply to its platform", () => {
  let folder: PluginsFolder;
  before(async () => {
    folder = await pluginsFolder();
  });
  after(() => folder.remove());
  let made = 0;

  /** What a plugin with this `reply` gives for the event. */
  async function replied(reply: string | undefined): Promise<unknown> {
    const id = `shop-${(made += 1)}`;
    const fields = reply === undefined ? "" : `reply: ${reply},`;
    const dir = await folder.write(id, { ...goodPlugin, "plugin.ts": pluginFile({ fields }) });
    const opened = await openPlatform({ id, dir, limits: tightLimits, openBlob: blobsOf({}) }).catch(
      (error: unknown) => asMergepayError(error).type,
    );
    if (typeof opened === "string") return opened;
    try {
      expect(registrationOf(opened).replies).to.equal(reply === undefined ? undefined : true);
      return await opened.reply(EVENT).catch((error: MergepayError) => error.type);
    } finally {
      await opened.close();
    }
  }

  for (const [name, reply, gives] of [
    [
      "in its own format",
      '(event: any) => ({ contentType: "application/xml", body: `<paid no="${event.data.lines[0].orderNo}"/>` })',
      { contentType: "application/xml", body: '<paid no="A-1"/>' },
    ],
    ["none", undefined, "UNSUPPORTED"],
    ["that is no function", '"text"', "PLUGIN_SHAPE_INVALID"],
    ["that throws", '() => { throw new Error("secret"); }', "PLUGIN_THREW"],
    ["that loops", "() => { for (;;); }", "PLUGIN_TIMEOUT"],
    [
      "that ends its worker",
      "() => { const held: unknown[] = []; for (;;) held.push(new Array(1000).fill(1)); }",
      "PLUGIN_CRASHED",
    ],
    ["that is a promise", "async () => ({ contentType: 'text/plain', body: '' })", "PLUGIN_OUTPUT_INVALID"],
    ["without a type", "() => ({ body: '' })", "PLUGIN_OUTPUT_INVALID"],
  ] as const)
    it(`${name}: ${typeof gives === "string" ? gives : "as it made it"}`, async () => {
      expect(await replied(reply)).to.deep.equal(gives);
    }).timeout(20_000);

  for (const [name, value, good] of [
    ["256 KiB", { contentType: "text/plain", body: "x".repeat(256 * 1024) }, true],
    ["a byte more", { contentType: "text/plain", body: "x".repeat(256 * 1024 + 1) }, false],
    ["a charset", { contentType: "text/csv; charset=utf-8", body: "" }, true],
    ["a second header", { contentType: "text/csv\r\nx: y", body: "" }, false],
    ["a body of bytes", { contentType: "text/csv", body: Buffer.from("a") }, false],
    ["nothing", undefined, false],
  ] as const)
    it(`a reply of ${name}: ${good ? "taken" : "refused"}`, () => {
      if (good) expect(checkedReply(value)).to.deep.equal(value);
      else expect(() => checkedReply(value)).to.throw(/The plugin's reply is not/);
    });
});
