import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Endpoint, Inbox, Page } from "../../core/actions.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { minorOfMoney, sumMoney } from "../../core/money/money.ts";
import type { FileReport, Money, Payment, Quote, SettlementLine } from "../../schemas/types.generated.ts";
import { readConfig } from "../config.ts";
import { readCredentials } from "../credentials.ts";
import { makeDataDir } from "../data-dir.ts";
import { type DemoFile, demoFiles, linkDemoBuyers, openSandboxAccount, SANDBOX_PAYER } from "../sandbox.ts";
import { type Booted, boot, runningPlatforms } from "./boot.ts";
import { type ClientRequest, request } from "./client.ts";
import { many, print, table } from "./print.ts";
import { followFile, summary } from "./progress.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { type SandboxBank, startSandboxBank } from "./sandbox-bank.ts";
import { waitFor } from "./wait.ts";

const shown = ({ value, currency }: Money): string => `${value} ${currency}`;

/** `mergepay demo`: one merged payment from the files to the webhooks, over the same interfaces that anybody uses. */
export async function demo(): Promise<void> {
  const { dataDir: home, pluginsDir } = readConfig(process.env);
  const dataDir = join(home, "demo");
  await makeDataDir(home);
  await rm(dataDir, { recursive: true, force: true });
  print("Mergepay demonstration: orders of several platforms, one payment.\n");
  const receiver = await startReceiver();
  try {
    await withBank(pluginsDir, dataDir, receiver);
  } finally {
    await receiver.stop();
  }
}

async function withBank(pluginsDir: string, dataDir: string, receiver: Receiver): Promise<void> {
  const bank = await startSandboxBank(pluginsDir, join(dataDir, "sandbox-bank"));
  try {
    const booted = await boot({
      ...process.env,
      ...bank.env,
      MERGEPAY_DATA: dataDir,
      MERGEPAY_HTTP_PORT: "0",
      MERGEPAY_LOG: process.env.MERGEPAY_LOG ?? "error",
    });
    try {
      await show(booted, bank, receiver);
    } finally {
      await booted.node.stop();
    }
  } finally {
    await bank.stop();
  }
}

async function show(booted: Booted, bank: SandboxBank, receiver: Receiver): Promise<void> {
  const { node, url, config, sandbox } = booted;
  if (sandbox === undefined)
    throw new MergepayError("CONFIG_INVALID", "The demonstration runs without MERGEPAY_CREDENTIALS.");
  const operator = { bearer: sandbox.operatorKey };
  const payer = { bearer: await sandbox.payerToken(SANDBOX_PAYER) };
  const ask = <T>(method: "GET" | "POST", path: string, given: ClientRequest) => request<T>(url, method, path, given);

  const platforms = await runningPlatforms(node, config.pluginsDir);
  print(`1  Running: gateway, core and ${platforms.length} platform plugins on ${url}`);
  print(`   ${platforms.join(", ")}; the sandbox bank is a process of its own.\n`);

  print("2  Each platform sends a file in its own format, signed with its own key");
  const files = await demoFiles(config.pluginsDir, platforms);
  for (const platform of platforms) {
    const body = { platform, url: receiver.url(platform) };
    const endpoint = await ask<Endpoint & { secret: string }>("POST", "/v1/endpoints", { proof: operator, json: body });
    receiver.trust(platform, endpoint.secret);
  }
  for (const file of files) await sendFile(booted, file);

  print("3  The operator links the buyers of the platforms to one payer, who has a bank account");
  await openSandboxAccount(node);
  print(`   ${many(await linkDemoBuyers(node, files), "link")} made for ${SANDBOX_PAYER}\n`);

  print("4  The payer's inbox");
  const inbox = await ask<Inbox>("GET", "/v1/inbox", { proof: payer });
  for (const group of inbox.groups) {
    const rows = group.orders.map(({ orderNo, title, amount }) => [
      orderNo,
      (title ?? "").slice(0, 48),
      amount.value,
      amount.currency,
    ]);
    print(`   ${group.platform} / ${group.merchant}: ${shown(group.total)}`);
    print(table(rows, [2]));
  }
  const [owed] = inbox.totals;
  if (owed === undefined) throw new MergepayError("SELECTION_EMPTY");
  print(`   ${owed.orders} orders, ${shown(owed.total)} in all\n`);

  print("5  A quote, then one payment by it");
  const { currency } = owed.total;
  const quote = await ask<Quote>("POST", "/v1/quotes", { proof: payer, json: { orders: "all", currency } });
  const priced = quote.total === undefined ? "" : `${shown(quote.total)}, `;
  print(`   quote    ${quote.id}: ${quote.orders.length} orders, ${priced}good until ${quote.expiresAt}`);
  const json = { quoteId: quote.id, fingerprint: quote.fingerprint };
  const payment = await ask<Payment>("POST", "/v1/payments", { proof: payer, json, idempotencyKey: "demo-1" });
  print(`   payment  ${payment.id}: ${payment.state}, ${shown(payment.total)}\n`);

  print("6  The bank's own ledger");
  const ledger = await bank.ledger();
  print(table(ledger.map((line) => [line.bankReference, line.bankRequestId, line.reference, shown(line.amount)])));
  print(`   ${ledger.length} deduction for ${payment.orders.length} orders\n`);

  print("7  What each merchant is owed");
  const lines = await settled(ask, operator, payment);
  print(settlementTable(lines));
  const check = assertConserved(
    ledger,
    lines,
    quote.orders.map(({ amount }) => amount),
  );
  print(`   ${check}\n`);

  print("8  What each platform was told: its own orders, nothing else");
  await waitFor(() => Promise.resolve(receiver.told), {
    until: (told) =>
      told.filter(({ event }) => event.type === "orders.paid").length >=
      new Set(lines.map(({ platform }) => platform)).size,
    timeoutMs: 30_000,
    what: "the webhooks",
  });
  const [refused] = receiver.refused;
  if (refused !== undefined)
    throw new MergepayError("INTERNAL", `A webhook was not signed as it should be: ${refused}`);
  print(
    table(receiver.told.map(({ platform, event }) => [platform, event.type, `#${event.sequence}`, told(event.data)])),
  );
  print(`\nDone. Everything is in ${config.dataDir}; \`npm start\` keeps a server running.`);
}

