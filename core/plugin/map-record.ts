import { hash } from "node:crypto";
import type { MappedRecord } from "../actions.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { MergepayError } from "../errors/errors.ts";
import type { RawRecord } from "../formats/contract.ts";
import { canonicalMoney } from "../money/money.ts";
import { validator, type Validator } from "../schema/validate.ts";
import { canonicalOrder } from "./canonical-order.ts";
import type { MapContext, PlatformOrder } from "./contract.ts";
import { instantOf } from "./instant.ts";

/** Orders that one record may become. */
export const ORDERS_PER_RECORD = 1000;
/** Characters of a reason that a plugin gives. */
const REASON_CHARS = 512;

type Rejected = NonNullable<MappedRecord["rejected"]>;

class Refusal extends Error {
  readonly rejected: Rejected;
  constructor(code: ErrorCode, reason: string, field?: string) {
    super(reason);
    this.rejected = { code, reason, ...(field === undefined || field === "" ? {} : { field }) };
  }
}

export interface Mapping {
  readonly map: (record: never, context: MapContext) => unknown;
  readonly fits: Validator<unknown>;
  readonly currencies: readonly string[];
}

/** The JSON text of a MappedRecord, as the worker sends it. */
export type RecordMapper = (raw: RawRecord, merchant: string) => string;

type Outcome = Omit<MappedRecord, "record" | "position" | "orders">;

/**
 * Makes the function that turns one record as read into what became of it. It never throws: whatever the plugin does
 * with a record, short of never coming back, becomes a reject of that record.
 */
export function recordMapper({ map, fits, currencies }: Mapping): RecordMapper {
  const taken = new Set(currencies);
  const fitsOrder = validator<PlatformOrder>("mergepay:platform-order");
  const fitsMerchant = validator<string>("mergepay:platform-order#/properties/merchant");
  const fitsOrderNo = validator<string>("mergepay:platform-order#/properties/orderNo");
  return (raw, merchant) => {
    const { record, position } = raw;
    if ("refused" in raw) return JSON.stringify({ record, position, rejected: raw.refused });
    try {
      const became = mapOne(raw.value, merchant);
      // The text that an order is hashed by is the one that is sent: to make it costs as much as all checks together.
      return typeof became === "string"
        ? `{"record":${record},"position":${JSON.stringify(position)},"orders":${became}}`
        : JSON.stringify({ record, position, ...became });
    } catch (error) {
      const { rejected } = error instanceof Refusal ? error : new Refusal("PLUGIN_THREW", threw(error));
      return JSON.stringify({ record, position, rejected });
    }
  };

  /** The JSON text of its orders, or what else it is. */
  function mapOne(value: unknown, merchant: string): string | Outcome {
    if (!fits(value)) {
      const { field, reason } = fits.fault();
      throw new Refusal("RECORD_INVALID", `${field === "" ? "The record" : field} ${reason}.`, field);
    }
    const made = map(value as never, { merchant });
    if (Array.isArray(made)) return ordersOf(made, value);
    if (typeof made !== "object" || made === null) throw invalid(`map returned ${nameOf(made)}`);
    const { skip, reject, field, cancel, notOwed, reason, deliveredAt } = made as Readonly<Record<string, unknown>>;
    if (cancel !== undefined) return { cancelled: namedOrder("cancel", cancel, reason) };
    if (notOwed !== undefined)
      return { notOwed: { ...namedOrder("notOwed", notOwed, reason), ...deliveryOf(deliveredAt) } };
    if (typeof skip === "string" && skip !== "") return { skipped: skip.slice(0, REASON_CHARS) };
    if (typeof reject === "string" && reject !== "")
      throw new Refusal("RECORD_INVALID", reject.slice(0, REASON_CHARS), typeof field === "string" ? field : undefined);
    throw invalid(`map returned ${nameOf(made)}`);
  }

  function ordersOf(made: readonly unknown[], source: unknown): string {
    const { length } = made;
    if (!(length >= 1)) throw invalid("map returned no orders and no reason");
    if (length > ORDERS_PER_RECORD)
      throw invalid(`map made ${length} orders of one record; ${ORDERS_PER_RECORD} is the most`);
    let orders = "";
    // By index: a list may have holes, or be no list of the language's own.
    for (let index = 0; index < length; index += 1) {
      if (index > 0) orders += ",";
      orders += hashed(made[index], length === 1 ? "the order" : `order ${index + 1}`, source);
    }
    return `[${orders}]`;
  }

  /** The order that a record takes back or says to be owed no more. */
  function namedOrder(
    as: "cancel" | "notOwed",
    named: unknown,
    reason: unknown,
  ): NonNullable<MappedRecord["cancelled"]> {
    if (typeof named !== "object" || named === null || typeof reason !== "string" || reason === "")
      throw invalid(`map names no order as in { ${as}: { merchant, orderNo }, reason: "..." }`);
    const names: Record<string, unknown> = { ...named };
    settleNames(names);
    const { merchant, orderNo } = names;
    if (!fitsMerchant(merchant)) throw invalid(`/${as}/merchant ${fitsMerchant.fault().reason}`);
    if (!fitsOrderNo(orderNo)) throw invalid(`/${as}/orderNo ${fitsOrderNo.fault().reason}`);
    return { merchant, orderNo, reason: reason.slice(0, REASON_CHARS) };
  }

  /** When an order was delivered, if the plugin says so. */
  function deliveryOf(deliveredAt: unknown): { deliveredAt?: string } {
    if (deliveredAt === undefined) return {};
    const at = typeof deliveredAt === "string" ? instantOf(deliveredAt) : undefined;
    if (at === undefined) throw invalid("/deliveredAt is no ISO 8601 date and time with a zone");
    return { deliveredAt: new Date(at).toISOString() };
  }

  function hashed(made: unknown, name: string, source: unknown): string {
    if (typeof made !== "object" || made === null) throw invalid(`${name} is ${nameOf(made)}`);
    const { amount } = made as { amount?: { value?: unknown; currency?: unknown } | null };
    if (typeof amount?.value !== "string" || typeof amount.currency !== "string")
      throw invalid(`${name} has no amount of the form { value: "12.30", currency: "EUR" }`);
    const money = moneyOf(amount.value, amount.currency, source);
    const order: Record<string, unknown> = { ...made, amount: money };
    settleNames(order);
    if (!fitsOrder(order)) {
      const { field, reason } = fitsOrder.fault();
      throw invalid(`${field === "" ? name : `${field} of ${name}`} ${reason}`);
    }
    const text = canonicalOrder(order);
    return `${text.slice(0, -1)},"contentHash":"${hash("sha256", text)}"}`;
  }

  function moneyOf(value: string, currency: string, source: unknown): PlatformOrder["amount"] {
    try {
      const amount = canonicalMoney(value, currency);
      if (taken.has(amount.currency)) return amount;
    } catch (error) {
      if (!(error instanceof MergepayError)) throw error;
      const text = error.type === "CURRENCY_UNKNOWN" ? currency : value;
      throw new Refusal(error.type, error.message, fieldHolding(source, text));
    }
    throw new Refusal(
      "CURRENCY_UNSUPPORTED",
      `The platform takes ${[...taken].join(", ")} only.`,
      fieldHolding(source, currency),
    );
  }
}

