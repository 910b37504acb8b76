import { expect } from "chai";
import { auditLater } from "../../../core/audit/later.ts";
import { auditTrail, type Audited } from "../../../core/audit/outbox.ts";

describe("decisions that are written later", () => {
  const trail = auditTrail({ node: "node-1", now: () => 0, newId: (prefix) => `${prefix}_1` });

  it("keep their time and order, stay while the store is away, and are written once", async () => {
    const written: Audited[][] = [];
    let away = true;
    const later = auditLater(trail, (docs) => {
      if (away) return Promise.reject(new Error("away"));
      written.push([...docs]);
      return Promise.resolve();
    });
    for (const what of ["plugin.loaded", "plugin.removed"] as const) later.note({ what, subject: "corner-shop" });
    const failed = await later.flush().catch((error: unknown) => error);
    expect(failed).to.be.an("error");
    away = false;
    await later.flush();
    await later.flush();
    expect(written).to.have.length(1);
    const entries = (written[0] ?? []).flatMap(({ audits = [] }) => audits);
    expect(entries.map(({ what, subject, by, at }) => [what, subject, by.id, at])).to.deep.equal([
      ["plugin.loaded", "corner-shop", "node-1", "1970-01-01T00:00:00.000Z"],
      ["plugin.removed", "corner-shop", "node-1", "1970-01-01T00:00:00.000Z"],
    ]);
  });
});
