/** What a payer, platforms and an operator do with a running Mergepay, over HTTP alone. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Inbox, Page } from "../../core/actions.ts";
import { minorOfMoney } from "../../core/money/money.ts";
import type { Receiver } from "../../gateway/cli/receiver.ts";
import { type DemoFile, demoFiles } from "../../gateway/sandbox.ts";
import type { FileReport, Money, Payment, Quote, SettlementLine } from "../../schemas/types.generated.ts";
import { type Access, type Answer, ask, type BankProcess, PLUGINS, platformsOf } from "./cluster.ts";
import { until } from "./process.ts";

/** A running Mergepay as the outside sees it. */
export interface Shop {
  readonly url: string;
  readonly access: Access;
  readonly bank: BankProcess;
}

const ENDED: ReadonlySet<string> = new Set(["processed", "failed", "quarantined"]);

/** Sends a file as its platform, signed; the answer as it comes. */
export function sendFile(
  { url, access }: Pick<Shop, "url" | "access">,
  platform: string,
  name: string,
  bytes: Uint8Array,
): Promise<Answer<FileReport>> {
  const path = `/v1/platforms/${platform}/files?name=${encodeURIComponent(name)}`;
  return ask<FileReport>(url, path, access.platform(platform, bytes), bytes);
}

/** The file once it has ended. */
export const fileEnded = ({ url, access }: Pick<Shop, "url" | "access">, id: string): Promise<FileReport> =>
  until(
    `the end of file ${id}`,
    async () => {
      const { body } = await ask<FileReport>(url, `/v1/files/${id}`, access.operator);
      return ENDED.has(body.state) && body;
    },
    60_000,
  );

/** Sends a file and follows it to its end, which must be `processed`. */
export async function deliver(
  shop: Pick<Shop, "url" | "access">,
  platform: string,
  name: string,
  bytes: Uint8Array,
): Promise<FileReport> {
  const { status, body } = await sendFile(shop, platform, name, bytes);
  expect([200, 202], `${platform}: ${JSON.stringify(body)}`).to.include(status);
  const report = await fileEnded(shop, body.id);
  expect(report.state, JSON.stringify(report.error)).to.equal("processed");
  return report;
}

/** Gives a payer an account at the sandbox bank with that much in it. */
export async function openAccount({ url, access, bank }: Shop, userId: string, value: string): Promise<void> {
  const body = { bank: "sandbox", token: await bank.open(value), label: "Everyday" };
  expect((await ask(url, "/v1/accounts", await access.payer(userId), body)).status).to.equal(201);
}

/** Links buyers of platforms to a payer. */
export async function link(
  { url, access }: Pick<Shop, "url" | "access">,
  userId: string,
  buyers: readonly Buyer[],
): Promise<void> {
  for (const { platform, buyerId } of buyers) {
    const { status } = await ask(url, "/v1/links", access.operator, { platform, userId, buyerId });
    expect(status, `link of ${platform}`).to.equal(201);
  }
}

export interface Buyer {
  readonly platform: string;
  /** As the platform's plugin names it. */
  readonly buyerId: string;
}

/** The demonstration files of all platforms. */
export const allDemoFiles = (): Promise<DemoFile[]> => demoFiles(PLUGINS, platformsOf());

/** The buyer of each demonstration file. */
export const buyersOf = (files: readonly DemoFile[]): Buyer[] =>
  files.flatMap(({ platform, orders }) => {
    const buyerId = orders[0]?.buyerId;
    return buyerId === undefined ? [] : [{ platform, buyerId }];
  });

interface Generator {
  generate(count: number, options: { seed?: number; bad?: readonly number[]; buyer?: string }): Iterable<string>;
}

/** The text, in pieces, of a file of made-up orders in the platform's own format. */
export async function generated(platform: string, count: number, options: Parameters<Generator["generate"]>[1] = {}) {
  const path = join(PLUGINS, platform, "samples/generate.ts");
  const { generate } = (await import(pathToFileURL(path).href)) as Generator;
  return generate(count, options);
}

/** All pages of a list, each page asked for by the cursor of the one before. */
export async function allPages<T>(url: string, path: string, headers: Record<string, string>): Promise<T[]> {
  const items: T[] = [];
  let after = "";
  do {
    const { status, body } = await ask<Page<T>>(url, `${path}${after === "" ? "" : `&after=${after}`}`, headers);
    expect(status, path).to.equal(200);
    items.push(...body.items);
    after = body.next === undefined ? "" : encodeURIComponent(body.next);
  } while (after !== "");
  return items;
}

export const settlementLines = ({ url, access }: Shop, { id, orders }: Payment): Promise<SettlementLine[]> =>
  until("all settlement lines", async () => {
    const lines = await allPages<SettlementLine>(url, `/v1/settlement-lines?payment=${id}`, access.operator);
    return lines.length === orders.length && lines;
  });

