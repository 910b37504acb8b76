import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Call } from "../../../core/actions.ts";
import type { LogFields } from "../../../core/deps.ts";
import { LIMITS } from "../../../core/limits.ts";
import { openBlobDirectory } from "../../../core/store/blob-dir.ts";
import { dropFolder } from "../../../gateway/drop.ts";

const SETTLE_MS = 5_000;

describe("A look into the drop folder", () => {
  let root: string;
  let clock: number;
  let sweep: () => Promise<void>;
  /** What came of each file that was taken: its text, by id. */
  let taken: Map<string, string>;
  let logged: LogFields[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "mergepay-drop-"));
    const blobs = await openBlobDirectory(join(root, "blobs"));
    clock = 0;
    taken = new Map();
    logged = [];
    const note = (fields: LogFields): void => void logged.push(fields);
    const call = (async (name: string, params: { fileId: string }) => {
      if (name === "bank-adapter.platforms") return { items: [{ platform: "alpha" }, { platform: "beta" }] };
      if (name === "files.receive") {
        let text = "";
        for await (const piece of blobs.open(params.fileId)) text += Buffer.from(piece).toString();
        taken.set(params.fileId, text);
        return { id: params.fileId, state: "received", existed: false };
      }
      return { id: params.fileId, state: taken.get(params.fileId)?.includes("bad") === true ? "failed" : "processed" };
    }) as unknown as Call;
    ({ sweep } = dropFolder({
      call,
      blobs,
      limits: LIMITS,
      dir: join(root, "drop"),
      manifestRequired: () => false,
      now: () => clock,
      settleMs: SETTLE_MS,
      log: { debug: note, info: note, warn: note, error: note },
    }));
    await sweep();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const at = (...names: string[]) => join(root, "drop", ...names);
  const look = async (afterMs: number): Promise<void> => {
    clock += afterMs;
    await sweep();
  };
  const settle = async (): Promise<void> => {
    for (const afterMs of [0, SETTLE_MS, 1000, 1000]) await look(afterMs);
  };
  const texts = (): string[] => [...taken.values()];
  const filesIn = async (...names: string[]): Promise<string[]> => (await readdir(at(...names))).sort();

  it("takes a file that has stood still for the time, not before", async () => {
    await writeFile(at("alpha", "a.csv"), "whole");
    await look(0);
    await look(SETTLE_MS - 1);
    expect(texts()).to.deep.equal([]);
    await look(1);
    expect(texts()).to.deep.equal(["whole"]);
    await look(1000);
    expect(await filesIn("alpha", "done")).to.deep.equal(["a.csv", "a.csv.report.json"]);
  });

  it("begins to count anew when the file grows", async () => {
    await writeFile(at("alpha", "a.csv"), "one");
    await look(0);
    await look(4000);
    await appendFile(at("alpha", "a.csv"), " two");
    await look(1000);
    await look(4000);
    expect(texts()).to.deep.equal([]);
    await look(1000);
    expect(texts()).to.deep.equal(["one two"]);
  });

  it("takes a file again that grew while it was processed, and puts it away when it is whole", async () => {
    await writeFile(at("alpha", "a.csv"), "one");
    await look(0);
    await look(SETTLE_MS);
    await appendFile(at("alpha", "a.csv"), " two");
    await look(1000);
    expect(await filesIn("alpha")).to.deep.equal(["a.csv"]);
    await settle();
    expect(texts()).to.deep.equal(["one", "one two"]);
    expect(await readFile(at("alpha", "done", "a.csv"), "utf8")).to.equal("one two");
  });

  for (const [first, where] of [
    ["one", "done"],
    ["bad", "failed"],
  ] as const)
    it(`takes a file again that its sender writes on in ${where}/`, async () => {
      await writeFile(at("alpha", "a.csv"), first);
      await settle();
      expect(await filesIn("alpha", where)).to.include("a.csv");
      await appendFile(at("alpha", where, "a.csv"), " two");
      await settle();
      await settle();
      expect(texts()).to.deep.equal([first, `${first} two`]);
      expect(await filesIn("alpha", where)).to.deep.equal(["a.csv", "a.csv.report.json"]);
    });

  it("keeps files of one name apart", async () => {
    for (const text of ["first", "second", "third"]) {
      await writeFile(at("alpha", "a.csv"), text);
      await settle();
    }
    expect(await filesIn("alpha", "done")).to.deep.equal([
      "a.2.csv",
      "a.2.csv.report.json",
      "a.3.csv",
      "a.3.csv.report.json",
      "a.csv",
      "a.csv.report.json",
    ]);
    expect(await readFile(at("alpha", "done", "a.csv"), "utf8")).to.equal("first");
    expect(await readFile(at("alpha", "done", "a.3.csv"), "utf8")).to.equal("third");
  });

  it("puts a file of a name that is too long for its report away under a shorter one", async () => {
    await writeFile(at("alpha", `${"文".repeat(82)}.csv`), "long");
    await settle();
    const names = await filesIn("alpha", "done");
    expect(names).to.have.lengthOf(2);
    for (const name of names) expect(Buffer.byteLength(name)).to.be.at.most(255);
    expect(names[0]).to.match(/^文+\.csv$/);
  });

  it("goes on with the others when one can't be had, and says so once", async () => {
    await writeFile(
      Buffer.concat([Buffer.from(`${at("alpha")}/bad`), Buffer.from([0xff]), Buffer.from(".csv")]),
      "odd",
    );
    await writeFile(at("alpha", "z.csv"), "same folder");
    await mkdir(at("beta"), { recursive: true });
    await writeFile(at("beta", "b.csv"), "next platform");
    await settle();
    await settle();
    expect(texts().sort()).to.deep.equal(["next platform", "same folder"]);
    const said = logged.filter(({ platform, reason }) => platform === "alpha" && reason?.includes("bad") === true);
    expect(said).to.have.lengthOf(1);
  });

  it("says once of a folder that is no platform's that nothing is taken from it", async () => {
    await mkdir(at("gamma"));
    await writeFile(at("gamma", "a.csv"), "lost?");
    await settle();
    expect(texts()).to.deep.equal([]);
    expect(logged.filter(({ reason }) => reason === "gamma")).to.have.lengthOf(1);
  });
});
