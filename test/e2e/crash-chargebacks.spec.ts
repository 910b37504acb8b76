import { expect } from "chai";
import { CLAIMS, type StoredClaim } from "../../core/claims/model.ts";
import type { Chargeback, Claim, Event, JournalEntry, Payment, SettlementLine } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { openMerchants, payOut, unpaid } from "./support/merchants.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, pay, stock } from "./support/shop.ts";
import { PATIENCE_MS, type World } from "./support/world.ts";

const PLATFORMS = ["alpha-shop", "beta-shop", "gamma-shop"];
/** An order of each platform. */
const TOTAL = { value: "36.90", currency: "EUR" };
const MONTH_MS = 31 * 86_400_000;
const payments = new WeakMap<World, Payment[]>();

/** A payment for each chargeback, all of which is paid out to the merchants, so that they owe what the bank takes back. */
async function sellAll(world: World): Promise<void> {
  await openMerchants(world);
  for (const platform of world.platforms)
    await stock(world, platform, fileOf("C", KILLS.chargebacks.length + KILLS.reversals.length));
  const orders = Map.groupBy(await inbox(world), ({ orderNo }) => orderNo);
  const paid: Payment[] = [];
  for (const [orderNo, own] of orders) {
    const { body } = await pay(world, `pay-${orderNo}`, { orders: own.map(({ id }) => id) });
    paid.push(await ended(world, body));
  }
  payments.set(world, paid);
  const isPaidOut = async () => {
    await payOut(world);
    return (await unpaid(world)).length === 0;
  };
  await until("the merchants to be paid", isPaidOut, PATIENCE_MS);
}

/** The bank takes a payment back, as two operators say. */
async function takeBack(world: World, index: number, die: () => Promise<void>): Promise<void> {
  const { operator: proof, reviewer } = world;
  const { id: paymentId } = payments.get(world)?.[index] ?? expect.fail("It was not paid.");
  const money = (await world.bank.ledger()).length;
  const evidence = { text: "The bank's letter.", reference: `letter ${index}` };
  const bankReference = `chargeback ${index}`;
  const json = {
    paymentId,
    bankReference,
    amount: TOTAL,
    bookedAt: new Date().toISOString(),
    reason: "no tea",
    evidence,
  };
  const { body: proposed } = await world.insist<Chargeback>("/v1/chargebacks", { proof, json });
  expect(proposed, JSON.stringify(proposed)).to.include({ state: "proposed" });
  await die();
  await world.insist(`/v1/chargebacks/${proposed.id}/approve`, { proof: reviewer, method: "POST" });
  const told = async () => (await world.list<Event>("/v1/events")).filter(({ aggregate }) => aggregate === proposed.id);
  await until("the platforms to be told", async () => (await told()).length === PLATFORMS.length, PATIENCE_MS);
  await atRest(world);

  expect((await told()).map(({ type, platform }) => [type, platform])).to.have.deep.members(
    PLATFORMS.map((platform) => ["orders.charged_back", platform]),
  );
  const { body: booked } = await world.insist<Chargeback>(`/v1/chargebacks/${proposed.id}`, { proof });
  expect(booked).to.deep.include({ state: "booked", amount: TOTAL });
  expect(booked).to.not.have.any.keys("excess", "needsReview");
  expect(booked.parts?.map(({ platform }) => platform)).to.have.members(PLATFORMS);
  const { body: payment } = await world.insist<Payment>(`/v1/payments/${paymentId}`, { proof });
  expect(payment.refundedTotal).to.deep.equal(TOTAL);
  const taken = await world.list<SettlementLine>(`/v1/settlement-lines?payment=${paymentId}`);
  expect(taken.filter(({ kind }) => kind === "chargeback")).to.have.length(PLATFORMS.length);
  // The bank has moved it already.
  expect(await world.bank.ledger()).to.have.length(money);
}

