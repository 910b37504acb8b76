import { plainText } from "../../core/plugin/contract.ts";

/** A name of a member; masked with stars it may be anybody's, so it is none. */
const memberOf = (name: string | null | undefined, chars: number): string => {
  const text = plainText(name ?? "", chars);
  return text.includes("*") ? "" : text;
};

/** The seller as merchant, or the merchant that was named with the file. */
export const sellerOf = (name: string | null | undefined, merchant: string): string =>
  memberOf(name, 128).replaceAll("/", " ") || merchant;

/** The buyer by member name, else by mail address; undefined when the file tells neither. */
export function buyerOf(name: string | null | undefined, mail: string | null | undefined): string | undefined {
  const member = memberOf(name, 200);
  if (member !== "") return `member:${member}`;
  const address = memberOf(mail, 200).toLowerCase();
  // The API's own word for an address that it does not give away has no @.
  return address.includes("@") ? `email:${address}` : undefined;
}
