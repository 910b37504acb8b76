import { expect } from "chai";
import { findDue, Overtaken, saveVersion, type Versioned } from "../../core/versioned.ts";
import { temporaryStore } from "../support/house.ts";

interface Job extends Versioned {
  owner: string;
}

describe("documents that nodes take turns at", () => {
  it("are written by whoever read them last, and by nobody else", async () => {
    const { store, remove } = await temporaryStore();
    try {
      const jobs = await store.collection<Job>({ name: "jobs", indexes: [{ name: "due", keys: ["dueAt"] }] });
      const job: Job = { _id: "j1", version: 1, dueAt: "2026-01-01T00:00:00.000Z", owner: "none" };
      await jobs.insertOne(job);
      const tries = await Promise.allSettled(
        ["a", "b", "c"].map((owner) => saveVersion(jobs, job, { owner, dueAt: null })),
      );
      expect(tries.filter(({ status }) => status === "fulfilled")).to.have.length(1);
      for (const one of tries) if (one.status === "rejected") expect(one.reason).to.be.instanceOf(Overtaken);
      expect(await findDue(jobs, "2027-01-01T00:00:00.000Z", 10)).to.deep.equal([]);
    } finally {
      await remove();
    }
  });
});
