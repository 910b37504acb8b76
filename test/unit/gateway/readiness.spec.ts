import { expect } from "chai";
import type { Call } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { readiness } from "../../../gateway/readiness.ts";

const well = { ping: () => Promise.resolve() };
const silent = { ping: () => new Promise<void>(() => undefined) };
const answering = (() => Promise.resolve({})) as unknown as Call;
const allRoles = () => true;
/** Long enough to be told from at once, and no longer. */
const WAIT_MS = 60;

describe("whether a node can do its work", () => {
  it("asks the store alone where there is no HTTP", async () => {
    const ready = readiness(well, answering, (role) => role === "core", WAIT_MS);
    expect(await ready()).to.deep.equal({ ok: true, checks: { store: "ok" } });
  });

  it("asks all parts, and names what they answer with", async () => {
    const away = (() => Promise.reject(new MergepayError("OVERLOADED"))) as unknown as Call;
    const checks = { store: "ok", core: "OVERLOADED", bank: "OVERLOADED", plugins: "OVERLOADED" };
    expect(await readiness(well, away, allRoles, WAIT_MS)()).to.deep.equal({ ok: false, checks });
    const ok = { store: "ok", core: "ok", bank: "ok", plugins: "ok" };
    expect(await readiness(well, answering, allRoles, WAIT_MS)()).to.deep.equal({ ok: true, checks: ok });
  });

  it("is not ready when the store says nothing: a connection that hangs is not waited for", async () => {
    const { ok, checks } = await readiness(silent, answering, allRoles, WAIT_MS)();
    expect([ok, checks["store"], checks["core"]]).to.deep.equal([false, "STORE_UNAVAILABLE", "ok"]);
  });

  it("asks all of them at once, each for as long", async () => {
    let asked = 0;
    const waits: (number | undefined)[] = [];
    const late = ((_name: string, _params: unknown, { timeoutMs }: { timeoutMs?: number } = {}) => {
      asked += 1;
      waits.push(timeoutMs);
      return new Promise(() => undefined);
    }) as unknown as Call;
    void readiness(silent, late, allRoles, WAIT_MS)();
    expect(asked).to.equal(3);
    expect(waits).to.deep.equal([WAIT_MS, WAIT_MS, WAIT_MS]);
  });
});