/** The bank takes a payment back and gives it up again, both on its statements. */
async function giveUp(world: World, index: number, die: () => Promise<void>): Promise<void> {
  const { operator: proof } = world;
  const payment = payments.get(world)?.[index] ?? expect.fail("It was not paid.");
  const bankRequestId = payment.deduction?.bankRequestId ?? "";
  const money = (await world.bank.ledger()).length;
  // Before anything else was booked: of that time nothing is missing on a statement that has this alone.
  const booked = (year: number) => `${year + index}-01-01T00:00:00.000Z`;
  const hold = (direction: "debit" | "credit", year: number) => {
    const bookedAt = booked(year);
    const line = { bankReference: `${direction} ${index}`, bankRequestId, amount: TOTAL, direction, bookedAt };
    const json = { bank: "sandbox", from: bookedAt, to: booked(year + 1), lines: [{ ...line, reversal: true }] };
    return world.insist<{ agreed: number }>("/v1/reconciliations", { proof, json });
  };
  expect((await hold("debit", 1980)).body).to.include({ agreed: 1 });
  await die();
  await hold("credit", 2000);
  const own = async () => (await world.list<Chargeback>(`/v1/chargebacks?payment=${payment.id}`))[0];
  const told = async () => {
    const id = (await own())?.id;
    return (await world.list<Event>("/v1/events")).filter(
      ({ aggregate, type }) => aggregate === id && type.endsWith("chargeback_reversed"),
    );
  };
  await until("all to be told", async () => (await told()).length === PLATFORMS.length + 1, PATIENCE_MS);
  await atRest(world);

  expect((await told()).map(({ type, platform }) => [type, platform])).to.have.deep.members([
    ["payment.chargeback_reversed", undefined],
    ...PLATFORMS.map((platform) => ["orders.chargeback_reversed", platform]),
  ]);
  expect(await own()).to.deep.include({
    state: "reversed",
    reversal: { bankReference: `credit ${index}`, bookedAt: booked(2000) },
  });
  const { body: shown } = await world.insist<Payment>(`/v1/payments/${payment.id}`, { proof });
  expect(shown.refundedTotal).to.deep.equal({ ...TOTAL, value: "0.00" });
  const lines = await world.list<SettlementLine>(`/v1/settlement-lines?payment=${payment.id}`);
  const mirrored = lines.filter(({ kind }) => kind === "chargeback_reversal");
  expect(mirrored.map(({ net }) => `-${net.value}`)).to.have.members(
    lines.filter(({ kind }) => kind === "chargeback").map(({ net }) => net.value),
  );
  // The bank has moved it already.
  expect(await world.bank.ledger()).to.have.length(money);
}

/** What merchants owe has been owed for a month when the next life looks at it. */
async function waitMonth(world: World): Promise<void> {
  await world.node.stop();
  const store = await world.openStore();
  const since = new Date(Date.now() - MONTH_MS).toISOString();
  await (await store.collection<StoredClaim>(CLAIMS)).updateMany({ state: "owing" }, { $set: { since } });
  await store.close();
  await world.node.start();
}

/** An operator says that the merchant of a platform has paid what it owes. */
async function closeClaim(world: World, platform: string, die: () => Promise<void>): Promise<void> {
  const { operator: proof } = world;
  const own = async (state: Claim["state"]) =>
    (await world.list<Claim>("/v1/claims")).find((claim) => claim.platform === platform && claim.state === state);
  if ((await own("claimed")) === undefined) {
    await until("what is owed to be seen", () => own("owing"));
    await waitMonth(world);
  }
  const { id, owed } = await until("it to be claimed", () => own("claimed"));
  const evidence = { text: "It came in.", reference: `statement of ${platform}` };
  await die();
  const json = { how: "settled", bank: "sandbox", evidence };
  await world.insist(`/v1/claims/${id}/close`, { proof, json });
  const credits = async () =>
    (await world.list<SettlementLine>("/v1/settlement-lines")).filter(
      (line) => line.kind === "claim" && line.platform === platform,
    );
  const isDone = async () => {
    const entries = (await world.list<JournalEntry>("/v1/journal")).filter(({ reference }) => reference === id);
    const told = (await world.list<Event>("/v1/events")).filter(({ aggregate }) => aggregate === id);
    return entries.length > 0 && (await credits()).length > 0 && told.some(({ type }) => type === "claim.ended");
  };
  await until("it to be credited", isDone, PATIENCE_MS);
  await atRest(world);
  expect((await credits()).map(({ net }) => net)).to.deep.equal([owed]);
  expect(await own("settled")).to.deep.include({ id, owed });
}

crashes({
  while: "books what the bank takes back and gives up again, and what merchants owe then",
  kills: [...KILLS.chargebacks, ...KILLS.reversals, ...KILLS.claims],
  world: { platforms: PLATFORMS },
  prepare: sellAll,
  survive(world, { at }, index, die) {
    if (at.startsWith("chargeback.")) return takeBack(world, index, die);
    if (at.startsWith("chargeback-reversal.")) return giveUp(world, index, die);
    return closeClaim(world, PLATFORMS[index % PLATFORMS.length] ?? "", die);
  },
});
