/**
 * From a filter to SQL. Conditions on columns become WHERE and are exact there: an index column holds the scalar itself, and
 * MongoDB compares within one type only, which are ranges of SQLite's order (numbers < text < blobs). The rest is left to mingo.
 */
import type { Json } from "../defined.ts";
import type { SortKey } from "./sort.ts";
import { cellOfScalar, NOTHING, type Cell } from "./values.ts";

export interface Plan {
  /** SQL after WHERE; empty when every row qualifies. */
  readonly where: string;
  readonly cells: readonly Cell[];
  /** What SQL does not cover; undefined when it covers all. */
  readonly rest: Json | undefined;
}

/** The column of `_id`. */
export const ID_COLUMN = "id";

/** The quoted column of a path, if it has one. */
export type ColumnOf = (path: string) => string | undefined;

/** SQLite takes 32,766 variables a statement; longer lists are tested in memory. */
const MAX_LIST = 16_384;

const isOperators = (condition: unknown): condition is Json =>
  typeof condition === "object" &&
  condition !== null &&
  !Array.isArray(condition) &&
  Object.keys(condition)[0]?.startsWith("$") === true;

type Term = { sql: string; cells: Cell[] };

/** A list's length is rounded up to a power of two by repeating its last value, so that few statements serve all lengths. */
function listTerm(column: string, list: readonly unknown[], negated: boolean): Term | undefined {
  const cells: Cell[] = [];
  for (const value of list) {
    const cell = cellOfScalar(value);
    // On a scalar field an object or array in the list can never be met.
    if (cell !== undefined) cells.push(cell);
  }
  if (cells.length > MAX_LIST) return undefined;
  const last = cells.at(-1);
  if (last === undefined) return { sql: negated ? "1" : "0", cells };
  const length = 2 ** Math.ceil(Math.log2(cells.length));
  while (cells.length < length) cells.push(last);
  return { sql: `${column} ${negated ? "NOT IN" : "IN"} (${Array<string>(length).fill("?").join(",")})`, cells };
}

function rangeTerm(column: string, operator: string, operand: unknown): Term | undefined {
  const cell = cellOfScalar(operand);
  if (cell === undefined || cell === NOTHING) return undefined;
  const sign = { $gt: ">", $gte: ">=", $lt: "<", $lte: "<=" }[operator];
  const upwards = operator.startsWith("$gt");
  // The other end of the operand's type: numbers lie above "nothing" and below '', texts below the empty blob.
  let other = "";
  if (typeof cell === "number") other = upwards ? `${column} < ''` : `${column} > -9e999`;
  else if (typeof cell === "string") other = upwards ? `${column} < x''` : `${column} >= ''`;
  else if (!upwards) other = `${column} >= x''`;
  return { sql: `${column} ${sign} ?${other === "" ? "" : ` AND ${other}`}`, cells: [cell] };
}

function term(column: string, operator: string, operand: unknown): Term | undefined {
  switch (operator) {
    case "$eq":
    case "$ne": {
      const cell = cellOfScalar(operand);
      if (cell === undefined) return { sql: operator === "$eq" ? "0" : "1", cells: [] };
      return { sql: `${column} ${operator === "$eq" ? "=" : "<>"} ?`, cells: [cell] };
    }
    case "$in":
    case "$nin":
      return Array.isArray(operand) ? listTerm(column, operand, operator === "$nin") : undefined;
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return rangeTerm(column, operator, operand);
    default:
      return undefined;
  }
}

/** `$or` becomes SQL when each of its branches is covered whole. */
function orTerm(branches: unknown, columnOf: ColumnOf): Term | undefined {
  if (!Array.isArray(branches) || branches.length === 0) return undefined;
  const plans = branches.map((branch) => planFilter(branch as Json, columnOf));
  if (plans.some((plan) => plan.rest !== undefined)) return undefined;
  return {
    sql: `(${plans.map((plan) => (plan.where === "" ? "1" : `(${plan.where})`)).join(" OR ")})`,
    cells: plans.flatMap((plan) => plan.cells),
  };
}

const notIndexed = (column: string | undefined): string | undefined =>
  column === undefined || column === ID_COLUMN ? column : `+${column}`;

/** True when the filter names the ids that it can find. */
function namesIds({ _id: condition }: Json): boolean {
  return typeof condition === "string" || (isOperators(condition) && ("$eq" in condition || "$in" in condition));
}

/**
 * Splits a filter into what columns can answer and what is left. Where it names ids, they are looked up one by one: SQLite
 * would rather walk through all that another index has. (A `+` keeps a column's index out of its mind.)
 */
export function planFilter(filter: Json, given: ColumnOf): Plan {
  const columnOf: ColumnOf = namesIds(filter) ? (path) => notIndexed(given(path)) : given;
  const terms: Term[] = [];
  const rest: Json[] = [];
  const visit = (part: Json): void => {
    for (const [key, condition] of Object.entries(part)) {
      if (key === "$and" && Array.isArray(condition) && condition.length > 0) {
        for (const inner of condition) visit(inner as Json);
        continue;
      }
      if (key.startsWith("$")) {
        const either = key === "$or" ? orTerm(condition, columnOf) : undefined;
        if (either === undefined) rest.push({ [key]: condition });
        else terms.push(either);
        continue;
      }
      const column = columnOf(key);
      if (column === undefined) {
        rest.push({ [key]: condition });
        continue;
      }
      const left: Json = {};
      for (const [operator, operand] of isOperators(condition)
        ? Object.entries(condition)
        : ([["$eq", condition]] as const)) {
        const found = term(column, operator, operand);
        if (found === undefined) left[operator] = operand;
        else terms.push(found);
      }
      // A missing field is at least null in its column; mingo then tells the two apart.
      if (left["$exists"] === false) terms.push({ sql: `${column} = ?`, cells: [NOTHING] });
      if (Object.keys(left).length > 0) rest.push({ [key]: left });
    }
  };
  visit(filter);
  return {
    where: terms.map(({ sql }) => sql).join(" AND "),
    cells: terms.flatMap(({ cells }) => cells),
    rest: rest.length === 0 ? undefined : rest.length === 1 ? rest[0] : { $and: rest },
  };
}

/** ORDER BY, when each key has a column; undefined when the sort must be done in memory. */
export function planSort(keys: readonly SortKey[], columnOf: ColumnOf): string | undefined {
  const terms: string[] = [];
  for (const { path, descending } of keys) {
    const column = columnOf(path);
    if (column === undefined) return undefined;
    terms.push(`${column}${descending ? " DESC" : ""}`);
  }
  return terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
}
