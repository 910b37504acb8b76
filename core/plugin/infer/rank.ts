import { depthOf, EACH, type Leaf } from "./leaves.ts";
import { MINOR } from "./numbers.ts";
import { phraseOf, wordsOf } from "./words.ts";

/** A place that may be a field of the order, and how well its name and texts fit: 0 to 1. */
export interface Candidate {
  readonly leaf: Leaf;
  readonly score: number;
}

/** How well names fit a field: the first pattern that a phrase matches gives its score. */
export interface Names {
  readonly fit: readonly (readonly [RegExp, number])[];
  /** A word that spoils a name: the place is hardly what is looked for. */
  readonly spoilt?: RegExp;
  /** The same for the names of the objects around it. */
  readonly around?: RegExp;
}

/** What a level of depth, and a word that spoils a name, take away. */
const DEPTH = 0.03;
/** What it takes away that a name fits only with the name of its record, or without that of its list. */
const BY_OTHER = 0.04;
const SPOILT = 0.45;
/** Less than this is no candidate. */
const LEAST = 0.2;

/** The places whose names fit, the best first; of equals the one that stands first in the file. */
export function rank(
  leaves: readonly Leaf[],
  { fit, spoilt, around }: Names,
  accepts: (leaf: Leaf) => boolean,
  record = "",
): Candidate[] {
  const found: Candidate[] = [];
  for (const leaf of leaves) {
    const phrase = phraseOf(leaf.path);
    const scoreOf = (words: string): number => fit.find(([pattern]) => pattern.test(words))?.[1] ?? 0;
    const others = [
      ...(record === "" ? [] : [phraseOf(leaf.path, record)]),
      // The list's name may be no part of what its elements' fields are called.
      ...(leaf.path.at(-2) === EACH ? [wordsOf(leaf.path.at(-1) ?? "")] : []),
      // What an amount counts is no part of what it is of: `price_cents`.
      ...(MINOR.test(phrase) ? [phrase.replace(MINOR, "").trim()] : []),
    ];
    const name = Math.max(scoreOf(phrase), ...others.map((words) => scoreOf(words) - BY_OTHER));
    if (name <= 0 || !accepts(leaf)) continue;
    const parents = wordsOf(leaf.path.slice(0, -1).join(" "));
    const spoils = [phrase, parents].some((words) => spoilt?.test(words) === true) || around?.test(parents) === true;
    const score = name - DEPTH * (depthOf(leaf) - 1) - (spoils ? SPOILT : 0);
    if (score >= LEAST) found.push({ leaf, score });
  }
  return found.sort((a, b) => b.score - a.score);
}

/** How sure a proposal is, for people. */
export const confidenceOf = (score: number): string => (score >= 0.85 ? "high" : score >= 0.6 ? "fair" : "low");
