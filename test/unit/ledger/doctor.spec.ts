import { expect } from "chai";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { JOURNAL, type StoredEntry } from "../../../core/ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import type { StoreCollection } from "../../../core/store/contract.ts";
import { openTill, type Till } from "../../support/till.ts";

describe("The doctor of the ledger", () => {
  let till: Till;
  let journal: StoreCollection<StoredEntry>;
  let payments: StoreCollection<StoredPayment>;
  beforeEach(async () => {
    till = await openTill();
    journal = await till.store.collection<StoredEntry>(JOURNAL);
    payments = await till.store.collection<StoredPayment>(PAYMENTS);
  });
  // What a test has broken, an audit would find.
  afterEach(() => till.drop());

  async function examine() {
    const faults: string[] = [];
    const suspense: string[] = [];
    const steps: number[] = [];
    const report = await checkLedger({
      store: till.store,
      keys: [],
      complain: (where, what) => void faults.push(`${where}: ${what}`),
      suspense: ({ _id }, { account, amount, explanation }) =>
        void suspense.push(`${_id} ${account} ${amount.value} ${explanation}`),
      progress: (done, total) => void steps.push(done / total),
    });
    return { faults, suspense, steps, report };
  }

  /** Two payments, settled and sealed; the id of the first one's entry. */
  async function booked(): Promise<{ first: string; entryId: string }> {
    const ids = await till.seed(4);
    const { id: first } = await till.pay("k1", { orders: ids.slice(0, 3) });
    await till.pay("k2", { orders: ids.slice(3) });
    await till.house.core.services.ledger.seal();
    return { first, entryId: `jrn_${first.slice("pay_".length)}` };
  }

  it("finds nothing wrong with books that are right, and tells how far it is", async () => {
    await booked();
    const { faults, report, steps } = await examine();
    expect(faults).to.deep.equal([]);
    expect(report).to.include({ blocks: 1, entries: 2, unsealed: 0 });
    expect(report.suspense).to.deep.equal([]);
    expect(steps.at(-1)).to.equal(1);
  });

  it("explains what is on suspense, line by line", async () => {
    const [order = ""] = await till.seed(1);
    till.bank.behave(() => "arrives-late");
    const { id } = await till.pay("k1", { orders: [order] });
    for (let i = 0; i < 8; i += 1) await till.later(400_000);
    till.bank.deliverLate();
    for (let i = 0; i < 3; i += 1) await till.later(3_700_000);
    const { faults, suspense, report } = await examine();
    expect(faults).to.deep.equal([]);
    expect(report.suspense).to.deep.equal([
      { account: "suspense:late-money", balance: { value: "-1.37", currency: "USD" } },
    ]);
    expect(suspense).to.have.length(1);
    expect(suspense[0]).to.include("suspense:late-money -1.37").and.include(`took this money for ${id}`);
  });

  /** Changes the entry so that only what it says is wrong: it is sealed after that. */
  const forge = async (entryId: string, change: (entry: StoredEntry) => Partial<StoredEntry>): Promise<void> => {
    const entry = await journal.findOne({ _id: entryId });
    if (entry === null) return expect.fail("no entry");
    await journal.updateOne({ _id: entryId }, { $set: change(entry) });
  };
  const usd = (value: string) => ({ value, currency: "USD" });

  const FORGED: readonly [string, (entry: StoredEntry) => Partial<StoredEntry>, RegExp][] = [
    [
      "does not sum to zero",
      ({ lines: [bank, ...rest] }) => ({ lines: [{ account: bank?.account ?? "", amount: usd("999.00") }, ...rest] }),
      /does not sum to zero/,
    ],
    [
      "is on an account that the chart has not",
      ({ lines: [bank, ...rest] }) => ({ lines: [{ ...bank, account: "mine:all", amount: usd("7.11") }, ...rest] }),
      /is on mine:all, which the chart/,
    ],
    [
      "is of another merchant",
      ({ lines }) => ({
        lines: lines.map((line) =>
          line.account === "merchant:beta/shop" ? { ...line, account: "merchant:beta/other" } : line,
        ),
      }),
      /is not what pay_\w+ gives/,
    ],
    [
      "refers to what is not there",
      () => ({ reference: `pay_${"0".repeat(26)}` }),
      /refers to pay_0+, which is not there/,
    ],
    [
      "has an amount that is none",
      ({ lines }) => ({ lines: lines.map((line) => ({ ...line, amount: usd("1e3") })) }),
      /amount that can't be read/,
    ],
    ["is of a kind that nobody knows", () => ({ kind: "gift" as never }), /is of the kind gift/],
    [
      "is on suspense without a word",
      ({ lines: [bank, ...rest] }) => ({
        lines: [{ ...bank, account: "suspense:mine", amount: usd("7.11") }, ...rest],
      }),
      /does not say why it is on suspense:mine/,
    ],
  ];
  for (const [what, change, told] of FORGED)
    it(`tells that an entry ${what}, and which one`, async () => {
      const { entryId } = await booked();
      await forge(entryId, change);
      const { faults } = await examine();
      expect(faults.join("\n")).to.match(new RegExp(`journal ${entryId}: .*${told.source}`));
      expect(faults.join("\n")).to.match(new RegExp(`journal ${entryId}: was changed after it was sealed`));
    });

  it("tells of a payment that has no entry, and of an entry whose payment did not succeed", async () => {
    const { first, entryId } = await booked();
    await payments.updateOne({ _id: first }, { $set: { state: "failed" } });
    expect((await examine()).faults).to.deep.equal([`journal ${entryId}: is of ${first}, which is failed`]);
    await payments.updateOne({ _id: first }, { $set: { state: "succeeded" } });
    await journal.deleteOne({ _id: entryId });
    const { faults } = await examine();
    expect(faults).to.include(`payments ${first}: has no entry ${entryId} in the journal`);
  });

  it("does not miss the entry of a payment that is still being settled", async () => {
    await till.seed(1);
    const dying = await till.build((point) => {
      if (point === "payment.answer-written") throw new Error("died");
    });
    const request = { orders: "all", currency: "USD" } as const;
    await dying.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request }).catch(() => undefined);
    expect((await examine()).faults).to.deep.equal([]);
  });
});
