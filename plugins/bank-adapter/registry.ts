/** The platforms that have registered: where their money goes, in which currencies, at which fees. Held in memory: each registers at its start. */
import {
  exponentOf,
  MergepayError,
  minorOf,
  PERCENT,
  type PlatformRegistration,
} from "../../core/plugin/bank-contract.ts";

const PLATFORM = /^[a-z][a-z0-9-]{1,39}$/;

function refuse(field: string, reason: string): never {
  throw new MergepayError("PLUGIN_REGISTRATION_FAILED", `The registration can't be taken: ${field} ${reason}`, {
    field,
  });
}

function checkText(field: string, value: unknown, maxChars: number): void {
  if (typeof value !== "string" || value.trim() === "" || value.length > maxChars)
    refuse(field, `must be text of 1 to ${maxChars} characters.`);
}

function checkCurrencies(currencies: unknown): asserts currencies is readonly string[] {
  if (!Array.isArray(currencies) || currencies.length === 0) refuse("/currencies", "must name at least one currency.");
  for (const [index, currency] of currencies.entries())
    if (typeof currency !== "string" || exponentOf(currency) === undefined)
      refuse(`/currencies/${index}`, "is not an ISO 4217 code in capitals.");
  if (new Set(currencies).size !== currencies.length) refuse("/currencies", "names a currency twice.");
}

function checkFees(fees: unknown, currencies: readonly string[]): void {
  if (typeof fees !== "object" || fees === null || Array.isArray(fees))
    refuse("/fees", "must be a fee rule, `{}` for none.");
  const rule = fees as { readonly fixed?: unknown; readonly percent?: unknown };
  for (const name of Object.keys(rule))
    if (name !== "fixed" && name !== "percent") refuse("/fees", "knows only `fixed` and `percent`.");
  if (rule.percent !== undefined) {
    const percent = rule.percent;
    if (typeof percent !== "string" || !PERCENT.test(percent))
      refuse("/fees/percent", "must be plain decimal text from 0 to 100, such as 2.9, with at most six decimals.");
  }
  if (rule.fixed === undefined) return;
  if (typeof rule.fixed !== "object" || rule.fixed === null || Array.isArray(rule.fixed))
    refuse("/fees/fixed", "must be amounts by currency.");
  for (const [currency, value] of Object.entries(rule.fixed)) {
    if (!currencies.includes(currency)) refuse("/fees/fixed", "has a currency that the platform does not settle in.");
    const field = `/fees/fixed/${currency}`;
    if (minorOfFee(value, currency, field) < 0n) refuse(field, "is below zero.");
  }
}

function minorOfFee(value: unknown, currency: string, field: string): bigint {
  if (typeof value !== "string") refuse(field, "must be decimal text such as 0.30.");
  try {
    return minorOf(value, currency);
  } catch (error) {
    // The money module's own sentence says what is wrong with the text; here it becomes the registration's error, with its field.
    return refuse(field, error instanceof MergepayError ? `is not an amount: ${error.message}` : "is not an amount.");
  }
}

/** Checks a registration and gives a frozen copy of it. @throws PLUGIN_REGISTRATION_FAILED with the field at fault */
export function checkedRegistration(given: PlatformRegistration): PlatformRegistration {
  if (typeof given?.platform !== "string" || !PLATFORM.test(given.platform))
    refuse("/platform", "must be 2 to 40 of a-z, 0-9 and -, starting with a letter.");
  checkText("/title", given.title, 200);
  checkText("/version", given.version, 100);
  checkText("/settlementAccount", given.settlementAccount, 200);
  checkCurrencies(given.currencies);
  checkFees(given.fees, given.currencies);
  const { fixed, percent } = given.fees;
  return Object.freeze({
    platform: given.platform,
    title: given.title,
    version: given.version,
    currencies: Object.freeze([...given.currencies]),
    fees: Object.freeze({
      ...(fixed === undefined ? {} : { fixed: Object.freeze({ ...fixed }) }),
      ...(percent === undefined ? {} : { percent }),
    }),
    settlementAccount: given.settlementAccount,
    ...(given.replies === true ? { replies: true as const } : {}),
  });
}
