import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Delivery } from "../../../core/actions.ts";
import { CHARGEBACKS } from "../../../core/chargebacks/model.ts";
import { CLAIMS } from "../../../core/claims/model.ts";
import { FILES } from "../../../core/files/model.ts";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import { MANDATES } from "../../../core/mandates/model.ts";
import { PAYMENTS } from "../../../core/merge-pay/model.ts";
import { EVENTS, type StoredEvent } from "../../../core/notify/model.ts";
import type { Outbox } from "../../../core/notify/outbox.ts";
import { PAYOUTS } from "../../../core/payouts/model.ts";
import { REFUNDS } from "../../../core/refunds/model.ts";
import type { Doc, Store } from "../../../core/store/contract.ts";
import { TAKE_BACKS } from "../../../core/take-backs/model.ts";
import type { AuditEntry, Event, FileReport, JournalEntry, Payment, Refund } from "../../../schemas/types.generated.ts";
import { auditPayouts } from "../../support/audit-payouts.ts";
import { audit } from "../../support/audit.ts";
import { until } from "../../support/process.ts";
import { ofKind } from "./bank.ts";
import { type Buried, PATIENCE_MS, PAYER, type World } from "./world.ts";

const FILE_ENDED: ReadonlySet<string> = new Set(["processed", "failed", "quarantined"]);
const UNDER_WAY: ReadonlySet<string> = new Set(["locking", "submitting", "unknown"]);

const REFUND_UNDER_WAY: ReadonlySet<string> = new Set(["requested", "submitting", "unknown"]);

export interface AtRest {
  readonly files: readonly FileReport[];
  readonly payments: readonly Payment[];
}

/** Waits until nothing is under way any more: files and payments ended, their events told, webhooks delivered, books sealed. */
export function atRest(world: World, deadlineMs = PATIENCE_MS): Promise<AtRest> {
  let last: unknown = "";
  /** What is most often under way is asked for first: a look at all of it is work for the node that is waited for. */
  const look = async (): Promise<AtRest | undefined> => {
    const payments = (last = await world.list<Payment>(`/v1/payments?userId=${PAYER}`));
    if (payments.some(({ state }) => UNDER_WAY.has(state))) return undefined;
    const files = (last = await world.list<FileReport>("/v1/files"));
    if (!files.every(({ state }) => FILE_ENDED.has(state))) return undefined;
    const refunds = (last = await world.list<Refund>("/v1/refunds"));
    if (refunds.some(({ state }) => REFUND_UNDER_WAY.has(state))) return undefined;
    const events = await world.list<Event>("/v1/events");
    last = { payments, files, refunds, events };
    const isAllTold =
      files.every(({ id }) => events.some(({ aggregate }) => aggregate === id)) &&
      payments.every((payment) => isTold(payment, events)) &&
      refunds.every((refund) => isGivenBack(refund, events));
    if (!isAllTold) return undefined;
    const deliveries = (last = await world.list<Delivery>("/v1/deliveries"));
    const toTell = events.filter(({ platform }) => platform !== undefined).length;
    if (deliveries.filter(({ state }) => state === "delivered").length !== toTell) return undefined;
    const journal = (last = await world.list<JournalEntry>("/v1/journal"));
    if (journal.some(({ position }) => position === undefined)) return undefined;
    const decisions = (last = await world.list<AuditEntry>("/v1/audit"));
    const decided = new Set(decisions.map(({ what, subject }) => `${what} ${subject}`));
    const isAllDecided =
      files.every(({ id }) => decided.has(`file.received ${id}`)) &&
      payments.every(({ id, state }) => decided.has(`payment.${state} ${id}`));
    return isAllDecided ? { files, payments } : undefined;
  };
  return until("everything to come to rest", look, deadlineMs).catch((error: unknown) => {
    throw new Error(`Not at rest: ${JSON.stringify(last).slice(0, 4000)}`, { cause: error });
  });
}

