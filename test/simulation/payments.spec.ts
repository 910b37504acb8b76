import { expect } from "chai";
import type { PayRequest } from "../../core/actions.ts";
import type { Point } from "../../core/deps.ts";
import type { ErrorCode } from "../../core/errors/codes.ts";
import { asMergepayError, type MergepayError } from "../../core/errors/errors.ts";
import { audit } from "../support/audit.ts";
import { buildHouse, clockAt, type House, mapped, seedAccount, temporaryStore } from "../support/house.ts";
import { seeded } from "../support/seeded.ts";
import { ANSWER, type Behaviour, type Hearing, testBank } from "../support/test-bank.ts";

/**
 * Two nodes over one store, some payers, and a bank that loses answers; nodes die at any point of the way and are replaced. After every step
 * an auditor that knows nothing of the code looks at the store and at the bank's books. A failing seed is printed:
 * `MERGEPAY_SEED=<seed>` runs it alone.
 */
const SEEDS =
  process.env.MERGEPAY_SEED === undefined
    ? Array.from({ length: 12 }, (_, i) => i + 1)
    : [Number.parseInt(process.env.MERGEPAY_SEED, 10)];
const STEPS = 60;
const FINALITY_MS = 10_000;

const POINTS: readonly Point[] = [
  "payment.inserted",
  "payment.orders-locked",
  "payment.withdrawn",
  "payment.attempt-durable",
  "payment.confirmation-durable",
  "payment.sent",
  "payment.answer-written",
  "payment.orders-paid",
  "payment.lines-written",
  "payment.journal-written",
  "journal.block-written",
  "event.relayed",
];
const BEHAVIOURS: readonly Behaviour[] = [
  "succeed",
  "succeed",
  "decline",
  "book-then-silence",
  "silence",
  "not-sent",
  "pending",
  "arrives-late",
  "challenge",
  "challenge",
  "redirect",
  "challenge-then-silence",
];
const HEARINGS: readonly Hearing[] = ["hear", "hear", "hear-then-silence", "silence", "not-sent", "arrives-late"];
/** What a payer may be answered; anything else is a fault of ours. */
const EXPECTED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ORDERS_UNAVAILABLE",
  "SELECTION_EMPTY",
  "IDEMPOTENCY_IN_FLIGHT",
  "IDEMPOTENCY_KEY_REUSED",
  "STATE_REFUSED",
  "CHALLENGE_EXPIRED",
  "BANK_UNAVAILABLE",
]);

/** The node's process ended here: nothing after this point happens in it. */
class Died extends Error {}

