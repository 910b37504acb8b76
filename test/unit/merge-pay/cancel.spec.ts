import { expect } from "chai";
import type { Order } from "../../../schemas/types.generated.ts";
import { openTill, refusal, type Till } from "../../support/till.ts";

const minute = 60_000;

describe("cancelling a payment", () => {
  let till: Till;
  let ids: string[];
  beforeEach(async () => {
    till = await openTill();
    ids = await till.seed(3);
  });
  afterEach(() => till.close(true));

  const cancel = (paymentId: string, userId = "ann") => till.house.core.services.mergePay.cancel({ paymentId, userId });
  const newest = async () => (await till.house.core.services.mergePay.list({ userId: "ann" })).items.at(-1)?.id ?? "";
  const open: Order["state"][] = ["open", "open", "open"];

  /** Does something the moment before or after the orders of the next payment are locked. */
  function atTheLock(when: "before" | "after", act: () => Promise<unknown>): void {
    const { orders } = till.house.core.services;
    const { lock } = orders;
    orders.lock = async (...given) => {
      orders.lock = lock;
      if (when === "before") await act();
      const losers = await lock(...given);
      if (when === "after") await act();
      return losers;
    };
  }

  for (const when of ["before", "after"] as const)
    it(`${when} its orders are locked wins: nothing is sent, the orders are open, and the payer is told so`, async () => {
      atTheLock(when, async () => expect((await cancel(await newest())).state).to.equal("cancelled"));
      const payment = await till.pay("k1");
      expect(payment.state).to.equal("cancelled");
      expect(till.bank.sends).to.have.length(0);
      expect(await till.statesOf(ids)).to.deep.equal(open);
      expect(await till.pay("k1")).to.include({ id: payment.id, state: "cancelled", existed: true });
      await till.house.core.services.notify.relay();
      const { items } = await till.house.core.services.notify.events({ userId: "ann" });
      expect(items.map(({ type }) => type)).to.deep.equal(["payment.cancelled"]);
      expect((await till.pay("k2")).state).to.equal("succeeded");
    });

  it("once the deduction is durable comes too late: it is refused with the state, and the payment goes on", async () => {
    let tried: ReturnType<typeof refusal> | undefined;
    till.bank.behave(() => {
      tried ??= newest().then((id) => refusal(cancel(id)));
      return "succeed";
    });
    expect((await till.pay("k1")).state).to.equal("succeeded");
    const refused = await tried;
    expect(refused?.type).to.equal("STATE_REFUSED");
    expect(refused?.data.state).to.be.oneOf(["submitting", "succeeded"]);
  });

  for (const [how, state] of [
    ["succeed", "succeeded"],
    ["decline", "failed"],
    ["book-then-silence", "unknown"],
  ] as const)
    it(`that is ${state} is refused, and changes nothing`, async () => {
      till.bank.behave(() => how);
      const payment = await till.pay("k1");
      expect((await refusal(cancel(payment.id))).data).to.deep.equal({ state });
      expect((await till.get(payment.id)).state).to.equal(state);
      await till.later(minute);
    });

  it("again answers the same; of another payer there is no such payment", async () => {
    atTheLock("after", async () => cancel(await newest()));
    const { id } = await till.pay("k1");
    expect((await refusal(cancel(id, "eve"))).type).to.equal("NOT_FOUND");
    expect(await cancel(id)).to.deep.equal(await till.get(id));
  });

  it("survives the death of its process: the next sweep opens the orders", async () => {
    const dying = await till.build((point) => {
      if (point === "payment.withdrawn") throw new Error("died");
    });
    atTheLock("after", async () => {
      const died = dying.core.services.mergePay.cancel({ paymentId: await newest(), userId: "ann" });
      expect(await died.catch((error: Error) => error.message)).to.equal("died");
    });
    // The one that pays opens what it locked, too; here it is a process that is gone.
    till.house.core.services.orders.release = () => Promise.reject(new Error("gone"));
    expect(await till.pay("k1").catch((error: Error) => error.message)).to.equal("gone");
    expect(await till.statesOf(ids)).to.deep.equal(["locked", "locked", "locked"]);
    const next = await till.build();
    await next.core.services.mergePay.sweep();
    expect(await till.statesOf(ids)).to.deep.equal(open);
  });

  it("while its process is held up before the locks: they are opened once more when no lock can be young", async () => {
    const { orders } = till.house.core.services;
    const { lock } = orders;
    let heldUp: Parameters<typeof lock> | undefined;
    orders.lock = async (...given) => {
      heldUp = given;
      orders.lock = lock;
      await cancel(await newest());
      throw new Error("held up");
    };
    await till.pay("k1").catch(() => undefined);
    await till.later(minute);
    if (heldUp !== undefined) await lock(...heldUp);
    expect(await till.statesOf(ids)).to.deep.equal(["locked", "locked", "locked"]);
    await till.later(30 * minute);
    expect(await till.statesOf(ids)).to.deep.equal(open);
  });
});
