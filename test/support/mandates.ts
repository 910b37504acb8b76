import type { MandateRequest } from "../../core/actions.ts";

export const usd = (value: string) => ({ value, currency: "USD" });

/** Limits of a mandate in a day of UTC, from the tests' noon to the end of the year. */
export const terms = (
  perPayment: string,
  perDay: string,
  more: Partial<MandateRequest> & { platforms?: Readonly<Record<string, string>> } = {},
): MandateRequest => {
  const { platforms, ...rest } = more;
  const own = Object.entries(platforms ?? {}).map(([platform, value]) => ({ platform, perDay: usd(value) }));
  return {
    limits: {
      perPayment: usd(perPayment),
      perDay: usd(perDay),
      ...(platforms === undefined ? {} : { platforms: own }),
    },
    timeZone: "UTC",
    expiresAt: "2026-12-31T00:00:00Z",
    ...rest,
  };
};
