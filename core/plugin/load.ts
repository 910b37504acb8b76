import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { InputSpec } from "../formats/contract.ts";
import { compileSchema, type Validator } from "../schema/validate.ts";
import { checkManifest, kindsOf, type Manifest } from "./manifest.ts";
import type { Event, Reply } from "./contract.ts";
import { recordMapper, type RecordMapper } from "./map-record.ts";
import { checkedReply } from "./reply.ts";

/** A plugin inside its worker: ready to map. */
export interface LoadedPlugin {
  readonly manifest: Manifest;
  /** The kinds of its files, in the order in which a file is held against them. */
  readonly inputs: readonly InputSpec[];
  /** The mapper of each kind's records. */
  readonly mappers: readonly RecordMapper[];
  /** @throws PLUGIN_THREW, PLUGIN_OUTPUT_INVALID, UNSUPPORTED when the plugin has none */
  readonly reply: (event: Event) => Reply;
}

const DEPTH = 8;

/**
 * Loads the plugin of a folder: entry, contract version, shape, schema. Runs in the worker only: it runs the plugin's code.
 * @param saw sees what `map` returns, and hands it on
 * @throws PLUGIN_LOAD_FAILED, PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID, PLUGIN_SCHEMA_INVALID
 */
export async function loadPlugin(
  dir: string,
  saw: (returned: unknown) => unknown = (returned) => returned,
): Promise<LoadedPlugin> {
  const value = await exported(dir);
  const { map, also, reply, ...rest } = value as Record<string, unknown>;
  const more = Array.isArray(also) ? also.map(withoutMap) : [];
  const described = {
    ...rest,
    ...(also === undefined ? {} : { also: Array.isArray(also) ? more.map(([, kind]) => kind) : also }),
  };
  const manifest = checkManifest(jsonOf(described, ""));
  const maps = [map, ...more.map(([own]) => own)];
  const kinds = kindsOf(manifest);
  const mappers = [];
  for (const [index, { schema }] of kinds.entries()) {
    const own = maps[index];
    if (typeof own !== "function") throw shape(index === 0 ? "/map" : `/also/${index - 1}/map`, "must be a function");
    const fits = await recordSchema(dir, schema);
    const call = own as (...args: unknown[]) => unknown;
    mappers.push(
      recordMapper({ map: (record, context) => saw(call(record, context)), fits, currencies: manifest.currencies }),
    );
  }
  const inputs = kinds.map(({ input }) => input);
  if (reply === undefined) return { manifest, inputs, mappers, reply: noReply };
  if (typeof reply !== "function") throw shape("/reply", "must be a function");
  return {
    manifest: { ...manifest, replies: true },
    inputs,
    mappers,
    reply: replier(reply as (event: Event) => unknown),
  };
}

function noReply(): never {
  throw new MergepayError("UNSUPPORTED", "The plugin has no reply of its own.");
}

/** Only that it threw is told: its words may hold what the event holds. */
function replier(own: (event: Event) => unknown): (event: Event) => Reply {
  return (event) => {
    let made: unknown;
    try {
      made = own(event);
    } catch (error) {
      throw new MergepayError("PLUGIN_THREW", "The plugin threw while it made a reply.", {}, { cause: error });
    }
    return checkedReply(made);
  };
}
/** A further kind's code, and what it says of itself. */
function withoutMap(kind: unknown): [map: unknown, rest: unknown] {
  if (typeof kind !== "object" || kind === null) return [undefined, kind];
  const { map, ...rest } = kind as Record<string, unknown>;
  return [map, rest];
}

async function exported(dir: string): Promise<object> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(join(dir, "plugin.ts")).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new MergepayError("PLUGIN_LOAD_FAILED", `plugin.ts could not be loaded: ${words(error, dir)}`, {
      field: "plugin.ts",
    });
  }
  const value = module["default"];
  const plain = typeof value === "object" && value !== null && isPlain(value);
  if (!plain)
    throw shape(
      "",
      `plugin.ts must \`export default definePlatform({...})\`; its default export is ${value === undefined ? "missing" : typeof value === "function" ? "a class or function" : "not a plain value"}`,
    );
  return value;
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

const shape = (field: string, reason: string): MergepayError =>
  new MergepayError("PLUGIN_SHAPE_INVALID", `${field === "" ? "" : `plugin.ts: ${field} `}${reason}.`, { field });

/** First line of an error, without the machine's paths. */
function words(error: unknown, dir: string): string {
  const [line = ""] = String(error instanceof Error ? `${error.name}: ${error.message}` : error).split("\n");
  return line
    .replaceAll(pathToFileURL(dir).href, ".")
    .replaceAll(dir, ".")
    .replaceAll(/(?:file:\/\/)?\/[^\s'"]*\/(?=[^/\s'"]+)/g, "")
    .slice(0, 300);
}

/** The value as JSON, or a shape error that names the part that is not JSON: a manifest travels and is shown. */
function jsonOf(value: unknown, at: string, depth = 0): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value !== "object") throw shape(at, `is a ${typeof value}; it must be JSON`);
  if (depth >= DEPTH) throw shape(at, "is nested too deep or holds itself; it must be JSON");
  if (Array.isArray(value)) return value.map((item, index) => jsonOf(item, `${at}/${index}`, depth + 1));
  if (!isPlain(value)) throw shape(at, "is an instance of a class; it must be JSON");
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, jsonOf(field, `${at}/${name}`, depth + 1)]));
}

async function recordSchema(dir: string, name: string): Promise<Validator<unknown>> {
  const refuse = (reason: string) =>
    new MergepayError("PLUGIN_SCHEMA_INVALID", `${name}: ${reason}. Give the JSON Schema 2020-12 of one record.`, {
      field: name,
    });
  let text: string;
  try {
    text = await readFile(join(dir, name), "utf8");
  } catch (error) {
    throw refuse(`can't be read (${String((error as NodeJS.ErrnoException).code)})`);
  }
  try {
    return compileSchema<unknown>(JSON.parse(text));
  } catch (error) {
    throw refuse((error instanceof Error ? error.message : String(error)).slice(0, 300));
  }
}

/** An error as the worker tells it to the host. */
export function workerError(error: unknown): {
  code: MergepayError["type"];
  reason: string;
  data: MergepayError["data"];
} {
  const { type, message, data } = asMergepayError(error);
  return { code: type, reason: message, data };
}
