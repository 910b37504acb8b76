import { type Fault, validator } from "../schema/validate.ts";
import type { SettlementRule } from "../../schemas/types.generated.ts";
import { isZone } from "./days.ts";
import { faultOfFeeRule } from "./fee-rule.ts";

/**
 * What is wrong with a settlement rule: its form, a zone that is none, an amount that its currency can't hold. Undefined when nothing is.
 * @param currencies those that the rule may name
 */
export function faultOfSettlementRule(given: unknown, currencies: readonly string[]): Fault | undefined {
  const fits = validator<SettlementRule>("mergepay:settlement-rule");
  if (!fits(given)) return fits.fault();
  if (given.zone !== undefined && !isZone(given.zone)) return { field: "/zone", reason: "is not a time zone" };
  const fault = faultOfFeeRule({ min: given.minimumPayout ?? {} }, currencies);
  return fault === undefined ? undefined : { ...fault, field: fault.field.replace("/min", "/minimumPayout") };
}
