/** What merchants owe: seen, claimed and netted by the jobs alone; rules with short days are among the operations of settlement. */
import { CLAIMS, type StoredClaim } from "../../../core/claims/model.ts";
import { CLAIM_STATES } from "../../../core/claims/states.ts";
import { minorOfMoney } from "../../../core/money/money.ts";
import { Broken, type Noun } from "../engine/contract.ts";

export const claims: Noun = {
  name: "claims",
  tables: [{ noun: "claim", collection: CLAIMS.name, table: CLAIM_STATES.table }],
  fixed: { [CLAIMS.name]: ["platform", "merchant", "payee", "since"] },
  open: ({ store, count, told }) => ({
    audit(atRest) {
      const all = store.all<StoredClaim>(CLAIMS.name);
      const open = all.filter(({ state }) => state !== "netted").map(({ payee }) => payee);
      if (new Set(open).size !== open.length) throw new Broken("a payee owes once at a time", open.join());
      for (const { _id, owed, state, claimedAt, endedAt } of all) {
        if (minorOfMoney(owed) <= 0n) throw new Broken("a claim is of something", `${_id} is of ${owed.value}`);
        if ((endedAt !== undefined) !== (state === "netted"))
          throw new Broken("a claim that has ended says when", `${_id} is ${state}`);
        if (state === "claimed" && claimedAt === undefined)
          throw new Broken("a claim says since when", `${_id} does not`);
        if (atRest) count(`claim at rest ${state}`);
      }
      if (!atRest) return;
      const claimed = new Set(all.filter(({ claimedAt }) => claimedAt !== undefined).map(({ _id }) => _id));
      for (const { type, aggregate } of told())
        if (type.startsWith("claim.") && !claimed.has(aggregate))
          throw new Broken("what is told is so", `${aggregate} was never claimed`);
    },
    ops: {},
  }),
};
