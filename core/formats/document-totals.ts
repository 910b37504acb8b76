import { isZero, runningSum } from "../money/decimal.ts";
import { namesBelow, textBelow } from "./below.ts";
import type { Control } from "./contract.ts";
import { COUNT, frameBroken, TOTAL, type Read } from "./faults.ts";
import { flat } from "./held.ts";

/** The totals that a document has of its own records. */
export interface DocumentTotals {
  record(position: string, read: Read | undefined): void;
  /** What the document says at the path `index` of `totalPaths`. */
  total(index: number, position: string, text: string | undefined): void;
  /** @throws FILE_FRAME_BROKEN when a total is not so, or missing */
  end(): void;
}

/** Where a document says its totals: the sums in their order, then the count. */
export const totalPaths = ({ sums = [], count }: Control): readonly string[] => [
  ...sums.map(({ total }) => total),
  ...(count === undefined ? [] : [count]),
];

/** Verifies the totals of a document against its records. */
export function createDocumentTotals(control: Control): DocumentTotals {
  const paths = totalPaths(control);
  const sums = (control.sums ?? []).map(({ of, currency }) => ({
    path: of,
    of: namesBelow(of),
    currency: currency === undefined ? undefined : { of: namesBelow(currency.of), is: currency.is },
    counted: runningSum(),
  }));
  const said = new Map<number, string>();
  let records = 0;

  return {
    record(position, read) {
      records += 1;
      if (read === undefined || sums.length === 0) return;
      if ("refused" in read)
        throw broken(position, `its totals can't be verified without this record. ${read.refused.reason}`);
      for (const { path, of, currency, counted } of sums) {
        if (currency !== undefined && textBelow(read.value, currency.of) !== currency.is) continue;
        const text = textBelow(read.value, of) ?? "";
        if (text === "") continue;
        if (!TOTAL.test(text))
          throw broken(position, "its totals can't be verified, as the amount is not plain decimal text.", path);
        counted.plus(text);
      }
    },
    total(index, position, text) {
      if (said.has(index)) throw broken(position, "it says this total twice.");
      const form = index < sums.length ? TOTAL : COUNT;
      if (text === undefined || !form.test(text)) throw broken(position, "this total is not plain decimal text.");
      said.set(index, flat(text));
    },
    end() {
      for (const [index, path] of paths.entries()) {
        const own = said.get(index);
        if (own === undefined) throw broken(path, "this total is missing.");
        const sum = sums[index];
        sum?.counted.minus(own);
        if (sum !== undefined && !isZero(sum.counted.text()))
          throw broken(path, "it gives another sum than that of its records.");
        if (sum === undefined && BigInt(own) !== BigInt(records))
          throw broken(path, `it counts ${own} records, there are ${records}.`);
      }
    },
  };
}

const broken = (position: string, reason: string, field?: string): Error =>
  frameBroken(`The document's totals are wrong at ${position}: ${reason}`, {
    position,
    ...(field === undefined ? {} : { field }),
  });
