import { expect } from "chai";
import type { Point } from "../../core/deps.ts";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { asMergepayError } from "../../core/errors/errors.ts";
import { MANDATES, type StoredMandate } from "../../core/mandates/model.ts";
import { PAYMENTS, type StoredPayment } from "../../core/merge-pay/model.ts";
import { audit } from "../support/audit.ts";
import { buildHouse, clockAt, type House, mapped, seedAccount, temporaryStore } from "../support/house.ts";
import { auditMandates, terms } from "../support/mandates.ts";
import { seeded } from "../support/seeded.ts";
import { type Behaviour, testBank } from "../support/test-bank.ts";

/**
 * Two nodes that die at any point, payers who make and revoke mandates, operators who charge by them at once, mandates that charge by
 * themselves, and a bank that loses answers. After every step the bank's books are held against the limits, and against the revocations
 * that were answered: nothing may be sent by a mandate after that which was not durable before. `MERGEPAY_SEED=<seed>` runs one alone.
 */
const SEEDS =
  process.env.MERGEPAY_SEED === undefined
    ? Array.from({ length: 10 }, (_, i) => i + 1)
    : [Number.parseInt(process.env.MERGEPAY_SEED, 10)];
const STEPS = 50;
const FINALITY_MS = 10_000;
const DAY_MS = 86_400_000;

const POINTS: readonly Point[] = [
  "payment.inserted",
  "mandate.reserved",
  "payment.orders-locked",
  "payment.attempt-durable",
  "payment.sent",
  "payment.answer-written",
  "payment.withdrawn",
  "mandate.settled",
  "mandate.revoked",
  "event.relayed",
];
const BEHAVIOURS: readonly Behaviour[] = [
  "succeed",
  "succeed",
  "succeed",
  "decline",
  "book-then-silence",
  "silence",
  "not-sent",
  "arrives-late",
];
const EXPECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ORDERS_UNAVAILABLE",
  "SELECTION_EMPTY",
  "IDEMPOTENCY_IN_FLIGHT",
  "IDEMPOTENCY_KEY_REUSED",
  "MANDATE_ENDED",
  "MANDATE_LIMIT_REACHED",
  "MANDATE_NOT_COVERING",
  "STATE_REFUSED",
]);

class Died extends Error {}

