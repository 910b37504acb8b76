/**
 * What both engines refuse, so that code which works on the one works on the other: values that the MongoDB driver would
 * change without a word (`undefined` becomes null, a Date another type), documents without our own `_id`, update pipelines.
 */

export type Json = Record<string, unknown>;

/** MongoDB's own limits: levels of nesting, and bytes of one document. */
const MAX_DEPTH = 100;
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

interface Fault {
  path: string;
  why: string;
}

const describe = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `a ${(Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name ?? "strange object"}`;
};

const below = (key: string | number, fault: Fault): Fault => ({
  path: fault.path === "" ? String(key) : `${key}.${fault.path}`,
  why: fault.why,
});

/** The path is built on the way out, so that good values, which are nearly all, cost no more than the walk. */
function faultOf(value: unknown, depth: number): Fault | undefined {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return undefined;
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : { path: "", why: `is ${value}, which JSON can't hold` };
  if (value === undefined) return { path: "", why: "is undefined; leave the field out, or say null" };
  if (typeof value !== "object") return { path: "", why: `is ${describe(value)}, which is not a JSON value` };
  if (depth > MAX_DEPTH) return { path: "", why: `is nested deeper than ${MAX_DEPTH} levels` };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = faultOf(value[index], depth + 1);
      if (fault !== undefined) return below(index, fault);
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return { path: "", why: `is ${describe(value)}, which is not a JSON value; store text` };
  for (const key in value as Json) {
    const fault = faultOf((value as Json)[key], depth + 1);
    if (fault !== undefined) return below(key, fault);
  }
  return undefined;
}

/**
 * Throws a TypeError unless `value` is made of JSON values only: no undefined, Date, bigint, function, NaN or Infinity anywhere.
 * @param what the name of the value in the message: `filter`, `update`, `document`
 */
export function assertJson(value: unknown, what: string): void {
  const fault = faultOf(value, 0);
  if (fault !== undefined) throw new TypeError(`${fault.path === "" ? what : `${what}: ${fault.path}`} ${fault.why}.`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function assertFilter(filter: unknown): asserts filter is Json {
  if (!isObject(filter)) throw new TypeError("filter must be an object.");
  assertJson(filter, "filter");
}

/** A document to store: JSON values, and an `_id` that we made. */
export function assertDocument(document: unknown): asserts document is Json & { _id: string } {
  if (!isObject(document)) throw new TypeError("document must be an object.");
  if (typeof document["_id"] !== "string" || document["_id"] === "")
    throw new TypeError("document: _id must be a text that is not empty; the store makes no ids.");
  assertJson(document, "document");
}

export function assertReplacement(document: unknown): asserts document is Json {
  if (!isObject(document)) throw new TypeError("replacement must be an object.");
  if (Object.keys(document).some((key) => key.startsWith("$")))
    throw new TypeError("replacement: it is a whole document, without update operators.");
  assertJson(document, "replacement");
}

export function assertUpdate(update: unknown): asserts update is Record<string, Json> {
  if (Array.isArray(update)) throw new TypeError("update: pipelines are not in the portable subset; use operators.");
  if (!isObject(update)) throw new TypeError("update must be an object.");
  const operators = Object.keys(update);
  if (operators.length === 0 || operators.some((name) => !name.startsWith("$")))
    throw new TypeError("update: it must consist of update operators such as $set.");
  for (const name of operators) if (!isObject(update[name])) throw new TypeError(`update: ${name} must be an object.`);
  assertJson(update, "update");
}

/** An upsert must say the new document's `_id`: the server would make an ObjectId of its own. */
export function assertUpsert(filter: Json, update: Record<string, Json>): void {
  const condition = filter["_id"];
  const id = isObject(condition) ? condition["$eq"] : (condition ?? update["$setOnInsert"]?.["_id"]);
  if (typeof id !== "string" || id === "")
    throw new TypeError("upsert: the filter or $setOnInsert must give _id; the store makes no ids.");
}

/** `projection` names fields to keep, and may drop `_id`. */
export function assertProjection(projection: unknown): asserts projection is Record<string, 0 | 1 | boolean> {
  if (!isObject(projection)) throw new TypeError("projection must be an object.");
  for (const [path, keep] of Object.entries(projection)) {
    const kept = keep === 1 || keep === true;
    const idDropped = path === "_id" && (keep === 0 || keep === false) && Object.keys(projection).length > 1;
    if (!kept && !idDropped)
      throw new TypeError(`projection: ${path} may only be 1 (keep); of the rest only _id may be 0.`);
  }
}

const WRITES = new Set(["insertOne", "updateOne", "updateMany", "deleteOne", "deleteMany", "replaceOne"]);

/** Checks every operation of a bulk write as its single method would. */
export function assertBulk(operations: readonly unknown[]): void {
  for (const operation of operations) {
    const name = isObject(operation) ? Object.keys(operation)[0] : undefined;
    if (name === undefined || !WRITES.has(name) || !isObject(operation) || Object.keys(operation).length !== 1)
      throw new TypeError(`bulkWrite: an operation must be one of ${[...WRITES].join(", ")}.`);
    const body = operation[name] as Json;
    if (name === "insertOne") {
      assertDocument(body["document"]);
      continue;
    }
    assertFilter(body["filter"]);
    if (name === "replaceOne") {
      assertReplacement(body["replacement"]);
      if (body["upsert"] === true) assertUpsert(body["filter"], { $setOnInsert: body["replacement"] });
    } else if (name.startsWith("update")) {
      assertUpdate(body["update"]);
      if (body["arrayFilters"] !== undefined) assertJson(body["arrayFilters"], "arrayFilters");
      if (body["upsert"] === true) assertUpsert(body["filter"], body["update"]);
    }
  }
}

const STAGES = new Set(["$match", "$group", "$sort", "$limit"]);

export function assertPipeline(pipeline: unknown): asserts pipeline is Json[] {
  if (!Array.isArray(pipeline)) throw new TypeError("aggregate: the pipeline must be an array.");
  for (const stage of pipeline as unknown[]) {
    const name = isObject(stage) ? Object.keys(stage)[0] : undefined;
    if (name === undefined || !STAGES.has(name) || !isObject(stage) || Object.keys(stage).length !== 1)
      throw new TypeError(`aggregate: ${name ?? "a stage"} is not in the portable subset (${[...STAGES].join(", ")}).`);
  }
  assertJson(pipeline, "pipeline");
}

/** The names of the collections and index paths that both engines take. */
export function assertSpec(spec: {
  name: string;
  indexes: readonly { name: string; keys: readonly string[] }[];
}): void {
  if (!/^[a-zA-Z][a-zA-Z0-9_.-]{0,60}$/.test(spec.name)) throw new TypeError(`collection: bad name ${spec.name}.`);
  for (const index of spec.indexes) {
    if (!/^[a-zA-Z0-9_.-]{1,60}$/.test(index.name)) throw new TypeError(`${spec.name}: bad index name ${index.name}.`);
    if (index.keys.length === 0 || new Set(index.keys).size !== index.keys.length)
      throw new TypeError(`${spec.name}: index ${index.name} must have keys, each once.`);
    for (const key of index.keys)
      if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(key))
        throw new TypeError(`${spec.name}: index ${index.name}: bad path ${key}.`);
  }
}
