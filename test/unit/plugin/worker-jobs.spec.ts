import { expect } from "chai";
import { LIMITS } from "../../../core/limits.ts";
import type { LoadedPlugin } from "../../../core/plugin/load.ts";
import type { FromWorker } from "../../../core/plugin/messages.ts";
import { workerJobs } from "../../../core/plugin/worker-jobs.ts";

/** The jobs of a worker whose plugin skips all lines; `mapped` is called before each. */
function jobsOf(mapped: () => void) {
  const sent: FromWorker[] = [];
  const went: number[] = [];
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => (ended = resolve));
  const plugin = {
    inputs: [{ format: "ndjson" }],
    mappers: [
      ({ record }: { record: number }) => {
        mapped();
        return JSON.stringify({ record, position: `line ${record + 1}`, skipped: "all are" });
      },
    ],
  } as unknown as LoadedPlugin;
  const take = workerJobs({
    plugin,
    limits: LIMITS,
    send(message) {
      sent.push(message);
      if (message.kind === "failed" || (message.kind === "batch" && message.done)) ended();
    },
    wentTo: (job) => void went.push(job),
    now: () => 0,
  });
  return { take, sent, went, end };
}

const PIECES = 5;
const piece = (job: number) => ({ kind: "bytes", job, bytes: Buffer.from('{"a":1}\n{"a":2}\n') }) as const;

describe("the jobs of a plugin's worker", () => {
  it("let the loop turn between two pieces of a file, so that more comes in and goes out while there is work", async () => {
    let mappedRecords = 0;
    const seen: number[] = [];
    const { take, went, end } = jobsOf(() => (mappedRecords += 1));
    take({ kind: "read", job: 1, from: 0, merchant: "shop" });
    for (let i = 0; i < PIECES; i += 1) take(piece(1));
    take({ kind: "end", job: 1 });
    const turn = (): void => {
      seen.push(mappedRecords);
      if (mappedRecords < 2 * PIECES) setImmediate(turn);
    };
    setImmediate(turn);
    await end;
    expect(mappedRecords).to.equal(2 * PIECES);
    expect(new Set(seen).size, `mapped at each turn: ${seen.join(", ")}`).to.be.at.least(PIECES - 1);
    // Between two pieces the worker is at no job: what ends it then is not this file's fault.
    expect(went.filter((job) => job === 0).length).to.be.at.least(PIECES - 1);
  });

  it("end at once when nobody wants them any more, with pieces at hand", async () => {
    let mappedRecords = 0;
    const { take, sent } = jobsOf(() => {
      mappedRecords += 1;
      if (mappedRecords === 2) setImmediate(() => take({ kind: "cancel", job: 1 }));
    });
    take({ kind: "read", job: 1, from: 0, merchant: "shop" });
    for (let i = 0; i < PIECES; i += 1) take(piece(1));
    take({ kind: "end", job: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(mappedRecords).to.be.within(2, 2 * (PIECES - 1));
    expect(sent.map(({ kind }) => kind))
      .to.include("took")
      .and.not.include("batch");
  });
});
