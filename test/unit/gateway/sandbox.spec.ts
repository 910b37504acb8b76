import { expect } from "chai";
import type { Call } from "../../../core/actions.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { demoBuyersJob, SANDBOX_PAYER } from "../../../gateway/sandbox.ts";
import { goodPlugin, pluginsFolder, type PluginsFolder } from "../../support/plugins.ts";

/** A platform's demonstration file, as far as it matters here: the orders that it holds. */
const demo = (orders: readonly object[]) => ({
  ...goodPlugin,
  "samples/demo.ndjson": "",
  "samples/demo.ndjson.expected.json": JSON.stringify({ orders }),
});

describe("The buyers of demonstration files", () => {
  let folder: PluginsFolder;
  let registered: Record<string, string>;
  let made: unknown[];
  let taken: string | undefined;

  const call = (async (name: string, params: { buyerId?: string }) => {
    if (name === "bank-adapter.platforms")
      return { items: Object.entries(registered).map(([platform, version]) => ({ platform, version })) };
    if (params.buyerId !== undefined && params.buyerId === taken) throw new MergepayError("LINK_TAKEN");
    made.push(params);
    return {};
  }) as unknown as Call;

  beforeEach(async () => {
    folder = await pluginsFolder();
    await folder.write("corner", demo([{ buyerId: "b-1" }, { buyerId: "b-2" }, { buyerId: "b-1" }]));
    await folder.write("kiosk", demo([{ merchant: "m", orderNo: "7" }]));
    registered = { corner: "1-a" };
    made = [];
    taken = undefined;
  });
  afterEach(() => folder.remove());

  /** What one more look at the platforms links. */
  async function linkedBy(job: ReturnType<typeof demoBuyersJob>): Promise<unknown[]> {
    made = [];
    await job.run();
    return made;
  }
  const userId = SANDBOX_PAYER;
  const ofCorner = ["b-1", "b-2"].map((buyerId) => ({ platform: "corner", userId, buyerId }));
  const ofKiosk = [{ platform: "kiosk", userId, merchant: "m", orderNo: "7" }];

  it("are linked when their platform registers: at the start, dropped in later, changed, or put back", async () => {
    const job = demoBuyersJob({ call }, folder.dir);
    expect(await linkedBy(job)).to.deep.equal(ofCorner);
    expect(await linkedBy(job), "nothing new").to.deep.equal([]);
    registered["kiosk"] = "1-a";
    expect(await linkedBy(job)).to.deep.equal(ofKiosk);
    registered["corner"] = "1-b";
    expect(await linkedBy(job)).to.deep.equal(ofCorner);
    registered = { kiosk: "1-a" };
    expect(await linkedBy(job)).to.deep.equal([]);
    registered["corner"] = "1-b";
    expect(await linkedBy(job)).to.deep.equal(ofCorner);
  });

  it("stay whose they are when somebody linked them to another user", async () => {
    taken = "b-1";
    expect(await linkedBy(demoBuyersJob({ call }, folder.dir))).to.deep.equal(ofCorner.slice(1));
  });
});
