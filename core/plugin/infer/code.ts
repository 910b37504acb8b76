import { ediMappingOf } from "./edi-mapping.ts";
import type { Inference } from "./infer.ts";
import { mappingOf } from "./mapping.ts";
import { markerOf } from "./marks.ts";
import type { Parts } from "./unknown.ts";
import { isTable, usesOf } from "./uses.ts";

/** What a written plugin is, besides its proposals. */
export interface Written {
  readonly text: string;
  /** What the sample can't tell, a sentence each: the marked lines of the text. */
  readonly needed: readonly string[];
}

/** The plugin.ts that maps what a sample proposes. @param contract how the folder imports the contract */
export function pluginCode(id: string, title: string, inference: Inference, contract: string): Written {
  const { needed, imports, constants, body, types, record, parameter, currencies } =
    inference.edi === undefined ? mappingOf(inference) : ediMappingOf(inference.edi);
  const need = markerOf(needed);
  const context = body.some((line) => /\bmerchant,/.test(line)) ? ", { merchant }" : "";
  const lines = [
    ...types,
    "",
    ...constants,
    ...(constants.length === 0 ? [] : [""]),
    `export default definePlatform<${record}>({`,
    `  title: ${JSON.stringify(title)},`,
    ...(inference.encoding === "likely"
      ? [`  ${need("several encodings would take the sample; look at its names with `plugin try`.")}`]
      : []),
    ...(inference.broken === undefined
      ? []
      : [`  ${need(`nothing of the sample is taken as it is; put a whole one in its place. ${inference.broken}`)}`]),
    `  input: ${shownInput(inference)},`,
    `  schema: "order.schema.json",`,
    `  currencies: ${settledIn(constants, currencies, need)}`,
    `  fees: {}, ${need('what the operator keeps, such as { percent: "2.9", fixed: { USD: "0.30" } }.')}`,
    `  settlementAccount: "${id}-settlement", ${need("the platform's account at the bank.")}`,
    `  defaultMerchant: "${id}",`,
    `  map(${parameter}${context}) {`,
    ...body.map((line) => `    ${line}`),
    "  },",
    "});",
    "",
  ];
  const names = ["definePlatform", ...imports].sort((a, b) => bare(a).localeCompare(bare(b)));
  const text = `import { ${names.join(", ")} } from ${JSON.stringify(contract)};\n\n${lines.join("\n")}`;
  return { text, needed };
}

/** The currencies that the platform settles in, as code. */
function settledIn(
  constants: readonly string[],
  currencies: Parts["currencies"],
  need: (reason: string) => string,
): string {
  const constant = constants.find((line) => line.startsWith("const CURRENCY ="));
  if (constant !== undefined)
    return constant.startsWith('const CURRENCY = ""') ? '[CURRENCY || "USD"],' : "[CURRENCY],";
  if (currencies === undefined) return `["USD"], ${need("all currencies that the platform settles in.")}`;
  const listed = JSON.stringify(currencies).replaceAll(",", ", ");
  return `${listed}, ${need("all currencies that the platform settles in; the sample has these.")}`;
}

/** An import's name without the word that says that it is a type. */
const bare = (name: string): string => name.replace(/^type /, "");

/** The input with the columns that the mapping reads, as code. */
function shownInput(inference: Inference): string {
  const { input } = inference;
  const columns = isTable(input)
    ? usesOf(inference).flatMap(({ path, needed }) => (needed ? [path[2] ?? ""] : []))
    : [];
  const spec = columns.length === 0 ? input : { ...input, columns: [...new Set(columns)] };
  const fields = Object.entries(spec).map(
    ([name, value]) => `${name}: ${JSON.stringify(value).replaceAll('","', '", "')}`,
  );
  const short = `{ ${fields.join(", ")} }`;
  return short.length <= 105 ? short : `{\n    ${fields.join(",\n    ")},\n  }`;
}
