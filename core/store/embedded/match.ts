/** The part of a filter that SQL does not cover, tested on parsed documents by mingo. */
import { Context } from "mingo";
import { Query } from "mingo/query";
import { $all, $elemMatch, $size } from "mingo/operators/query/array";
import { $eq, $in, $ne, $nin } from "mingo/operators/query/comparison";
import { $exists } from "mingo/operators/query/element";
import { $mod, $regex } from "mingo/operators/query/evaluation";
import { $and, $nor, $not, $or } from "mingo/operators/query/logical";
import { resolve } from "mingo/util";
import type { Json } from "../defined.ts";
import { compareValues } from "./values.ts";

/**
 * `$gt` and its like by MongoDB's rules: only values of the operand's own type, text by its UTF-8 bytes
 * (mingo compares UTF-16).
 */
function ordered(name: string, holds: (order: number) => boolean) {
  return (selector: string, operand: unknown, _options: unknown) => {
    if (typeof operand !== "string" && typeof operand !== "number" && typeof operand !== "boolean")
      throw new TypeError(`filter: ${selector}: ${name} takes a text, number or boolean.`);
    return (document: Json): boolean => {
      const found: unknown = resolve(document, selector, { unwrapArray: true });
      const test = (value: unknown): boolean => typeof value === typeof operand && holds(compareValues(value, operand));
      return Array.isArray(found) ? found.some(test) : test(found);
    };
  };
}

/** The query operators that the portable subset has; any other is refused by name. */
export const QUERY_OPERATORS = {
  $eq,
  $ne,
  $in,
  $nin,
  $gt: ordered("$gt", (order) => order > 0),
  $gte: ordered("$gte", (order) => order >= 0),
  $lt: ordered("$lt", (order) => order < 0),
  $lte: ordered("$lte", (order) => order <= 0),
  $exists,
  $and,
  $or,
  $nor,
  $not,
  $all,
  $elemMatch,
  $size,
  $mod,
  $regex,
};

const context = Context.init().addQueryOps(QUERY_OPERATORS);
export const MATCH_OPTIONS = { context, scriptEnabled: false, useStrictMode: true };

/** A test of documents against a filter. @throws TypeError on an operator outside the portable subset */
export function matcher(filter: Json): (document: Json) => boolean {
  let query: Query;
  try {
    query = new Query(filter, MATCH_OPTIONS);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw new TypeError(`filter: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return (document) => query.test(document);
}
