import { createHash } from "node:crypto";
import { expect } from "chai";
import { Webhook } from "standardwebhooks";
import type { Principal } from "../../../gateway/http/auth.ts";
import { CARELESS } from "./documents.ts";
import { ACME, edge, type Edge, NOW_MS, OPS, SECRETS, signed } from "./edge.ts";

const BYTES = "a,b\n1,2\n";
const sha256 = createHash("sha256").update(BYTES).digest("hex");
const TEXT = JSON.stringify({ sha256, records: 1, totals: { EUR: "2.00" } });
const TURNING: Principal = { kind: "platform", platform: "turning" };

/** The manifest's signature, by the official library. */
function signatureOf(text: string, platform = "acme"): string {
  const { "webhook-id": id = "" } = signed(platform, BYTES);
  return new Webhook(SECRETS[platform]?.[0] ?? "").sign(id, new Date(NOW_MS), text);
}

describe("an upload with a manifest", () => {
  let http: Edge;
  before(async () => {
    http = await edge({ ...CARELESS });
  });
  after(() => http.app.close());
  beforeEach(() => {
    http.call.resetHistory();
    http.store.kept.clear();
  });

  const other = JSON.stringify({ sha256: "0".repeat(64), records: 1, totals: {} });
  type Headers = Record<string, string>;
  const full = (text = TEXT, platform = "acme"): Headers => ({
    "mergepay-manifest": text,
    "mergepay-manifest-signature": signatureOf(text, platform),
  });
  for (const [name, as, headers, code] of [
    ["a platform's, signed", ACME, full(), undefined],
    ["a platform's without its signature", ACME, { "mergepay-manifest": TEXT }, "SIGNATURE_INVALID"],
    [
      "a platform's with a signature of another text",
      ACME,
      { ...full(), "mergepay-manifest": `${TEXT} ` },
      "SIGNATURE_INVALID",
    ],
    ["a platform's by another platform's key", ACME, full(TEXT, "bolt"), "SIGNATURE_INVALID"],
    [
      "the body's signature in its place",
      ACME,
      { ...full(), "mergepay-manifest-signature": signatureOf(BYTES) },
      "SIGNATURE_INVALID",
    ],
    ["an operator's", OPS, { "mergepay-manifest": TEXT }, undefined],
    ["of other bytes", ACME, full(other), "MANIFEST_MISMATCH"],
    ["that can't be read", OPS, { "mergepay-manifest": "{}" }, "MANIFEST_INVALID"],
    ["that is empty", OPS, { "mergepay-manifest": "" }, "MANIFEST_INVALID"],
    ["none, where it may be left out", ACME, {}, undefined],
    ["none, where it must be there", TURNING, {}, "MANIFEST_REQUIRED"],
    ["one where it must be there", TURNING, full(TEXT, "turning"), undefined],
  ] as readonly (readonly [string, Principal, Headers, string | undefined])[])
    it(`${name}: ${code ?? "ok"}`, async () => {
      const platform = as.kind === "platform" ? as.platform : "acme";
      const url = `/v1/platforms/${platform}/files`;
      const answer = await http.ask({ method: "POST", url, payload: BYTES, headers, as });
      expect(answer.json<{ code?: string }>().code).to.equal(code);
      expect(http.store.kept.size).to.equal(code === undefined ? 1 : 0);
      if (code !== undefined) return;
      const { args } = http.call.lastCall;
      expect(args[0]).to.equal("files.receive");
      const { manifest } = args[1] as { manifest?: object };
      expect(manifest).to.deep.equal("mergepay-manifest" in headers ? JSON.parse(TEXT) : undefined);
    });

  it("goes with a dry run too", async () => {
    const url = "/v1/platforms/acme/files?dryRun=true";
    const answer = await http.ask({ method: "POST", url, payload: BYTES, headers: full(), as: ACME });
    expect(answer.statusCode).to.equal(200);
    expect((http.call.lastCall.args[1] as { manifest?: object }).manifest).to.deep.equal(JSON.parse(TEXT));
  });
});
