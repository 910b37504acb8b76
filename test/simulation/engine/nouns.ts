/** The nouns of `nouns/`: a file there is all that it takes. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Noun } from "./contract.ts";

const FOLDER = join(import.meta.dirname, "../nouns");

export async function loadNouns(): Promise<readonly Noun[]> {
  const found: Noun[] = [];
  for (const file of readdirSync(FOLDER).sort()) {
    const module = (await import(pathToFileURL(join(FOLDER, file)).href)) as Readonly<Record<string, unknown>>;
    const nouns = Object.values(module).filter(isNoun);
    if (nouns.length !== 1) throw new Error(`nouns/${file} must export one noun: an object with a name and open().`);
    found.push(...nouns);
  }
  return found;
}

const isNoun = (value: unknown): value is Noun =>
  typeof value === "object" && value !== null && typeof (value as Partial<Noun>).open === "function";
