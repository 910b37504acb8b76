import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import fc from "fast-check";
import { compileOwn, compileSchema, houseSchemas, validator } from "../../../core/schema/validate.ts";
import { root } from "../../tidy/source.ts";

const secret = "4711-0815";

const ofA = (a: object) => ({ type: "object", properties: { a } });
const text = (rule: object) => ofA({ type: "string", ...rule });

/** What the schema says, a value that breaks it, where, and what is said of it. */
const faults: readonly (readonly [string, object, unknown, string, RegExp])[] = [
  ["type", { type: "string" }, 1, "", /^must be of type string$/],
  ["types", { type: ["string", "null"] }, 1, "", /string or null/],
  ["a missing field", { type: "object", properties: { "a/b": {} }, required: ["a/b"] }, {}, "/a~1b", /^is missing$/],
  [
    "a missing field that every object inherits",
    { type: "object", properties: { toString: {} }, required: ["toString"] },
    {},
    "/toString",
    /is missing/,
  ],
  [
    "an unknown field with a long name",
    { type: "object", additionalProperties: false },
    { ["x".repeat(300)]: 1 },
    `/${"x".repeat(255)}`,
    /not a known field/,
  ],
  ["a list of values", text({ enum: ["b", "c"] }), { a: secret }, "/a", /^must be one of "b", "c"$/],
  ["one value", text({ const: "b" }), { a: secret }, "/a", /"b"/],
  ["a pattern", text({ pattern: "^[a-z]+$" }), { a: secret }, "/a", /\^\[a-z\]\+\$/],
  ["a time", text({ format: "date-time" }), { a: secret }, "/a", /not a valid date-time/],
  ["30 February", text({ format: "date-time" }), { a: "2026-02-30T10:00:00Z" }, "/a", /date-time/],
  ["24:00", text({ format: "date-time" }), { a: "2026-02-03T24:00:00Z" }, "/a", /date-time/],
  ["no zone", text({ format: "date-time" }), { a: "2026-02-03T10:00:00" }, "/a", /date-time/],
  ["a long text", text({ maxLength: 3 }), { a: secret }, "/a", /at most 3 characters/],
  ["a short text", text({ minLength: 30 }), { a: secret }, "/a", /at least 30 characters/],
  ["a long list", ofA({ type: "array", maxItems: 1 }), { a: [1, 2] }, "/a", /at most 1 items/],
  ["an item", ofA({ type: "array", items: { type: "string" } }), { a: ["b", 1] }, "/a/1", /type string/],
  ["several forms", { oneOf: [{ type: "string" }, { type: "null" }] }, 1, "", /none or several/],
  // From text: an object literal with a `then` looks like a promise.
  [
    "a condition",
    JSON.parse(
      '{"type":"object","properties":{"a":{},"b":{}},"if":{"properties":{"a":{"const":1}}},"then":{"properties":{"b":{"const":1}}}}',
    ) as object,
    { a: 1, b: secret },
    "/b",
    /must be one of 1/,
  ],
];

describe("Values are checked by JSON Schema", () => {
  it("knows every schema of the schemas folder", () => {
    const folder = join(root, "schemas");
    const read = readdirSync(folder)
      .filter((name) => name.endsWith(".schema.json"))
      .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>);
    expect([...houseSchemas().values()]).to.have.deep.members(read);
    for (const { $id } of read) expect(validator(String($id))).to.be.a("function");
  });

  for (const [what, schema, value, field, reason] of faults)
    it(`says where and what, never the value: ${what}`, () => {
      const fits = compileSchema(schema);
      expect(fits(value)).to.equal(false);
      expect(fits.fault().field).to.equal(field);
      expect(fits.fault().reason).to.match(reason).and.not.include(secret);
    });

  it("what every object inherits is no field of it, in our own schemas too", () => {
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      const named = { type: "object", properties: { [name]: {} }, required: [name] };
      for (const fits of [compileSchema(named), compileOwn(named)]) {
        expect(fits({}), name).to.equal(false);
        expect(fits(JSON.parse(`{"${name}":1}`)), name).to.equal(true);
      }
    }
  });

  it("takes an order with 1,000 items and refuses one with 1,001", () => {
    const fits = validator("mergepay:platform-order");
    const order = (items: number) => ({
      merchant: "m",
      orderNo: "1",
      amount: { value: "1.00", currency: "EUR" },
      items: Array.from({ length: items }, () => ({ name: "x" })),
    });
    expect(fits(order(1000))).to.equal(true);
    expect(fits(order(1001))).to.equal(false);
    expect(fits.fault()).to.deep.equal({ field: "/items", reason: "must have at most 1000 items" });
  });

  for (const orderNo of ["a\u200bb", "a\u202eb", "a\nb", "a\u2028b", "", "x".repeat(129)])
    it(`refuses the order number ${JSON.stringify(orderNo).slice(0, 20)}`, () => {
      const fits = validator("mergepay:platform-order");
      expect(fits({ merchant: "m", orderNo, amount: { value: "1.00", currency: "EUR" } })).to.equal(false);
      expect(fits.fault().field).to.equal("/orderNo");
    });

  it("counts the characters of a text as Ajv does, pairs and halves of surrogates too", () => {
    const unit = fc.constantFrom("a", "é", "\u{1f6d2}", "\ud83d", "\uded2");
    const cases = [0, 1, 2, 3, 4].flatMap((limit) =>
      ["minLength", "maxLength"].map((keyword) => {
        const schema = { type: "string", [keyword]: limit };
        return { schema, ours: compileSchema(schema), theirs: new Ajv2020().compile(schema) };
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 9 }), (value) => {
        for (const { schema, ours, theirs } of cases)
          expect(ours(value), JSON.stringify(schema)).to.equal(theirs(value));
      }),
    );
  });

  it("tells of a text that breaks its length and its pattern the length", () => {
    const fits = compileSchema({ type: "string", maxLength: 2, pattern: "^a$" });
    expect(fits("bbb")).to.equal(false);
    expect(fits.fault().reason).to.equal("must have at most 2 characters");
  });

  it("refuses what is no schema", () => {
    for (const bad of [true, null, [], "x", { $async: true }, { $schema: "http://json-schema.org/draft-07/schema#" }])
      expect(() => compileSchema(bad), JSON.stringify(bad)).to.throw();
    expect(() => validator("mergepay:none")).to.throw("mergepay:none");
  });
});
