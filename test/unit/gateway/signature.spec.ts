import { createHmac } from "node:crypto";
import { expect } from "chai";
import { assert, nat, property, string } from "fast-check";
import { Webhook } from "standardwebhooks";
import { readSignatureHead, signatureCheck, TOLERANCE_SECONDS } from "../../../gateway/http/signature.ts";
import { NOW_MS, SECRETS, signed } from "./edge.ts";

const body = '{"orders":[{"no":"A-1"}]}';
const seconds = (offset: number): number => NOW_MS + offset * 1000;

/** The code that verifying gives, or `ok`. */
function verdict(headers: Record<string, string | undefined>, sent: string, platform = "acme"): string {
  try {
    const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const check = signatureCheck(readSignatureHead(given, NOW_MS), SECRETS[platform] ?? []);
    check.update(Buffer.from(sent));
    check.verify();
    return "ok";
  } catch (error) {
    return (error as { type: string }).type;
  }
}

const good = signed("acme", body);
const [, value = ""] = (good["webhook-signature"] ?? "").split(",");
const wrong = `v1,${Buffer.alloc(32, 9).toString("base64")}`;
const thousand = `${`${wrong} `.repeat(999)}v1,${value}`;

const CASES: readonly [name: string, headers: Record<string, string | undefined>, sent: string, result: string][] = [
  ["what the official library signs", good, body, "ok"],
  ["no id", { ...good, "webhook-id": undefined }, body, "SIGNATURE_INVALID"],
  ["no timestamp", { ...good, "webhook-timestamp": undefined }, body, "SIGNATURE_INVALID"],
  ["no signature", { ...good, "webhook-signature": undefined }, body, "SIGNATURE_INVALID"],
  ["an empty signature", { ...good, "webhook-signature": "" }, body, "SIGNATURE_INVALID"],
  ["another signature", { ...good, "webhook-signature": wrong }, body, "SIGNATURE_INVALID"],
  ["another platform's key", signed("bolt", body), body, "SIGNATURE_INVALID"],
  ["a body changed by one byte", good, body.replace("A-1", "A-2"), "SIGNATURE_INVALID"],
  ["a body cut by one byte", good, body.slice(0, -1), "SIGNATURE_INVALID"],
  ["another id", { ...good, "webhook-id": "msg_other" }, body, "SIGNATURE_INVALID"],
  ["an id with a dot", { ...good, "webhook-id": "msg.1" }, body, "SIGNATURE_INVALID"],
  ["an id of 256 characters", { ...good, "webhook-id": "m".repeat(256) }, body, "SIGNATURE_INVALID"],
  ["300 s old", signed("acme", body, seconds(-TOLERANCE_SECONDS)), body, "ok"],
  ["301 s old", signed("acme", body, seconds(-TOLERANCE_SECONDS - 1)), body, "SIGNATURE_INVALID"],
  ["300 s ahead", signed("acme", body, seconds(TOLERANCE_SECONDS)), body, "ok"],
  ["301 s ahead", signed("acme", body, seconds(TOLERANCE_SECONDS + 1)), body, "SIGNATURE_INVALID"],
  [
    "a time changed within tolerance",
    { ...good, "webhook-timestamp": `${NOW_MS / 1000 - 1}` },
    body,
    "SIGNATURE_INVALID",
  ],
  [
    "a time in hexadecimal",
    { ...good, "webhook-timestamp": `0x${(NOW_MS / 1000).toString(16)}` },
    body,
    "SIGNATURE_INVALID",
  ],
  ["a time with a space", { ...good, "webhook-timestamp": ` ${NOW_MS / 1000}` }, body, "SIGNATURE_INVALID"],
  ["a time with decimals", { ...good, "webhook-timestamp": `${NOW_MS / 1000}.0` }, body, "SIGNATURE_INVALID"],
  ["another version", { ...good, "webhook-signature": `v2,${value}` }, body, "SIGNATURE_INVALID"],
  ["the asymmetric version", { ...good, "webhook-signature": `v1a,${value}` }, body, "SIGNATURE_INVALID"],
  ["no version", { ...good, "webhook-signature": value }, body, "SIGNATURE_INVALID"],
  [
    "hexadecimal instead of base64",
    { ...good, "webhook-signature": `v1,${Buffer.from(value, "base64").toString("hex")}` },
    body,
    "SIGNATURE_INVALID",
  ],
  ["a cut signature", { ...good, "webhook-signature": `v1,${value.slice(0, 20)}` }, body, "SIGNATURE_INVALID"],
  ["the second of two", { ...good, "webhook-signature": `${wrong} v1,${value}` }, body, "ok"],
  ["the eighth", { ...good, "webhook-signature": `${`${wrong} `.repeat(7)}v1,${value}` }, body, "ok"],
  [
    "the ninth: not looked at",
    { ...good, "webhook-signature": `${`${wrong} `.repeat(8)}v1,${value}` },
    body,
    "SIGNATURE_INVALID",
  ],
  ["a thousand signatures", { ...good, "webhook-signature": thousand }, body, "SIGNATURE_INVALID"],
];

