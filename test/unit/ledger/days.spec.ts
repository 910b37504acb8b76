import { expect } from "chai";
import fc from "fast-check";
import { dayAfter, DAY_TOTALS, DAYS, type StoredDay, type StoredDayTotal } from "../../../core/ledger/day-model.ts";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { JOURNAL, lateMoneyEntry, type StoredEntry } from "../../../core/ledger/model.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import type { LedgerDay, LedgerDayTotal } from "../../../schemas/types.generated.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const DAY_MS = 86_400_000;
const FIRST = "2026-03-01";
const SECOND = "2026-03-02";
const BY = "ops";

describe("a day of the journal", () => {
  let till: Till;
  let orderIds: readonly string[];
  beforeEach(async () => {
    till = await openTill();
    orderIds = await till.seed(6, ["alpha"]);
  });
  afterEach(() => till.drop());

  const ledger = () => till.house.core.services.ledger;
  const pay = (index: number) => till.pay(`k${index}`, { orders: orderIds.slice(index, index + 1) });
  const close = (date: string): Promise<LedgerDay> => ledger().close({ date, by: BY });
  const totalsOf = async (date: string): Promise<readonly LedgerDayTotal[]> =>
    (await ledger().dayTotals({ date })).items;
  const balanceIn = async (date: string, account: string) =>
    (await totalsOf(date)).find((one) => one.account === account)?.balance.value;
  const nextDay = () => till.clock.advance(DAY_MS);
  async function faults(): Promise<string[]> {
    const found: string[] = [];
    await checkLedger({ store: till.store, keys: [], complain: (where, what) => void found.push(`${where}: ${what}`) });
    return found;
  }
  const journal = async () => (await till.store.collection<StoredEntry>(JOURNAL)).find({}).toArray();

  it("is closed once it is over, and says what it came to", async () => {
    await pay(0);
    await pay(1);
    const early = await refusal(close(FIRST));
    expect([early.type, early.message]).to.deep.equal([
      "STATE_REFUSED",
      "2026-03-01 is not over; a day (UTC) can be closed from its end on.",
    ]);
    nextDay();
    const day = await close(FIRST);
    expect(day).to.deep.include({ date: FIRST, state: "closed", block: 1, by: BY, entries: 2, late: 0, suspense: [] });
    const totals = await totalsOf(FIRST);
    expect(totals).to.deep.include({
      account: "bank:test",
      debit: { value: "3.74", currency: "USD" },
      credit: { value: "0.00", currency: "USD" },
      balance: { value: "3.74", currency: "USD" },
    });
    expect(totals.reduce((sum, { balance }) => sum + minorOfMoney(balance), 0n)).to.equal(0n);
    expect(day.accounts).to.equal(totals.length);
    expect(await ledger().day({ date: FIRST })).to.deep.equal(day);
    expect((await ledger().days({})).items).to.deep.equal([day]);
    expect((await refusal(ledger().day({ date: SECOND }))).type).to.equal("NOT_FOUND");
    expect(await faults()).to.deep.equal([]);
  });

  it("is the first one or the next one, also when nodes close several at once", async () => {
    await pay(0);
    for (let i = 0; i < 3; i += 1) nextDay();
    const nodes = await Promise.all([till.build(), till.build(), till.build()]);
    const dates = [FIRST, SECOND, "2026-03-03"];
    await Promise.allSettled(nodes.map(({ core }, i) => core.services.ledger.close({ date: dates[i] ?? "", by: BY })));
    const closed = (await ledger().days({})).items.map(({ date }) => date);
    expect(closed).not.to.deep.equal([]);
    expect(closed).to.deep.equal(dates.slice(dates.indexOf(closed[0] ?? "")).slice(0, closed.length));
    expect(await faults()).to.deep.equal([]);
  });

  it("gives the same answer when it is closed again, also by nodes at once, and is in the audit log once", async () => {
    await pay(0);
    nextDay();
    const nodes = await Promise.all([till.build(), till.build(), till.build()]);
    await Promise.all(nodes.map(({ core }) => core.services.ledger.close({ date: FIRST, by: BY })));
    const day = await close(FIRST);
    await pay(1);
    expect(await ledger().close({ date: FIRST, by: "eve" })).to.deep.equal(day);
    const { audit } = till.house.core.services;
    await audit.run();
    const { items } = await audit.entries({ subject: FIRST });
    expect(items.map(({ what, after }) => [what, after?.["block"]])).to.deep.equal([["day.closed", 1]]);
  });

  it("takes nothing more: what comes late is of the first open day, with its own time", async () => {
    await pay(0);
    till.bank.behave(() => "book-then-silence");
    const { id, state, total } = await pay(1);
    expect(state).to.equal("unknown");
    nextDay();
    const first = await close(FIRST);
    expect(first).to.include({ entries: 1 });
    const line = {
      bankReference: "b-late",
      bankRequestId: till.bank.sends[1] ?? "",
      amount: total,
      direction: "credit",
      bookedAt: "2026-03-01T12:00:00.000Z",
    } as const;
    const range = { from: "2026-03-01T00:00:00Z", to: "2026-03-02T00:00:00Z" };
    await till.house.core.services.reconciliation.reconcile({ bank: "test", ...range, lines: [line] });
    expect((await till.get(id)).state).to.equal("succeeded");
    expect((await journal()).map(({ at }) => at.slice(0, 10))).to.deep.equal([FIRST, FIRST]);
    nextDay();
    expect(await close(SECOND)).to.include({ entries: 1, late: 1 });
    expect(await close(FIRST)).to.deep.equal(first);
    expect(await balanceIn(FIRST, "bank:test")).to.equal("1.37");
    expect(await balanceIn(SECOND, "bank:test")).to.equal("3.74");
    expect(await faults()).to.deep.equal([]);
  });

  it("leaves what is sealed before the close and of a later time to its own day", async () => {
    await pay(0);
    nextDay();
    await pay(1);
    await ledger().seal();
    expect(await close(FIRST)).to.include({ entries: 1 });
    nextDay();
    expect(await close(SECOND)).to.include({ entries: 1, late: 0 });
    expect(await faults()).to.deep.equal([]);
  });

  it("comes after the one before it; the first one takes all that is older", async () => {
    await pay(0);
    nextDay();
    nextDay();
    expect(await close(SECOND)).to.include({ entries: 1, late: 0 });
    expect((await refusal(close(FIRST))).message).to.equal(
      "2026-03-01 is before the first day that was closed, and in it.",
    );
    nextDay();
    nextDay();
    expect((await refusal(close("2026-03-04"))).message).to.equal(
      "Days are closed in their order: 2026-03-03 comes first.",
    );
    expect(await close("2026-03-03")).to.include({ entries: 0, accounts: 0 });
    for (const date of ["2026-02-30", "2026-13-01"])
      expect((await refusal(close(date))).type, date).to.equal("QUERY_INVALID");
    expect(await faults()).to.deep.equal([]);
  });

  it("of a house without entries is closed with nothing in it", async () => {
    nextDay();
    expect(await close(FIRST)).to.include({ block: 0, entries: 0, accounts: 0, hash: "0".repeat(64) });
    expect(await faults()).to.deep.equal([]);
  });

  it("explains what is on suspense line by line, and keeps telling of it until it is zero", async () => {
    const { id } = await pay(0);
    const held = lateMoneyEntry(id, "test", { value: "5.00", currency: "USD" }, "2026-03-01T12:00:00.000Z");
    await ledger().write(held);
    nextDay();
    const { suspense = [] } = await close(FIRST);
    expect(suspense).to.have.length(1);
    expect(suspense[0]).to.deep.include({
      account: "suspense:late-money",
      balance: { value: "-5.00", currency: "USD" },
      count: 1,
    });
    expect(suspense[0]?.lines[0]?.explanation).to.match(/an operator decides whose it is\.$/);
    nextDay();
    expect((await close(SECOND)).suspense).to.deep.equal([
      { account: "suspense:late-money", balance: { value: "-5.00", currency: "USD" }, count: 0, lines: [] },
    ]);
    const back = held.lines.map(({ amount, ...line }) => ({
      ...line,
      amount: { ...amount, value: amount.value.startsWith("-") ? amount.value.slice(1) : `-${amount.value}` },
    }));
    await ledger().write({
      ...held,
      _id: `${held._id.slice(0, -5)}_taken`,
      lines: back,
      at: "2026-03-03T00:00:01.000Z",
    });
    nextDay();
    expect((await close("2026-03-03")).suspense?.[0]).to.deep.include({
      balance: { value: "0.00", currency: "USD" },
      count: 1,
    });
    nextDay();
    expect((await close("2026-03-04")).suspense).to.deep.equal([]);
  });

  for (const point of ["ledger-day.close-written", "ledger-day.totals-written"] as const)
    it(`whose process died at ${point} is closed by another one, and takes nothing meanwhile`, async () => {
      await pay(0);
      nextDay();
      const dying = await till.build((reached) => {
        if (reached === point) throw new Error("died");
      });
      await dying.core.services.ledger.close({ date: FIRST, by: BY }).then(
        () => expect.fail("it lived"),
        () => undefined,
      );
      expect(await ledger().day({ date: FIRST })).to.include({ state: "closing" });
      await pay(1);
      await ledger().closeDue();
      expect(await ledger().day({ date: FIRST }), "its lease is not over").to.include({ state: "closing" });
      till.clock.advance(120_000);
      await ledger().closeDue();
      expect(await ledger().day({ date: FIRST })).to.include({ state: "closed", entries: 1 });
      expect(await faults()).to.deep.equal([]);
    });

  it("and all others have each entry once, whatever is paid, sealed, closed and late in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 24 }),
        fc.infiniteStream(fc.integer({ min: -3, max: 1 })),
        async (steps, shifts) => {
          const own = await openTill();
          try {
            const { ledger: book } = own.house.core.services;
            let date = FIRST;
            let written = 0;
            for (const step of steps) {
              if (step < 5) {
                written += 1;
                const at = new Date(own.clock.now() + (shifts.next().value as number) * DAY_MS).toISOString();
                const id = `pay_${String(written).padStart(26, "0")}`;
                await book.write(lateMoneyEntry(id, "test", { value: `${written}.00`, currency: "USD" }, at));
              } else if (step < 7) await book.seal();
              else {
                own.clock.advance(DAY_MS);
                await book.close({ date, by: BY });
                date = dayAfter(date);
              }
            }
            // Times of a day ahead are of a day that is not over.
            for (let more = 0; more < 3; more += 1) {
              own.clock.advance(DAY_MS);
              await book.close({ date, by: BY });
              date = dayAfter(date);
            }
            const closed = (await book.days({})).items;
            expect(closed.reduce((sum, { entries = 0 }) => sum + entries, 0)).to.equal(written);
            const bank: bigint[] = [];
            for (const { date: day } of closed)
              for (const { account, debit } of (await book.dayTotals({ date: day })).items)
                if (account === "bank:test") bank.push(minorOfMoney(debit));
            expect(bank.reduce((sum, minor) => sum + minor, 0n)).to.equal(
              (BigInt(written) * BigInt(written + 1) * 100n) / 2n,
            );
            const wrong: string[] = [];
            await checkLedger({ store: own.store, keys: [], complain: (where) => void wrong.push(where) });
            expect(wrong.filter((where) => where.startsWith("day "))).to.deep.equal([]);
          } finally {
            await own.drop();
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  describe("that is not what the journal gives is named by the doctor", () => {
    const wrong: readonly [name: string, harm: () => Promise<unknown>, said: RegExp][] = [
      [
        "when a total was changed",
        async () =>
          (await till.store.collection<StoredDayTotal>(DAY_TOTALS)).updateOne(
            { key: "bank:test USD" },
            { $set: { balance: "1" } },
          ),
        /^day 2026-03-01: is closed with bank:test USD as 137 0 1 .*the journal gives 137 0 137$/,
      ],
      [
        "when a total is gone",
        async () => (await till.store.collection<StoredDayTotal>(DAY_TOTALS)).deleteMany({ key: "bank:test USD" }),
        /^day 2026-03-01: is closed without bank:test USD/,
      ],
      [
        "when a total was added",
        async () =>
          (await till.store.collection<StoredDayTotal>(DAY_TOTALS)).insertOne({
            _id: `${FIRST} bank:x USD`,
            key: "bank:x USD",
            date: FIRST,
            account: "bank:x",
            currency: "USD",
            debit: "1",
            credit: "0",
            balance: "1",
          }),
        /^day 2026-03-01: is closed with bank:x USD as 1 0 1/,
      ],
      [
        "when an entry was taken out",
        async () => (await till.store.collection<StoredEntry>(JOURNAL)).deleteMany({}),
        /^day 2026-03-01: is closed with 1 entries; the journal gives 0$/,
      ],
      [
        "when it names another block",
        async () =>
          (await till.store.collection<StoredDay>(DAYS)).updateOne({ _id: FIRST }, { $set: { hash: "f".repeat(64) } }),
        /^day 2026-03-01: was closed with a block 000000000001 that is not that of the chain$/,
      ],
      [
        "when a day between is gone",
        async () => {
          for (const date of [SECOND, "2026-03-03"]) {
            nextDay();
            await close(date);
          }
          await (await till.store.collection<StoredDay>(DAYS)).deleteOne({ _id: SECOND });
        },
        /^day 2026-03-03: is closed, and 2026-03-02 before it is not$/,
      ],
    ];
    for (const [name, harm, said] of wrong)
      it(name, async () => {
        await pay(0);
        nextDay();
        await close(FIRST);
        expect(await faults()).to.deep.equal([]);
        await harm();
        expect(
          (await faults()).some((fault) => said.test(fault)),
          (await faults()).join("\n"),
        ).to.equal(true);
      });
  });
});
