import { expect } from "chai";
import { checkLedger } from "../../../core/ledger/doctor.ts";
import type { RefundRequest } from "../../../core/refunds/model.ts";
import type { Limits } from "../../../core/limits.ts";
import type { Payment, Refund } from "../../../schemas/types.generated.ts";
import { audit } from "../../support/audit.ts";
import type { House } from "../../support/house.ts";
import { openTill } from "../../support/till.ts";

export const usd = (value: string) => ({ value, currency: "USD" });

/** A till at which Ann has paid orders of 1.37 (n0, alpha), 2.37 (n1, beta), 3.37 (n2, gamma) and 4.37 (n3, alpha): 11.48 in all. */
export async function openCounter(limits: Partial<Limits> = {}) {
  const till = await openTill(limits);
  await till.seed(4);
  const payment: Payment = await till.pay("paid");
  let keys = 0;
  const service = (house: House = till.house) => house.core.services.refunds;
  const ask = (request: Partial<RefundRequest> = {}): RefundRequest => ({
    paymentId: payment.id,
    amount: "all",
    ...request,
  });
  return {
    till,
    payment,
    service,
    ask,
    open: (request: Partial<RefundRequest> = {}, more: object = {}, house?: House) =>
      service(house).open({
        request: ask(request),
        reason: "cold tea",
        by: "operator:ops",
        idempotencyKey: `key-${(keys += 1)}`,
        ...more,
      }),
    get: (refundId: string): Promise<Refund> => service().get({ refundId }),
    orderOf: (index: number) => payment.orders.find(({ orderNo }) => orderNo === `n${index}`)?.orderId ?? "",
    /** The amounts that the bank gave back, in its order. */
    refunded: () => [...till.bank.refunded.values()].map(({ amount }) => amount.value),
    /** All is over: the house's auditor and the doctor look at the books. */
    rest: async () => {
      const refunds = [...till.bank.refunded.values()];
      await audit(till.store, [...till.bank.booked.values()], { atRest: true, refunds });
      const faults: string[] = [];
      const complain = (where: string, what: string) => void faults.push(`${where} ${what}`);
      await checkLedger({ store: till.store, keys: [], complain });
      expect(faults).to.deep.equal([]);
    },
  };
}

export type Counter = Awaited<ReturnType<typeof openCounter>>;