describe("a platform's signature", () => {
  for (const [name, headers, sent, result] of CASES) {
    it(`${name}: ${result}`, () => {
      expect(verdict(headers, sent)).to.equal(result);
    });
  }

  it("fits either key while a platform rotates, and no key fits when there is none", () => {
    const [before = "", after = ""] = SECRETS.turning ?? [];
    for (const key of [before, after]) {
      const signature = new Webhook(key).sign("msg_1", new Date(NOW_MS), body);
      const headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": `${NOW_MS / 1000}`,
        "webhook-signature": signature,
      };
      expect(verdict(headers, body, "turning")).to.equal("ok");
      expect(verdict(headers, body, "acme")).to.equal("SIGNATURE_INVALID");
      expect(verdict(headers, body, "nobody")).to.equal("SIGNATURE_INVALID");
    }
  });

  it("does not let anyone sign with an empty key", () => {
    const check = signatureCheck(readSignatureHead(good, NOW_MS), ["whsec_", ""]);
    expect(() => {
      check.verify();
    }).to.throw("No signature fits");
  });

  it("does not depend on how the bytes are cut into pieces", () => {
    assert(
      property(string({ unit: "binary" }), nat(20), (text, size) => {
        const bytes = Buffer.from(text);
        const check = signatureCheck(readSignatureHead(signed("acme", text), NOW_MS), SECRETS.acme ?? []);
        for (let at = 0; at < bytes.length; at += size + 1) check.update(bytes.subarray(at, at + size + 1));
        check.verify();
      }),
      { numRuns: 50 },
    );
  });
});

describe("a signature of 32 bytes", () => {
  it("counts whole: with any one of them changed it is none", () => {
    const right = Buffer.from(value, "base64");
    expect(right).to.have.length(32);
    for (const at of right.keys()) {
      const bent = Buffer.from(right);
      bent[at] = (bent[at] ?? 0) ^ 1;
      const headers = { ...good, "webhook-signature": `v1,${bent.toString("base64")}` };
      expect(verdict(headers, body), `byte ${at}`).to.equal("SIGNATURE_INVALID");
    }
  });

  for (const secret of ["whsec_", ""])
    it(`made with an empty key opens nothing for a platform whose secret is ${JSON.stringify(secret)}`, () => {
      const head = readSignatureHead(good, NOW_MS);
      const text = `${good["webhook-id"]}.${good["webhook-timestamp"]}.${body}`;
      const signatures = [createHmac("sha256", "").update(text).digest()];
      const check = signatureCheck({ ...head, signatures }, [secret]);
      check.update(Buffer.from(body));
      expect(() => check.verify())
        .to.throw()
        .with.property("type", "SIGNATURE_INVALID");
    });
});