async function simulate(seed: number): Promise<void> {
  const random = seeded(seed);
  const clock = clockAt();
  const bank = testBank(clock.now);
  bank.behave(() => random.pick(BEHAVIOURS));
  bank.hearAnswers(() => random.pick(HEARINGS));
  // Within its finality window the bank may not know yet what it has; after it, it keeps its word.
  bank.answerInquiries((id) => {
    const answer = random.pick(["truth", "truth", "silence", "not_found"] as const);
    return answer === "not_found" && bank.age(id) >= FINALITY_MS ? "truth" : answer;
  });
  const { store, remove } = await temporaryStore();
  const dying = new Map<number, Point | undefined>();
  const build = (node: number): Promise<House> => {
    let dead = false;
    const reached = (point: Point): void => {
      dead ||= dying.get(node) === point;
      if (dead) throw new Died();
    };
    return buildHouse({ store, clock, outside: bank.outside, reached, random: random.bytes });
  };
  const nodes = [await build(0), await build(1)];
  const users = ["ann", "ben"];
  for (const user of users) {
    const [first] = nodes;
    if (first === undefined) continue;
    await seedAccount(first, user);
    await first.core.services.links.create({ platform: "alpha", userId: user, buyerId: `of-${user}` });
  }
  let record = 0;

  /** Runs something on a node; a node that dies in it is replaced, as a supervisor would. */
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
      const error = asMergepayError(thrown);
      if (!EXPECTED.has(error.type)) throw thrown;
    }
  }

  const ingest = (house: House) => {
    const records = Array.from({ length: random.below(6) + 1 }, () =>
      mapped((record += 1), {
        orderNo: `n${random.below(60)}`,
        buyerId: `of-${random.pick(users)}`,
        value: `${random.below(500) + 1}.${random.below(90) + 10}`,
      }),
    );
    return house.core.services.orders.ingest(
      { fileId: `file_${record}`, platform: "alpha", pluginVersion: "1-0" },
      records,
    );
  };
  const pay = async (house: House) => {
    const userId = random.pick(users);
    const open = await house.core.services.orders.findOpen(userId, "USD", 20);
    const some = open.filter(() => random.below(3) > 0).map(({ _id }) => _id);
    const request: PayRequest = random.below(4) === 0 ? { orders: "all", currency: "USD" } : { orders: some };
    await house.core.services.mergePay.pay({ userId, idempotencyKey: `key-${random.below(40)}`, request });
  };
  const cancel = async (house: House) => {
    const userId = random.pick(users);
    const { items } = await house.core.services.mergePay.list({ userId });
    const newest = items.at(-1);
    if (newest !== undefined) await house.core.services.mergePay.cancel({ userId, paymentId: newest.id });
  };
  /** The payer answers the oldest challenge: rightly, wrongly, or on the bank's own page. */
  const answer = async (house: House) => {
    const userId = random.pick(users);
    const { items } = await house.core.services.mergePay.list({ userId });
    const waiting = items.find(({ state }) => state === "requires_action");
    if (waiting?.challenge === undefined) return;
    if (waiting.challenge.kind === "redirect" && random.below(2) === 0) {
      bank.allow(waiting.deduction?.bankRequestId ?? "");
      return;
    }
    const said = { challengeId: waiting.challenge.id, answer: random.pick([ANSWER, ANSWER, "wrong"]) };
    await house.core.services.mergePay.confirm({ userId, paymentId: waiting.id, ...said });
  };
  const sweep = async (house: House) => {
    await house.core.services.mergePay.sweep();
    await house.core.services.ledger.seal();
    await house.core.services.notify.relay();
  };

  async function step(): Promise<void> {
    const node = random.below(2);
    switch (random.below(10)) {
      case 0:
      case 1:
        return on(node, ingest);
      case 2:
        // At the same time on both nodes.
        await Promise.all([
          on(0, pay),
          on(1, ingest),
          on(1, pay),
          on(0, ingest),
          on(0, pay),
          on(1, cancel),
          on(0, answer),
          on(1, answer),
          on(0, cancel),
          on(1, sweep),
          on(0, sweep),
        ]);
        return;
      case 3:
      case 4:
        return on(node, pay);
      case 5:
        clock.advance(random.pick([1_000, 6_000, 40_000, 1_000_000, 4_000_000]));
        bank.deliverLate(FINALITY_MS / 2);
        return on(node, sweep);
      case 6:
        dying.set(node, random.pick(POINTS));
        return;
      case 7:
      case 8:
        return on(node, answer);
      default:
        return on(node, sweep);
    }
  }

  const books = () => [...bank.booked.values()];
  try {
    for (let i = 0; i < STEPS; i += 1) {
      await step();
      await audit(store, books(), { atRest: false });
    }
    dying.clear();
    bank.behave(() => "succeed");
    bank.answerInquiries(() => "truth");
    bank.deliverLate();
    for (let i = 0; i < 12; i += 1) {
      clock.advance(3_700_000);
      await on(0, sweep);
    }
    await audit(store, books(), { atRest: true });
    await auditEvents(nodes[0]);
  } finally {
    await remove();
  }
}

/** Every fact came to light once, and each audience counts them from 1 without gaps. */
async function auditEvents(house: House | undefined): Promise<void> {
  if (house === undefined) return;
  const seen: string[] = [];
  const counts = new Map<string, number[]>();
  let after: string | undefined;
  for (;;) {
    const page = await house.core.services.notify.events(after === undefined ? {} : { after });
    if (page.items.length === 0) break;
    for (const event of page.items) {
      seen.push(event.id);
      const audience = `${event.aggregate} ${event.platform ?? ""} ${event.userId ?? ""}`;
      counts.set(audience, [...(counts.get(audience) ?? []), event.sequence]);
    }
    after = page.next;
  }
  expect(new Set(seen).size).to.equal(seen.length);
  for (const [audience, sequences] of counts)
    expect(
      sequences.toSorted((a, b) => a - b),
      audience,
    ).to.deep.equal(sequences.map((_, i) => i + 1));
}

describe("payments on dying nodes with a bank that loses answers", () => {
  for (const seed of SEEDS)
    it(`keep every invariant, seed ${seed}`, async () => {
      try {
        await simulate(seed);
      } catch (error) {
        process.stderr.write(`Run it alone: MERGEPAY_SEED=${seed} node_modules/.bin/node test/run.ts simulation\n`);
        throw error as MergepayError;
      }
    });
});
