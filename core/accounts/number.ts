/** What an IBAN looks like (ISO 13616): country, two check digits, 11 to 30 characters of the country's own numbering. */
const IBAN = /^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$/;
const NUMBER = /^[A-Z0-9]{5,34}$/;

/** An account number as banks take it: capitals, without the spaces and hyphens of print. */
export const plainNumber = (text: string): string => text.replaceAll(/[ -]/g, "").toUpperCase();

/** The remainder by 97 of an IBAN with its first four characters at the end and A to Z as 10 to 35 (ISO 7064, MOD 97-10). */
function remainder(iban: string): number {
  let rest = 0;
  for (const character of `${iban.slice(4)}${iban.slice(0, 4)}`) {
    const digits = Number.parseInt(character, 36);
    rest = (rest * (digits > 9 ? 100 : 10) + digits) % 97;
  }
  return rest;
}

/** What is wrong with a plain account number; undefined when nothing is that can be seen. The number itself is not told. */
export function faultOfNumber(number: string): string | undefined {
  if (!NUMBER.test(number)) return "is not an account number: 5 to 34 letters and digits";
  if (IBAN.test(number) && remainder(number) !== 1) return "looks like an IBAN, and its check digits do not fit";
  return undefined;
}

/** The last four characters of a number that has enough others; nothing of a shorter one. */
export const masked = (number: string): string => `****${number.length >= 12 ? number.slice(-4) : ""}`;
