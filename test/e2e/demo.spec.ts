import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { minorOf } from "../../core/money/money.ts";
import { mergepay, platformsOf, type Ran, temporaryFolder } from "../support/cluster.ts";
import { allDemoFiles } from "../support/shopping.ts";

describe("mergepay demo", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let ran: Ran;
  /** The platforms that come with a file for the demonstration. */
  let shown: string[];
  /** The lines below each numbered heading. */
  let parts: Map<string, string[]>;

  before(async () => {
    folder = await temporaryFolder();
    shown = (await allDemoFiles()).map(({ platform }) => platform).sort();
    ran = await mergepay(["demo"], { MERGEPAY_DATA: folder.dir });
    parts = new Map(
      ran.stdout.split(/^(?=[0-9] {2})/m).map((part) => [part.slice(0, 1), part.split("\n").slice(1)] as const),
    );
  });
  after(() => folder.remove());

  const amountsIn = (part: string, row: RegExp): bigint[] =>
    (parts.get(part) ?? []).flatMap((line) => {
      const value = row.exec(line)?.[1];
      return value === undefined ? [] : [minorOf(value, "USD")];
    });
  const sum = (minors: readonly bigint[]): bigint => minors.reduce((a, b) => a + b, 0n);

  it("ends by itself and well, and complains of nothing", () => {
    expect([ran.code, ran.stderr], ran.stdout).to.deep.equal([0, ""]);
    expect(ran.stdout).to.match(/\nDone\. /);
  });

  it("runs all platforms, and takes a file of each that has one", () => {
    expect(ran.stdout).to.include(`${platformsOf().length} platform plugins`);
    expect(shown).to.have.length.greaterThan(1);
    for (const platform of shown) expect(ran.stdout).to.match(new RegExp(`${platform}: [0-9]+ records: [1-9]`));
  });

  it("makes one deduction, equal to the sum of the inbox's orders and of what merchants and platforms get", () => {
    const orders = amountsIn("4", /^ {3}\S.* {2}([0-9]+\.[0-9]{2}) {2}USD$/);
    const deductions = amountsIn("6", /^ {3}\S+ .* ([0-9]+\.[0-9]{2}) USD$/);
    const merchants = (parts.get("7") ?? []).filter((line) => / \/ /.test(line));
    const shares = merchants.flatMap((line) =>
      [/- ([0-9.]+) fee/, /= ([0-9.]+) /].map((share) => minorOf(share.exec(line)?.[1] ?? "", "USD")),
    );
    expect(orders).to.have.length.greaterThan(2);
    expect(deductions).to.deep.equal([sum(orders)]);
    expect(sum(shares)).to.equal(sum(orders));
    expect(merchants).to.have.length(shown.length);
  });

  it("tells each platform of its payment", () => {
    const told = (parts.get("8") ?? []).filter((line) => line.includes("orders.paid"));
    expect(told.map((line) => line.trim().split(" ")[0] ?? "").sort()).to.deep.equal(shown);
  });

  it("leaves no process behind", function () {
    if (process.platform !== "linux") this.skip(); // Only Linux lists processes as files.
    const left = readdirSync("/proc")
      .filter((name) => /^[0-9]+$/.test(name))
      .filter((pid) => commandOf(pid).includes(folder.dir));
    expect(left).to.deep.equal([]);
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch (error) {
    // It ended between the two looks.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}
