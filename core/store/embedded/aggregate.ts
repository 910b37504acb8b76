/** `$match`, `$group`, `$sort`, `$limit`. What leads the pipeline goes through the indexes; mingo does the grouping. */
import { Context } from "mingo";
import { Aggregator } from "mingo/aggregator";
import { Lazy, type Iterator } from "mingo/lazy";
import { $addToSet, $avg, $count, $first, $last, $max, $min, $push, $sum } from "mingo/operators/accumulator";
import { $and, $not, $or } from "mingo/operators/expression/boolean";
import { $eq, $gt, $gte, $lt, $lte, $ne } from "mingo/operators/expression/comparison";
import { $cond, $ifNull } from "mingo/operators/expression/conditional";
import { $group, $limit, $match } from "mingo/operators/pipeline";
import type { Sort } from "mongodb";
import type { Json } from "../defined.ts";
import { QUERY_OPERATORS } from "./match.ts";
import { search } from "./query.ts";
import { sorted, sortKeys } from "./sort.ts";
import type { Table } from "./table.ts";

/** mingo's own `$sort` puts booleans and some texts elsewhere than the server does. */
const $sort = (documents: Iterator, sort: unknown): Iterator =>
  documents.transform((list) => Lazy(sorted(list as Json[], sortKeys(sort as Sort))));

const context = Context.init({
  accumulator: { $addToSet, $avg, $count, $first, $last, $max, $min, $push, $sum },
  expression: { $and, $not, $or, $eq, $gt, $gte, $lt, $lte, $ne, $cond, $ifNull },
  pipeline: { $group, $limit, $match, $sort } as never,
  query: QUERY_OPERATORS,
});

/** Runs a pipeline that `assertPipeline` has passed. @throws TypeError on operators outside the portable subset */
export function aggregate(table: Table, pipeline: readonly Json[]): Json[] {
  let taken = 0;
  const take = (stage: string): unknown => {
    const operand = pipeline[taken]?.[stage];
    if (operand !== undefined) taken += 1;
    return operand;
  };
  const filter = (take("$match") ?? {}) as Json;
  const sort = sortKeys(take("$sort") as Sort | undefined);
  const limit = take("$limit") as number | undefined;
  const documents = search(table, { filter, sort, limit }).map(({ document }) => document);
  const rest = pipeline.slice(taken);
  if (rest.length === 0) return documents;
  try {
    return new Aggregator([...rest], { context, scriptEnabled: false }).run<Json>(documents);
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw new TypeError(`aggregate: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
