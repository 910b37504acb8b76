import type { MappedRecord } from "../actions.ts";
import { MergepayError } from "../errors/errors.ts";
import { parseJson } from "../formats/json-value.ts";
import { exponentOf } from "../money/currency.ts";
import { unscaled } from "../money/decimal.ts";
import { minorOf, minorOfMoney } from "../money/money.ts";
import { validator } from "../schema/validate.ts";
import type { Manifest } from "../../schemas/types.generated.ts";

/** A manifest that is sent in a header is far from this. */
const CHARS = 8 * 1024;

const invalid = (reason: string, field?: string): MergepayError =>
  new MergepayError("MANIFEST_INVALID", `The manifest ${reason}.`, field === undefined ? {} : { field });

/**
 * Reads a manifest: strict JSON `{ sha256, records, totals }`.
 * @throws MANIFEST_INVALID with the field
 */
export function readManifest(text: string): Manifest {
  if (text.length > CHARS) throw invalid(`has more than ${CHARS} characters`);
  let value: unknown;
  try {
    value = parseJson(text, { depth: 4, fieldBytes: 128, numbers: "number" });
  } catch {
    // What exactly is wrong is not worth quoting a header for.
    throw invalid('is not strict JSON such as {"sha256":"...","records":2,"totals":{"USD":"12.30"}}');
  }
  const fits = validator<Manifest>("mergepay:manifest");
  if (!fits(value)) {
    const { field, reason } = fits.fault();
    throw invalid(`${field === "" ? "" : `at ${field} `}${reason}`, field);
  }
  for (const [currency, total] of Object.entries(value.totals)) {
    try {
      minorOf(total, currency);
    } catch (error) {
      if (!(error instanceof MergepayError)) throw error;
      throw invalid(
        `has a total at /totals/${currency} that can't be: ${error.message.replace(/\.$/, "")}`,
        `/totals/${currency}`,
      );
    }
  }
  return value;
}

/** Refuses bytes that the manifest is not of. @throws MANIFEST_MISMATCH */
export function assertSameBytes(manifest: Manifest | undefined, sha256: string): void {
  if (manifest !== undefined && manifest.sha256 !== sha256)
    throw mismatch(["sha256: it is not that of the bytes that came"]);
}

const mismatch = (differences: readonly string[]): MergepayError =>
  new MergepayError(
    "MANIFEST_MISMATCH",
    `The file is not what its manifest says (${differences.join("; ")}). Nothing was taken from it; correct the one or the other and send both again.`,
  );

/** Adds up what a manifest is held against: the records of a file and the orders that its plugin makes of them. */
export function controlTotals(manifest: Manifest) {
  const sums = new Map<string, bigint>();
  let records = 0;
  return {
    add(batch: readonly MappedRecord[]): void {
      records += batch.length;
      for (const { orders = [] } of batch)
        for (const { amount } of orders)
          sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + minorOfMoney(amount));
    },
    /** @throws MANIFEST_MISMATCH naming each count and total that differs */
    assertFits(): void {
      const differences =
        records === manifest.records ? [] : [`records: ${records}, the manifest says ${manifest.records}`];
      for (const currency of [...new Set([...Object.keys(manifest.totals), ...sums.keys()])].sort()) {
        const sum = sums.get(currency) ?? 0n;
        const said = Object.hasOwn(manifest.totals, currency) ? (manifest.totals[currency] ?? "0") : "0";
        if (minorOf(said, currency) === sum) continue;
        differences.push(
          `${currency}: the orders come to ${unscaled(sum, exponentOf(currency) ?? 0)}, the manifest says ${said}`,
        );
      }
      if (differences.length > 0) throw mismatch(differences);
    },
  };
}
