import { EACH } from "./leaves.ts";
import type { Use } from "./uses.ts";

const WIDTH = 120;
/** Characters that make a type one of a list. */
const LIST = "readonly []".length;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A member of an object in code: `.total`, `["Created at"]`, after `?` where the object may not be there. */
export const memberOf = (name: string, optional: boolean): string =>
  IDENTIFIER.test(name) ? `${optional ? "?" : ""}.${name}` : `${optional ? "?." : ""}[${JSON.stringify(name)}]`;

/** The TypeScript type of what is read of a record, in lines of at most 120 characters where names allow it. */
export function typeOf(uses: readonly Use[], indent = "", around = 0): string {
  const here = uses.filter(({ path }) => path.length === 0);
  if (here.length > 0) return here.some(({ flag }) => flag) ? "boolean" : "string";
  const names = [...new Set(uses.map(({ path: [name = ""] }) => name))];
  const below = (name: string): Use[] =>
    uses.filter(({ path }) => path[0] === name).map((use) => ({ ...use, path: use.path.slice(1) }));
  if (names[0] === EACH) return listOf(typeOf(below(EACH), indent, around + LIST));
  const fields = names.map((name) => {
    const inner = below(name);
    const needed = inner.some((use) => use.needed);
    const shown = IDENTIFIER.test(name) ? name : JSON.stringify(name);
    return { head: `readonly ${shown}${needed ? "" : "?"}: `, inner, tail: needed ? "" : " | null" };
  });
  const short = `{ ${fields.map(({ head, inner, tail }) => `${head}${typeOf(inner, " ".repeat(2))}${tail}`).join("; ")} }`;
  // The root is an interface: one field a line.
  if (indent !== "" && indent.length + around + short.length <= WIDTH && !short.includes("\n")) return short;
  const lines = fields.map(({ head, inner, tail }) => {
    const type = typeOf(inner, `${indent}  `, head.length + tail.length + 1);
    return `${indent}  ${head}${type}${tail};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

const listOf = (item: string): string => `readonly ${item}[]`;
