/**
 * Writes types.generated.ts from the JSON Schemas of this folder: `node schemas/generate.ts` (or `--check`: exit 1 when they differ).
 * Types come from schemas only, so that what validates and what compiles can't drift apart.
 */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile, type JSONSchema } from "json-schema-to-typescript";

const here = import.meta.dirname;
const target = join(here, "types.generated.ts");

type Node = { [key: string]: unknown };

async function readSchemas(): Promise<Map<string, Node>> {
  const names = (await readdir(here)).filter((name) => name.endsWith(".schema.json")).sort();
  const schemas = new Map<string, Node>();
  for (const name of names) {
    const schema = JSON.parse(await readFile(join(here, name), "utf8")) as Node;
    schemas.set(schema.$id as string, schema);
  }
  return schemas;
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** `mergepay:quote#/$defs/line` becomes a reference into the one bundle that the types are made of. */
function bundled(value: unknown, ownId: string): unknown {
  if (Array.isArray(value)) return value.map((item) => bundled(item, ownId));
  if (!isNode(value)) return value;
  const copy: Node = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === "$schema" || key === "$id") continue;
    if (key === "$ref" && typeof item === "string") {
      const [id, path = ""] = item.split("#");
      copy.$ref = `#/$defs/${(id === "" ? ownId : id)?.replace("mergepay:", "")}${path}`;
    } else copy[key] = bundled(item, ownId);
  }
  return copy;
}

async function generate(): Promise<string> {
  const schemas = await readSchemas();
  const $defs: Node = {};
  for (const [id, schema] of schemas) $defs[id.replace("mergepay:", "")] = bundled(schema, id);
  const bundle = { title: "Bundle", type: "object", $defs } as unknown as JSONSchema;
  return compile(bundle, "Bundle", {
    bannerComment: "/* Generated from the JSON Schemas of this folder by generate.ts. Do not edit. */",
    unreachableDefinitions: true,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { printWidth: 120 },
  });
}

const text = await generate();
if (process.argv.includes("--check")) {
  const present = await readFile(target, "utf8");
  if (present !== text) {
    process.stderr.write("schemas/types.generated.ts is not what the schemas give: run `npm run types`.\n");
    process.exitCode = 1;
  }
} else await writeFile(target, text);
