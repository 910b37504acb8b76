import { Ajv2020, type ErrorObject, type Format, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { isPlainInstant } from "../plain-instant.ts";
import { HOUSE_SCHEMAS } from "./house.ts";
import { takeLengthsFirst } from "./text-length.ts";

/** One thing that is wrong with a value: where (JSON Pointer, `""` is the whole) and what, in words that never hold the value. */
export interface Fault {
  readonly field: string;
  readonly reason: string;
}

/** Says whether a value fits; after a `false`, `fault()` tells the first thing that is wrong. */
export interface Validator<T> {
  (value: unknown): value is T;
  /** The fault of the last call that answered false. */
  fault(): Fault;
}

/** Longer pointers are cut: a field's name is the sender's text. */
const FIELD_CHARS = 256;

const isDateTime = dateTimeOf(formats.default.get("date-time"));

function dateTimeOf(format: Format): (text: string) => boolean {
  const validate = typeof format === "object" && "validate" in format ? format.validate : undefined;
  if (typeof validate !== "function") throw new Error("ajv-formats has another date-time than it had.");
  return (text) => validate(text as never) === true;
}

/** Names that every object has from the language: `toString`, `constructor`. */
const INHERITED = Object.getOwnPropertyNames(Object.prototype).map((name) => JSON.stringify(name));

/** Whether a schema speaks of a name that every object has. Of any other, no object has more than its own, and Ajv need not ask whose it is. */
function namesInherited(schema: unknown): boolean {
  const text = JSON.stringify(schema);
  return INHERITED.some((name) => text.includes(name));
}

function newAjv(ownProperties: boolean): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    allErrors: false,
    // Without it, `required: ["toString"]` would be met by any object.
    ownProperties,
    // Errors are told through `fault()`; Ajv must not write to the console.
    logger: false,
  });
  takeLengthsFirst(ajv);
  ajv.addFormat("date-time", (text) => isPlainInstant(text) || isDateTime(text));
  return ajv;
}

const escaped = (name: string): string => name.replaceAll("~", "~0").replaceAll("/", "~1");

const listed = (values: unknown): string => {
  const text = Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(", ") : JSON.stringify(values);
  return text.length <= 200 ? `one of ${text}` : "one of the values that its schema lists";
};

/** Sentences by keyword; what they quote comes from the schema, never from the value. */
const SENTENCES: Readonly<Record<string, (params: Record<string, unknown>) => string>> = {
  type: ({ type }) => `must be of type ${Array.isArray(type) ? type.join(" or ") : String(type)}`,
  required: () => "is missing",
  additionalProperties: () => "is not a known field",
  unevaluatedProperties: () => "is not a known field",
  enum: ({ allowedValues }) => `must be ${listed(allowedValues)}`,
  const: ({ allowedValue }) => `must be ${listed([allowedValue])}`,
  pattern: ({ pattern }) =>
    String(pattern).length <= 120 ? `must match the pattern ${String(pattern)}` : "does not match its pattern",
  format: ({ format }) => `is not a valid ${String(format)}`,
  minLength: ({ limit }) => `must have at least ${String(limit)} characters`,
  maxLength: ({ limit }) => `must have at most ${String(limit)} characters`,
  minItems: ({ limit }) => `must have at least ${String(limit)} items`,
  maxItems: ({ limit }) => `must have at most ${String(limit)} items`,
  minProperties: ({ limit }) => `must have at least ${String(limit)} fields`,
  maxProperties: ({ limit }) => `must have at most ${String(limit)} fields`,
  uniqueItems: () => "has the same item twice",
  oneOf: () => "fits none or several of the forms that it may have",
  anyOf: () => "fits none of the forms that it may have",
  not: () => "has a form that it must not have",
  "false schema": () => "must not be here",
};

/** Composite keywords come last and sum up their branches; `if` says nothing that its branch does not. */
function tellingError(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const last = errors.at(-1);
  return last?.keyword === "if" ? errors[0] : last;
}

function faultOf(errors: readonly ErrorObject[] | null | undefined): Fault {
  const error = tellingError(errors ?? []);
  if (error === undefined) return { field: "", reason: "does not fit its schema" };
  const params = error.params as Record<string, unknown>;
  const child = params["missingProperty"] ?? params["additionalProperty"] ?? params["unevaluatedProperty"];
  const field = error.instancePath + (typeof child === "string" ? `/${escaped(child)}` : "");
  const sentence = SENTENCES[error.keyword];
  return {
    field: field.slice(0, FIELD_CHARS),
    reason: sentence === undefined ? (error.message ?? `breaks the rule ${error.keyword}`) : sentence(params),
  };
}

function validatorOf<T>(validate: ValidateFunction): Validator<T> {
  const fits = (value: unknown): value is T => validate(value);
  return Object.assign(fits, { fault: () => faultOf(validate.errors) });
}

/** The house's schemas by id. */
export const houseSchemas = (): ReadonlyMap<string, Readonly<Record<string, unknown>>> =>
  new Map(HOUSE_SCHEMAS.map((schema) => [String(schema["$id"]), schema]));

const houses = new Map<boolean, Ajv2020>();
const validators = new Map<string, Validator<unknown>>();

function houseAjv(ownProperties: boolean): Ajv2020 {
  const house = houses.get(ownProperties) ?? newAjv(ownProperties).addSchema([...HOUSE_SCHEMAS]);
  houses.set(ownProperties, house);
  return house;
}

/** Compiles a schema of ours that is in no file: it may refer to those of the schemas folder. */
export const compileOwn = <T>(schema: Readonly<Record<string, unknown>>): Validator<T> =>
  validatorOf<T>(houseAjv(namesInherited(schema)).compile(schema));

/**
 * The validator of one of the house's schemas, such as `mergepay:platform-order` or `mergepay:quote#/$defs/line`.
 * It is compiled once for the process. @throws Error for an id that no schema has
 */
export function validator<T>(id: string): Validator<T> {
  const known = validators.get(id);
  if (known !== undefined) return known as Validator<T>;
  const validate = houseAjv(namesInherited(HOUSE_SCHEMAS)).getSchema(id);
  if (validate === undefined) throw new Error(`There is no schema ${id} in the schemas folder.`);
  const made = validatorOf<T>(validate);
  validators.set(id, made);
  return made;
}

/**
 * Compiles a schema of someone else's (a plugin's records), apart from the house's own: their ids can't collide.
 * @throws Error with Ajv's words when it is not JSON Schema 2020-12
 */
export function compileSchema<T>(schema: unknown): Validator<T> {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    throw new Error("the schema must be a JSON object");
  // An asynchronous validator answers with a promise, which would pass for `true`.
  if ("$async" in schema) throw new Error('"$async" is not a keyword of JSON Schema 2020-12');
  return validatorOf<T>(newAjv(namesInherited(schema)).compile(schema));
}
