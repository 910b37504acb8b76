/** The platforms that have registered: where their money goes, in which currencies, at which fees. Held in memory: each registers at its start. */
import {
  exponentOf,
  faultOfFeeRule,
  MergepayError,
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

/** Checks a registration and gives a frozen copy of it. @throws PLUGIN_REGISTRATION_FAILED with the field at fault */
export function checkedRegistration(given: PlatformRegistration): PlatformRegistration {
  if (typeof given?.platform !== "string" || !PLATFORM.test(given.platform))
    refuse("/platform", "must be 2 to 40 of a-z, 0-9 and -, starting with a letter.");
  checkText("/title", given.title, 200);
  checkText("/version", given.version, 100);
  checkText("/settlementAccount", given.settlementAccount, 200);
  checkCurrencies(given.currencies);
  const { lateMoney } = given;
  if (lateMoney !== undefined && lateMoney !== "hold" && lateMoney !== "reopen" && lateMoney !== "refund")
    refuse("/lateMoney", "must be hold, reopen or refund.");
  const fault = faultOfFeeRule(given.fees, given.currencies);
  if (fault !== undefined) refuse(`/fees${fault.field}`, `${fault.reason}.`);
  return Object.freeze({
    platform: given.platform,
    title: given.title,
    version: given.version,
    currencies: Object.freeze([...given.currencies]),
    fees: structuredClone(given.fees),
    settlementAccount: given.settlementAccount,
    ...(lateMoney === undefined ? {} : { lateMoney }),
    ...(given.replies === true ? { replies: true as const } : {}),
  });
}