async function simulate(seed: number, seen: Map<string, number>): Promise<void> {
  const random = seeded(seed);
  const clock = clockAt();
  const bank = testBank(clock.now);
  bank.behave(() => random.pick(BEHAVIOURS));
  bank.answerInquiries((id) => {
    const answer = random.pick(["truth", "truth", "silence", "not_found"] as const);
    return answer === "not_found" && bank.age(id) >= FINALITY_MS ? "truth" : answer;
  });
  const { store, remove } = await temporaryStore();
  const payments = await store.collection<StoredPayment>(PAYMENTS);
  const mandates = await store.collection<StoredMandate>(MANDATES);
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
  const dying = new Map<number, Point | undefined>();
  const build = (node: number): Promise<House> => {
    let dead = false;
    const reached = (point: Point): void => {
      count(point);
      dead ||= dying.get(node) === point;
      if (dead) throw new Died();
    };
    return buildHouse({ store, clock, outside: bank.outside, reached, random: random.bytes });
  };
  const nodes = [await build(0), await build(1)];
  const platforms = ["alpha", "beta"];
  const [first] = nodes;
  if (first === undefined) return;
  await seedAccount(first, "ann");
  for (const platform of platforms)
    await first.core.services.links.create({ platform, userId: "ann", buyerId: "of-ann" });
  let record = 0;
  /** The payments that were durable when the revocation of their mandate was answered; by mandate. */
  const durableAt = new Map<string, ReadonlySet<string>>();

  async function on(node: number, act: (house: House) => Promise<unknown>): Promise<void> {
    const house = nodes[node];
    if (house === undefined) return;
    try {
      await act(house);
    } catch (thrown) {
      if (thrown instanceof Died) {
        dying.delete(node);
        nodes[node] = await build(node);
        return;
      }
      const { type } = asMergepayError(thrown);
      if (!EXPECTED.has(type)) throw thrown;
      count(type);
    }
  }

  const ingest = ({ core }: House) => {
    const platform = random.pick(platforms);
    const records = Array.from({ length: random.below(4) + 1 }, () =>
      mapped((record += 1), {
        orderNo: `n${random.below(80)}`,
        buyerId: "of-ann",
        value: `${random.below(40) + 1}.${random.below(90) + 10}`,
      }),
    );
    return core.services.orders.ingest({ fileId: `file_${record}`, platform, pluginVersion: "1-0" }, records);
  };
  const make = ({ core }: House) =>
    core.services.mandates.create({
      userId: "ann",
      idempotencyKey: `m${(record += 1)}`,
      request: terms(`${random.below(60) + 20}.00`, `${random.below(90) + 30}.00`, {
        auto: random.below(3) === 0,
        ...(random.below(3) === 0 ? { platforms: { alpha: `${random.below(40) + 10}.00` } } : {}),
        expiresAt: new Date(clock.now() + (random.below(4) + 1) * DAY_MS).toISOString(),
      }),
    });
  const anyMandate = async (): Promise<StoredMandate | undefined> => {
    const all = await mandates.find({}).toArray();
    return all.length === 0 ? undefined : random.pick(all.slice(-3));
  };
  const charge = async ({ core }: House) => {
    const mandate = await anyMandate();
    if (mandate === undefined) return;
    const open = await core.services.orders.findOpen("ann", "USD", 6);
    const some = open.filter(() => random.below(2) === 0).map(({ _id }) => _id);
    const orders = some.length === 0 || random.below(4) === 0 ? ("all" as const) : some;
    const params = { mandateId: mandate._id, idempotencyKey: `c${random.below(60)}`, orders, operatorId: "ops" };
    const { state } = await core.services.mandates.charge(params);
    count(`charged: ${state}`);
  };
  const revoke = async ({ core }: House) => {
    const mandate = await anyMandate();
    if (mandate === undefined) return;
    const { underWay } = await core.services.mandates.revoke({ mandateId: mandate._id, userId: "ann" });
    const durable = await payments.find({ mandateId: mandate._id, state: { $nin: ["locking"] } }).toArray();
    const ids = new Set([...underWay, ...durable.map(({ _id }) => _id)]);
    if (!durableAt.has(mandate._id)) durableAt.set(mandate._id, ids);
  };
  const sweep = async ({ core }: House) => {
    await core.services.mergePay.sweep();
    await core.services.mandates.sweep();
    await core.services.mandates.chargeOpen();
    await core.services.notify.relay();
  };

  async function step(): Promise<void> {
    const node = random.below(2);
    switch (random.below(9)) {
      case 0:
        return on(node, ingest);
      case 1:
        return on(node, make);
      case 2:
      case 3:
        await Promise.all([
          on(0, charge),
          on(1, charge),
          on(0, charge),
          on(1, ingest),
          ...(random.below(2) === 0 ? [on(0, revoke)] : []),
          on(1, charge),
          on(1, sweep),
        ]);
        return;
      case 4:
        return on(node, charge);
      case 5:
        clock.advance(random.pick([1_000, 16_000, 61_000, 1_000_000, 9_000_000]));
        bank.deliverLate(FINALITY_MS / 2);
        return on(node, sweep);
      case 6:
        dying.set(node, random.pick(POINTS));
        return;
      case 7:
        return random.below(3) === 0 ? on(node, revoke) : undefined;
      default:
        return on(node, sweep);
    }
  }

  const books = () => [...bank.booked.values()];
  async function auditRevoked(): Promise<void> {
    for (const [mandateId, durable] of durableAt)
      for (const { _id, bankRequestId } of await payments.find({ mandateId }).toArray())
        if (bank.sends.includes(bankRequestId))
          expect(durable.has(_id), `${_id} was sent after its mandate was revoked`).to.equal(true);
  }

  try {
    for (let i = 0; i < STEPS; i += 1) {
      await step();
      await audit(store, books(), { atRest: false });
      await auditMandates(store, books());
      await auditRevoked();
    }
    // The bank tells the truth at last, and all comes to rest: each use is given back or counted.
    dying.clear();
    bank.behave(() => "succeed");
    bank.answerInquiries(() => "truth");
    bank.deliverLate();
    for (let i = 0; i < 12; i += 1) {
      clock.advance(3_700_000);
      await on(0, sweep);
    }
    await audit(store, books(), { atRest: true });
    await auditMandates(store, books());
    await auditRevoked();
    for (const { _id, uses } of await mandates.find({}).toArray())
      expect(
        uses.filter(({ state }) => state === "open"),
        `uses of ${_id}`,
      ).to.deep.equal([]);
    const sends = new Set(bank.sends);
    for (const { bankRequestId, mandateId } of await payments.find({}).toArray())
      if (mandateId !== undefined && sends.has(bankRequestId))
        expect(
          bank.sends.filter((id) => id === bankRequestId),
          "an instruction by a mandate",
        ).to.have.length(1);
  } finally {
    await remove();
  }
}

describe("mandates on dying nodes with a bank that loses answers", () => {
  const seen = new Map<string, number>();
  for (const seed of SEEDS)
    it(`keep every limit and every revocation, seed ${seed}`, async () => {
      try {
        await simulate(seed, seen);
      } catch (error) {
        process.stderr.write(`Run it alone: MERGEPAY_SEED=${seed} node_modules/.bin/node test/run.ts simulation\n`);
        throw error;
      }
    });

  it("come to every point and refusal that there is", function () {
    if (SEEDS.length === 1) this.skip(); // One seed alone does not come everywhere.
    expect([...seen.keys()]).to.include.members([
      ...POINTS,
      "MANDATE_ENDED",
      "MANDATE_LIMIT_REACHED",
      "MANDATE_NOT_COVERING",
      "charged: succeeded",
      "charged: unknown",
      "charged: failed",
    ]);
  });
});
