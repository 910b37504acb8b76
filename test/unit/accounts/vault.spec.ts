import { expect } from "chai";
import fc from "fast-check";
import { type AccountKey, accountVault, checkOf } from "../../../core/accounts/vault.ts";
import { faultOfNumber, masked, plainNumber } from "../../../core/accounts/number.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { accountKey } from "../../support/house.ts";

const typeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof MergepayError) return error.type;
    throw error;
  }
  return "none";
};

describe("the vault of account numbers", () => {
  let keys: readonly AccountKey[];
  beforeEach(() => (keys = [accountKey("one")]));
  const vault = accountVault(() => keys);

  it("opens what it sealed for the same account, whatever it is, and nothing of it is in what is stored", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.string(), (secret, id) => {
        const sealed = vault.seal(id, "bank", secret);
        expect(vault.open(id, sealed)).to.equal(secret);
        expect(JSON.stringify(sealed)).to.not.include(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });

  it("seals the same number differently each time, under one fingerprint", () => {
    const [one, two] = [vault.seal("acc_1", "bank", "number-1"), vault.seal("acc_2", "bank", "number-1")];
    expect(one.sealed).to.not.equal(two.sealed);
    expect(one.fingerprint).to.equal(two.fingerprint);
    expect(vault.seal("acc_1", "other", "number-1").fingerprint, "another bank").to.not.equal(one.fingerprint);
    expect(vault.seal("acc_1", "bank", "number-2").fingerprint, "another number").to.not.equal(one.fingerprint);
  });

  it("opens nothing for another account, and nothing of which one byte was changed", () => {
    const sealed = vault.seal("acc_1", "bank", "number-1");
    expect(typeOf(() => vault.open("acc_2", sealed))).to.equal("INTERNAL");
    const [version, iv = "", text = ""] = sealed.sealed.split(".");
    const bytes = Buffer.from(text, "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const forged = { ...sealed, sealed: `${version}.${iv}.${changed.toString("base64url")}` };
      expect(
        typeOf(() => vault.open("acc_1", forged)),
        `byte ${at}`,
      ).to.equal("INTERNAL");
    }
    for (const forged of ["", "v1", "v1.a.b", `v2.${iv}.${text}`, `v1.${iv}.`, `v1.${iv}.${text.slice(0, 10)}`])
      expect(
        typeOf(() => vault.open("acc_1", { ...sealed, sealed: forged })),
        forged,
      ).to.equal("INTERNAL");
  });

  it("seals under the first key, and opens under each that is there", () => {
    const old = vault.seal("acc_1", "bank", "number-1");
    keys = [accountKey("two"), accountKey("one")];
    const fresh = vault.seal("acc_1", "bank", "number-1");
    expect([old.keyId, fresh.keyId]).to.deep.equal(["one", "two"]);
    expect([vault.open("acc_1", old), vault.open("acc_1", fresh)]).to.deep.equal(["number-1", "number-1"]);
    expect(vault.fingerprints("bank", "number-1")).to.deep.equal([fresh.fingerprint, old.fingerprint]);
    keys = [accountKey("two")];
    expect(typeOf(() => vault.open("acc_1", old))).to.equal("CONFIG_INVALID");
    keys = [];
    expect(typeOf(() => vault.seal("acc_1", "bank", "number-1"))).to.equal("CONFIG_INVALID");
  });

  it("tells keys apart by their checks, of one name too", () => {
    const one = accountKey("one");
    expect(checkOf(one)).to.equal(checkOf({ ...one }));
    expect(checkOf(one)).to.not.equal(checkOf({ ...accountKey("two"), id: "one" }));
  });
});

describe("account numbers", () => {
  for (const [text, fault] of [
    ["GB82 WEST 1234 5698 7654 32", undefined],
    ["gb82west12345698765432", undefined],
    ["DE89370400440532013000", undefined],
    ["NO9386011117947", undefined],
    ["MT84MALT011000012345MTLCAST001S", undefined],
    ["GB82 WEST 1234 5698 7654 33", "IBAN"],
    ["GB28 WEST 1234 5698 7654 32", "IBAN"],
    ["DE89370400440532010300", "IBAN"],
    ["6222-0212-3456-7890-123", undefined],
    ["12345", undefined],
    ["1234", "is not"],
    ["1".repeat(35), "is not"],
    ["12345\u0660", "is not"],
    ["", "is not"],
  ] as const)
    it(`${text.slice(0, 36)}: ${fault ?? "fine"}`, () => {
      const found = faultOfNumber(plainNumber(text));
      if (fault === undefined) expect(found).to.equal(undefined);
      else expect(found).to.include(fault);
    });

  it("of an IBAN: any one digit changed, or two neighbours that differ swapped, is found", () => {
    const iban = "GB82WEST12345698765432";
    const digits = Array.from(iban).flatMap((character, at) => (at >= 2 && /[0-9]/.test(character) ? [at] : []));
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.integer({ min: 0, max: 9 }), (at, digit) => {
        fc.pre(iban[at] !== String(digit));
        expect(faultOfNumber(`${iban.slice(0, at)}${digit}${iban.slice(at + 1)}`)).to.include("IBAN");
      }),
    );
    for (let at = 2; at < iban.length - 1; at += 1) {
      const [a = "", b = ""] = [iban[at], iban[at + 1]];
      if (a === b || !/[0-9]/.test(a) || !/[0-9]/.test(b)) continue;
      expect(faultOfNumber(`${iban.slice(0, at)}${b}${a}${iban.slice(at + 2)}`), `at ${at}`).to.include("IBAN");
    }
  });

  for (const [number, shown] of [
    ["GB82WEST12345698765432", "****5432"],
    ["123456789012", "****9012"],
    ["12345678901", "****"],
    ["12345", "****"],
  ] as const)
    it(`${number} is shown as ${shown}`, () => expect(masked(number)).to.equal(shown));
});
