/**
 * Update operators on a parsed document, in place. The common ones are done here, with the server's own refusals; the others,
 * and positional paths, by mingo.
 */
import { Context } from "mingo";
import { updateOne } from "mingo/updater";
import type { Json } from "../defined.ts";
import { serverError } from "./failures.ts";
import { QUERY_OPERATORS } from "./match.ts";

export interface UpdateOptions {
  /** The filter that found the document: `$` in a path hangs on it. */
  readonly filter: Json;
  readonly arrayFilters?: readonly Json[] | undefined;
  /** True when the document is new, so that `$setOnInsert` counts. */
  readonly inserting: boolean;
}

const BY_MINGO = new Set(["$pull", "$pullAll", "$addToSet", "$pop", "$min", "$max", "$mul", "$rename"]);
const HERE = new Set(["$set", "$setOnInsert", "$unset", "$inc", "$push"]);

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const notViable = (path: string): Error =>
  serverError(28, `Cannot create field in ${path}: a part of the path is not an object.`);

/** The object or array that holds a path's last segment; made on the way when `create`, else undefined when it is not there. */
function holderOf(document: Json, segments: readonly string[], create: boolean): Json | unknown[] | undefined {
  let node: Json | unknown[] = document;
  for (const segment of segments.slice(0, -1)) {
    const isList: boolean = Array.isArray(node);
    if (isList && !/^\d+$/.test(segment)) {
      if (create) throw notViable(segments.join("."));
      return undefined;
    }
    let next: unknown = Object.hasOwn(node, segment) ? (node as Json)[segment] : undefined;
    if (next === undefined) {
      if (!create) return undefined;
      next = {};
      put(node, segment, next, segments);
    }
    if (typeof next !== "object" || next === null) {
      if (create) throw notViable(segments.join("."));
      return undefined;
    }
    node = next as Json | unknown[];
  }
  return node;
}

function put(node: Json | unknown[], segment: string, value: unknown, path: readonly string[]): void {
  if (!Array.isArray(node)) {
    node[segment] = value;
    return;
  }
  if (!/^\d{1,6}$/.test(segment)) throw notViable(path.join("."));
  const index = Number.parseInt(segment, 10);
  while (node.length < index) node.push(null);
  node[index] = value;
}

const valueAt = (holder: Json | unknown[], key: string): unknown =>
  Object.hasOwn(holder, key) ? (holder as Json)[key] : undefined;

/** The items of a `$push`, or undefined when it has modifiers that are left to mingo. */
function pushed(operand: unknown): readonly unknown[] | undefined {
  if (!isObject(operand) || !Object.keys(operand).some((key) => key.startsWith("$"))) return [operand];
  const onlyEach = Object.keys(operand).length === 1 && Array.isArray(operand["$each"]);
  return onlyEach ? (operand["$each"] as unknown[]) : undefined;
}

/** Applies one operator to one path; false when it is left to mingo. */
function applyOne(document: Json, operator: string, path: string, operand: unknown): boolean {
  const segments = path.split(".");
  const key = segments.at(-1) ?? path;
  const items = operator === "$push" ? pushed(operand) : [];
  if (items === undefined) return false;
  const holder = holderOf(document, segments, operator !== "$unset");
  if (holder === undefined) return true;
  const before = valueAt(holder, key);
  switch (operator) {
    case "$set":
    case "$setOnInsert":
      put(holder, key, operand, segments);
      return true;
    case "$unset":
      if (before !== undefined && Array.isArray(holder)) put(holder, key, null, segments);
      else if (!Array.isArray(holder)) delete holder[key];
      return true;
    case "$inc": {
      if (typeof operand !== "number")
        throw serverError(14, `Cannot increment ${path} with a value that is not a number.`);
      if (before !== undefined && typeof before !== "number")
        throw serverError(14, `Cannot apply $inc to ${path}: its value is not a number.`);
      const sum = (before ?? 0) + operand;
      if (!Number.isFinite(sum)) throw serverError(2, `$inc of ${path} gives a number that can't be stored.`);
      put(holder, key, sum, segments);
      return true;
    }
    default:
      if (before === undefined) put(holder, key, [...items], segments);
      else if (Array.isArray(before)) before.push(...items);
      else throw serverError(2, `The field ${path} must be an array for $push.`);
      return true;
  }
}

function refuseConflicts(paths: readonly string[]): void {
  const sorted = [...paths].sort();
  for (const [index, path] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && (next === path || next.startsWith(`${path}.`)))
      throw serverError(40, `Updating the path '${next}' would create a conflict at '${path}'.`);
  }
}

/**
 * Changes `document` in place. Whether anything changed is for the caller to see from its text.
 * @throws MongoServerError as the server would (28, 14, 2, 40, 66); TypeError on an operator outside the portable subset
 */
export function applyUpdate(document: Json, update: Record<string, Json>, options: UpdateOptions): void {
  const id = document["_id"];
  const left: Record<string, Json> = {};
  const paths: string[] = [];
  for (const [operator, fields] of Object.entries(update)) {
    if (!HERE.has(operator) && !BY_MINGO.has(operator))
      throw new TypeError(`update: ${operator} is not in the portable subset.`);
    paths.push(...Object.keys(fields));
  }
  if (paths.length > 1) refuseConflicts(paths);
  for (const [operator, fields] of Object.entries(update)) {
    if (operator === "$setOnInsert" && !options.inserting) continue;
    for (const [path, operand] of Object.entries(fields)) {
      if (path === "" || path.split(".").some((segment) => segment === "" || segment === "__proto__"))
        throw serverError(56, `update: '${path}' is not a path.`);
      if (path === "_id" && operator.startsWith("$set") && (operand === id || id === undefined)) {
        document["_id"] = operand;
        continue;
      }
      if (path === "_id" || path.startsWith("_id."))
        throw serverError(66, "Performing an update on the path '_id' would modify the immutable field '_id'.");
      if (!HERE.has(operator) || path.includes("$") || !applyOne(document, operator, path, operand))
        (left[operator === "$setOnInsert" ? "$set" : operator] ??= {})[path] = operand;
    }
  }
  if (Object.keys(left).length > 0) byMingo(document, left, options);
}

function byMingo(document: Json, update: Record<string, Json>, options: UpdateOptions): void {
  const positional = Object.values(update).some((fields) => Object.keys(fields).some((path) => path.includes("$")));
  try {
    updateOne(
      [document],
      positional ? options.filter : {},
      structuredClone(update) as never,
      { arrayFilters: [...(options.arrayFilters ?? [])], cloneMode: "none" },
      // A context of its own: mingo adds its operators to the one it is given.
      { context: Context.init().addQueryOps(QUERY_OPERATORS), scriptEnabled: false, useStrictMode: true },
    );
  } catch (error) {
    throw serverError(2, `update: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The new document of an upsert: what the filter says must equal something, before the update is applied. */
export function documentOfFilter(filter: Json): Json {
  const document: Json = {};
  const visit = (part: Json): void => {
    for (const [path, condition] of Object.entries(part)) {
      if (path === "$and" && Array.isArray(condition)) for (const inner of condition) visit(inner as Json);
      if (path.startsWith("$")) continue;
      const operators = isObject(condition) && Object.keys(condition)[0]?.startsWith("$") === true;
      if (operators && !Object.hasOwn(condition, "$eq")) continue;
      const value = operators ? condition["$eq"] : condition;
      applyOne(document, "$set", path, structuredClone(value));
    }
  };
  visit(filter);
  return document;
}
