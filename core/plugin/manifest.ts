import { MergepayError } from "../errors/errors.ts";
import { PERCENT } from "../money/allocate.ts";
import { canonicalMoney } from "../money/money.ts";
import { compileSchema, type Validator } from "../schema/validate.ts";
import { CONTRACT_VERSION, type PlatformInput, type PlatformPlugin } from "./contract.ts";

/** A kind of file without its code. */
export type InputManifest = Omit<PlatformInput, "map">;

/** What a plugin says of itself, without its code: JSON, as the worker hands it to the host. */
export type Manifest = Omit<PlatformPlugin, "map" | "also"> & { readonly also?: readonly InputManifest[] };

/** All kinds of files of a platform, in the order in which a file is held against them. */
export const kindsOf = ({ input, schema, also = [] }: Manifest): readonly InputManifest[] => [
  { input, schema },
  ...also,
];

const text = (maxLength: number) => ({ type: "string", minLength: 1, maxLength }) as const;
const texts = (items: object, minItems = 1) => ({ type: "array", minItems, maxItems: 100, uniqueItems: true, items });
const encoding = {
  enum: ["utf-8", "utf-16le", "utf-16be", "gb18030", "shift_jis", "iso-8859-1", "iso-8859-15", "windows-1252"],
};
const currency = { type: "string", pattern: "^[A-Z]{3}$" };

const input = {
  type: "object",
  required: ["format"],
  properties: { format: { enum: ["json", "ndjson", "xml", "csv", "tsv", "xlsx"] } },
};
const schema = { type: "string", maxLength: 100, pattern: "^[A-Za-z0-9][A-Za-z0-9._-]*\\.json$" };

const manifestSchema = {
  type: "object",
  additionalProperties: false,
  required: ["contract", "title", "input", "schema", "currencies", "fees", "settlementAccount", "defaultMerchant"],
  properties: {
    contract: { const: CONTRACT_VERSION },
    title: text(100),
    input,
    schema,
    also: {
      type: "array",
      maxItems: 15,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["input", "schema"],
        properties: { input, schema },
      },
    },
    currencies: texts(currency),
    fees: {
      type: "object",
      additionalProperties: false,
      properties: {
        fixed: { type: "object", maxProperties: 100, additionalProperties: { type: "string", maxLength: 21 } },
        percent: { type: "string", pattern: PERCENT.source },
      },
    },
    settlementAccount: text(256),
    defaultMerchant: { ...text(128), pattern: "^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}/]+$" },
  },
};

const inputOf = (required: readonly string[], properties: object) => ({
  type: "object",
  additionalProperties: false,
  required: ["format", ...required],
  properties: { format: { type: "string" }, encoding, marks: texts(text(256)), ...properties },
});

const jsonInput = inputOf([], { records: texts({ type: "string", maxLength: 256, pattern: "^(/[^/]+)*$" }) });
const tableInput = inputOf(["columns"], {
  delimiter: { type: "string", minLength: 1, maxLength: 1 },
  columns: texts(text(128)),
  groupBy: text(128),
});
const inputSchemas: Readonly<Record<PlatformPlugin["input"]["format"], object>> = {
  json: jsonInput,
  ndjson: jsonInput,
  xml: inputOf(["records"], {
    records: texts({ type: "string", maxLength: 256, pattern: "^(/[^/]+)+$" }),
    namespace: text(256),
    arrays: texts(text(256)),
  }),
  csv: tableInput,
  tsv: tableInput,
  xlsx: {
    type: "object",
    additionalProperties: false,
    required: ["format", "columns"],
    properties: {
      format: { type: "string" },
      sheet: text(31),
      dates: { enum: [1900, 1904] },
      columns: texts(text(128)),
      groupBy: text(128),
    },
  },
};

const compiled = new Map<object, Validator<unknown>>();
function fit(schema: object, value: unknown, at: string): void {
  const fits = compiled.get(schema) ?? compileSchema<unknown>(schema);
  compiled.set(schema, fits);
  if (fits(value)) return;
  const { field, reason } = fits.fault();
  refuse(`${at}${field}`, reason);
}

function refuse(field: string, reason: string): never {
  throw new MergepayError("PLUGIN_SHAPE_INVALID", `plugin.ts: ${field === "" ? "its value" : field} ${reason}.`, {
    field,
  });
}

/** An amount of the plugin's fees that its currency can't hold would only show at the first payment. */
function checkMoney(value: string, code: string, field: string): void {
  try {
    canonicalMoney(value, code);
  } catch (error) {
    if (!(error instanceof MergepayError)) throw error;
    refuse(field, `is refused: ${error.message}`);
  }
}

/**
 * Checks what a worker found as a plugin's value, its contract version first.
 * @throws PLUGIN_CONTRACT_UNSUPPORTED, PLUGIN_SHAPE_INVALID with the field
 */
export function checkManifest(value: unknown): Manifest {
  const contract = (value as { contract?: unknown } | null)?.contract;
  if (contract !== CONTRACT_VERSION)
    throw new MergepayError(
      "PLUGIN_CONTRACT_UNSUPPORTED",
      `plugin.ts was made for contract ${typeof contract === "number" ? contract : "(none)"}; this host has contract ${CONTRACT_VERSION}. Export what definePlatform makes.`,
      { field: "/contract" },
    );
  fit(manifestSchema, value, "");
  const manifest = value as Manifest;
  for (const [index, kind] of kindsOf(manifest).entries())
    fit(inputSchemas[kind.input.format], kind.input, index === 0 ? "/input" : `/also/${index - 1}/input`);
  const sheets = kindsOf(manifest).map(({ input }) => input.format === "xlsx");
  if (sheets.indexOf(true) !== sheets.lastIndexOf(true))
    refuse(
      `/also/${sheets.lastIndexOf(true) - 1}/input`,
      "is a second spreadsheet, which can't be told from the first",
    );
  for (const [index, code] of manifest.currencies.entries()) checkMoney("1", code, `/currencies/${index}`);
  for (const [code, fixed] of Object.entries(manifest.fees.fixed ?? {})) {
    if (!manifest.currencies.includes(code)) refuse(`/fees/fixed/${code}`, "is not one of its currencies");
    checkMoney(fixed, code, `/fees/fixed/${code}`);
  }
  return manifest;
}
