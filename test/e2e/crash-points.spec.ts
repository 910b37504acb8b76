import { expect } from "chai";
import type { Order, Payment } from "../../schemas/types.generated.ts";
import { line } from "../support/plugins.ts";
import { until } from "../support/process.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS, type PaymentKill } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, pay, processed, send, stock } from "./support/shop.ts";
import type { World } from "./support/world.ts";

const OWN = 6;
const OTHERS = 1_100;

/** Files of both platforms, all of whose records count once. @returns the numbers of the payer's orders */
async function stockShop(world: World, prefix: string, { at }: PaymentKill): Promise<string[]> {
  const [alpha = "", beta = ""] = world.platforms;
  const others = at === "file.batch-stored" ? OTHERS : 0;
  const refused = line("refuse") + line(`${prefix}-fine`, "1.234");
  const text = fileOf(`${prefix}a`, OWN, others) + line(`${prefix}-free`, "0.00") + refused;
  const sent = await send(world, alpha, text);
  // Not recorded by the life before: this one takes it as new.
  if (at === "file.blob-stored") expect(sent.status).to.equal(202);
  const report = await processed(world, sent.body);
  const taken = OWN + others;
  expect(report).to.include({ records: taken + 3, created: taken, revised: 0, unchanged: 0, skipped: 1, rejected: 2 });
  const rejects = await world.list<{ record: number }>(`/v1/files/${report.id}/records`);
  expect(rejects.map(({ record }) => record)).to.deep.equal([taken + 1, taken + 2]);
  const stored = (await world.list<Order>(`/v1/orders?platform=${alpha}`)).map(({ orderNo }) => orderNo);
  const own = stored.filter((orderNo) => orderNo.startsWith(`${prefix}a-`));
  expect(own).to.have.length(taken);
  expect(new Set(own).size).to.equal(taken);
  expect(await stock(world, beta, fileOf(`${prefix}b`, OWN))).to.include({ records: OWN, created: OWN, rejected: 0 });
  return ["a", "b"].flatMap((shop) => Array.from({ length: OWN }, (_, i) => `${prefix}${shop}-${i}`));
}

async function payAll(world: World, key: string, orders: readonly string[]): Promise<Payment> {
  const { status, body } = await pay(world, key, { orders });
  expect(status, JSON.stringify(body)).to.be.oneOf([200, 201, 202]);
  expect(body.orders.map(({ orderId }) => orderId)).to.have.members(orders);
  return ended(world, body);
}

/** Files, a payment and webhooks by clients that do not give up; the node dies while the files are taken in, or while the payer pays. */
const survive =
  (during: "files" | "payment") =>
  async (world: World, kill: PaymentKill, index: number, die: () => Promise<void>): Promise<void> => {
    const { at, ends = "succeeded" } = kill;
    const { told } = world.receiver;
    const before = {
      told: told.length,
      lines: (await world.bank.ledger()).length,
      files: (await world.list("/v1/files")).length,
    };
    const prefix = `R${index}`;
    const open = async () => (await inbox(world)).filter(({ orderNo }) => orderNo.startsWith(prefix));
    if (during === "files") await die();
    const numbers = await stockShop(world, prefix, kill);
    const stocked = await open();
    expect(stocked.map(({ orderNo }) => orderNo)).to.have.members(numbers);
    const orders = stocked.map(({ id }) => id);
    // What is told of the files must not count for the payment.
    await atRest(world);

    if (during === "payment") await die();
    if (kill.challenged) await world.bank.script({ on: "debit", fault: "challenge" });
    const first = await payAll(world, `${prefix}-first`, orders);
    expect(first.state).to.equal(ends);
    // It has ended before its orders are open again.
    if (ends === "expired") await until("the orders to open", async () => (await open()).length === orders.length);
    if (ends === "expired") expect((await payAll(world, `${prefix}-second`, orders)).state).to.equal("succeeded");
    const { files } = await atRest(world);

    expect(files.length - before.files).to.equal(2);
    expect(await open()).to.have.length(0);
    expect((await world.bank.ledger()).length - before.lines, "debits").to.equal(1);
    // The key is good for the same answer for as long as its payment is there.
    expect((await pay(world, `${prefix}-first`, { orders })).body.id).to.equal(first.id);
    const ids = told.slice(before.told).map(({ webhookId }) => webhookId);
    if (at === "webhook.sent") expect(ids.length, "webhooks told again").to.be.greaterThan(new Set(ids).size);
  };

crashes({ while: "takes files in", kills: KILLS.files, survive: survive("files") });
crashes({ while: "takes a payment", kills: KILLS.payments, survive: survive("payment") });
