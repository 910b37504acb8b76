import { expect } from "chai";
import type { AuditEntry } from "../../../schemas/types.generated.ts";
import { AUDIT, AUDIT_CHAIN, type StoredAudit } from "../../../core/audit/model.ts";
import { type Origin, onBehalfOf } from "../../../core/audit/origin.ts";
import { auditTrail } from "../../../core/audit/outbox.ts";
import { verifyChain } from "../../../core/chain/verify.ts";
import type { Point } from "../../../core/deps.ts";
import { LINKS, type StoredLink } from "../../../core/links/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import type { House } from "../../support/house.ts";
import { openTill, type Till } from "../../support/till.ts";

const ANN: Origin = { by: { kind: "payer", id: "ann" }, via: "http", ip: "127.0.0.1", requestId: "req_1" };
const OPERATOR: Origin = { by: { kind: "operator", id: "olga" }, via: "http", ip: "10.0.0.7", requestId: "req_2" };
const as = <T>(origin: Origin, run: () => Promise<T>): Promise<T> => onBehalfOf(() => origin, run);

describe("The audit log", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
  });
  afterEach(() => till.close());

  /** All that is in the log once every decision has been moved there, about one thing or all. */
  async function log(subject?: string, { core }: House = till.house): Promise<readonly AuditEntry[]> {
    while ((await core.services.audit.run()) > 0);
    return (await core.services.audit.entries(subject === undefined ? {} : { subject })).items;
  }
  const whats = (entries: readonly AuditEntry[]) => entries.map(({ what }) => what);

  it("tells who asked for a payment, from where, and what the bank said", async () => {
    await till.seed(3);
    const { id } = await as(ANN, () => till.pay("k1"));
    const entries = await log(id);
    expect(whats(entries)).to.deep.equal(["payment.asked", "payment.submitting", "payment.succeeded"]);
    const [asked, submitting, succeeded] = entries;
    expect(asked).to.deep.include({
      at: "2026-03-01T12:00:00.000Z",
      by: { kind: "payer", id: "ann" },
      from: { node: "house", via: "http", ip: "127.0.0.1", requestId: "req_1" },
      subject: id,
    });
    expect(asked?.after).to.include({ state: "locking", total: "7.11 USD", orders: 3 });
    expect([submitting?.before?.state, submitting?.after?.state]).to.deep.equal(["locking", "submitting"]);
    expect(succeeded?.by).to.deep.equal({ kind: "bank", id: "test" });
    expect(succeeded?.after?.bankReference).to.match(/^ref-ded_/);
  });

  it("tells who began a payout, what the bank said of it, and who set the rules before", async () => {
    const { settlement, payouts } = till.house.core.services;
    const rule = { percent: "1" };
    const set = await as(OPERATOR, () => settlement.setFeeRule({ platform: "alpha", rule, by: "olga" }));
    expect(set).to.not.have.any.keys("audits", "auditsPending");
    await till.seed(1, ["alpha"]);
    await till.pay("k1");
    await till.payTo({ platform: "alpha", merchant: "shop", currency: "USD", token: "shop-1" });
    const { confirmation } = await payouts.preview({});
    const [begun] = (await as(OPERATOR, () => payouts.run({ confirmation, by: "olga" }))).items;
    await payouts.sweep();
    const [setting] = await log(set.id);
    expect(setting).to.deep.include({ what: "fee-rule.set", by: { kind: "operator", id: "olga" } });
    expect(setting?.after).to.include({ platform: "alpha", rule: '{"percent":"1"}' });
    const entries = await log(begun?.id);
    expect(entries.map(({ what, by }) => `${what} ${by.kind}`)).to.deep.equal([
      "payout.begun operator",
      "payout.submitting system",
      "payout.succeeded bank",
    ]);
    expect(entries[0]?.after).to.include({ merchant: "shop", lines: 1, amount: "1.36 USD" });
  });

  it("says that a node did by itself what nobody asked for", async () => {
    await till.seed(1);
    till.bank.behave(() => "book-then-silence");
    const { id } = await as(ANN, () => till.pay("k1"));
    await till.later(6_000);
    const entries = await log(id);
    expect(whats(entries)).to.deep.equal([
      "payment.asked",
      "payment.submitting",
      "payment.unknown",
      "payment.succeeded",
    ]);
    expect(entries.at(-1)?.from).to.deep.equal({ node: "house", via: "job" });
  });

  it("tells of a payment that was refused its orders, declined, cancelled or expired", async () => {
    const ids = await till.seed(2);
    till.bank.behave(() => "decline");
    const declined = await till.pay("k1", { orders: [ids[0] ?? ""] });
    expect((await log(declined.id)).at(-1)).to.deep.include({
      what: "payment.failed",
      by: { kind: "bank", id: "test" },
    });
    const dying = await till.build((point) => {
      if (point === "payment.inserted") throw new Error("died");
    });
    await dying.core.services.mergePay
      .pay({ userId: "ann", idempotencyKey: "k2", request: { orders: [ids[1] ?? ""] } })
      .catch(() => undefined);
    const { items } = await till.house.core.services.mergePay.list({ userId: "ann" });
    const stuck = items.find(({ state }) => state === "locking");
    await as(ANN, () => till.house.core.services.mergePay.cancel({ userId: "ann", paymentId: stuck?.id ?? "" }));
    const last = (await log(stuck?.id)).at(-1);
    expect(last).to.deep.include({ what: "payment.cancelled", by: { kind: "payer", id: "ann" } });
  });

  it("tells of links made and ended, also after the link is gone", async () => {
    const { links } = till.house.core.services;
    const { id } = await as(OPERATOR, () => links.create({ platform: "alpha", userId: "ann", buyerId: "b1" }));
    await as(ANN, () => links.remove({ linkId: id, userId: "ann" }));
    const entries = await log(id);
    expect(entries.map(({ what, by }) => [what, by.id])).to.deep.equal([
      ["link.made", "olga"],
      ["link.ended", "ann"],
    ]);
    expect(entries.map(({ before, after }) => [before, after])).to.deep.equal([
      [undefined, { platform: "alpha", userId: "ann", way: "by operator" }],
      [{ platform: "alpha", userId: "ann" }, undefined],
    ]);
    const stored = await (await till.store.collection<StoredLink>(LINKS)).findOne({ id });
    expect(stored).to.equal(null);
  });

  it("tells of endpoints, without what may stand in their URL", async () => {
    const { notify } = till.house.core.services;
    const { id } = await as(OPERATOR, () =>
      notify.createEndpoint({ platform: "alpha", url: "https://alpha.example/hooks/s3cret?t=1" }),
    );
    const [made] = await log(id);
    expect(made?.after).to.deep.equal({ platform: "alpha", origin: "https://alpha.example" });
  });

  it("never holds a token, whatever is done", async () => {
    await till.seed(2);
    await as(ANN, () => till.pay("k1"));
    expect(JSON.stringify(await log())).not.to.include("token-of-ann");
    const trail = auditTrail({ node: "n", now: () => 0, newId: () => "aud_1" });
    for (const name of ["token", "accountToken", "secret", "iban", "password"])
      expect(() => trail(undefined, { what: "a.b", subject: "s", after: { [name]: "x" } }), name).to.throw(TypeError);
  });

  for (const point of ["audit.relayed", "audit.block-written"] as const satisfies readonly Point[])
    it(`loses and doubles nothing when its node dies at ${point}`, async () => {
      await till.seed(2);
      const { id } = await till.pay("k1");
      const dying = await till.build((reached) => {
        if (reached === point) throw new Error("died");
      });
      await dying.core.services.audit.run().catch(() => undefined);
      expect(whats(await log(id))).to.deep.equal(["payment.asked", "payment.submitting", "payment.succeeded"]);
      const audit = await till.store.collection<StoredAudit>(AUDIT);
      expect(await audit.countDocuments({ subject: id })).to.equal(3);
      const complain = (where: string, what: string) => expect.fail(`${where}: ${what}`);
      await verifyChain<StoredAudit>({ store: till.store, spec: AUDIT_CHAIN, keys: [], complain });
      const payments = await till.store.collection<StoredPayment>(PAYMENTS);
      expect(await payments.findOne({ _id: id })).to.deep.include({ audits: [], auditsPending: false });
    });

  it("has the decision in the document of a payment from its first write on", async () => {
    await till.seed(1);
    const dying = await till.build((point) => {
      if (point === "payment.inserted") throw new Error("died");
    });
    await as(ANN, () =>
      dying.core.services.mergePay.pay({
        userId: "ann",
        idempotencyKey: "k",
        request: { orders: "all", currency: "USD" },
      }),
    ).catch(() => undefined);
    const [stored] = await (await till.store.collection<StoredPayment>(PAYMENTS)).find({}).toArray();
    expect(stored?.audits?.map(({ what, by }) => [what, by.id])).to.deep.equal([["payment.asked", "ann"]]);
  });

  it("gives pages in the order of the chain, by a cursor that misses nothing that comes later", async () => {
    await till.seed(2);
    await till.pay("k1");
    const { audit } = till.house.core.services;
    await log();
    const first = await audit.entries({ limit: 3 });
    expect(first.next).to.match(new RegExp(`^[0-9a-f]{8}\\.${first.items.at(-1)?.position ?? ""}$`));
    await till.seed(1);
    await log();
    const all = (await audit.entries({})).items;
    const rest = await audit.entries({ after: first.next ?? "" });
    expect([...first.items, ...rest.items]).to.deep.equal(all);
  });
});
