/** Operators set when merchants are paid, platforms say what was delivered; lines wait, are held, and come to be payable. */
import { LINES, type StoredLine } from "../../../core/settlement/model.ts";
import { LINE_STATES } from "../../../core/settlement/states.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { PLATFORMS } from "../../support/house.ts";
import { Broken, type Noun } from "../engine/contract.ts";
import { PAID } from "../engine/ways.ts";

export const settlement: Noun = {
  name: "settlement",
  tables: [{ noun: "line", collection: LINES.name, table: LINE_STATES.table }],
  fixed: { [LINES.name]: ["kind", "of", "paymentId", "orderId", "platform", "merchant", "gross", "fee", "net", "tax"] },
  // Lines that wait for a delivery, and for days after one.
  ways: [
    {
      steps: [...Array.from({ length: 3 }, () => "settlement.set rule"), ...PAID, "settlement.deliver", "all jobs"],
    },
  ],
  open: ({ store }) => ({
    audit() {
      for (const { _id, gross, fee, net } of store.all<StoredLine>(LINES.name))
        if (minorOfMoney(gross) !== minorOfMoney(fee) + minorOfMoney(net))
          throw new Broken("gross = net + fee", `${_id}: ${gross.value} is not ${net.value} + ${fee.value}`);
    },
    ops: {
      "set rule": {
        weight: 2,
        expects: ["STATE_REFUSED"],
        async run({ services, random }) {
          const days = random.pick([0, 0, 1, 2]);
          const rule = random.pick([
            { hold: { after: "delivery" as const, days }, claimAfterDays: 1 },
            { hold: { after: "payment" as const, days }, reserve: { percent: "10", days: 1 }, claimAfterDays: 1 },
            null,
          ]);
          const platform = random.pick(Object.keys(PLATFORMS));
          await services.settlement.setSettlementRule({ platform, rule, by: "operator" });
        },
      },
      deliver: {
        weight: 3,
        async run({ services, random }) {
          const lines = store.all<StoredLine>(LINES.name);
          const waiting = lines.filter(({ state }) => state === "due");
          const chosen = waiting.length > 0 ? waiting : lines;
          if (chosen.length > 0) await services.settlement.deliver({ orderId: random.pick(chosen).orderId });
        },
      },
    },
  }),
};
