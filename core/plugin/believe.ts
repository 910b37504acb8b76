import type { MappedRecord } from "../actions.ts";
import { ERRORS } from "../errors/codes.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import { canonicalMoney } from "../money/money.ts";
import { compileSchema, validator } from "../schema/validate.ts";
import type { PlatformOrder } from "./contract.ts";
import { checkManifest, type Manifest } from "./manifest.ts";
import { ORDERS_PER_RECORD } from "./map-record.ts";
import { BATCH_RECORDS, type Batch } from "./messages.ts";
import type { Reading } from "./worker-calls.ts";

/**
 * What the host believes of a worker. The plugin's code ran in the process that speaks, so all that it says is looked at once more on
 * this side: whatever became of the worker, no order reaches the store that is not one.
 */

const text = { type: "string" };
const instant = { type: "string", pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" };
const object = (properties: object, required = Object.keys(properties)): object => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});
const part = (name: "merchant" | "orderNo") => validator<string>(`mergepay:platform-order#/properties/${name}`);

/** A record and one thing that became of it, with `more` besides. Orders are checked one by one. */
const recordFits = (more: object) =>
  compileSchema<MappedRecord>({
    ...object(
      {
        record: { type: "integer", minimum: 0 },
        position: text,
        orders: { type: "array", minItems: 1, maxItems: ORDERS_PER_RECORD, items: { type: "object" } },
        skipped: text,
        cancelled: object({ merchant: text, orderNo: text, reason: text }),
        notOwed: object({ merchant: text, orderNo: text, reason: text, deliveredAt: instant }, [
          "merchant",
          "orderNo",
          "reason",
        ]),
        rejected: object({ code: { enum: Object.keys(ERRORS) }, field: text, reason: text }, ["code", "reason"]),
        ...more,
      },
      ["record", "position", ...Object.keys(more)],
    ),
    minProperties: 3 + Object.keys(more).length,
    maxProperties: 3 + Object.keys(more).length,
  });
const fitsRecord = recordFits({});
const fitsProbed = recordFits({
  probe: object(
    {
      ms: { type: "number" },
      returned: text,
      impure: { enum: ["changed", "differs"] },
      peakBytes: { type: "integer" },
    },
    ["ms", "peakBytes"],
  ),
});

/** Of the right form it may still be no day. */
function isInstant(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

export interface Belief {
  /** The record that the reading begins with. */
  readonly from: number;
  readonly currencies: readonly string[];
  /** The worker was started to tell of each record how it was mapped. */
  readonly probe: boolean;
}

/** What a worker says that its plugin is. @throws PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID */
export function believedManifest(said: Manifest): Manifest {
  const { replies, ...rest } = said;
  const manifest = checkManifest(rest);
  return replies === undefined ? manifest : { ...manifest, replies: true };
}

/** A reading whose batches are checked: orders of the schema in canonical money, records in their order from `from` on. */
export function believedReading(reading: Reading, belief: Belief): Reading {
  let next = belief.from;
  return {
    close: reading.close,
    async next() {
      const batch = await reading.next();
      const fault = faultOf(batch, next, belief);
      if (fault !== undefined) {
        reading.close();
        throw new MergepayError(
          "PLUGIN_OUTPUT_INVALID",
          `The plugin's worker answered what no record can become, at record ${next} (counted from 0) or soon after: ${fault}.`,
          { position: `record ${next}` },
        );
      }
      next = batch.next;
      return batch;
    },
  };
}

function faultOf({ records, next }: Batch, from: number, { currencies, probe }: Belief): string | undefined {
  const fits = probe ? fitsProbed : fitsRecord;
  if (!Array.isArray(records) || records.length > BATCH_RECORDS) return "it is not a batch of records";
  let last = from - 1;
  for (const mapped of records as readonly unknown[]) {
    if (!fits(mapped)) return `${fits.fault().field} ${fits.fault().reason}`;
    if (mapped.record <= last) return "its records are out of order";
    last = mapped.record;
    const { orders = [], cancelled, notOwed } = mapped;
    for (const named of [cancelled, notOwed])
      if (named !== undefined && !(part("merchant")(named.merchant) && part("orderNo")(named.orderNo)))
        return "it names what can't be an order";
    if (notOwed?.deliveredAt !== undefined && !isInstant(notOwed.deliveredAt)) return "it names no time of a delivery";
    for (const order of orders) {
      const fault = orderFault(order, currencies);
      if (fault !== undefined) return fault;
    }
  }
  return next === (records.length === 0 ? from : last + 1) ? undefined : "it does not say where it ended";
}

function orderFault(
  { contentHash, ...order }: PlatformOrder & { readonly contentHash: string },
  currencies: readonly string[],
): string | undefined {
  const fits = validator<PlatformOrder>("mergepay:platform-order");
  if (!fits(order)) return `${fits.fault().field} of an order ${fits.fault().reason}`;
  if (typeof contentHash !== "string" || !/^[0-9a-f]{64}$/.test(contentHash)) return "an order has no hash";
  const { value, currency } = order.amount;
  if (!currencies.includes(currency)) return "an order is in a currency that the platform does not take";
  try {
    return canonicalMoney(value, currency).value === value ? undefined : "an amount is not canonical";
  } catch (error) {
    return asMergepayError(error).message;
  }
}
