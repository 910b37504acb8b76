/** What a patch is: one line of the system made wrong, and the suites of which one must turn red by it. */
export interface Patch {
  /** What is wrong now, in words. */
  readonly name: string;
  readonly file: string;
  /** A part of one line that the file has exactly once. */
  readonly from: string;
  readonly to: string;
  /** Spec files, the likeliest first; they are run until one is red. */
  readonly red: readonly string[];
}
