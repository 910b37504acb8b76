import { expect } from "chai";
import { fileIdOf } from "../../../core/files/model.ts";
import { filesUnderWay } from "../../../core/files/under-way.ts";
import { buildHouse, clockAt, type House, mapped, temporaryStore } from "../../support/house.ts";
import { until } from "../../support/process.ts";

const never = () => new Promise<void>(() => undefined);

describe("the files that a node is at", () => {
  it("are at most two of a platform and four in all, of which one that stands still takes no room", () => {
    const clock = clockAt();
    const underWay = filesUnderWay(clock.now);
    const begun = (...files: readonly string[]) =>
      files.map((file) => underWay.begin(file, file.slice(0, -1), never)).map((was) => (was ? "yes" : "no"));
    expect(begun("a1", "a1", "a2", "a3", "b1", "b2", "c1")).to.deep.equal([
      "yes",
      "no",
      "yes",
      "no",
      "yes",
      "yes",
      "no",
    ]);
    expect([underWay.room(), underWay.full(), underWay.ids()]).to.deep.equal([0, ["a", "b"], ["a1", "a2", "b1", "b2"]]);
    clock.advance(999);
    underWay.moved("b1");
    expect(underWay.room()).to.equal(0);
    clock.advance(1);
    expect(underWay.room()).to.equal(3);
    expect(begun("a3", "b3", "c1", "c2", "d1", "d2")).to.deep.equal(["no", "no", "yes", "yes", "yes", "no"]);
    underWay.end("a1");
    clock.advance(1_000);
    expect(begun("a3", "b3")).to.deep.equal(["yes", "no"]);
  });

  it("that hang in their plugins hold up none of another platform", async () => {
    const { store, remove } = await temporaryStore();
    const clock = clockAt();
    const hanging = Array.from({ length: 6 }, (_, index) => `bad-${index}`);
    const house: House = await buildHouse({
      store,
      clock,
      outside: {
        "bank-adapter.platforms": () =>
          Promise.resolve({
            items: [...hanging, "alpha"].map((platform) => ({
              platform,
              title: platform,
              version: "1-000000000000",
              currencies: ["USD"],
              fees: {},
              settlementAccount: "acct",
            })),
          }),
        "platform.check": () => Promise.resolve({ records: 1 }),
        "platform.read": (_params, platform) =>
          platform === "alpha"
            ? Promise.resolve({ records: [mapped(0, { orderNo: "1" })], done: true, version: "1-0" })
            : new Promise(() => undefined),
      },
    });
    const { files } = house.core.services;
    const receive = async (platform: string, index: number) => {
      const sha256 = index.toString(16).padStart(64, "0");
      const fileId = fileIdOf(platform, null, sha256);
      await store.blobs.put(
        fileId,
        (async function* () {
          await Promise.resolve();
          yield Buffer.from("x");
        })(),
      );
      await files.receive({ fileId, platform, merchant: null, sha256, bytes: 1 });
      return fileId;
    };
    for (const platform of hanging) for (let index = 0; index < 5; index += 1) await receive(platform, index);
    const good = await Promise.all(Array.from({ length: 20 }, (_, index) => receive("alpha", index)));
    await until("the good files to be processed", async () => {
      clock.advance(1_000);
      await files.takeUp();
      const states = await Promise.all(good.map(async (fileId) => (await files.get({ fileId })).state));
      return states.every((state) => state === "processed");
    });
    expect((await files.get({ fileId: await receive("bad-0", 0) })).state).to.equal("processing");
    await remove();
  });
});
