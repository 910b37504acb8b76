import { expect } from "chai";
import { closedOrder, type Closed } from "../../../core/plugin/contract.ts";

describe("an order that is not to be paid", () => {
  const named = { merchant: "shop", orderNo: "A-1" };
  const outcomes: readonly (readonly [closed: Closed, outcome: unknown])[] = [
    [{ cancel: "It is cancelled." }, { cancel: named, reason: "It is cancelled." }],
    [{ notOwed: "It is paid." }, { notOwed: named, reason: "It is paid." }],
    [{ skip: "It is on hold." }, { skip: "It is on hold." }],
  ];
  for (const [closed, outcome] of outcomes)
    it(`is told as ${Object.keys(closed).join()}`, () => {
      expect(closedOrder(named, closed)).to.deep.equal(outcome);
    });
});
