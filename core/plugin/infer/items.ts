import { EACH, isOfOrder, type Leaf } from "./leaves.ts";
import { type Names, rank } from "./rank.ts";
import { quantityOf } from "./lines.ts";

/** What an order's lines tell of the things that were bought; all of the same array. */
export interface Items {
  readonly name: Leaf;
  readonly sku?: Leaf;
  readonly quantity?: Leaf;
}

const NAME: Names = {
  fit: [
    [/^(?:product|item|lineitem) (?:name|title)$/, 1],
    [/^title$|^name$|\bname$/, 0.8],
    [/^(?:item )?description$|^product$/, 0.7],
  ],
  spoilt:
    /\b(?:shipping|tax|address|customer|buyer|party|facility|option|class|method|discount|promotion|code|charge|meta|country|carrier|refund|sku|properties|variant|vendor|store)\b/,
};
const SKU: Names = {
  fit: [
    [/\bsku(?: id)?$/, 1],
    [/^(?:product|item|supplier part) (?:id|code|number|reference)$/, 0.6],
  ],
  spoilt: /\bbundle\b/,
};

/** The lines of the array that look most like what was bought; undefined when none has names. */
export function itemsOf(leaves: readonly Leaf[]): Items | undefined {
  const lines = leaves.filter((leaf) => !isOfOrder(leaf) && levels(leaf.path) === 1);
  const [best] = rank(lines, NAME, ({ filled }) => filled > 0)
    .map(({ leaf, score }) => {
      const beside = lines.filter(({ path }) => arrayOf(path) === arrayOf(leaf.path));
      const [sku] = rank(beside, SKU, ({ filled }) => filled > 0);
      const quantity = quantityOf(leaves, leaf.path);
      return {
        score: score + (sku === undefined ? 0 : 0.5) + (quantity === undefined ? 0 : 0.5),
        name: leaf,
        sku,
        quantity,
      };
    })
    .sort((a, b) => b.score - a.score);
  // A name alone may be anybody's.
  if (best === undefined || (best.sku === undefined && best.quantity === undefined)) return undefined;
  return {
    name: best.name,
    ...(best.sku === undefined ? {} : { sku: best.sku.leaf }),
    ...(best.quantity === undefined ? {} : { quantity: best.quantity }),
  };
}

const levels = (path: readonly string[]): number => path.filter((name) => name === EACH).length;

/** The array that a path of one level goes through. */
export const arrayOf = (path: readonly string[]): string => path.slice(0, path.indexOf(EACH)).join("/");