/** Sends a demonstration file as its platform, and shows its records go by. */
async function sendFile({ node, url, config }: Booted, { platform, path }: DemoFile): Promise<void> {
  const { platformSecrets } = await readCredentials(join(config.dataDir, "sandbox", "credentials.json"));
  const [platformSecret] = platformSecrets(platform);
  if (platformSecret === undefined)
    throw new MergepayError("CONFIG_INVALID", `The sandbox has no key for ${platform}.`);
  const name = basename(path);
  const target = `/v1/platforms/${platform}/files?name=${encodeURIComponent(name)}`;
  const bytes = await readFile(path);
  const sent = await request<FileReport>(url, "POST", target, { proof: { platformSecret }, bytes });
  const report = await followFile(node.call, sent.id, `${platform} ${name}`);
  print(`   ${platform}: ${summary(report)}\n`);
}

async function settled(
  ask: <T>(method: "GET" | "POST", path: string, given: ClientRequest) => Promise<T>,
  proof: ClientRequest["proof"],
  payment: Payment,
): Promise<readonly SettlementLine[]> {
  const page = await waitFor(
    () => ask<Page<SettlementLine>>("GET", `/v1/settlement-lines?payment=${payment.id}`, { proof }),
    {
      until: ({ items }) => items.length === payment.orders.length,
      timeoutMs: 30_000,
      what: "the settlement lines",
    },
  );
  return page.items;
}

/** Sums by merchant: what was paid, what the platform keeps, what the merchant gets. */
function settlementTable(lines: readonly SettlementLine[]): string {
  const groups = [...Map.groupBy(lines, ({ platform, merchant }) => `${platform} / ${merchant}`)];
  const sum = (group: readonly SettlementLine[], part: "gross" | "fee" | "net") =>
    sumMoney(group.map((line) => line[part])).value;
  const row = (name: string, group: readonly SettlementLine[]) => [
    name,
    many(group.length, "order"),
    sum(group, "gross"),
    `- ${sum(group, "fee")} fee`,
    `= ${sum(group, "net")}`,
    group[0]?.gross.currency ?? "",
  ];
  return table([...groups.map(([name, group]) => row(name, group)), row("all", lines)], [2, 3, 4]);
}

/** One deduction, equal to the orders and to the lines with their fees, to the last minor unit. @throws INTERNAL */
function assertConserved(
  ledger: readonly { amount: Money }[],
  lines: readonly SettlementLine[],
  orders: readonly Money[],
): string {
  const [deduction] = ledger;
  const ordered = sumMoney(orders);
  const parts = lines.reduce((minor, { net, fee }) => minor + minorOfMoney(net) + minorOfMoney(fee), 0n);
  const same = deduction !== undefined && deduction.amount.value === ordered.value && parts === minorOfMoney(ordered);
  if (ledger.length !== 1 || !same)
    throw new MergepayError("INTERNAL", "The deduction, the orders and the settlement lines differ.");
  return `${shown(deduction.amount)} deducted = orders = merchants + fees, to the last minor unit`;
}

function told(data: Record<string, unknown>): string {
  if (Array.isArray(data.orders))
    return (data.orders as { orderNo: string }[]).map(({ orderNo }) => orderNo).join(", ");
  return `${String(data.created)} orders taken from its file`;
}
