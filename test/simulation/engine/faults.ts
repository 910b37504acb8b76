/** What can go wrong between a node and everything else, by name. A fault strikes one call, or a node at once. */
import { MergepayError } from "../../../core/errors/errors.ts";
import type { Point } from "../../../core/deps.ts";
import { BANK_FAULTS } from "./bank.ts";
import type { Random } from "./contract.ts";
import type { PendingCall, SimNode } from "./calls.ts";

/** What a fault may do to the run. */
export interface Powers {
  readonly now: () => number;
  readonly kill: (node: SimNode) => void;
  /** Does what the call asks for, whoever asked. Never throws. */
  readonly perform: (call: PendingCall) => Promise<void>;
  /** Does what the call asks for and answers it. */
  readonly answer: (call: PendingCall) => Promise<void>;
  /** Puts the call back, to be taken up when its time has come. */
  readonly later: (call: PendingCall, inMs: number) => void;
  /** Does what the call asks for at that time, with nobody waiting for it any more. */
  readonly stray: (call: PendingCall, inMs: number) => void;
}

interface CallFault {
  readonly hits: (call: PendingCall) => boolean;
  readonly strike: (powers: Powers, call: PendingCall, random: Random) => Promise<void> | void;
}
interface NodeFault {
  readonly atOnce: (powers: Powers, node: SimNode, random: Random) => void;
}
/** Asked for by name where it strikes: by the bank, or by a noun. */
interface AskedFor {
  readonly asked: true;
}
/** The node's process ends at this point of the way. */
interface PointFault {
  readonly point: Point;
}

export type Fault = CallFault | NodeFault | AskedFor | PointFault;

const away = () => new MergepayError("STORE_UNAVAILABLE");
const noAnswer = () => new MergepayError("OVERLOADED", "There was no answer in time.");

const anything = (): boolean => true;
const store = ({ kind }: PendingCall): boolean => kind === "store";
const write = ({ kind, writes }: PendingCall): boolean => kind === "store" && writes;
const bus = ({ kind }: PendingCall): boolean => kind === "bus";
const bank = ({ label }: PendingCall): boolean => /^bank-adapter\.(?:debit|confirm|refund|payout|inquire)$/.test(label);
const post = ({ kind }: PendingCall): boolean => kind === "post";

/** Nothing answers to the name: what a call over the bus is told then. */
const notReached = ({ label }: PendingCall): MergepayError =>
  new MergepayError(
    label.startsWith("platform.") || label === "bank-adapter.platforms" ? "PLATFORM_UNAVAILABLE" : "BANK_UNAVAILABLE",
  );

const BETWEEN: Readonly<Record<string, Fault>> = {
  "crash.before-call": { hits: anything, strike: ({ kill }, { node }) => kill(node) },
  "crash.after-call": {
    hits: anything,
    async strike({ kill, perform }, call) {
      await perform(call);
      kill(call.node);
    },
  },
  "store.refuses": { hits: store, strike: (_, call) => call.reject(away()) },
  "store.answer-lost": {
    hits: write,
    async strike({ perform }, call) {
      await perform(call);
      call.reject(away());
    },
  },
  "store.slow": { hits: store, strike: ({ later }, call, random) => later(call, 500 + random.below(90_000)) },
  "store.partition": {
    atOnce: ({ now }, node, random) => void (node.storeAwayUntil = now() + 1_000 + random.below(600_000)),
  },
  "bus.refuses": { hits: bus, strike: (_, call) => call.reject(notReached(call)) },
  "bus.answer-lost": {
    hits: bus,
    async strike({ perform }, call) {
      await perform(call);
      call.reject(noAnswer());
    },
  },
  "bus.executes-late": {
    hits: bank,
    strike({ stray }, call, random) {
      stray(call, 1_000 + random.below(28_000));
      call.reject(noAnswer());
    },
  },
  "bus.duplicate": {
    hits: bus,
    async strike({ perform, answer }, call) {
      await perform(call);
      await answer(call);
    },
  },
  "bus.slow": { hits: bus, strike: ({ later }, call, random) => later(call, 500 + random.below(20_000)) },
  "bus.partition": {
    atOnce: ({ now }, node, random) => void (node.busAwayUntil = now() + 1_000 + random.below(600_000)),
  },
  "node.pause": {
    atOnce: ({ now }, node, random) => void (node.pausedUntil = now() + 30_000 + random.below(1_500_000)),
  },
  "clock.ahead": { atOnce: (_, node, random) => void (node.skewMs += random.below(300_000)) },
  "clock.behind": { atOnce: (_, node, random) => void (node.skewMs -= random.below(300_000)) },
  "clock.jump": { atOnce: (_, node, random) => void (node.skewMs = random.below(7_200_000) - 3_600_000) },
  "webhook.refused": { hits: post, strike: (_, call) => call.resolve({ error: "ECONNREFUSED" }) },
  "webhook.error": { hits: post, strike: (_, call) => call.resolve({ status: 503 }) },
  "webhook.answer-lost": {
    hits: post,
    async strike({ perform }, call) {
      await perform(call);
      call.resolve({ error: "TimeoutError" });
    },
  },
};

