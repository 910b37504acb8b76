/** Two nodes at work while one of the links between them, the store, NATS, the bank and the platforms is broken in one of many ways. */
import { expect } from "chai";
import { MongoClient } from "mongodb";
import { ORDERS, type StoredOrder } from "../../core/orders/model.ts";
import { mongoOrSkip, type MongoServer } from "../support/mongo.ts";
import { natsOrSkip, type TestNats } from "../support/nats.ts";
import { until } from "../support/process.ts";
import type { Fault } from "../support/proxy.ts";
import { clientOf, PATIENCE_MS, probe, type Tally } from "./support/clients.ts";
import { type LinkName, type Pair, startPair } from "./support/pair.ts";
import { atRest } from "./support/rest.ts";
import { cancelRace, oneKey, overlapping, payDay, type Traffic } from "./support/traffic.ts";

type Broken = readonly [LinkName, Fault];

interface Row {
  readonly what: string;
  readonly going: Traffic;
  /** Broken before anything is asked. */
  readonly first?: readonly Broken[];
  /** Broken when the nodes are in the midst of it. */
  readonly midst?: readonly Broken[];
  /** In the midst of it, too, the store's primary is none for some seconds. */
  readonly stepsDown?: true;
  /** An event must have come more than once. */
  readonly toldAgain?: true;
}

const lostAnswer = (afterBytes = 0): Fault => ({ kind: "drop", afterBytes, direction: "toClient" });
const lostRequest = (afterBytes: number): Fault => ({ kind: "drop", afterBytes, direction: "toServer" });
const late = (delayMs: number): Fault => ({ kind: "delay", delayMs });
const cut: Fault = { kind: "cut" };
const stall: Fault = { kind: "stall" };
const lose: Fault = { kind: "lose" };
const trickle: Fault = { kind: "trickle", everyMs: 20 };
/** What is asked is done, and the answer never comes. */
const unheard: Fault = { kind: "lose", direction: "toClient" };
const lateAnswers: Fault = { kind: "stall", direction: "toClient" };
const slowAnswer: Fault = { kind: "trickle", everyMs: 20, direction: "toClient" };

const STEP_DOWN_SECONDS = 2;

const BANK = "the plugins to the bank";
/** So that a payment is long enough in the midst of it. */
const slowBank: Broken = [BANK, late(150)];
const both = (what: "the store" | "NATS", fault: Fault): readonly Broken[] => [
  [`A to ${what}`, fault],
  [`B to ${what}`, fault],
];

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "six clients pay the same with one key, when": [
    { what: "A's connections to the store are cut", going: oneKey, first: [["A to the store", cut]] },
    { what: "A's requests to the store break off", going: oneKey, first: [["A to the store", lostRequest(3_000)]] },
    { what: "answers of the store to A break off", going: oneKey, first: [["A to the store", lostAnswer(1_500)]] },
    { what: "A's writes are done and it never hears so", going: oneKey, first: [["A to the store", unheard]] },
    { what: "A's writes come when it is overtaken", going: oneKey, first: [["A to the store", stall]] },
    { what: "A's bytes to the store come one by one", going: oneKey, first: [["A to the store", trickle]] },
    { what: "the store is away in the midst", going: oneKey, first: [slowBank], midst: both("the store", cut) },
    { what: "the store's primary steps down in the midst", going: oneKey, first: [slowBank], stepsDown: true },
    { what: "A is cut from NATS in the midst", going: oneKey, first: [slowBank], midst: [["A to NATS", cut]] },
    { what: "A's NATS is half open", going: oneKey, first: [["A to NATS", lose]] },
    { what: "NATS is slow", going: oneKey, first: both("NATS", late(120)) },
    { what: "the bank's answer is dropped", going: oneKey, first: [[BANK, lostAnswer()]] },
    { what: "the bank's answer breaks off", going: oneKey, first: [[BANK, lostAnswer(60)]] },
    { what: "the bank is half open", going: oneKey, first: [[BANK, lose]] },
    { what: "the bank answers one byte at a time", going: oneKey, first: [[BANK, slowAnswer]] },
    { what: "the bank is cut off", going: oneKey, first: [[BANK, cut]] },
  ],
  "six clients pay overlapping orders, when": [
    { what: "A's way to the store is slow", going: overlapping, first: [["A to the store", late(40)]] },
    { what: "answers of the store to A break off", going: overlapping, first: [["A to the store", lostAnswer(4_000)]] },
    { what: "A hears of its writes too late", going: overlapping, first: [["A to the store", lateAnswers]] },
    { what: "A is cut from NATS in the midst", going: overlapping, first: [slowBank], midst: [["A to NATS", cut]] },
    { what: "the bank gets instructions late", going: overlapping, first: [[BANK, stall]] },
  ],
  "payments are cancelled at the other node, when": [
    { what: "all is well", going: cancelRace },
    { what: "A's way to the store is slow", going: cancelRace, first: [["A to the store", late(40)]] },
    { what: "A's writes come when it is overtaken", going: cancelRace, midst: [["A to the store", stall]] },
    { what: "answers of the store to B break off", going: cancelRace, first: [["B to the store", lostAnswer(3_000)]] },
  ],
  "merchants are paid out by both nodes, when": [
    { what: "A's way to the store is slow", going: payDay, first: [["A to the store", late(40)]] },
    { what: "A wakes up when it is overtaken", going: payDay, first: [slowBank], midst: [["A to the store", stall]] },
    { what: "A hears of its writes too late", going: payDay, midst: [["A to the store", lateAnswers]] },
    { what: "the bank's answer is dropped", going: payDay, first: [[BANK, lostAnswer()]] },
    { what: "A is cut from NATS in the midst", going: payDay, first: [slowBank], midst: [["A to NATS", cut]] },
  ],
  "platforms are told, when": [
    { what: "their answer is dropped", going: oneKey, first: [["the webhooks", lostAnswer()]], toldAgain: true },
    { what: "they are half open", going: oneKey, first: [["the webhooks", unheard]], toldAgain: true },
    { what: "they are slow", going: oneKey, first: [["the webhooks", late(700)]] },
    { what: "they are away", going: overlapping, first: [["the webhooks", cut]] },
  ],
};

