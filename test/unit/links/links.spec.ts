import { expect } from "chai";
import { asMergepayError } from "../../../core/errors/errors.ts";
import type { LogFields } from "../../../core/deps.ts";
import { linkedUsers } from "../../../core/links/repo.ts";
import { linksService } from "../../../core/links/service.ts";
import { ordersService } from "../../../core/orders/service.ts";
import { buildHouse, clockAt, type House, mapped, NOON, seedAccount, temporaryStore } from "../../support/house.ts";
import { testBank } from "../../support/test-bank.ts";

const BUYER = { platform: "alpha", buyerId: "buyer-1" } as const;
const expiresAt = new Date(NOON + 600_000).toISOString();

describe("links from buyers to payers", () => {
  let house: House;
  let remove: () => Promise<void>;
  const clock = clockAt();
  const links = () => house.core.services.links;
  const orders = () => house.core.services.orders;
  const ingest = (...orderNos: string[]) =>
    orders().ingest(
      { fileId: `file_${orderNos.join()}`, platform: "alpha", pluginVersion: "1-000000000000" },
      orderNos.map((orderNo, index) => mapped(index, { orderNo })),
    );
  const openOf = async (userId: string) =>
    (await orders().findOpen(userId, "USD", 100)).map(({ orderNo }) => orderNo).sort();
  const outcome = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "done",
      (error: unknown) => asMergepayError(error).type,
    );
  const claim = (userId: string, nonce = "nonce-1", who: object = BUYER) =>
    links().claim({ ...BUYER, ...who, userId, nonce, expiresAt });
  const linkOf = async (userId: string) => (await links().list({ userId })).items[0]?.id ?? "none";

  beforeEach(async () => {
    const made = await temporaryStore();
    remove = made.remove;
    house = await buildHouse({ store: made.store, outside: testBank(() => 0).outside, clock });
  });
  afterEach(() => remove());

  describe("by a platform's token", () => {
    it("give the payer the orders that wait, once and again", async () => {
      await ingest("1", "2");
      const first = await claim("ann");
      expect(first).to.include({ userId: "ann", buyerId: "buyer-1", claimed: 2 });
      expect(first.id).to.match(/^lnk_[0-9a-z]{26}$/);
      expect(await claim("ann")).to.include({ id: first.id, claimed: 0 });
      expect(await openOf("ann")).to.deep.equal(["1", "2"]);
    });

    it("are made for the first who confirms, of many at once", async () => {
      const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
      const outcomes = await Promise.all(users.map((userId) => outcome(claim(userId))));
      expect(outcomes.filter((one) => one === "done")).to.have.lengthOf(1);
      expect(new Set(outcomes)).to.deep.equal(new Set(["done", "LINK_TOKEN_USED"]));
    });

    it("are refused to another user, for another buyer, and when the link was ended since", async () => {
      const { id } = await claim("ann");
      expect(await outcome(claim("ben"))).to.equal("LINK_TOKEN_USED");
      expect(await outcome(claim("ann", "nonce-1", { buyerId: "buyer-2" }))).to.equal("LINK_TOKEN_USED");
      expect(await outcome(claim("ben", "nonce-2")), "by a token of their own").to.equal("LINK_TAKEN");
      await links().remove({ linkId: id, userId: "ann" });
      expect(await outcome(claim("ann"))).to.equal("LINK_TOKEN_USED");
      expect(await outcome(claim("ann", "nonce-3"))).to.equal("done");
    });

    it("tell nobody whose the buyer is", async () => {
      await claim("ann");
      const told = await claim("ben", "nonce-2").then(
        () => "",
        (thrown: unknown) => asMergepayError(thrown).message + JSON.stringify(thrown),
      );
      expect(told)
        .to.match(/linked to another user/)
        .and.not.include("ann");
    });

    it("use a nonce for its platform only", async () => {
      await claim("ann");
      expect(await outcome(claim("ben", "nonce-1", { platform: "beta" }))).to.equal("done");
    });
  });

  it("by import: each line by itself, what is there stays, of two about one buyer the first counts", async () => {
    await ingest("1");
    await links().create({ platform: "alpha", buyerId: "old", userId: "ann" });
    const line = (number: number, buyerId: string, userId: string) => ({
      line: number,
      platform: "alpha",
      buyerId,
      userId,
    });
    const list = [line(2, "old", "ann"), line(3, "old", "ben"), line(4, "buyer-1", "ben"), line(5, "buyer-1", "cid")];
    const done = await links().import({ links: list });
    expect(done).to.include({ made: 1, known: 1, claimed: 1 });
    expect(done.rejects.map(({ line: number, code, field }) => [number, code, field])).to.deep.equal([
      [3, "LINK_TAKEN", "buyerId"],
      [5, "LINK_TAKEN", "buyerId"],
    ]);
    expect(await openOf("ben")).to.deep.equal(["1"]);
    const many = Array.from({ length: 201 }, (_, index) => line(index, `b-${index}`, "ann"));
    expect(await outcome(links().import({ links: many.slice(1) }))).to.equal("done");
    expect(await outcome(links().import({ links: many }))).to.equal("BODY_INVALID");
  });

  describe("that are ended", () => {
    it("let open orders wait again, later ones too, and another user may have them", async () => {
      await links().create({ ...BUYER, userId: "ann" });
      await ingest("1", "2");
      expect(await links().remove({ linkId: await linkOf("ann"), userId: "ann" })).to.deep.equal({ released: 2 });
      await ingest("3");
      expect(await openOf("ann")).to.deep.equal([]);
      expect(await links().create({ ...BUYER, userId: "ben" })).to.include({ claimed: 3 });
      expect(await openOf("ben")).to.deep.equal(["1", "2", "3"]);
    });

    it("leave orders that are locked or paid to their user", async () => {
      await links().create({ ...BUYER, userId: "ann" });
      await seedAccount(house, "ann");
      await ingest("1");
      const request = { orders: "all", currency: "USD" } as const;
      const paid = await house.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request });
      expect(paid.state).to.equal("succeeded");
      await ingest("2");
      const [open] = await orders().findOpen("ann", "USD", 1);
      if (open === undefined) throw new Error("no order");
      await orders().lock("pay_1", "ann", [{ ...open, orderId: open._id }]);
      expect(await links().remove({ linkId: await linkOf("ann") })).to.deep.equal({ released: 0 });
      const ids = [paid.orders[0]?.orderId ?? "", open._id];
      expect((await orders().findOwn("ann", ids)).map(({ state }) => state)).to.deep.equal(["paid", "locked"]);
      // A payment that fails opens its orders: nobody is linked to their buyer any more.
      await orders().release("pay_1", [open._id]);
      expect(await openOf("ann")).to.deep.equal([]);
      expect(await links().create({ ...BUYER, userId: "ben" })).to.include({ claimed: 1 });
    });

    it("are another payer's to nobody: NOT_FOUND, as for one that never was", async () => {
      const { id } = await links().create({ ...BUYER, userId: "ann" });
      expect(await outcome(links().remove({ linkId: id, userId: "ben" }))).to.equal("NOT_FOUND");
      expect(await outcome(links().remove({ linkId: "lnk_none" }))).to.equal("NOT_FOUND");
      expect(await outcome(links().remove({ linkId: id, userId: "ann" }))).to.equal("done");
      expect(await outcome(links().remove({ linkId: id, userId: "ann" }))).to.equal("NOT_FOUND");
    });

    it("lose no order to a payment at the same time: each is either paid or waits", async () => {
      await seedAccount(house, "ann");
      await links().create({ ...BUYER, userId: "ann" });
      const numbers = Array.from({ length: 40 }, (_, index) => `n-${index}`);
      await ingest(...numbers);
      const ids = (await orders().findOpen("ann", "USD", 100)).map(({ _id }) => _id);
      const pay = (orderId: string) =>
        outcome(
          house.core.services.mergePay.pay({ userId: "ann", idempotencyKey: orderId, request: { orders: [orderId] } }),
        );
      const first = ids.slice(0, 20).map(pay);
      await Promise.race(first);
      const linkId = await linkOf("ann");
      const [{ released }] = await Promise.all([links().remove({ linkId }), ...first, ...ids.slice(20).map(pay)]);
      const after = await Promise.all(ids.map((orderId) => orders().get({ orderId })));
      const states = after.map(({ state, userId }) => `${state} ${userId ?? "waits"}`);
      expect(new Set(states)).to.deep.equal(new Set(["paid ann", "open waits"]));
      expect(states.filter((state) => state === "open waits")).to.have.length.of.at.least(released);
      expect(await openOf("ann")).to.deep.equal([]);
    });

    it("are ended by the next who wants the buyer, when whoever ended them died on it", async () => {
      await links().create({ ...BUYER, userId: "ann" });
      await ingest("1");
      let alive = true;
      const dying = await linksService(house.deps, {
        ...orders(),
        settle: (buyers) => (alive ? Promise.reject(new Error("killed")) : orders().settle(buyers)),
      });
      expect(await outcome(dying.remove({ linkId: await linkOf("ann") }))).to.equal("INTERNAL");
      alive = false;
      await ingest("2");
      expect(await links().create({ ...BUYER, userId: "ben" })).to.include({ userId: "ben" });
      expect([await openOf("ann"), await openOf("ben")]).to.deep.equal([[], ["1", "2"]]);
    });
  });

  it("that are ended while a file's orders are being stored leave none of them behind", async () => {
    await links().create({ ...BUYER, userId: "ann" });
    await ingest("1");
    const usersOf = await linkedUsers(house.deps);
    let looks = 0;
    const racing = await ordersService(house.deps, async (buyers) => {
      const found = await usersOf(buyers);
      looks += 1;
      if (looks === 1) await links().remove({ linkId: await linkOf("ann") });
      return found;
    });
    const origin = { fileId: "file_r", platform: "alpha", pluginVersion: "1-000000000000" };
    await racing.ingest(origin, [mapped(0, { orderNo: "1", value: "12.00" }), mapped(1, { orderNo: "2" })]);
    expect(await openOf("ann")).to.deep.equal([]);
    expect(await links().create({ ...BUYER, userId: "ben" })).to.include({ claimed: 2 });
  });

  it("that are ended while they give their orders take them back", async () => {
    const linked = linksService(house.deps, {
      ...orders(),
      // The link is made, and ended by somebody else, before its orders are given.
      settle: async (buyers) => (await racing).settle(buyers),
    });
    const usersOf = await linkedUsers(house.deps);
    let looks = 0;
    const racing = ordersService(house.deps, async (buyers) => {
      const found = await usersOf(buyers);
      looks += 1;
      if (looks === 1) await links().remove({ linkId: await linkOf("ann") });
      return found;
    });
    await ingest("1");
    await (await linked).create({ ...BUYER, userId: "ann" });
    expect(looks).to.be.above(2);
    expect(await openOf("ann")).to.deep.equal([]);
    expect(await links().create({ ...BUYER, userId: "ben" })).to.include({ claimed: 1 });
  });

  it("made and ended in turn while files come in leave every order with whoever is linked last", async () => {
    const users = ["ann", "ben", "cid"];
    const turns = async () => {
      for (const userId of [...users, ...users]) {
        await links().create({ ...BUYER, userId });
        if (userId !== "cid") await links().remove({ linkId: await linkOf(userId) });
        else if ((await openOf("ann")).length > 0) await links().remove({ linkId: await linkOf(userId) });
      }
    };
    const files = Array.from({ length: 20 }, (_, index) => ingest(`f-${index}-a`, `f-${index}-b`));
    await Promise.all([outcome(turns()), ...files]);
    const last = (await Promise.all(users.map((userId) => links().list({ userId })))).flatMap(({ items }) => items);
    const counts = await Promise.all(users.map(async (userId) => [userId, (await openOf(userId)).length]));
    const expected = users.map((userId) => [userId, userId === last[0]?.userId ? 40 : 0]);
    expect(counts).to.deep.equal(expected);
  });

  it("are logged when they are made and ended, by id, never by whose they are", async () => {
    const lines: LogFields[] = [];
    const log = { ...house.deps.log, info: (fields: LogFields) => void lines.push(fields) };
    const logged = await linksService({ ...house.deps, log }, orders());
    const { id } = await logged.create({ ...BUYER, userId: "ann" });
    await logged.create({ ...BUYER, userId: "ann" });
    await logged.remove({ linkId: id });
    expect(lines).to.deep.equal([
      { linkId: id, platform: "alpha", reason: "by operator" },
      { linkId: id, platform: "alpha", count: 0 },
    ]);
  });
});
