/** What a payer, an operator and platforms do with a node, over HTTP, as clients that do not give up. */
import { expect } from "chai";
import type { Endpoint, Inbox, Link } from "../../../core/actions.ts";
import type { FileReport, Order, Payment } from "../../../schemas/types.generated.ts";
import { ANSWER } from "../../../plugins/bank-adapter/banks/sandbox/bank/challenges.ts";
import { line } from "../../support/plugins.ts";
import { until } from "../../support/process.ts";
import type { Answer } from "./client.ts";
import { PATIENCE_MS, PAYER, type World } from "./world.ts";

export const BUYER = "buyer-1";
const CURRENCY = "EUR";
const OPENING = { value: "1000000.00", currency: CURRENCY };

/** Gives the payer an account, ties the buyer of each platform to the payer, and has each platform told of its events. */
export async function openShop(world: World, opening = OPENING): Promise<void> {
  const { operator, payer, bank, receiver } = world;
  const token = await bank.openAccount(opening);
  await world.insist("/v1/accounts", { proof: payer, json: { bank: "sandbox", token, label: "Everyday" } });
  for (const platform of world.platforms) {
    await linkBuyer(world, platform, BUYER);
    const json = { platform, url: receiver.url(platform) };
    const { body } = await world.insist<Endpoint & { secret: string }>("/v1/endpoints", { proof: operator, json });
    receiver.trust(platform, body.secret);
  }
}

export async function linkBuyer(world: World, platform: string, buyerId: string): Promise<void> {
  const json = { platform, userId: PAYER, buyerId };
  const { status } = await world.insist<Link>("/v1/links", { proof: world.operator, json });
  expect(status).to.be.oneOf([200, 201]);
}

/** The text of a file of an invented platform: orders of the buyer, then those of somebody without a link. */
export function fileOf(prefix: string, buyers: number, others = 0, amount = "12.30"): string {
  const own = Array.from({ length: buyers }, (_, i) => line(`${prefix}-${i}`, amount, { buyer: BUYER }));
  const foreign = Array.from({ length: others }, (_, i) => line(`${prefix}-x${i}`, "3.00", { buyer: "somebody" }));
  return [...own, ...foreign].join("");
}

/** Sends a file as its platform, signed. */
export function send(world: World, platform: string, text: string): Promise<Answer<FileReport>> {
  const proof = { platformSecret: world.secretOf(platform) };
  return world.insist<FileReport>(`/v1/platforms/${platform}/files`, { proof, text });
}

export async function processed(world: World, { id }: FileReport): Promise<FileReport> {
  return until(
    `${id} to be processed`,
    async () => {
      const { body } = await world.insist<FileReport>(`/v1/files/${id}`, { proof: world.operator });
      expect(body.state, JSON.stringify(body.error)).to.be.oneOf(["received", "processing", "processed"]);
      return body.state === "processed" && body;
    },
    PATIENCE_MS,
  );
}

/** Sends a file and waits until it is processed. */
export async function stock(world: World, platform: string, text: string): Promise<FileReport> {
  const { status, body } = await send(world, platform, text);
  expect(status, JSON.stringify(body)).to.be.oneOf([200, 202]);
  return processed(world, body);
}

/** The payer's open orders. */
export async function inbox(world: World): Promise<readonly Order[]> {
  const orders: Order[] = [];
  for (let after: string | undefined = ""; after !== undefined;) {
    const cursor: string = after === "" ? "" : `?after=${encodeURIComponent(after)}`;
    const { body }: Answer<Inbox> = await world.insist(`/v1/inbox${cursor}`, { proof: world.payer });
    orders.push(...body.groups.flatMap((group) => group.orders));
    after = body.next;
  }
  return orders;
}

export const everything = (currency = CURRENCY) => ({ orders: "all", currency });

/** Pays as a client that does not give up: the same key and body again until there is an answer. */
export const pay = (world: World, key: string, json: unknown = everything()): Promise<Answer<Payment>> =>
  world.insist<Payment>("/v1/payments", { proof: world.payer, json, key });

/** Answers the bank's challenge rightly, as a payer who sees that the payment still waits for it. */
async function answer(world: World, { id, challenge }: Payment): Promise<void> {
  const json = { challengeId: challenge?.id, answer: ANSWER };
  const { status, body } = await world.insist(`/v1/payments/${id}/confirm`, { proof: world.payer, json });
  expect(status, JSON.stringify(body)).to.be.oneOf([200, 202, 409]);
}

/** The payment once it has left a state that is on the way; a challenge is answered. */
export function ended(world: World, { id }: Payment): Promise<Payment> {
  return until(
    `${id} to end`,
    async () => {
      const { body } = await world.insist<Payment>(`/v1/payments/${id}`, { proof: world.operator });
      if (body.state === "requires_action") await answer(world, body);
      return !["requires_action", "locking", "submitting", "unknown"].includes(body.state) && body;
    },
    PATIENCE_MS,
  );
}
