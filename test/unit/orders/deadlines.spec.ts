import { expect } from "chai";
import type { MappedRecord } from "../../../core/actions.ts";
import { DEADLINES, type StoredDeadline } from "../../../core/orders/deadlines.ts";
import { cancelled, mapped, NOON } from "../../support/house.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const MINUTE_MS = 60_000;
const at = (minutes: number): string => new Date(NOON + minutes * MINUTE_MS).toISOString();

describe("an order that its platform takes money for until a time", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
  });
  afterEach(() => till.close());

  const orders = () => till.house.core.services.orders;
  const ingest = (fileId: string, ...records: MappedRecord[]) =>
    orders().ingest({ fileId, platform: "alpha", pluginVersion: "1-000000000000" }, records);
  const due = (orderNo: string, payBy: string, value?: string): MappedRecord =>
    mapped(0, { orderNo, buyerId: "of-ann", payBy, ...(value === undefined ? {} : { value }) });
  const only = async () => {
    const { items } = await orders().list({ platform: "alpha" });
    const [order] = items;
    if (order === undefined || items.length > 1) throw new Error(`${items.length} orders`);
    return order;
  };
  const notes = async () => (await till.house.store.collection(DEADLINES)).countDocuments({});

  beforeEach(() => till.house.core.services.links.create({ platform: "alpha", userId: "ann", buyerId: "of-ann" }));

  it("expires when that time is over, and not before", async () => {
    await ingest("file_a", due("1", at(10)), mapped(1, { orderNo: "2", buyerId: "of-ann", payBy: at(20) }));
    till.clock.advance(10 * MINUTE_MS - 1);
    expect(await orders().expireDue()).to.equal(0);
    till.clock.advance(2);
    expect(await orders().expireDue()).to.equal(1);
    const { items } = await orders().list({ platform: "alpha" });
    expect(items.map(({ state, payBy }) => [state, payBy])).to.deep.equal([
      ["expired", at(10)],
      ["open", at(20)],
    ]);
    expect(await notes()).to.equal(1);
  });

  it("can't be paid any more from that moment, whether or not a sweeper came by", async () => {
    await ingest("file_a", due("1", at(10)));
    const { id } = await only();
    const quote = await till.house.core.services.quotes.create({
      userId: "ann",
      selection: { orders: "all", currency: "USD" },
    });
    till.clock.advance(10 * MINUTE_MS);
    expect((await only()).state).to.equal("open");
    const refused = await refusal(till.pay("k1", { orders: [id] }));
    expect(refused.data.orders).to.deep.equal([{ orderId: id, reason: "It is expired." }]);
    expect((await refusal(till.pay("k2", { orders: "all", currency: "USD" }))).type).to.equal("SELECTION_EMPTY");
    const byQuote = await refusal(till.pay("k3", { quoteId: quote.id, fingerprint: quote.fingerprint }));
    expect(byQuote.data.changes).to.deep.equal([{ orderId: id, field: "state", before: "open", after: "expired" }]);
    expect(till.bank.booked.size).to.equal(0);
  });

  it("that a payment holds at that time is paid by it", async () => {
    await ingest("file_a", due("1", at(10)));
    till.bank.behave(() => "book-then-silence");
    await till.pay("k1", { orders: [(await only()).id] });
    till.clock.advance(10 * MINUTE_MS + 1);
    expect(await orders().expireDue()).to.equal(1);
    expect((await only()).state).to.equal("locked");
    await till.later(2 * MINUTE_MS);
    expect((await only()).state).to.equal("paid");
    await orders().expireDue();
    expect([(await only()).state, await notes()]).to.deep.equal(["paid", 0]);
  });

  it("that a payment held at that time expires when that ended without money", async () => {
    await ingest("file_a", due("1", at(10)));
    till.bank.behave(() => "silence");
    const payment = await till.pay("k1", { orders: [(await only()).id] });
    till.clock.advance(10 * MINUTE_MS + 1);
    await orders().expireDue();
    for (let i = 0; i < 3; i += 1) await till.later(10 * MINUTE_MS);
    expect((await till.get(payment.id)).state).to.equal("failed");
    await orders().expireDue();
    expect([(await only()).state, await notes()]).to.deep.equal(["expired", 0]);
  });

  it("stays open when a file gives it more time before, and when it comes just late", async () => {
    await ingest("file_a", due("1", at(10)));
    till.clock.advance(11 * MINUTE_MS);
    expect(await ingest("file_b", due("1", at(30)))).to.include({ revised: 1 });
    expect(await orders().expireDue()).to.equal(1);
    expect(await only()).to.include({ state: "open", payBy: at(30), revision: 2 });
    till.clock.advance(20 * MINUTE_MS);
    await orders().expireDue();
    expect((await only()).state).to.equal("expired");
  });

  it("has no end any more when a file tells none", async () => {
    await ingest("file_a", due("1", at(10)));
    await ingest("file_b", mapped(0, { orderNo: "1", buyerId: "of-ann" }));
    till.clock.advance(11 * MINUTE_MS);
    expect([await orders().expireDue(), await notes()]).to.deep.equal([1, 0]);
    const order = await only();
    expect(order.state).to.equal("open");
    expect(order).not.to.have.property("payBy");
  });

  it("is expired from the start when it comes too late", async () => {
    expect(await ingest("file_a", due("1", at(0)))).to.include({ created: 1 });
    expect((await only()).state).to.equal("expired");
  });

  it("takes no other content once it is expired, and nothing is left to take back", async () => {
    await ingest("file_a", due("1", at(0)));
    const [reject] = (await ingest("file_b", due("1", at(60), "12.00"))).rejects;
    expect(reject).to.include({ code: "ORDER_CONFLICT" });
    expect(reject?.reason).to.contain("expired").and.to.contain("another number");
    expect(await ingest("file_c", cancelled(0, "1"))).to.deep.include({ unchanged: 1, rejects: [] });
  });

  it("is looked for again when its note was come by before it was stored, for a day", async () => {
    const deadlines = await till.house.store.collection<StoredDeadline>(DEADLINES);
    await deadlines.insertOne({ _id: `${at(-1)}/alpha/shop/1`, key: "alpha/shop/1", endsAt: at(-1) });
    expect(await orders().expireDue()).to.equal(1);
    expect(await notes()).to.equal(1);
    till.clock.advance(24 * 60 * MINUTE_MS);
    await orders().expireDue();
    expect(await notes()).to.equal(0);
  });
});
