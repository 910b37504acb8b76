import { _, type Ajv2020, type CodeKeywordDefinition } from "ajv/dist/2020.js";

/** Characters as JSON Schema counts them: a pair of surrogates is one. */
const characters = (text: string): number => Array.from(text).length;

/**
 * `maxLength` and `minLength` with the same result as Ajv's own, which goes over every text to count its characters: here the number of
 * UTF-16 units decides where it can. A text has at most as many characters as units, and at least half as many.
 */
export function takeLengthsFirst(ajv: Ajv2020): void {
  for (const keyword of ["maxLength", "minLength"] as const) {
    ajv.removeKeyword(keyword);
    ajv.addKeyword(lengthKeyword(keyword));
  }
}

const lengthKeyword = (keyword: "maxLength" | "minLength"): CodeKeywordDefinition => ({
  keyword,
  type: "string",
  schemaType: "number",
  // As in Ajv: of a text that breaks both, the length is told.
  before: "pattern",
  error: { message: "has a wrong length", params: ({ schemaCode }) => _`{limit: ${schemaCode}}` },
  code(context) {
    const { gen, data, schemaCode: limit } = context;
    const counted = _`${gen.scopeValue("func", { ref: characters })}(${data})`;
    context.fail(
      keyword === "maxLength"
        ? _`${data}.length > ${limit} && ${counted} > ${limit}`
        : _`${data}.length < 2 * ${limit} && ${counted} < ${limit}`,
    );
  },
});
