import { expect } from "chai";
import { minorOf } from "../../core/money/money.ts";
import type { LedgerDay, LedgerDayTotal, Payment } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, pay, stock } from "./support/shop.ts";
import { PATIENCE_MS, type World } from "./support/world.ts";

const DAY_MS = 86_400_000;
/** Two payments of two orders. */
const ALL = { value: "49.20", currency: "EUR" };
const minor = ({ value, currency }: { value: string; currency: string }): bigint => minorOf(value, currency);
const sum = (all: readonly bigint[]): bigint => all.reduce((one, other) => one + other, 0n);

async function sell(world: World, index: number): Promise<Payment> {
  await stock(world, world.platforms[0] ?? "", fileOf(`D${index}`, 2));
  const orders = (await inbox(world)).map(({ id }) => id);
  const payment = await ended(world, (await pay(world, `pay-${index}`, { orders })).body);
  expect(payment.state).to.equal("succeeded");
  await atRest(world);
  return payment;
}

crashes({
  while: "closes a day of the journal",
  kills: KILLS.days,
  /** Closes yesterday, in which nothing happened; then, when it is tomorrow, today with both payments. */
  async survive(world, { at }, index, die) {
    const { operator: proof } = world;
    const booked = Date.parse((await sell(world, index)).deduction?.bookedAt ?? "");
    const isEmpty = at === "ledger-day.close-written";
    if (!isEmpty) await world.setClock(DAY_MS);
    const path = `/v1/ledger/days/${new Date(booked - (isEmpty ? DAY_MS : 0)).toISOString().slice(0, 10)}`;
    await die();
    const close = async () => (await world.insist<LedgerDay>(`${path}/close`, { proof, method: "POST" })).body;
    // A sweeper may be at it.
    const closed = async () => {
      const day = await close();
      return day.state === "closed" && day;
    };
    const body = await until("the day to be closed", closed, PATIENCE_MS);
    expect(body).to.include({ entries: isEmpty ? 0 : 2, late: 0 });
    expect(await close()).to.deep.equal(body);
    const totals = await world.list<LedgerDayTotal>(`${path}/totals`);
    expect(totals).to.have.length(body.accounts ?? 0);
    expect(sum(totals.map(({ debit, credit }) => minor(debit) + minor(credit)))).to.equal(0n);
    const atBank = totals.filter(({ account }) => account.startsWith("bank:"));
    expect(atBank.map(({ debit }) => debit)).to.deep.equal(isEmpty ? [] : [ALL]);
  },
});
