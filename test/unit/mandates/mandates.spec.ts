import { expect } from "chai";
import type { MandateRequest } from "../../../core/actions.ts";
import type { Point } from "../../../core/deps.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { auditMandates } from "../../support/audit-mandates.ts";
import { buildHouse, seedAccount, seedOrders, type House } from "../../support/house.ts";
import { terms, usd } from "../../support/mandates.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const DAY_MS = 86_400_000;

describe("a mandate", () => {
  let till: Till;
  let ids: string[];
  /** Open orders of ann: 1.37 of alpha, 2.37 of beta, 3.37 of gamma, 4.37 of alpha ... */
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(6);
  });
  afterEach(async () => {
    await auditMandates(till.store, [...till.bank.booked.values()]);
    await till.close();
  });

  const on = (house: House = till.house) => house.core.services.mandates;
  let keys = 0;
  const make = async (request: MandateRequest, userId = "ann") =>
    (await on().create({ userId, idempotencyKey: `m${(keys += 1)}`, request })).id;
  const charge = (mandateId: string, orders: "all" | readonly string[], key = `c${(keys += 1)}`, house?: House) =>
    on(house).charge({ mandateId, idempotencyKey: key, orders, operatorId: "ops" });
  const revoke = (mandateId: string, house?: House) => on(house).revoke({ mandateId, userId: "ann" });
  const told = async (house = till.house) => {
    await house.core.services.notify.relay();
    const { items } = await house.core.services.notify.events({ userId: "ann" });
    return items.filter(({ type }) => type.startsWith("mandate.")).map(({ type, data }) => [type, data] as const);
  };
  const types = async () => (await told()).map(([type]) => type);
  const order = (...at: number[]) => at.map((index) => ids[index] ?? "");

  it("lets a payer be charged without being there: one payment, which names it, and the payer is told", async () => {
    const id = await make(terms("100.00", "100.00"));
    const paid = await charge(id, "all", "c");
    expect(paid).to.include({ state: "succeeded", mandateId: id, userId: "ann", existed: false });
    expect(paid.orders).to.have.length(6);
    expect(till.bank.sends).to.have.length(1);
    expect(await charge(id, "all", "c"), "the same key").to.include({ id: paid.id, existed: true });
    expect((await refusal(charge(id, order(0), "c"))).type).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect(till.bank.sends).to.have.length(1);
    expect(await told()).to.deep.equal([
      ["mandate.used", { mandateId: id, paymentId: paid.id, total: paid.total, orders: 6, day: "2026-03-01" }],
    ]);
    expect(await on().get({ mandateId: id }))
      .to.include({ state: "active" })
      .and.to.deep.include({ underWay: [] });
  });

  for (const [name, request, chosen, code, said] of [
    ["above its limit of a payment", terms("3.73", "100.00"), [0, 1], "MANDATE_LIMIT_REACHED", "3.73 for one payment"],
    ["of its limit of a payment", terms("3.74", "100.00"), [0, 1], undefined, undefined],
    ["above its limit of a day", terms("100.00", "3.73"), [0, 1], "MANDATE_LIMIT_REACHED", "3.73 for a day"],
    ["of its limit of a day", terms("100.00", "3.74"), [0, 1], undefined, undefined],
    [
      "above the limit of a platform",
      terms("100.00", "100.00", { platforms: { alpha: "5.73", beta: "9.00" } }),
      [0, 1, 3],
      "MANDATE_LIMIT_REACHED",
      "5.73 of alpha for a day",
    ],
    [
      "of the limit of a platform",
      terms("100.00", "100.00", { platforms: { alpha: "5.74" } }),
      [0, 3],
      undefined,
      undefined,
    ],
    [
      "of a platform that it does not name",
      terms("100.00", "100.00", { platforms: { alpha: "90.00" } }),
      [0, 1],
      "MANDATE_NOT_COVERING",
      "orders of beta",
    ],
  ] as const)
    it(`takes or refuses a charge ${name}: ${code ?? "taken"}`, async () => {
      const id = await make(request);
      const charged = charge(id, order(...chosen), "c");
      if (code === undefined) {
        expect((await charged).state).to.equal("succeeded");
        return;
      }
      const refused = await refusal(charged);
      expect(refused.type).to.equal(code);
      expect(refused.message).to.include(said);
      expect(till.bank.sends).to.have.length(0);
      expect(await till.statesOf(order(...chosen))).to.deep.equal(chosen.map(() => "open"));
      expect((await refusal(charge(id, order(...chosen), "c"))).type, "the same key").to.equal(code);
      const [[type, data] = ["", {}], ...more] = await told();
      expect(more, "told once").to.have.length(0);
      expect(type).to.equal("mandate.refused");
      expect(data).to.include({ mandateId: id, code, reason: refused.message });
    });

  it("for some platforms charges all that is open of those", async () => {
    const id = await make(terms("100.00", "100.00", { platforms: { alpha: "50.00" } }));
    const paid = await charge(id, "all", "c");
    expect(paid.orders.map(({ platform }) => platform)).to.deep.equal(["alpha", "alpha"]);
    expect((await charge(id, "all", "c")).id).to.equal(paid.id);
    expect((await refusal(charge(id, "all"))).type).to.equal("SELECTION_EMPTY");
  });

  for (const [zone, evening, next] of [
    ["UTC", "2026-03-01T23:59:59.999Z", "2026-03-02T00:00:00.000Z"],
    ["Asia/Shanghai", "2026-03-02T15:59:59.999Z", "2026-03-02T16:00:00.000Z"],
    ["America/New_York", "2026-03-09T03:59:59.999Z", "2026-03-09T04:00:00.000Z"],
  ] as const)
    it(`has days that begin at midnight of its zone, ${zone}`, async () => {
      const id = await make(terms("10.00", "3.00", { timeZone: zone }));
      till.clock.advance(Date.parse(evening) - till.clock.now());
      expect((await charge(id, order(1))).state).to.equal("succeeded");
      expect((await refusal(charge(id, order(0)))).message).to.include("for a day");
      till.clock.advance(Date.parse(next) - Date.parse(evening));
      expect((await charge(id, order(0))).state).to.equal("succeeded");
    });

  it("gives the day back what the bank declined, and keeps what it may have taken", async () => {
    const id = await make(terms("3.00", "3.00"));
    till.bank.behave(() => "decline");
    expect((await charge(id, order(1))).state).to.equal("failed");
    till.bank.behave(() => "book-then-silence");
    const unknown = await charge(id, order(1));
    expect(unknown.state).to.equal("unknown");
    expect((await on().get({ mandateId: id })).underWay).to.deep.equal([unknown.id]);
    expect((await refusal(charge(id, order(0)))).message).to.include("for a day");
    await till.later(6_000);
    till.clock.advance(10_000);
    await on().sweep();
    expect((await on().get({ mandateId: id })).underWay).to.deep.equal([]);
    expect((await refusal(charge(id, order(0)))).message).to.include("for a day");
    expect(await types()).to.deep.equal([
      "mandate.used",
      "mandate.released",
      "mandate.used",
      "mandate.refused",
      "mandate.refused",
    ]);
  });

  it("is never used to send an instruction a second time, and what may come late stays taken", async () => {
    const id = await make(terms("3.00", "3.00"));
    till.bank.behave(() => "silence");
    const { id: paymentId } = await charge(id, order(1));
    for (let i = 0; i < 4; i += 1) await till.later(20_000);
    expect(await till.get(paymentId)).to.include({ state: "failed" });
    expect((await till.get(paymentId)).error?.code).to.equal("BANK_NEVER_RECEIVED");
    expect(till.bank.sends).to.have.length(1);
    await on().sweep();
    expect((await refusal(charge(id, order(0)))).message).to.include("for a day");
  });

  it("that is revoked is used no more; revoked again it answers the same, and nobody else can", async () => {
    const id = await make(terms("100.00", "100.00"));
    expect((await refusal(on().revoke({ mandateId: id, userId: "eve" }))).type).to.equal("NOT_FOUND");
    const revoked = await revoke(id);
    expect(revoked).to.include({ state: "revoked" });
    expect(await revoke(id)).to.deep.equal(revoked);
    const refused = await refusal(charge(id, "all"));
    expect([refused.type, refused.message]).to.deep.equal(["MANDATE_ENDED", "The mandate is revoked."]);
    expect(till.bank.sends).to.have.length(0);
    expect(await types()).to.deep.equal(["mandate.revoked", "mandate.refused"]);
    await till.pay("k1");
  });

  it("ends by its time", async () => {
    const id = await make(terms("100.00", "100.00", { expiresAt: "2026-03-02T12:00:00Z" }));
    till.clock.advance(DAY_MS - 1);
    expect((await charge(id, order(0))).state).to.equal("succeeded");
    till.clock.advance(1);
    const refused = await refusal(charge(id, order(1)));
    expect([refused.type, refused.message]).to.deep.equal(["MANDATE_ENDED", "The mandate is expired."]);
    await on().sweep();
    expect((await on().get({ mandateId: id })).state).to.equal("expired");
    expect(await types()).to.deep.equal(["mandate.used", "mandate.refused", "mandate.expired"]);
  });

  it("revoked at any point of a charge: it was durable before, or nothing is ever sent", async () => {
    const points: Point[] = [
      "payment.inserted",
      "mandate.reserved",
      "payment.orders-locked",
      "payment.attempt-durable",
    ];
    for (const [turn, at] of points.entries()) {
      const id = await make(terms("100.00", "100.00"));
      let revoking: Promise<number> | undefined;
      const node = await till.build((point) => {
        if (point === at) revoking ??= revoke(id).then(() => till.bank.sends.length);
      });
      const before = till.bank.sends.length;
      const charged = await charge(id, order(turn), undefined, node).catch((error: MergepayError) => error);
      const sentThen = await revoking;
      for (let i = 0; i < 3; i += 1) await till.later(70_000);
      if (charged instanceof MergepayError) {
        expect(charged.type, at).to.equal("MANDATE_ENDED");
        expect(till.bank.sends.length, at).to.equal(before);
        expect(await till.statesOf(order(turn)), at).to.deep.equal(["open"]);
      } else expect(charged.state, at).to.equal("succeeded");
      expect(sentThen, at).to.be.a("number");
      if (at === "payment.inserted") expect(charged, at).to.be.instanceOf(MergepayError);
      if (at === "payment.attempt-durable") expect(charged, at).to.not.be.instanceOf(MergepayError);
    }
  });

  it("revoked while the process of a charge is held up before the durable write: it sends nothing when it wakes up", async () => {
    const id = await make(terms("100.00", "100.00"));
    const { orders } = till.house.core.services;
    const { lock } = orders;
    let answered = false;
    orders.lock = async (...given) => {
      orders.lock = lock;
      await revoke(id);
      answered = true;
      return lock(...given);
    };
    expect((await refusal(charge(id, "all"))).type).to.equal("MANDATE_ENDED");
    expect(answered).to.equal(true);
    expect(till.bank.sends).to.have.length(0);
    expect(await till.statesOf(ids)).to.deep.equal(ids.map(() => "open"));
    expect(await types()).to.deep.equal(["mandate.used", "mandate.revoked", "mandate.released"]);
  });

  it("whose revocation died half-way lets a charge that was not durable send nothing after the sweep", async () => {
    const id = await make(terms("100.00", "100.00"));
    const { orders } = till.house.core.services;
    const { lock } = orders;
    orders.lock = async (...given) => {
      orders.lock = lock;
      const dying = await till.build((point) => {
        if (point === "mandate.revoked") throw new Error("died");
      });
      expect(await revoke(id, dying).catch((error: Error) => error.message)).to.equal("died");
      till.clock.advance(20_000);
      await on().sweep();
      return lock(...given);
    };
    expect((await refusal(charge(id, "all"))).type).to.equal("MANDATE_ENDED");
    expect(till.bank.sends).to.have.length(0);
  });

  for (const point of ["payment.inserted", "mandate.reserved", "payment.orders-locked", "mandate.settled"] as const)
    it(`whose charge died at ${point} gives back what was taken, once nothing can be sent any more`, async () => {
      const id = await make(terms("3.00", "3.00"));
      const dying = await till.build((at) => {
        if (at === point) throw new Error("died");
      });
      const died = await charge(id, order(1), "c", dying).catch((error: Error) => error.message);
      // What is settled after the answer is left to the sweeper.
      if (point !== "mandate.settled") expect(died).to.equal("died");
      await till.later(61_000);
      await on().sweep();
      const left = await charge(id, order(0)).catch((error: MergepayError) => error.type);
      if (point === "mandate.settled") expect(left).to.equal("MANDATE_LIMIT_REACHED");
      else expect(left).to.have.property("state", "succeeded");
    });

  it("two charges at once at the limit, on two nodes: one goes through", async () => {
    const second = await buildHouse({ store: till.store, clock: till.clock, outside: till.bank.outside });
    for (let turn = 0; turn < 3; turn += 1) {
      const id = await make(terms("10.00", "4.00"));
      const both = [
        charge(id, order(2 * turn - turn), undefined),
        charge(id, order(2 * turn - turn + 1), undefined, second),
      ];
      const done = await Promise.allSettled(turn === 0 ? both : both.toReversed());
      const paid = done.filter(({ status }) => status === "fulfilled");
      // 1.37 + 2.37 fit into 4.00; 2.37 + 3.37 and 3.37 + 4.37 do not, and 4.37 does not by itself.
      expect(paid.length, `turn ${turn}`).to.be.at.most(turn === 0 ? 2 : 1);
    }
  });

  it("used by many charges at once never goes over its day", async () => {
    const id = await make(terms("10.00", "7.00"));
    const nodes = [till.house, await till.build()];
    const done = await Promise.allSettled(ids.map((one, index) => charge(id, [one], `p${index}`, nodes[index % 2])));
    const paid = done.flatMap((one) =>
      one.status === "fulfilled" ? [Number(one.value.total.value.replace(".", ""))] : [],
    );
    expect(paid.reduce((a, b) => a + b, 0)).to.be.at.most(700);
    expect(paid.length).to.be.at.least(1);
  });

  for (const [name, more, code, field] of [
    [
      "a day of another currency",
      { limits: { perPayment: usd("1.00"), perDay: { value: "1.00", currency: "EUR" } } },
      "CURRENCIES_MIXED",
      "/limits/perDay",
    ],
    [
      "an amount of zero",
      { limits: { perPayment: usd("0.00"), perDay: usd("1.00") } },
      "AMOUNT_INVALID",
      "/limits/perPayment",
    ],
    [
      "too many decimals",
      { limits: { perPayment: usd("1.005"), perDay: usd("2.00") } },
      "AMOUNT_INVALID",
      "/limits/perPayment",
    ],
    [
      "a platform twice",
      {
        limits: {
          perPayment: usd("1.00"),
          perDay: usd("1.00"),
          platforms: [
            { platform: "alpha", perDay: usd("1.00") },
            { platform: "alpha", perDay: usd("1.00") },
          ],
        },
      },
      "BODY_INVALID",
      "/limits/platforms",
    ],
    ["a zone that is none", { timeZone: "Mars/Olympus" }, "BODY_INVALID", "/timeZone"],
    ["a time that is over", { expiresAt: "2026-03-01T12:00:00Z" }, "BODY_INVALID", "/expiresAt"],
    ["a time without a zone", { expiresAt: "2026-12-31T00:00:00" }, "BODY_INVALID", "/expiresAt"],
    ["30 February", { expiresAt: "2027-02-30T00:00:00Z" }, "BODY_INVALID", "/expiresAt"],
    ["a time too far away", { expiresAt: "2030-01-01T00:00:00Z" }, "BODY_INVALID", "/expiresAt"],
    ["another's account", { accountId: `acc_${"0".repeat(26)}` }, "ACCOUNT_MISSING", undefined],
  ] as const)
    it(`with ${name} is refused`, async () => {
      const refused = await refusal(make({ ...terms("1.00", "1.00"), ...more }));
      expect([refused.type, refused.data.field]).to.deep.equal([code, field]);
      expect((await on().list({ userId: "ann" })).items).to.deep.equal([]);
    });

  it("made twice by one key is one; by the same key with other terms it is refused", async () => {
    const params = { userId: "ann", idempotencyKey: "once", request: terms("1.00", "2.00") };
    const many = await Promise.all(Array.from({ length: 5 }, () => on().create(params)));
    expect(new Set(many.map(({ id }) => id)).size).to.equal(1);
    expect(many.filter(({ existed }) => !existed)).to.have.length(1);
    const other = on().create({ ...params, request: terms("1.00", "3.00") });
    expect((await refusal(other)).type).to.equal("IDEMPOTENCY_KEY_REUSED");
    expect((await on().list({ userId: "ann" })).items).to.have.length(1);
    expect((await refusal(on().get({ mandateId: many[0]?.id ?? "", userId: "eve" }))).type).to.equal("NOT_FOUND");
  });

  it("keeps its account from being removed, until it is revoked", async () => {
    const id = await make(terms("1.00", "2.00"));
    const { accountId } = await on().get({ mandateId: id });
    const remove = () => till.house.core.services.accounts.remove({ accountId, userId: "ann" });
    expect((await refusal(remove())).message).to.include("mandate");
    await revoke(id);
    expect(await remove()).to.deep.equal({ removed: true });
    await seedAccount(till.house, "ann");
  });

  it("that charges by itself takes what fits as it arrives, tells once what does not, and tries once a day what the bank declines", async () => {
    const id = await make(terms("4.00", "20.00", { auto: true }));
    await on().chargeOpen();
    // 1.37 + 2.37 fit into one payment, the others are above it together or by themselves.
    expect(till.bank.sends).to.have.length(1);
    expect(await till.statesOf(order(0, 1))).to.deep.equal(["paid", "paid"]);
    await on().chargeOpen();
    expect(till.bank.sends, "not before it looks again").to.have.length(1);
    till.clock.advance(60_000);
    await on().chargeOpen();
    expect(await till.statesOf(order(2))).to.deep.equal(["paid"]);
    const leftOf = async () =>
      (await told())
        .filter(([type]) => type === "mandate.refused")
        .map(([, data]) => (data["orders"] as string[]).toSorted());
    expect(await leftOf()).to.deep.equal([order(2, 3, 4, 5).toSorted(), order(3, 4, 5).toSorted()]);
    for (let i = 0; i < 3; i += 1) {
      till.clock.advance(60_000);
      await on().chargeOpen();
    }
    expect(await leftOf(), "told once").to.have.length(2);
    till.bank.behave(() => "decline");
    await seedOrders(till.house, "ann", [{ orderNo: "late", value: "1.00" }]);
    for (let i = 0; i < 3; i += 1) {
      till.clock.advance(60_000);
      await on().chargeOpen();
    }
    expect(till.bank.sends, "tried once").to.have.length(3);
    till.bank.behave(() => "succeed");
    till.clock.advance(DAY_MS);
    await on().chargeOpen();
    expect(till.bank.sends).to.have.length(4);
    await revoke(id);
    await seedOrders(till.house, "ann", [{ orderNo: "later", value: "1.00" }]);
    till.clock.advance(60_000);
    await on().chargeOpen();
    expect(till.bank.sends).to.have.length(4);
  });
});
