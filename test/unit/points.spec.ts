/**
 * Between any two things that the money way does to the outside (a write, a call that moves money) there is a named point, at which the crash
 * tests kill a process. Found by recording runs: a new step without a point fails here.
 */
import { expect } from "chai";
import { type CallKind, storeThrough, type TakeUp } from "../simulation/engine/calls.ts";
import type { Point } from "../../core/deps.ts";
import { seedAccount, seedOrders } from "../support/house.ts";
import { openTill, refusal, type Till } from "../support/till.ts";

/** Steps that follow each other without a point, and why a death between them is like one before or after both. */
const LIKE_A_NEIGHBOUR: readonly { readonly gap: RegExp; readonly why: string }[] = [
  {
    gap: /^orders\.updateMany > orders\.updateOne$/,
    why: "locks are let go to be taken one by one: as after payment.inserted",
  },
  { gap: /^orders\.bulkWrite > orders\.updateMany$/, why: "some orders are locked: as after payment.inserted" },
  {
    gap: /^payments\.updateOne > orders\.updateMany$/,
    why: "what ended is written, its orders are not opened: as after payment.answer-written",
  },
  {
    gap: /^orders\.updateMany > payments\.updateOne$/,
    why: "its orders are open: opened again, which changes nothing",
  },
  { gap: /^payments\.updateOne > payments\.updateOne$/, why: "an inquiry is counted and not answered: asked again" },
  {
    gap: /^(?:events\.insertOne|deliveries\.insertMany) > (?:events\.insertOne|deliveries\.insertMany)$/,
    why: "some of a document's events are told: all are told again under their ids",
  },
  {
    gap: /^(payments|links|endpoints|accounts)\.bulkWrite > \1\.updateMany$/,
    why: "decisions are told and taken out, the mark is still there: the relay finds nothing to tell",
  },
  { gap: /^\w+\.updateMany > audit\.insertMany$/, why: "the relay goes on to the next kind of documents" },
  { gap: /^\w+\.updateMany > audit-blocks\.insertOne$/, why: "the relay is through, sealing begins" },
  {
    gap: /^payout-runs\.insertOne > payout-runs\.updateOne$/,
    why: "a run is noted and nothing of it is done: as before payout.run-page",
  },
];

interface Recorder {
  /** Pairs of effects without a point between them. */
  readonly gaps: Set<string>;
  readonly points: Set<Point>;
  effects: number;
  readonly takeUp: TakeUp;
  readonly reached: (point: Point) => void;
  /** Something else than the store is told to do something. */
  readonly note: (what: string) => void;
  /** Another way begins: what came before it is another's. */
  readonly anew: () => void;
}

function recorder(): Recorder {
  let last: string | undefined;
  const self: Recorder = {
    gaps: new Set(),
    points: new Set(),
    effects: 0,
    takeUp: async (_kind: CallKind, label, work, writes = false) => {
      if (!writes) return (await work()) as never;
      self.note(label);
      const mine = label;
      const done = await work();
      last = mine;
      return done as never;
    },
    reached(point) {
      self.points.add(point);
      last = undefined;
    },
    note(what) {
      self.effects += 1;
      if (last !== undefined) self.gaps.add(`${last} > ${what}`);
    },
    anew: () => void (last = undefined),
  };
  return self;
}

