/** Reading the house's own files, for the rules of this folder: no parser, only comments, strings and imports told apart. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

/** A file of the repository under its path from the root, with `/`. */
export interface Source {
  readonly path: string;
  readonly text: string;
  /** The text with comments blanked; strings are kept. Lines and columns stay. */
  readonly code: string;
  /** The comments alone, all else blanked. */
  readonly comments: string;
  /** The text with comments and what is inside strings, templates and regular expressions blanked. */
  readonly bare: string;
}

export interface Finding {
  readonly line: number;
  /** What was found, as it stands there. */
  readonly what: string;
}

/** A house rule. Its `bad` snippets are its own test: a rule that can't fail is a defect. */
export interface Rule {
  readonly name: string;
  /** What to do instead, for the message. */
  readonly instead: string;
  readonly applies: (path: string) => boolean;
  readonly find: (source: Source) => readonly Finding[];
  /** Path and text that the rule must catch. */
  readonly bad: readonly (readonly [path: string, text: string])[];
  /** Path and text that it must let be (or not apply to). */
  readonly good: readonly (readonly [path: string, text: string])[];
}

/** Joins the halves of a word that must not stand in the repository, not even here. */
export const glue = (...parts: readonly string[]): string => parts.join("");

const leftOut = new Set(["node_modules", ".git", "data", "coverage"]);
const maxBytes = 4 * 1024 * 1024;

/** The paths of all files of the repository, whether committed or not. */
export function listFiles(): string[] {
  const found: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (folder === "" && leftOut.has(entry.name)) continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && statSync(join(root, path)).size <= maxBytes) found.push(path);
    }
  };
  walk("");
  return found.sort();
}

export const isScript = (path: string): boolean => /\.(ts|js|mjs|cjs)$/.test(path) && !path.endsWith(".generated.ts");

export function sourceOf(path: string, text: string): Source {
  if (!isScript(path)) return { path, text, code: text, comments: text, bare: text };
  return { path, text, ...blank(text) };
}

export const readSource = (path: string): Source => sourceOf(path, readFileSync(join(root, path), "utf8"));

/** Every match of a pattern (global) with its line. */
export function matches(text: string, pattern: RegExp): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length,
    what: match[0].trim().split("\n", 1)[0] ?? "",
  }));
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `import type` / `export type`: gone at run time. */
  readonly typeOnly: boolean;
}

/** All static imports and re-exports, dynamic imports and requires with a literal. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const statement =
    /\b(?:import|export)\b(?!\s*\()(\s+type\b(?!\s*(?:,|from\b)))?(?:[^;'"`()=]*?\bfrom)?\s*(['"])([^'"\n]+)\2|\b(?:import|require)\s*\(\s*(['"`])([^'"`\n]+)\4/g;
  for (const match of source.code.matchAll(statement)) {
    // The pattern sees strings too: what is blank in `bare` stood inside one.
    if (!/^(?:import|export|require)/.test(source.bare.slice(match.index, match.index + 7))) continue;
    const line = source.code.slice(0, match.index).split("\n").length;
    found.push({ specifier: match[3] ?? match[5] ?? "", line, typeOnly: match[1] !== undefined });
  }
  return found;
}

/** `mongodb` of `mongodb/lib/x`, `@a/b` of `@a/b/c`; undefined for paths and builtins. */
export function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|\/|node:)/.test(specifier)) return undefined;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** A `/` begins a regular expression where no value can end. */
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|await|yield|void|throw))$/;

/** A light lexer: good enough for code that prettier has formatted. */
function blank(text: string): Pick<Source, "code" | "comments" | "bare"> {
  // Not by spread: one element a UTF-16 unit, so that positions are those of the text.
  const code = Array.from({ length: text.length }, (_, at) => text.charAt(at));
  const bare = [...code];
  const wipe = (target: string[], from: number, to: number): void => {
    for (let at = from; at < to; at += 1) if (target[at] !== "\n") target[at] = " ";
  };
  /** Depths of braces at which a template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  /** The last few characters that were code, for telling a division from a regular expression. */
  let tail = "";

  const skipTo = (end: number, keep: boolean): void => {
    if (!keep) wipe(code, at, end);
    wipe(bare, keep ? at + 1 : at, keep ? end - 1 : end);
    if (keep) tail = "x";
    at = end;
  };
  /** From inside a template to behind its end or its next `${`. */
  const template = (from: number): void => {
    let end = from;
    while (end < text.length && text[end] !== "`" && !text.startsWith("${", end)) end += text[end] === "\\" ? 2 : 1;
    wipe(bare, from, end);
    if (text.startsWith("${", end)) {
      templates.push(depth);
      depth += 1;
      at = end + 2;
      tail = "{";
    } else {
      at = end + 1;
      tail = "x";
    }
  };

  while (at < text.length) {
    const char = text.charAt(at);
    if (text.startsWith("//", at)) skipTo(endOf(text, at, "\n"), false);
    else if (at === 0 && text.startsWith("#!")) skipTo(endOf(text, at, "\n"), false);
    else if (text.startsWith("/*", at)) skipTo(endOf(text, at + 2, "*/") + 2, false);
    else if (char === '"' || char === "'") skipTo(endOfString(text, at), true);
    else if (char === "/" && beforeRegex.test(tail)) skipTo(endOfRegex(text, at), true);
    else if (char === "`") template(at + 1);
    else if (char === "}" && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      template(at + 1);
    } else {
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      if (/\S/.test(char)) tail = (/\s/.test(text.charAt(at - 1)) && /\w/.test(char) ? char : tail + char).slice(-8);
      at += 1;
    }
  }
  const comments = code.map((char, index) => (char === "\n" || char !== text[index] ? (text[index] ?? "") : " "));
  return { code: code.join(""), comments: comments.join(""), bare: bare.join("") };
}

function endOf(text: string, from: number, mark: string): number {
  const end = text.indexOf(mark, from);
  return end === -1 ? text.length : end;
}

function endOfString(text: string, from: number): number {
  const quote = text[from];
  let end = from + 1;
  while (end < text.length && text[end] !== quote && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

function endOfRegex(text: string, from: number): number {
  let end = from + 1;
  let inClass = false;
  while (end < text.length && text[end] !== "\n" && (inClass || text[end] !== "/")) {
    if (text[end] === "[") inClass = true;
    if (text[end] === "]") inClass = false;
    end += text[end] === "\\" ? 2 : 1;
  }
  return end + 1;
}