/** By how much A's clock is behind that of everybody else, and B's ahead of it: five minutes from each other. */
const APART = { A: -150_000, B: 150_000 } as const;
const ROWS_APART: readonly Row[] = [
  { what: "pay the same with one key", going: oneKey },
  { what: "pay overlapping orders", going: overlapping },
  { what: "cancel at the other node", going: cancelRace },
  { what: "are paid out", going: payDay, first: [["A to the store", late(40)]] },
  { what: "pay, and the bank's answer is dropped", going: oneKey, first: [[BANK, lostAnswer()]] },
  {
    what: "pay, and A's writes come when it is overtaken",
    going: oneKey,
    first: [slowBank],
    midst: [["A to the store", stall]],
  },
];

describe("Two nodes", function () {
  this.timeout(2 * PATIENCE_MS + 30_000);
  const tally: Tally = new Map();
  let nats: TestNats;
  let mongo: MongoServer;
  let pair: Pair;

  before(async function () {
    this.timeout(600_000);
    [nats, mongo] = await Promise.all([natsOrSkip(this), mongoOrSkip(this)]);
    this.timeout(120_000);
    pair = await startPair(nats, mongo, 80);
  });

  after(async function () {
    this.timeout(60_000);
    await pair?.stop();
    await Promise.all([nats?.stop(), mongo?.stop()]);
    const counts = [...tally].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `${what} ${count} times`);
    process.stdout.write(`Two nodes answered: ${counts.join(", ")}.\n`);
  });

  const breakAll = (broken: readonly Broken[] = []): void => {
    for (const [link, fault] of broken) pair.links[link].set(fault);
  };

  /** Deliveries beyond the first of each event. */
  const repeats = (): number =>
    pair.receiver.told.length - new Set(pair.receiver.told.map(({ webhookId }) => webhookId)).size;

  async function stepDown(): Promise<void> {
    const client = await new MongoClient(mongo.uri, { directConnection: true }).connect();
    try {
      await client.db("admin").command({ replSetStepDown: STEP_DOWN_SECONDS, force: true });
    } finally {
      await client.close();
    }
  }

  async function play({ going, first, midst, stepsDown, toldAgain }: Row, name: string): Promise<void> {
    const before = repeats();
    const act = await going({ pair, client: clientOf(pair, tally), name });
    try {
      breakAll(first);
      const answered = act.begin();
      // Whoever awaits it is told, also when the midst never comes.
      answered.catch(() => undefined);
      if (midst !== undefined || stepsDown) await until("the midst of it", act.begun, PATIENCE_MS);
      breakAll(midst);
      if (stepsDown) await stepDown();
      await Promise.all([answered, probe(pair)]);
      if (toldAgain) await until("an event that is told again", () => repeats() > before, PATIENCE_MS);
    } finally {
      for (const link of Object.values(pair.links)) link.set({ kind: "pass" });
    }
    await pair.ready();
    const orders = await pair.store.collection<StoredOrder>(ORDERS);
    // The test's own connection may hear of the new primary later than the nodes do.
    await until(
      "the store to answer the test",
      () =>
        orders.countDocuments({}).then(
          () => true,
          () => false,
        ),
      PATIENCE_MS,
    );
    await act.finish();
    await atRest(pair);
    const paid = await orders.find({ state: { $in: ["paid", "settled"] } }).toArray();
    expect(
      paid.map(({ _id }) => _id),
      "orders that are paid",
    ).to.have.members(pair.taken());
  }

  for (const [going, rows] of Object.entries(ROWS))
    describe(`agree with the bank while ${going}`, () => {
      for (const row of rows) it(row.what, () => play(row, `${going}: ${row.what}`));
    });

  describe("whose clocks are five minutes apart agree with the bank when clients", () => {
    before(async function () {
      this.timeout(150_000);
      await pair.restart(APART);
    });
    for (const row of ROWS_APART) it(row.what, () => play(row, `clocks apart: ${row.what}`));
  });
});