/** The ways of a payment: how the bank takes it, and what is done. */
const WAYS: readonly { readonly what: string; readonly go: (till: Till, record: Recorder) => Promise<unknown> }[] = [
  {
    what: "that succeeds",
    go: (till, record) => payOn(till, record),
  },
  {
    what: "in two currencies",
    go: payTogetherOn,
  },
  {
    what: "that is declined",
    go(till, record) {
      till.bank.behave(() => "decline");
      return payOn(till, record);
    },
  },
  {
    what: "of which nothing was sent",
    go(till, record) {
      till.bank.behave(() => "not-sent");
      return payOn(till, record);
    },
  },
  {
    what: "of which the answer is lost, and the bank asked",
    async go(till, record) {
      till.bank.behave(() => "book-then-silence");
      await payOn(till, record);
      till.clock.advance(6_000);
      await sweepOn(till, record);
    },
  },
  {
    what: "that the bank never got, sent again",
    async go(till, record) {
      till.bank.behave(() => "silence");
      await payOn(till, record);
      till.bank.behave(() => "succeed");
      for (let i = 0; i < 4; i += 1) {
        till.clock.advance(60_000);
        await sweepOn(till, record);
      }
    },
  },
  {
    what: "that meets another one over the same orders",
    async go(till, record) {
      const { mergePay } = (await recorded(till, record)).core.services;
      const [first] = await Promise.all([
        till.pay("other").catch((error: unknown) => error),
        mergePay
          .pay({ userId: "ann", idempotencyKey: "mine", request: { orders: "all", currency: "USD" } })
          .catch((error: unknown) => error),
      ]);
      return first;
    },
  },
];

/** The same in two currencies, by a quote. */
async function payTogetherOn(till: Till, record: Recorder): Promise<void> {
  await seedOrders(till.house, "ann", [{ orderNo: "yen", currency: "JPY", value: "100" }]);
  const { core } = await recorded(till, record);
  const { quotes, mergePay } = core.services;
  const quote = await quotes.create({ userId: "ann", selection: { orders: "all" } });
  record.anew();
  const request = { quoteId: quote.id, fingerprint: quote.fingerprint };
  await mergePay.payTogether({ userId: "ann", idempotencyKey: "k", request });
}

async function recorded(till: Till, record: Recorder) {
  return till.build(record.reached, storeThrough(till.store, record.takeUp));
}
async function payOn(till: Till, record: Recorder): Promise<unknown> {
  const { core } = await recorded(till, record);
  record.anew();
  await core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request: { orders: "all", currency: "USD" } });
  for (const { run } of core.jobs) {
    record.anew();
    await run();
    await core.services.notify.quiet();
  }
  return core;
}
async function sweepOn(till: Till, record: Recorder): Promise<void> {
  const { core } = await recorded(till, record);
  record.anew();
  await core.services.mergePay.sweep();
}

describe("the way of a payment", () => {
  let till: Till;
  beforeEach(async () => {
    till = await openTill();
    await seedAccount(till.house, "ben");
    await till.house.core.services.notify.createEndpoint({ platform: "alpha", url: "https://alpha.example/hook" });
    await till.seed(4);
  });
  afterEach(() => till.close());

  const seen = new Set<string>();
  for (const { what, go } of WAYS)
    it(`${what} comes by a named point between any two steps`, async () => {
      const record = recorder();
      await go(till, record);
      expect(record.effects).to.be.greaterThan(3);
      expect(record.points.size).to.be.greaterThan(1);
      for (const gap of record.gaps) seen.add(gap);
      const unnamed = [...record.gaps].filter((gap) => !LIKE_A_NEIGHBOUR.some((one) => one.gap.test(gap)));
      expect(
        unnamed,
        "name a point in core/deps.ts, reach it between the two, and kill a process there (test/e2e/support/kills.ts)",
      ).to.deep.equal([]);
    });

  it("has no step excused that it does not take", () => {
    const idle = LIKE_A_NEIGHBOUR.filter(({ gap }) => ![...seen].some((one) => gap.test(one)));
    expect(idle.map(({ why }) => why)).to.deep.equal([]);
  });

  it("is noticed to have a step without a point", async () => {
    const record = recorder();
    const { core } = await till.build(undefined, storeThrough(till.store, record.takeUp));
    await core.services.mergePay.pay({
      userId: "ann",
      idempotencyKey: "k",
      request: { orders: "all", currency: "USD" },
    });
    expect([...record.gaps]).to.include.members(["payments.insertOne > orders.bulkWrite"]);
    expect(await refusal(till.pay("k", { orders: [] }))).to.include({ type: "IDEMPOTENCY_KEY_REUSED" });
  });
});
