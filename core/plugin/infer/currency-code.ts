import { exponentOf } from "../../money/currency.ts";
import type { Implied } from "./implied.ts";
import type { Proposals } from "./infer.ts";
import { plainText } from "../plain-text.ts";
import { EACH, type Leaf, pointerOf, shownPath } from "./leaves.ts";
import type { LinesTotal } from "./lines.ts";
import { markerOf } from "./marks.ts";
import type { Total } from "./totals.ts";
import { NO_CURRENCY, type Parts, unknownsOf } from "./unknown.ts";

/** What the code of a currency is made with: how places are read, and what is made so far. */
export interface Coding {
  readonly made: Pick<Parts, "needed" | "imports" | "constants" | "body"> & { currencies: Parts["currencies"] };
  /** Code that reads a place of the order, and one of a line. */
  readonly at: (leaf: Leaf) => string;
  readonly inLine: (leaf: Leaf, level: number) => string;
  readonly isSure: (leaf: Leaf) => boolean;
  /** Code for all elements of the arrays on the way to a place. */
  readonly each: (leaf: Leaf) => string;
  /** A mark behind a line whose field leaves doubt; blank where it leaves none. */
  readonly check: (score: number, what: string) => string;
}

/** Code that finds the currency of an order: its own, or that of the lines which are its total. */
export function currencyCode({ currency, implied }: Proposals, { made, at, inLine, isSure, each, check }: Coding) {
  const { constants, body } = made;
  const need = markerOf(made.needed);
  return { ofOrder, ofLines };

  /** @returns what names the currency in the code */
  function ofOrder(total: Total | undefined): string {
    if (currency === undefined) return implied === undefined ? unknown() : taken(implied);
    const codes = currency.leaf.texts.map((text) => text.toUpperCase());
    made.currencies = [...new Set(codes.filter((text) => exponentOf(text) !== undefined))].sort();
    if (currency.leaf.path.includes(EACH)) {
      if (total?.kind !== "lines") oneOf(each(currency.leaf), currency.leaf);
      return "currency";
    }
    body.push(
      `const currency = ${inCapitals(at(currency.leaf), currency.leaf)};${check(currency.score, "the currency of the total")}`,
    );
    if (!isSure(currency.leaf)) body.push(refusal("!currency", "The order tells no currency.", currency.leaf));
    return "currency";
  }

  function unknown(): string {
    unknownsOf(made).currency();
    return "CURRENCY";
  }

  function taken(from: Implied): string {
    if (from.kind === "all") {
      made.currencies = [from.code];
      constants.push(`const CURRENCY = ${JSON.stringify(from.code)}; ${markOf(from)}`);
      return "CURRENCY";
    }
    const told = [...from.codes].map(([text, code]) => `[${JSON.stringify(text)}, ${JSON.stringify(code)}]`);
    const known = [...new Set(from.codes.values())].filter((code) => code !== "").sort();
    if (known.length > 0) made.currencies = known;
    // A code is what it says.
    const isCodes = [...from.codes].every(([text, code]) => text === code);
    const mark = isCodes ? "" : ` ${need(reasonOf(from, known))}`;
    constants.push(`const CURRENCIES = new Map([${told.join(", ")}]);${mark}`);
    const text = from.by === "amount" ? "signed.sign" : `${at(from.of)}${isSure(from.of) ? "" : ' ?? ""'}`;
    body.push(`const currency = CURRENCIES.get(${text});`, refusal("!currency", NO_CURRENCY, from.of));
    return "currency";
  }

  function markOf({ by, of, code }: Extract<Implied, { kind: "all" }>): string {
    if (by === "name") return `// By the name of ${plainText(of, 100)}.`;
    return need(
      by === "document"
        ? `the file says ${code} around its orders (${of}), and files that say another are refused: is every amount in it?`
        : `the sample tells no currency; ${code} is paid in the country of ${of}: is every amount in it?`,
    );
  }

  function ofLines(lines: LinesTotal): void {
    if (currency?.leaf.path.includes(EACH) !== true) return;
    oneOf("lines", currency.leaf, lines.of.path.lastIndexOf(EACH) + 1);
  }

  function oneOf(lines: string, leaf: Leaf, level = leaf.path.lastIndexOf(EACH) + 1): void {
    body.push(
      `const [currency, ...others] = new Set(${lines}.map((line) => ${inCapitals(inLine(leaf, level), leaf)}));`,
      'if (!currency || others.length > 0) return { reject: "The lines are not all of one currency." };',
    );
  }

  /** Some platforms write their currencies small. */
  function inCapitals(text: string, leaf: Leaf): string {
    const isSmall = leaf.texts.some((code) => code !== code.toUpperCase());
    return isSmall ? `${text}${isSure(leaf) ? "" : "?"}.toUpperCase()` : text;
  }
}

const refusal = (when: string, why: string, { path }: Leaf): string =>
  `if (${when}) return { reject: ${JSON.stringify(why)}, field: ${JSON.stringify(pointerOf(path))} };`;

function reasonOf({ by, of, codes }: Extract<Implied, { kind: "field" }>, known: readonly string[]): string {
  const place = shownPath(of.path);
  const isSign = by === "sign" || by === "amount";
  const own = isSign ? "by a sign that several have" : "in the platform's own way";
  if ([...codes.values()].includes(""))
    return `${place} tells the currency ${own}; write the code of each, such as "EUR".`;
  if (isSign) return `${place} tells the currency by a sign, which others may have too: is it ${known.join(", ")}?`;
  if (by === "number")
    return `${place} tells the currency ${own}; is it ${known.join(", ")}, which is paid where these orders are from? Add the others.`;
  return `the sample tells no currency; ${known.join(", ")} is paid in the country of ${place}: is the order in it too? Add the others.`;
}