/** Every point of the way: a new one does not compile until it stands here. `false`: it is not reached in the core but at the edge. */
const POINTS: Readonly<Record<Point, boolean>> = {
  "file.blob-stored": false,
  "file.batch-stored": true,
  "account.removal-marked": true,
  "account.resealed": true,
  "mandate.reserved": true,
  "mandate.settled": true,
  "mandate.revoked": true,
  "payment.inserted": true,
  "payment.others-inserted": true,
  "payment.orders-locked": true,
  "payment.withdrawn": true,
  "payment.attempt-durable": true,
  "payment.confirmation-durable": true,
  "payment.sent": true,
  "payment.answer-written": true,
  "payment.orders-paid": true,
  "payment.lines-written": true,
  "payment.journal-written": true,
  "payment.late-decided": true,
  "payment.late-refund-opened": true,
  "payout.inserted": true,
  "payout.lines-claimed": true,
  "payout.attempt-durable": true,
  "payout.sent": true,
  "payout.answer-written": true,
  "payout.lines-paid": true,
  "payout.journal-written": true,
  "payout.orders-settled": true,
  "payout.lines-released": true,
  "payout.run-page": true,
  "refund.inserted": true,
  "refund.held": true,
  "refund.attempt-durable": true,
  "refund.sent": true,
  "refund.answer-written": true,
  "refund.payment-noted": true,
  "refund.orders-noted": true,
  "refund.lines-written": true,
  "refund.journal-written": true,
  "chargeback.booked": true,
  "chargeback.held": true,
  "chargeback.payment-noted": true,
  "chargeback.orders-noted": true,
  "chargeback.lines-written": true,
  "chargeback.journal-written": true,
  "chargeback-reversal.told": true,
  "chargeback-reversal.matched": true,
  "chargeback-reversal.written": true,
  "chargeback-reversal.freed": true,
  "chargeback-reversal.payment-noted": true,
  "chargeback-reversal.orders-noted": true,
  "chargeback-reversal.lines-written": true,
  "chargeback-reversal.journal-written": true,
  "chargeback-reversal.take-backs-asked": true,
  "claim.closed": true,
  "claim.line-written": true,
  "claim.journal-written": true,
  "take-back.noted": true,
  "take-back.refund-opened": true,
  "journal.block-written": true,
  "journal.sealed": true,
  "journal.balance-kept": true,
  "ledger-day.close-written": true,
  "ledger-day.totals-written": true,
  "audit.relayed": true,
  "audit.block-written": true,
  "event.relayed": true,
  "webhook.sent": true,
};

/** All faults by name, those of nouns beside the house's own. */
export function faultsOf(ofNouns: readonly string[]): ReadonlyMap<string, Fault> {
  const points = (Object.keys(POINTS) as Point[]).filter((point) => POINTS[point]);
  return new Map<string, Fault>([
    ...Object.entries(BETWEEN),
    ...points.map((point) => [`crash.at ${point}`, { point }] as const),
    ...[...BANK_FAULTS, ...ofNouns].map((name) => [name, { asked: true }] as const),
  ]);
}
