import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Delivery } from "../../../core/actions.ts";
import { FILES, type StoredFile } from "../../../core/files/model.ts";
import { PAYMENTS, type StoredPayment } from "../../../core/merge-pay/model.ts";
import { EVENTS, type StoredEvent } from "../../../core/notify/model.ts";
import { REFUNDS, type StoredRefund } from "../../../core/refunds/model.ts";
import type { Store } from "../../../core/store/contract.ts";
import type { AuditEntry, Event, FileReport, JournalEntry, Payment, Refund } from "../../../schemas/types.generated.ts";
import { audit } from "../../support/audit.ts";
import { until } from "../../support/process.ts";
import { type Buried, PATIENCE_MS, PAYER, type World } from "./world.ts";

const FILE_ENDED: ReadonlySet<string> = new Set(["processed", "failed", "quarantined"]);
const UNDER_WAY: ReadonlySet<string> = new Set(["locking", "submitting", "unknown"]);

export interface AtRest {
  readonly files: readonly FileReport[];
  readonly payments: readonly Payment[];
}

/** Waits until nothing is under way any more: files and payments ended, their events told, webhooks delivered, books sealed. */
export function atRest(world: World, deadlineMs = PATIENCE_MS): Promise<AtRest> {
  let last = "";
  const look = async (): Promise<AtRest | undefined> => {
    const files = await world.list<FileReport>("/v1/files");
    const payments = await world.list<Payment>(`/v1/payments?userId=${PAYER}`);
    const events = await world.list<Event>("/v1/events");
    const deliveries = await world.list<Delivery>("/v1/deliveries");
    const refunds = await world.list<Refund>("/v1/refunds");
    const journal = await world.list<JournalEntry>("/v1/journal");
    const decided = new Set(
      (await world.list<AuditEntry>("/v1/audit")).map(({ what, subject }) => `${what} ${subject}`),
    );
    last = JSON.stringify({ files, payments, refunds, events: events.length, deliveries }).slice(0, 4000);
    const ended =
      files.every(({ state }) => FILE_ENDED.has(state)) &&
      payments.every(({ state }) => !UNDER_WAY.has(state)) &&
      files.every(({ id }) => events.some(({ aggregate }) => aggregate === id)) &&
      payments.every((payment) => isTold(payment, events)) &&
      files.every(({ id }) => decided.has(`file.received ${id}`)) &&
      payments.every(({ id, state }) => decided.has(`payment.${state} ${id}`)) &&
      refunds.every((refund) => isGivenBack(refund, events)) &&
      journal.every(({ position }) => position !== undefined);
    const toTell = events.filter(({ platform }) => platform !== undefined).length;
    const told = deliveries.filter(({ state }) => state === "delivered").length;
    return ended && told === toTell ? { files, payments } : undefined;
  };
  return until("everything to come to rest", look, deadlineMs).catch((error: unknown) => {
    throw new Error(`Not at rest: ${last}`, { cause: error });
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

/** Whether a refund has come to its end, and the feed has all that it has to tell. */
function isGivenBack({ id, state, parts }: Refund, events: readonly Event[]): boolean {
  if (["requested", "submitting", "unknown"].includes(state)) return false;
  const told = events.filter(({ aggregate, type }) => aggregate === id && type === "orders.refunded");
  return state !== "succeeded" || told.length === new Set(parts.map(({ platform }) => platform)).size;
}

/** Holds the store and the bank's ledger against each other while nobody has the data. */
async function auditData({ openStore, bank }: Buried, atRest: boolean): Promise<void> {
  const ledger = await bank.ledger();
  const [debits, refunds] = (["debit", "refund"] as const).map((kind) => ledger.filter((line) => line.kind === kind));
  const store = await openStore();
  try {
    await audit(store, debits ?? [], { atRest, refunds: refunds ?? [] });
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
  } finally {
    await store.close();
  }
  const staged = join(world.dataDir, "blobs", "staged");
  // MongoDB's are dropped when they are a day old.
  if (existsSync(staged)) expect(await readdir(staged), "uploads left behind").to.deep.equal([]);
}

/** Every event is told at least once, always under the same id, in order for each aggregate; the feed has each once, without gaps. */
async function auditEvents(store: Store, { receiver, platforms }: World): Promise<void> {
  const files = await (await store.collection<StoredFile>(FILES)).find({}).toArray();
  const payments = await (await store.collection<StoredPayment>(PAYMENTS)).find({}).toArray();
  const refunds = await (await store.collection<StoredRefund>(REFUNDS)).find({}).toArray();
  for (const { _id, events } of [...files, ...payments, ...refunds])
    expect(events, `events waiting in ${_id}`).to.have.length(0);

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
