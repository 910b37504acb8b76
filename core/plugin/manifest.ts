import { MergepayError } from "../errors/errors.ts";
import { declarationFault } from "../formats/declared.ts";
import { canonicalMoney } from "../money/money.ts";
import { compileSchema, type Validator } from "../schema/validate.ts";
import { faultOfFeeRule } from "../settlement/fee-rule.ts";
import { CONTRACT_VERSION, type PlatformInput, type PlatformPlugin } from "./contract.ts";

/** A kind of file without its code. */
export type InputManifest = Omit<PlatformInput, "map">;

/** What a plugin says of itself, without its code: JSON, as the worker hands it to the host. */
export type Manifest = Omit<PlatformPlugin, "map" | "also" | "reply"> & {
  readonly also?: readonly InputManifest[];
  /** It renders its webhooks itself. */
  readonly replies?: true;
};

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
  properties: { format: { enum: ["json", "ndjson", "xml", "csv", "tsv", "xlsx", "fixed", "edi"] } },
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
    fees: { type: "object" },
    settlementAccount: text(256),
    lateMoney: { enum: ["hold", "reopen", "refund"] },
    defaultMerchant: { ...text(128), pattern: "^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}/]+$" },
  },
};

const inputOf = (required: readonly string[], properties: object) => ({
  type: "object",
  additionalProperties: false,
  required: ["format", ...required],
  properties: { format: { type: "string" }, encoding, marks: texts(text(256)), begins: text(256), ...properties },
});

const jsonPath = { type: "string", maxLength: 256, pattern: "^(/[^/]+)*$" };
const fullPath = { type: "string", maxLength: 256, pattern: "^(/[^/]+)+$" };
const object = (required: readonly string[], properties: object) => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});

const documents = (below: object) => ({
  join: {
    type: "array",
    minItems: 1,
    maxItems: 10,
    items: object(["records", "key", "on", "as"], { records: fullPath, key: below, on: below, as: text(128) }),
  },
  control: object([], {
    count: fullPath,
    sums: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: object(["total", "of"], {
        total: fullPath,
        of: below,
        currency: object(["of", "is"], { of: below, is: text(32) }),
      }),
    },
  }),
});

const jsonInput = inputOf([], { records: texts(jsonPath), ...documents(fullPath) });
/** Kinds of rows whose columns are declared in the way given. */
const kinds = (columns: object) => {
  const rowKind = { is: text(128), columns };
  const controlRow = object(["is"], {
    ...rowKind,
    count: object(["column"], { column: text(128), of: texts(text(128)) }),
    sums: {
      type: "array",
      minItems: 1,
      maxItems: 100,
      items: object(["column", "of"], { column: text(128), of: text(128) }),
    },
    currency: object(["column", "of"], { column: text(128), of: text(128) }),
  });
  return object(["column", "details"], {
    column: text(128),
    details: texts(object(["is"], rowKind)),
    opens: text(128),
    header: controlRow,
    trailer: controlRow,
  });
};
/** What the rows of a table are, whatever they are cut from. */
const rows = {
  columns: texts(text(128)),
  header: { type: "boolean" },
  titleRows: { type: "integer", minimum: 0, maximum: 100 },
  groupBy: text(128),
  scattered: { type: "boolean" },
  kinds: kinds(texts(text(128))),
};
const tableInput = inputOf(["columns"], { delimiter: { type: "string", minLength: 1, maxLength: 1 }, ...rows });
const place = { type: "integer", minimum: 1, maximum: 65_536 };
const fixedColumns = {
  type: "array",
  minItems: 1,
  maxItems: 1000,
  items: object(["name", "from", "to"], { name: text(128), from: place, to: place }),
};
const inputSchemas: Readonly<Record<PlatformPlugin["input"]["format"], object>> = {
  json: jsonInput,
  ndjson: jsonInput,
  xml: inputOf(["records"], {
    records: texts(fullPath),
    namespace: { anyOf: [text(256), texts(text(256))] },
    doctype: { enum: ["ignored"] },
    arrays: texts(text(256)),
    ...documents({ type: "string", maxLength: 256, pattern: "^[^/]+(/[^/]+)*$" }),
  }),
  csv: tableInput,
  tsv: tableInput,
  xlsx: object(["format", "columns"], {
    format: { type: "string" },
    sheet: text(31),
    dates: { enum: [1900, 1904] },
    ...rows,
  }),
  fixed: inputOf(["columns"], {
    columns: fixedColumns,
    length: place,
    width: { enum: ["characters", "bytes"] },
    trim: { enum: ["both", "end", "none"] },
    groupBy: text(128),
    kinds: kinds(fixedColumns),
  }),
  edi: inputOf(["syntax", "messages"], {
    syntax: { enum: ["iso9735", "x12"] },
    messages: texts({ type: "string", pattern: "^[A-Z0-9]{2,10}$" }),
  }),
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

/** A currency that Mergepay does not handle would only show at the first order. */
function checkCurrency(code: string, field: string): void {
  try {
    canonicalMoney("1", code);
  } catch (error) {
    if (!(error instanceof MergepayError)) throw error;
    refuse(field, `is refused: ${error.message}`);
  }
}

/** Where a kind stands in the manifest. */
const pointerOf = (kind: number): string => (kind === 0 ? "/input" : `/also/${kind - 1}/input`);

/** Workbooks are told by their sheets and columns: one of a kind that takes all of a later kind would hide that. */
function refuseHidden(inputs: readonly PlatformPlugin["input"][]): void {
  for (const [index, input] of inputs.entries()) {
    if (input.format !== "xlsx") continue;
    const hides = (earlier: PlatformPlugin["input"]): boolean =>
      earlier.format === "xlsx" &&
      earlier.sheet === input.sheet &&
      (earlier.header === false ||
        (input.header !== false && earlier.columns.every((name) => input.columns.includes(name))));
    if (inputs.slice(0, index).some(hides))
      refuse(
        pointerOf(index),
        "is a workbook that an earlier kind takes already: of the same sheet, with no columns that are not the earlier one's; put the one with more columns first",
      );
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
  const files = kindsOf(manifest);
  for (const [index, kind] of files.entries()) {
    const at = pointerOf(index);
    fit(inputSchemas[kind.input.format], kind.input, at);
    const fault = declarationFault(kind.input);
    if (fault !== undefined) refuse(`${at}${fault.field}`, fault.reason);
  }
  refuseHidden(files.map(({ input }) => input));
  for (const [index, code] of manifest.currencies.entries()) checkCurrency(code, `/currencies/${index}`);
  const fault = faultOfFeeRule(manifest.fees, manifest.currencies);
  if (fault !== undefined) refuse(`/fees${fault.field}`, fault.reason);
  return manifest;
}