/** Has one form only, and no blanks at its ends. */
const ASCII = /^[!-~](?:[ -~]*[!-~])?$/;

const NAMES = ["merchant", "orderNo", "buyerId"] as const;

/** What orders and buyers are known by, in one form only: NFC, without blanks at the ends. Two spellings of one number would be two orders. */
function settleNames(order: Record<string, unknown>): void {
  for (const name of NAMES) {
    const value = order[name];
    if (typeof value === "string" && !ASCII.test(value)) order[name] = value.normalize("NFC").trim();
  }
}

const invalid = (reason: string): Refusal =>
  new Refusal("PLUGIN_OUTPUT_INVALID", `The plugin's output is not a unified order: ${reason}.`.slice(0, REASON_CHARS));

function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value === "undefined" ? "nothing" : `a ${typeof value}`;
  if (typeof (value as { then?: unknown }).then === "function") {
    // A promise that nobody waits for must not end the worker when it rejects; the record is refused either way.
    Promise.resolve(value as PromiseLike<unknown>).then(undefined, () => undefined);
    return "a promise; it must answer at once";
  }
  return "an object that is neither orders nor { skip }, { cancel }, { notOwed } or { reject }";
}

/** An error's message may hold what the record holds, so only its kind and place in the plugin are told. */
function threw(error: unknown): string {
  const { name, stack } = partsOf(error);
  const kind = typeof name === "string" && /^[A-Za-z]{1,40}$/.test(name) ? name : "Something";
  const place = typeof stack === "string" ? /[\w.-]+\.ts:\d+:\d+/.exec(stack)?.[0] : undefined;
  return `The plugin threw on this record: ${kind}${place === undefined ? "" : ` at ${place}`}.`;
}

/** What was thrown may itself throw when it is looked at. */
function partsOf(error: unknown): { name?: unknown; stack?: unknown } {
  try {
    return error instanceof Error ? { name: error.name, stack: error.stack } : {};
  } catch {
    return {};
  }
}

/**
 * JSON Pointer of the field of a record that holds exactly this text: where an amount that was refused came from. Of several the one that
 * is least deep, since an order's own fields stand above those of its lines; of those the one that is named as a total. Undefined when none does.
 */
function fieldHolding(record: unknown, text: string): string | undefined {
  if (text === "") return undefined;
  let level: readonly (readonly [at: string, value: unknown])[] = [["", record]];
  while (level.length > 0) {
    const found = level.filter(([, value]) => value === text).map(([at]) => at);
    if (found.length > 0)
      return found.find((at) => /total|amount|due|payable/i.test(at.slice(at.lastIndexOf("/")))) ?? found[0];
    level = level.flatMap(([at, value]) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).map(
            ([name, field]) => [`${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, field as unknown] as const,
          )
        : [],
    );
  }
  return undefined;
}
