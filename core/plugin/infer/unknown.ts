import { pointerOf } from "./leaves.ts";
import { markerOf } from "./marks.ts";

/** The parts of a plugin.ts that depend on its sample. */
export interface Parts {
  /** What the sample can't tell, a sentence each: the marked lines. */
  readonly needed: string[];
  readonly imports: Set<string>;
  readonly constants: string[];
  readonly body: string[];
  /** Currencies of the sample; undefined when it tells none. */
  readonly currencies: readonly string[] | undefined;
  /** Declarations of what `map` reads, with what they say in front. */
  readonly types: readonly string[];
  /** The type of a record. */
  readonly record: string;
  /** The first parameter of `map`. */
  readonly parameter: string;
}

/** Why a record is rejected until its currency is known. */
export const NO_CURRENCY = "plugin.ts does not say yet which currency the amounts are in.";

export type Unfinished = Pick<Parts, "needed" | "imports" | "constants" | "body">;

/** Lines for what a sample does not tell, whatever its format: a constant to fill in, and until then each record is rejected and says so. */
export function unknownsOf({ needed, constants, body }: Unfinished) {
  const need = markerOf(needed);
  return {
    notOrders(telling: string): void {
      constants.push(
        `const ARE_ORDERS: boolean = false; ${need(`${telling} sounds like something else than orders to be paid; write true if they are.`)}`,
      );
      body.push('if (!ARE_ORDERS) return { reject: "plugin.ts does not say yet that these are orders to be paid." };');
    },
    status(): void {
      body.push(
        need(
          "nothing in the sample tells which orders are paid or cancelled already; answer { notOwed: named, reason } or { cancel: named, reason } for them here.",
        ),
      );
    },
    orderNo(why: string): void {
      constants.push(`const ORDER_NO = ""; ${need(`which field is the order's number? ${why}`)}`);
      body.push(
        'if (ORDER_NO === "") return { reject: "plugin.ts does not say yet which field is the order\'s number." };',
      );
    },
    total(why: string): void {
      constants.push(`const TOTAL = ""; ${need(why)}`);
      body.push('if (TOTAL === "") return { reject: "plugin.ts does not say yet how much is to be paid." };');
    },
    units(of: readonly string[], likely: boolean): void {
      const units = 'write "whole" if they count the currency itself, "minor" if its cents.';
      constants.push(
        likely
          ? `const UNITS: string = "whole"; ${need(`all amounts of the sample are whole numbers, and texts, as decimals are; ${units}`)}`
          : `const UNITS: string = ""; ${need(`all amounts of the sample are whole numbers; ${units}`)}`,
      );
      if (likely) return;
      body.push(
        `if (UNITS === "") return { reject: "plugin.ts does not say yet whether amounts count the currency or its cents.", field: ${JSON.stringify(pointerOf(of))} };`,
      );
    },
    currency(): void {
      constants.push(
        `const CURRENCY = ""; ${need('the sample tells no currency; write the code of the platform\'s, such as "EUR".')}`,
      );
      body.push(`if (CURRENCY === "") return { reject: "${NO_CURRENCY}" };`);
    },
    zone(): void {
      constants.push(
        `const ZONE = "UTC"; ${need('the zone of the times in the file, which tell none, such as "Asia/Shanghai".')}`,
      );
    },
  };
}
