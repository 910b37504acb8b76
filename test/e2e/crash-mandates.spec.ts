import { expect } from "chai";
import type { Mandate } from "../../core/actions.ts";
import type { Payment } from "../../schemas/types.generated.ts";
import { until } from "../support/process.ts";
import type { Answer } from "./support/client.ts";
import { crashes } from "./support/crashes.ts";
import { KILLS } from "./support/kills.ts";
import { atRest } from "./support/rest.ts";
import { ended, fileOf, inbox, stock } from "./support/shop.ts";
import { PATIENCE_MS, type World } from "./support/world.ts";

/** An order of each platform, and no more on a day. */
const DAY = { value: "24.60", currency: "EUR" };
const YEAR_MS = 365 * 86_400_000;

async function give(world: World, key: string): Promise<Mandate> {
  const expiresAt = new Date(Date.now() + YEAR_MS).toISOString();
  const json = { limits: { perPayment: DAY, perDay: DAY }, timeZone: "UTC", expiresAt };
  const { status, body } = await world.insist<Mandate>("/v1/mandates", { proof: world.payer, json, key });
  expect(status, JSON.stringify(body)).to.be.oneOf([200, 201]);
  return body;
}

const charge = (world: World, { id }: Mandate, key: string, orders: readonly string[]): Promise<Answer<Payment>> =>
  world.insist<Payment>(`/v1/mandates/${id}/charges`, { proof: world.operator, json: { orders }, key });

/** Orders that take the whole day of a mandate. */
async function stockDay(world: World, prefix: string): Promise<string[]> {
  for (const platform of world.platforms) await stock(world, platform, fileOf(prefix, 1));
  return (await inbox(world)).filter(({ orderNo }) => orderNo.startsWith(prefix)).map(({ id }) => id);
}

type Way = (world: World, mandate: Mandate, orders: readonly string[], die: () => Promise<void>) => Promise<void>;

/** How each mandate ends: its money taken once, and its day as full as that. */
const WAYS: Readonly<Record<string, Way>> = {
  async "mandate.reserved"(world, mandate, orders, die) {
    await die();
    const first = await charge(world, mandate, "first", orders);
    expect((await ended(world, first.body)).state).to.equal("expired");
    // Nothing was sent: what it had taken of the day is free again.
    const again = async () => {
      await charge(world, mandate, "first", orders);
      const { body } = await world.insist<Mandate>(`/v1/mandates/${mandate.id}`, { proof: world.operator });
      return body.underWay.length === 0;
    };
    await until("the day to be free", again, PATIENCE_MS);
    const second = await charge(world, mandate, "second", orders);
    expect((await ended(world, second.body)).state).to.equal("succeeded");
  },
  async "mandate.settled"(world, mandate, orders, die) {
    await die();
    const first = await charge(world, mandate, "first", orders);
    expect((await ended(world, first.body)).state).to.equal("succeeded");
    expect((await charge(world, mandate, "first", orders)).body.id).to.equal(first.body.id);
  },
  async "mandate.revoked"(world, mandate, orders, die) {
    await world.bank.script({ on: "debit", fault: "challenge" });
    const waiting = await charge(world, mandate, "waits", orders);
    expect(waiting.body, JSON.stringify(waiting.body)).to.include({ state: "requires_action" });
    await die();
    const revocation = { proof: world.payer, method: "DELETE" } as const;
    const { body } = await world.insist<Mandate>(`/v1/mandates/${mandate.id}`, revocation);
    expect(body, JSON.stringify(body)).to.deep.include({ state: "revoked", underWay: [] });
    const payment = await world.insist<Payment>(`/v1/payments/${waiting.body.id}`, { proof: world.operator });
    expect(payment.body).to.include({ state: "cancelled" });
    expect((await charge(world, mandate, "more", orders)).problem.code).to.equal("MANDATE_ENDED");
    expect((await inbox(world)).map(({ id }) => id)).to.include.members([...orders]);
  },
};

crashes({
  while: "charges by mandates",
  kills: KILLS.mandates,
  async survive(world, { at }, index, die) {
    const orders = await stockDay(world, `M${index}`);
    const mandate = await give(world, `mandate-${index}`);
    const before = (await world.bank.ledger()).length;
    await WAYS[at]?.(world, mandate, orders, die);
    const debits = (await world.bank.ledger()).slice(before).map(({ amount }) => amount);
    expect(debits).to.deep.equal(at === "mandate.revoked" ? [] : [DAY]);
    if (at !== "mandate.revoked") {
      const more = await charge(world, mandate, "more", await stockDay(world, `N${index}`));
      expect(more.problem.code).to.equal("MANDATE_LIMIT_REACHED");
    }
    await atRest(world);
  },
});
