/** What operators do so that merchants are paid, over HTTP, as people who do not give up. */
import { expect } from "chai";
import type { MerchantAccount } from "../../../core/actions.ts";
import type { PayoutPreview, SettlementLine } from "../../../schemas/types.generated.ts";
import type { World } from "./world.ts";

/** An account at the bank for the merchant of each platform, added by one operator and verified by another. */
export async function openMerchants(world: World): Promise<void> {
  for (const platform of world.platforms) {
    const token = await world.bank.openAccount({ value: "0.00", currency: "EUR" });
    const json = { platform, merchant: "corner", currency: "EUR", bank: "sandbox", token, label: "Shop" };
    const { body } = await world.insist<MerchantAccount>("/v1/merchant-accounts", { proof: world.operator, json });
    const verify = await world.insist(`/v1/merchant-accounts/${body.id}/verify`, { proof: world.reviewer, json: {} });
    expect(verify.status, JSON.stringify(verify.body)).to.equal(200);
  }
}

/** Begins what is payable. */
export async function payOut(world: World): Promise<void> {
  const { operator: proof } = world;
  const { body } = await world.insist<PayoutPreview>("/v1/payouts/preview", { proof, json: {} });
  const { confirmation } = body;
  const { status } = await world.insist("/v1/payouts/run", { proof, json: { confirmation } });
  // Stale: what it showed was begun before its node died, or by the run of the day.
  expect(status).to.be.oneOf([202, 409]);
}

/** Lines of which merchants have not had the money. */
export const unpaid = async (world: World): Promise<SettlementLine[]> =>
  (await world.list<SettlementLine>("/v1/settlement-lines")).filter(({ state }) => state !== "paid_out");
