/**
 * The contract between Mergepay and its platform plugins: all that a plugin may import.
 */
import type { InputSpec } from "../formats/contract.ts";
import type { Event, FeeRule, Money, PlatformOrder } from "../../schemas/types.generated.ts";

export type { InputSpec } from "../formats/contract.ts";
export type { Event, FeeRule, Money, PlatformOrder } from "../../schemas/types.generated.ts";
export { addsUp, exactProduct, exactSum, isZero } from "../money/decimal.ts";
export {
  amountWithSign,
  decimalFrom,
  fromMinorUnits,
  fromScaled,
  withoutPadding,
  type NumberStyle,
} from "./amounts.ts";
export { epochInstant, instantFrom } from "./dates.ts";
export { excelInstant } from "./excel-instant.ts";
export { instantOf } from "./instant.ts";
export { plainText } from "./plain-text.ts";
export { centsText, seededNumbers, type GenerateOptions } from "./sample-data.ts";

/** The version of this contract. A plugin made for another one is refused by name. */
export const CONTRACT_VERSION = 1;

/**
 * What `map` gives for a record with nothing to pay that says nothing of an order: a draft, a test, another document. It is counted as
 * skipped, with the reason. An order that was owed and no longer is must be `NotOwed`, or it stays payable.
 */
export interface Skip {
  readonly skip: string;
}

/** What `map` gives for a record that is wrong in a way that the schema can't say: it is rejected. */
export interface Reject {
  readonly reject: string;
  /** JSON Pointer into the record, or column. */
  readonly field?: string;
}

/** What an order is known by within its platform: the same in all of its records, those that make it and those that end it. */
export interface OrderName {
  readonly merchant: string;
  readonly orderNo: string;
}

/**
 * What `map` gives for a record that takes an order back: an open order is cancelled and can't be paid any more. It stays so: an order that
 * is cancelled before it comes, in whichever file, is never payable.
 */
export interface Cancel {
  readonly cancel: OrderName;
  readonly reason: string;
}

/**
 * What `map` gives for a record that says that nothing is owed for an order: it was paid elsewhere, refunded, paid in part with the rest not
 * told. An open order is taken back as by `Cancel`, for good; one that was paid here stays as it is. The record counts as skipped where it
 * takes nothing back.
 */
export interface NotOwed {
  readonly notOwed: OrderName;
  readonly reason: string;
  /**
   * When the order was delivered, ISO 8601 with a zone, where the record tells it. Of an order that was paid here, holds after delivery are counted from
   * then, unless its delivery was told before. A time to come rejects the record.
   */
  readonly deliveredAt?: string;
}

/** What `map` gives for a record. */
export type Mapped = readonly PlatformOrder[] | Skip | Cancel | NotOwed | Reject;

/**
 * Why an order is not to be paid, under the word of the outcome that tells it: what a plugin's table of statuses holds.
 * @example new Map<string, Closed>([["VOIDED", { cancel: "The order is cancelled." }], ["ON_HOLD", { skip: "The order is on hold." }]])
 */
export type Closed = Skip | { readonly cancel: string } | { readonly notOwed: string };

export interface MapContext {
  /** The merchant that the sender named with the file, or the plugin's `defaultMerchant`. */
  readonly merchant: string;
}

/** A webhook's body in the platform's own format. */
export interface Reply {
  /** Such as `application/xml` or `text/csv; charset=utf-8`. */
  readonly contentType: string;
  /** At most 256 KiB as UTF-8. */
  readonly body: string;
}

/** One kind of file that a platform sends: how it is read, what a record of it must be, what becomes of one. */
export interface PlatformInput<R = never> {
  readonly input: InputSpec;
  /** File beside plugin.ts: JSON Schema 2020-12 of one record as the reader gives it (numbers are text). */
  readonly schema: string;
  /** Pure: called once a record that fits the schema. Money leaves as text exactly as the platform means it; core makes it canonical. */
  readonly map: (record: R, context: MapContext) => Mapped;
}

/** A platform plugin: one frozen value. */
export interface PlatformPlugin<R = never> extends PlatformInput<R> {
  readonly contract: typeof CONTRACT_VERSION;
  /** Name for people. The id is the folder's name. */
  readonly title: string;
  /** Further kinds of files, made by `defineInput`. A file is of the first kind that its beginning looks like, `input` before these. */
  readonly also?: readonly PlatformInput[];
  /** ISO 4217 codes that the platform settles in. */
  readonly currencies: readonly string[];
  /** What the platform's operator keeps of its orders, where operators have set nothing else. */
  readonly fees: FeeRule;
  /** The platform's own settlement account at the bank: an opaque token. */
  readonly settlementAccount: string;
  readonly defaultMerchant: string;
  /**
   * Money that the bank took after its payment had failed, expired or been cancelled: `hold`, an operator decides; `reopen`, it pays the orders if all
   * of the payment are still open, else it is held; `refund`, it goes back to the account that it was taken from. With several platforms in a payment it is
   * held unless each says otherwise, and no order is paid by it unless all say `reopen`. Absent: hold.
   */
  readonly lateMoney?: "hold" | "reopen" | "refund";
  /**
   * Pure: what the platform's webhooks get in the place of the standard event (`file.processed`, `file.failed`, `orders.paid`). The same event
   * must give the same reply: a delivery may be tried again. Absent: the standard event.
   */
  readonly reply?: (event: Event) => Reply;
}

/**
 * Marks a value as a platform plugin and freezes it. `R` is the shape of a record that passed the plugin's schema.
 * @example export default definePlatform<Row>({ title: "Shop", input: {...}, schema: "order.schema.json", ..., map: (row) => [...] })
 */
export function definePlatform<R>(
  plugin: Omit<PlatformPlugin<R>, "contract"> & { readonly contract?: typeof CONTRACT_VERSION },
): PlatformPlugin<R> {
  return Object.freeze({ contract: CONTRACT_VERSION, ...plugin });
}

/** A further kind of file of a platform, for `also`. `R` is the shape of a record that passed its schema. */
export const defineInput = <R>(input: PlatformInput<R>): PlatformInput => Object.freeze(input);

/** Makes an order amount of a platform's own text and currency; no check here, core refuses what is not canonical money. */
export const money = (value: string, currency: string): Money => ({ value, currency });

/** The outcome of a record whose order is not to be paid: the reason with the order's name, where the outcome has one. */
export function closedOrder(named: OrderName, closed: Closed): Skip | Cancel | NotOwed {
  if ("cancel" in closed) return { cancel: named, reason: closed.cancel };
  if ("notOwed" in closed) return { notOwed: named, reason: closed.notOwed };
  return closed;
}
