/** `mergepay doctor` as an operator runs it, on a folder with a settled payment. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JOURNAL, type StoredEntry } from "../../core/ledger/model.ts";
import type { Store } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";
import { mergepay } from "../support/cluster.ts";
import { buildHouse, clockAt, seedAccount, seedOrders } from "../support/house.ts";
import { testBank } from "../support/test-bank.ts";

describe("mergepay doctor", function () {
  this.timeout(60_000);
  let dir: string;
  let entryId = "";

  /** Does something with the store while nobody else has it. */
  async function withStore(act: (store: Store) => Promise<void>): Promise<void> {
    const store = await openStore({ dir });
    try {
      await act(store);
    } finally {
      await store.close();
    }
  }
  const doctor = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { code, stdout } = await mergepay(["doctor", ...args], { MERGEPAY_DATA: dir, ...env });
    return { code, stdout };
  };

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-doctor-"));
    await withStore(async (store) => {
      const clock = clockAt();
      const house = await buildHouse({ store, clock, outside: testBank(clock.now).outside });
      await seedAccount(house, "ann");
      await seedOrders(house, "ann", [{ orderNo: "n1" }, { orderNo: "n2", platform: "beta" }]);
      const { mergePay, ledger, audit } = house.core.services;
      const request = { orders: "all", currency: "USD" } as const;
      const { id } = await mergePay.pay({ userId: "ann", idempotencyKey: "k", request });
      entryId = `jrn_${id.slice("pay_".length)}`;
      await ledger.seal();
      while ((await audit.run()) > 0);
    });
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it("says that books are in order, with the last block of each chain to be noted", async () => {
    const { code, stdout } = await doctor(["--ledger", "--audit"]);
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(
      /^suspense: zero\njournal: 1 entry in 1 block, 0 not sealed yet\n {3}last block 1:[0-9a-f]{64} /,
    );
    expect(stdout).to.match(/\naudit: \d+ entries in 1 block, 0 not sealed yet\n/);
  });

  it("holds a chain against a block that was noted", async () => {
    const [, noted = ""] = /last block (1:[0-9a-f]{64})/.exec((await doctor(["--ledger"])).stdout) ?? [];
    expect((await doctor(["--ledger", "--anchor", noted])).code).to.equal(0);
    const { code, stdout } = await doctor(["--ledger", "--anchor", `1:${"0".repeat(64)}`]);
    expect(code).to.equal(1);
    expect(stdout).to.include("journal block 1  is not the one that was noted");
    expect((await doctor(["--ledger", "--anchor", "soon"])).code).to.equal(1);
  });

  it("ends with 1 and names the entry that was changed", async () => {
    await withStore(async (store) => {
      const journal = await store.collection<StoredEntry>(JOURNAL);
      await journal.updateOne({ _id: entryId }, { $set: { "lines.0.amount.value": "20.01" } });
    });
    const { code, stdout } = await doctor(["--ledger"]);
    expect(code).to.equal(1);
    for (const wrong of ["was changed after it was sealed", "does not sum to zero", "is not what"])
      expect(stdout).to.match(new RegExp(`${entryId} +${wrong}`));
    expect(stdout).to.match(/3 faults\n$/);
  });

  it("says in words what a configuration lacks, and ends with 1", async () => {
    const { code, stdout } = await doctor([], { MERGEPAY_HTTP_PORT: "http" });
    expect(code).to.equal(1);
    expect(stdout).to.equal(
      "WRONG configuration: MERGEPAY_HTTP_PORT must be a port number from 0 (any free one) to 65535. [CONFIG_INVALID]\n",
    );
  });

  it("looks at store, bus, banks and plugins, and goes on where one of them is wrong", async () => {
    const { code, stdout } = await doctor([], {
      NATS_URL: "nats://127.0.0.1:1",
      MERGEPAY_PLUGINS: join(import.meta.dirname, "no-such-folder"),
    });
    expect(code).to.equal(1);
    expect(stdout)
      .to.include("WRONG NATS: nats://127.0.0.1:1 can't be used")
      .and.match(/^ok {4}configuration: /);
  });
});
