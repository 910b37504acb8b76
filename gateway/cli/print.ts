import { asMergepayError } from "../../core/errors/errors.ts";

/** Writes a line on standard output: what a command has to say. The log goes to standard error. */
export const print = (line = ""): void => {
  process.stdout.write(`${line}\n`);
};

/** Says on standard error what went wrong, and with which file where it is about one. */
export function complain(thrown: unknown, file?: string): void {
  const error = asMergepayError(thrown);
  const cause = error.type === "INTERNAL" && error.cause instanceof Error ? ` ${error.cause.message}` : "";
  const about = file === undefined ? "" : `${file}: `;
  process.stderr.write(`mergepay: ${about}${error.message}${cause} [${error.type}]\n`);
}

/** A number of things: `1 record`, `2 records`. */
export const many = (count: number, thing: string, things = `${thing}s`): string =>
  `${count} ${count === 1 ? thing : things}`;

/** Columns of text, each as wide as its widest cell; the columns named in `right` are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `   ${line}`)
    .join("\n");
}
