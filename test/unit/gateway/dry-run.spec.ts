import { createHash } from "node:crypto";
import { expect } from "chai";
import { MergepayError } from "../../../core/errors/errors.ts";
import { FILE_FAULTS, WORKER_FAULTS } from "../../../core/files/faults.ts";
import { fileIdOf } from "../../../core/files/model.ts";
import type { DryRun } from "../../../schemas/types.generated.ts";
import { CARELESS } from "./documents.ts";
import { ACME, BOLT, edge, type Edge, OPS } from "./edge.ts";

const URL = "/v1/platforms/acme/files";
const BYTES = "a,b\n1,2\n";
const idOf = (bytes: string, merchant: string | null = null): string =>
  fileIdOf("acme", merchant, createHash("sha256").update(bytes).digest("hex"));

describe("a dry run", () => {
  let http: Edge;
  let fails: MergepayError | undefined;
  before(async () => {
    http = await edge(
      {
        ...CARELESS,
        "files.foresee": (params) => {
          if (fails !== undefined) throw fails;
          return CARELESS["files.foresee"]?.(params);
        },
        "files.foreseeRemap": (params) => {
          if (fails !== undefined) throw fails;
          return CARELESS["files.foreseeRemap"]?.(params);
        },
      },
      { limits: { fileBytes: 1000, dryRunBytes: 100 } },
    );
  });
  after(() => http.app.close());
  beforeEach(() => {
    fails = undefined;
    http.call.resetHistory();
    http.store.kept.clear();
    http.store.seen.discarded = 0;
  });
  const send = async (query: string, payload = BYTES, as = ACME) => {
    const answer = await http.ask({ method: "POST", url: `${URL}${query}`, payload, as });
    return { status: answer.statusCode, body: answer.json<DryRun & { code?: string }>() };
  };
  const called = (): unknown[] => http.call.args.map(([name]): unknown => name);

  it("says what the file would become and keeps nothing", async () => {
    const { status, body } = await send("?dryRun=true");
    expect([status, body.created, body.rejected, body.confirmation]).to.deep.equal([200, 1, 1, idOf(BYTES)]);
    expect(called()).to.deep.equal(["bank-adapter.platforms", "files.foresee"]);
    expect([http.store.kept.size, http.store.seen.discarded]).to.deep.equal([0, 1]);
  });

  it("of a file that would fail is answered with its error, and keeps nothing", async () => {
    fails = new MergepayError("FILE_FRAME_BROKEN", undefined, { position: "line 2" });
    const { status, body } = await send("?dryRun=true");
    expect([status, body.code]).to.deep.equal([422, "FILE_FRAME_BROKEN"]);
    expect([http.store.kept.size, http.store.seen.discarded]).to.deep.equal([0, 1]);
  });

  // That each is in the document of its route is asserted by `ask`.
  for (const code of [...FILE_FAULTS, ...WORKER_FAULTS])
    it(`of a file that would end as ${code} is answered with that, as is mapping it again`, async () => {
      fails = new MergepayError(code);
      expect((await send("?dryRun=true")).body.code).to.equal(code);
      const again = { method: "POST", url: `/v1/files/${idOf(BYTES)}/remap?dryRun=true`, as: OPS } as const;
      expect((await http.ask(again)).json()).to.include({ code });
    });

  /** What is sent after a dry run of BYTES without a merchant. */
  for (const [name, query, payload, code] of [
    ["the same file", `?confirm=${idOf(BYTES)}`, BYTES, undefined],
    ["another byte", `?confirm=${idOf(BYTES)}`, `${BYTES} `, "CONFIRMATION_MISMATCH"],
    ["another merchant", `?confirm=${idOf(BYTES)}&merchant=tea`, BYTES, "CONFIRMATION_MISMATCH"],
    ["the merchant of the dry run", `?confirm=${idOf(BYTES, "tea")}&merchant=tea`, BYTES, undefined],
    ["no confirmation", "", BYTES, undefined],
    ["what is none", "?confirm=yes", BYTES, "QUERY_INVALID"],
    ["another word than true", "?dryRun=1", BYTES, "QUERY_INVALID"],
    ["100 bytes", "?dryRun=true", "x".repeat(100), undefined],
    ["101 bytes", "?dryRun=true", "x".repeat(101), "DRY_RUN_TOO_LARGE"],
    ["no bytes", "?dryRun=true", "", "FILE_EMPTY"],
  ] as const)
    it(`then ${name}: ${code ?? "ok"}`, async () => {
      const { body } = await send(query, payload);
      expect(body.code).to.equal(code);
      const kept = code === undefined && !query.includes("dryRun");
      expect(http.store.kept.size).to.equal(kept ? 1 : 0);
      expect(called().includes("files.receive")).to.equal(kept);
    });

  it("is for who may send the file", async () => {
    expect((await send("?dryRun=true", BYTES, OPS)).status).to.equal(200);
    http.call.resetHistory();
    expect((await send("?dryRun=true", BYTES, BOLT)).status).to.equal(401);
    expect(called()).to.deep.equal([]);
  });
});