/** Pays, and asks again with the same key while the answer is to come back later. */
export function pay({ url }: Shop, payer: Record<string, string>, key: string, body: object): Promise<Answer<Payment>> {
  return until(
    "an answer to the payment",
    async () => {
      const headers = { ...payer, "idempotency-key": key };
      const answer = await ask<Payment & { retry?: string }>(url, "/v1/payments", headers, body);
      return answer.body.retry !== "later" && answer;
    },
    60_000,
  );
}

export const sumOf = (amounts: readonly Money[]): bigint =>
  amounts.reduce((sum, amount) => sum + minorOfMoney(amount), 0n);

/** What came of paying the demonstration files, without ids and times: to be compared between installations. */
export interface PaidDemo {
  readonly files: readonly unknown[];
  readonly inbox: readonly unknown[];
  readonly totals: Inbox["totals"];
  readonly payment: { readonly state: string; readonly total: Money; readonly orders: readonly unknown[] };
  readonly ledger: readonly unknown[];
  readonly lines: readonly unknown[];
  readonly merchants: Readonly<Record<string, readonly string[]>>;
  readonly told: readonly unknown[];
}

type Line = Pick<SettlementLine, "platform" | "merchant" | "orderNo" | "gross" | "fee" | "net">;
const bare = ({ merchant, orderNo, gross, fee, net }: Omit<Line, "platform">) => ({
  merchant,
  orderNo,
  gross,
  fee,
  net,
});

/** From the files to the webhooks: every platform's demonstration file, one inbox, one quote, one payment. */
export async function payDemo(shop: Shop, receiver: Receiver, userId: string): Promise<PaidDemo> {
  const { url, access, bank } = shop;
  const files = await allDemoFiles();
  for (const { platform } of files) {
    const body = { platform, url: receiver.url(platform) };
    const endpoint = await ask<{ secret: string }>(url, "/v1/endpoints", access.operator, body);
    expect(endpoint.status).to.equal(201);
    receiver.trust(platform, endpoint.body.secret);
  }
  const reports: FileReport[] = [];
  for (const { platform, path } of files)
    reports.push(await deliver(shop, platform, basename(path), await readFile(path)));
  await openAccount(shop, userId, "100000.00");
  await link(shop, userId, buyersOf(files));

  const payer = await access.payer(userId);
  const { body: inbox } = await ask<Inbox>(url, "/v1/inbox", payer);
  const currency = inbox.totals[0]?.total.currency ?? "";
  const quote = await ask<Quote>(url, "/v1/quotes", payer, { orders: "all", currency });
  expect(quote.status).to.equal(201);
  const { id: quoteId, fingerprint } = quote.body;
  const headers = { ...payer, "idempotency-key": "demo-1" };
  const paid = await ask<Payment>(url, "/v1/payments", headers, { quoteId, fingerprint });
  expect(paid.status, JSON.stringify(paid.body)).to.equal(201);
  const again = await ask<Payment>(url, "/v1/payments", headers, { quoteId, fingerprint });
  expect([again.status, again.body.id]).to.deep.equal([200, paid.body.id]);

  const lines = await settlementLines(shop, paid.body);
  const paidEvents = await until(
    "the webhooks",
    () => {
      const told = receiver.told.filter(({ event }) => event.type === "orders.paid");
      return told.length >= files.length && told;
    },
    30_000,
  );
  const { state, total, orders } = paid.body;
  return {
    files: reports.map(({ platform, records, created, rejected, sha256 }) => ({
      platform,
      records,
      created,
      rejected,
      sha256,
    })),
    inbox: inbox.groups.map((group) => ({
      ...group,
      orders: group.orders.map(({ orderNo, amount, title }) => ({ orderNo, amount, title })),
    })),
    totals: inbox.totals,
    payment: {
      state,
      total,
      orders: orders.map(({ platform, merchant, orderNo, amount }) => ({ platform, merchant, orderNo, amount })),
    },
    ledger: (await bank.ledger()).map(({ amount }) => ({ amount })),
    lines: lines.map((line) => ({ platform: line.platform, ...bare(line) })),
    merchants: perMerchant(lines),
    told: paidEvents
      .map(({ platform, event }) => ({
        platform,
        sequence: event.sequence,
        orders: (event.data["orders"] as Line[]).map(bare),
      }))
      .sort((a, b) => (a.platform < b.platform ? -1 : 1)),
  };
}

/** Gross, fee and net of each merchant in minor units. */
function perMerchant(lines: readonly SettlementLine[]): Record<string, readonly string[]> {
  const groups = Map.groupBy(lines, ({ platform, merchant }) => `${platform}/${merchant}`);
  return Object.fromEntries(
    [...groups].map(([merchant, own]) => [
      merchant,
      (["gross", "fee", "net"] as const).map((part) => sumOf(own.map((line) => line[part])).toString()),
    ]),
  );
}
