import { expect } from "chai";
import type { Actions } from "../../../core/actions.ts";
import { type Clock, buildHouse, clockAt, type House, temporaryStore } from "../../support/house.ts";
import { refusal } from "../../support/till.ts";

const IBAN = "GB82WEST12345698765432";
const SECOND = "DE89370400440532013000";

describe("a merchant's account", () => {
  let house: House;
  let clock: Clock;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    clock = clockAt();
    const temporary = await temporaryStore();
    ({ remove } = temporary);
    house = await buildHouse({ store: temporary.store, clock });
  });
  afterEach(() => remove());

  const accounts = () => house.core.services.accounts;
  const add = (number: string, more: Partial<Actions["accounts.addForMerchant"]["params"]> = {}) =>
    accounts().addForMerchant({
      platform: "alpha",
      merchant: "tea",
      currency: "USD",
      bank: "test",
      label: "Tea's",
      operatorId: "ann",
      number,
      ...more,
    });
  const verify = (accountId: string, operatorId = "ben") => accounts().verifyForMerchant({ accountId, operatorId });
  const paidTo = async (merchant = "tea", currency = "USD") => {
    const found = await accounts().toPayOut("alpha", merchant, currency);
    return "code" in found ? found.code : found.account.token;
  };

  it("is paid to once another operator has verified it, of its merchant and currency only", async () => {
    expect(await paidTo()).to.equal("MERCHANT_ACCOUNT_MISSING");
    const { id, ...added } = await add(IBAN);
    expect(added).to.include({
      state: "unverified",
      current: false,
      addedBy: "ann",
      masked: "****5432",
      existed: false,
    });
    expect(await paidTo()).to.equal("MERCHANT_ACCOUNT_UNVERIFIED");
    expect((await refusal(verify(id, "ann"))).type).to.equal("SECOND_PERSON_REQUIRED");
    expect(await paidTo()).to.equal("MERCHANT_ACCOUNT_UNVERIFIED");
    expect(await verify(id)).to.include({ state: "verified", current: true, addedBy: "ann", verifiedBy: "ben" });
    expect(await accounts().toPayOut("alpha", "tea", "USD")).to.deep.equal({
      account: { accountId: id, bank: "test", token: IBAN },
    });
    expect(await paidTo("tea", "EUR")).to.equal("MERCHANT_ACCOUNT_MISSING");
    expect(await paidTo("coffee")).to.equal("MERCHANT_ACCOUNT_MISSING");
  });

  it("that is replaced stays the account of payouts that began with it, and does not come back by itself", async () => {
    const { id: first } = await add(IBAN);
    await verify(first);
    const { id: second } = await add(SECOND);
    expect(await paidTo(), "until the new one is verified").to.equal(IBAN);
    clock.advance(-3_600_000); // The node that verifies has a clock that is behind.
    await verify(second);
    expect(await paidTo()).to.equal(SECOND);
    expect((await accounts().payOutAccount(first)).token).to.equal(IBAN);
    expect(await accounts().removeForMerchant({ accountId: second, operatorId: "ann" })).to.include({
      state: "removed",
      removedBy: "ann",
      current: false,
    });
    expect(await paidTo()).to.equal("MERCHANT_ACCOUNT_MISSING");
    expect((await accounts().payOutAccount(second)).token).to.equal(SECOND);
    expect((await refusal(verify(second))).type).to.equal("STATE_REFUSED");
    const again = await add(IBAN);
    expect(again, "the first number is a new account, to be verified anew").to.include({
      existed: false,
      state: "unverified",
    });
    await verify(again.id);
    expect(await paidTo()).to.equal(IBAN);
  });

  it("added twice is the same account, until another one took its place", async () => {
    const first = await add(IBAN);
    expect(await add("gb82 west 1234 5698 7654 32")).to.deep.equal({ ...first, existed: true });
    await verify(first.id);
    expect(await add(IBAN)).to.include({ id: first.id, existed: true, state: "verified" });
    expect((await add(IBAN, { currency: "EUR" })).existed).to.equal(false);
    const second = await add(SECOND);
    await verify(second.id);
    expect(await add(IBAN)).to.include({ existed: false, state: "unverified" });
  });

  it("is listed by platform and merchant, by its end only", async () => {
    const { id } = await add(IBAN);
    await add(SECOND, { merchant: "coffee" });
    const all = await accounts().listForMerchants({ platform: "alpha" });
    expect(all.items.map(({ merchant }) => merchant)).to.deep.equal(["tea", "coffee"]);
    const { items } = await accounts().listForMerchants({ platform: "alpha", merchant: "tea" });
    expect(items.map((account) => account.id)).to.deep.equal([id]);
    expect(JSON.stringify(all)).to.not.match(/WEST|v1\.|keyId|fingerprint/);
    expect((await accounts().listForMerchants({ platform: "beta" })).items).to.deep.equal([]);
  });

  for (const [name, more, code] of [
    ["an unknown platform", { platform: "nobody" }, "PLATFORM_UNKNOWN"],
    ["an unknown bank", { bank: "none" }, "BODY_INVALID"],
    ["a currency that is none", { currency: "ABC" }, "CURRENCY_UNKNOWN"],
    ["an IBAN with wrong check digits", { number: "GB82WEST12345698765433" }, "BODY_INVALID"],
  ] as const)
    it(`of ${name} is refused`, async () => {
      expect((await refusal(add(IBAN, more))).type).to.equal(code);
      expect((await accounts().listForMerchants({})).items).to.deep.equal([]);
    });

  it("verified and removed at once ends removed or is refused, never paid to after the removal", async () => {
    const { id } = await add(IBAN);
    await Promise.allSettled([
      verify(id),
      accounts().removeForMerchant({ accountId: id, operatorId: "ann" }),
      verify(id),
    ]);
    expect(await paidTo()).to.equal("MERCHANT_ACCOUNT_MISSING");
  });
});
