import { type IdPrefix, idPattern } from "../../core/ids.ts";

/** What the schemas of requests and answers are made of. */
export type Schema = Readonly<Record<string, unknown>>;

export const object = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: "object",
  additionalProperties: false,
  required,
  properties,
});
export const text = (pattern: string, description?: string, more: Schema = {}): Schema => ({
  type: "string",
  pattern,
  ...more,
  ...(description === undefined ? {} : { description }),
});
export const ref = (name: string): Schema => ({ $ref: `mergepay:${name}` });

export const id = (prefix: IdPrefix): Schema => text(`^${idPattern(prefix)}$`);
export const platform = text("^[a-z][a-z0-9-]{1,39}$", "The platform: the name of its plugin.");
export const bankName = text("^[a-z][a-z0-9-]{1,39}$", "The bank: the name of its driver.");
export const line = (maxLength: number, description: string): Schema =>
  text("^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+$", description, { minLength: 1, maxLength });
export const merchant = text(
  "^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}/]+$",
  "Who is owed the money, in the platform's own naming.",
  {
    maxLength: 128,
  },
);
export const userId = line(128, "The payment platform's own user ID.");
export const currency = text("^[A-Z]{3}$", "ISO 4217 code.");

export const orderIds: Schema = {
  type: "array",
  uniqueItems: true,
  items: id("ord"),
  description: "Ids of orders of the payer.",
};

/** One of several forms of a body. */
export const form = (description: string, ...given: Parameters<typeof object>): Schema => ({
  description,
  ...object(...given),
});
export const moment = text("^[0-9T:.Z+-]+$", "ISO 8601 with a zone.", { maxLength: 35 });

export const time: Schema = { type: "string", description: "ISO 8601, UTC." };
export const shown = { id: { type: "string" }, createdAt: time };
export const word: Schema = { type: "string" };
export const count: Schema = { type: "integer", minimum: 0 };

/** A page of items. */
export const pageSchema = (items: Schema): Schema =>
  object(
    { items: { type: "array", items }, next: { ...word, description: "Cursor of the next page; absent on the last." } },
    ["items"],
  );