/** Whether the feed has all that a payment's end has to tell. */
function isTold({ id, state, orders }: Payment, events: readonly Event[]): boolean {
  const own = events.filter(({ aggregate }) => aggregate === id);
  if (state === "failed") return own.some(({ type }) => type === "payment.failed");
  if (state !== "succeeded") return true;
  const platforms = new Set(orders.map(({ platform }) => platform));
  return (
    own.some(({ type }) => type === "payment.succeeded") &&
    own.filter(({ type }) => type === "orders.paid").length === platforms.size
  );
}

/** Whether the feed has all that a refund's end has to tell: nothing to platforms when the money had come late. */
function isGivenBack({ id, state, parts, late }: Refund, events: readonly Event[]): boolean {
  const told = events.filter(({ aggregate, type }) => aggregate === id && type === "orders.refunded");
  if (state !== "succeeded" || late === true) return true;
  return told.length === new Set(parts.map(({ platform }) => platform)).size;
}

/** Holds the store and the bank's ledger against each other while nobody has the data. */
async function auditData({ openStore, bank }: Buried, atRest: boolean): Promise<void> {
  const ledger = await bank.ledger();
  const store = await openStore();
  try {
    await audit(store, ofKind(ledger, "debit"), { atRest, refunds: ofKind(ledger, "refund") });
    await auditPayouts(store, ofKind(ledger, "payout"), { atRest });
  } finally {
    await store.close();
  }
}

/** As `auditData` in the midst of things: whatever is half-done, nothing of it may be wrong. */
export const auditNow = (world: Buried): Promise<void> => auditData(world, false);

/** Stops the node, then holds the store, the bank's ledger and what the platforms were told against each other. */
export async function auditAll(world: World): Promise<void> {
  const output = await world.node.stop();
  expect(output, "a stop in order").to.match(/^stopped$/m);
  await auditData(world, true);
  const store = await world.openStore();
  try {
    await auditEvents(store, world);
    const faults: string[] = [];
    await checkLedger({ store, keys: [], complain: (where, what) => void faults.push(`${where}: ${what}`) });
    expect(faults, "what the doctor says of the books").to.deep.equal([]);
  } finally {
    await store.close();
  }
  const staged = join(world.dataDir, "blobs", "staged");
  // MongoDB's are dropped when they are a day old.
  if (existsSync(staged)) expect(await readdir(staged), "uploads left behind").to.deep.equal([]);
}

/** Every event is told at least once, always under the same id, in order for each aggregate; the feed has each once, without gaps. */
async function auditEvents(store: Store, { receiver, platforms }: World): Promise<void> {
  for (const spec of [FILES, PAYMENTS, REFUNDS, PAYOUTS, CHARGEBACKS, CLAIMS, MANDATES, TAKE_BACKS]) {
    const docs = await (await store.collection<Doc & Outbox>(spec)).find({}).toArray();
    for (const { _id, events } of docs) expect(events, `events waiting in ${_id}`).to.have.length(0);
  }

  const feed = await (await store.collection<StoredEvent>(EVENTS)).find({}).sort({ position: 1 }).toArray();
  expect(feed.map(({ position }) => Number.parseInt(position, 10))).to.deep.equal(feed.map((_, index) => index + 1));
  const counts = new Map<string, number>();
  for (const { aggregate, platform, userId, sequence } of feed) {
    const audience = `${aggregate} for ${platform ?? userId ?? "nobody"}`;
    const before = counts.get(audience) ?? 0;
    expect(sequence, audience).to.equal(before + 1);
    counts.set(audience, sequence);
  }
  expect(receiver.refused, "deliveries with a wrong signature").to.deep.equal([]);
  for (const platform of platforms) {
    const told = receiver.told.filter((one) => one.platform === platform);
    for (const { webhookId, event } of told) expect(event.id).to.equal(webhookId);
    const firsts = [...new Set(told.map(({ webhookId }) => webhookId))];
    const own = feed.filter((event) => event.platform === platform).map(({ _id }) => _id);
    expect(firsts.toSorted(), `told to ${platform}`).to.deep.equal(own.toSorted());
  }
}
