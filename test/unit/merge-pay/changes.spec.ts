import { expect } from "chai";
import * as fc from "fast-check";
import { changesSince } from "../../../core/merge-pay/changes.ts";
import type { StoredOrder } from "../../../core/orders/model.ts";
import type { SelectedOrder } from "../../../schemas/types.generated.ts";

const line: SelectedOrder = {
  orderId: "ord_1",
  platform: "alpha",
  merchant: "shop",
  orderNo: "n1",
  amount: { value: "5.00", currency: "USD" },
  revision: 1,
};
const present = (more: Partial<StoredOrder> = {}) =>
  ({ _id: "ord_1", state: "open", amount: line.amount, revision: 1, ...more }) as StoredOrder;
const change = (field: string, before: string, after: string) => ({ orderId: "ord_1", field, before, after });

describe("what changed since a quote", () => {
  const cases: readonly [string, StoredOrder[], object[]][] = [
    ["nothing", [present()], []],
    ["the order is gone", [], [change("order", "there", "gone")]],
    ["it was paid", [present({ state: "paid" })], [change("state", "open", "paid")]],
    [
      "another amount",
      [present({ amount: { value: "6.00", currency: "USD" }, revision: 2 })],
      [change("amount", "5.00", "6.00")],
    ],
    [
      "another currency",
      [present({ amount: { value: "5.00", currency: "EUR" }, revision: 2 })],
      [change("currency", "USD", "EUR")],
    ],
    [
      "all of it",
      [present({ state: "cancelled", amount: { value: "500", currency: "JPY" }, revision: 3 })],
      [change("state", "open", "cancelled"), change("currency", "USD", "JPY"), change("amount", "5.00", "500")],
    ],
    ["other words, the same amount", [present({ revision: 2 })], [change("revision", "1", "2")]],
  ];
  for (const [what, orders, changes] of cases)
    it(`${what}: ${changes.length} named`, () => {
      expect(changesSince([line], orders)).to.deep.equal(changes);
    });

  it("names just those orders that are not as they were, whatever else is there", () => {
    const order = fc.record({ here: fc.boolean(), paid: fc.boolean(), revised: fc.boolean() });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 8 }), (all) => {
        const quoted = all.map((_one, at) => ({ ...line, orderId: `ord_${at}` }));
        const now = all.flatMap(({ here, paid, revised }, at) =>
          here ? [present({ _id: `ord_${at}`, state: paid ? "paid" : "open", revision: revised ? 2 : 1 })] : [],
        );
        const named = new Set(changesSince(quoted, now.toReversed()).map(({ orderId }) => orderId));
        const expected = all.flatMap(({ here, paid, revised }, at) => (!here || paid || revised ? [`ord_${at}`] : []));
        expect([...named]).to.deep.equal(expected);
      }),
    );
  });
});
