/** How figures are made of measurements, and how they are written. */

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** How far the largest lies above the smallest, in percent of the smallest. */
export const spreadPercent = (figures: readonly number[]): number =>
  (Math.max(...figures) / Math.min(...figures) - 1) * 100;

/** A whole number with its thousands set apart: `12,345`. */
export const whole = (figure: number): string => Math.round(figure).toLocaleString("en-US");

/** Three significant places, without an exponent: `0.531`, `12.3`, `1,240`. */
export function short(figure: number): string {
  if (figure >= 100) return whole(figure);
  return figure.toFixed(figure >= 10 ? 1 : figure >= 1 ? 2 : 3);
}

export const megabytes = (bytes: number): string => `${whole(bytes / 1024 ** 2)} MB`;

/** Things a second. */
export const perSecond = (count: number, ms: number): number => (count / ms) * 1000;

/** The lowest and highest of several rounds, so that a reader sees how much to trust the median. */
export const range = (figures: readonly number[]): string =>
  figures.length < 2
    ? ""
    : ` (${figures.length} rounds: ${whole(Math.min(...figures))} to ${whole(Math.max(...figures))})`;
