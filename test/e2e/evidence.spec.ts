/** An evidence pack as an operator takes it, and as somebody else verifies it who has nothing but the file. */
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ACCOUNTS } from "../../core/accounts/model.ts";
import { openStore } from "../../core/store/open.ts";
import { mergepay, PLUGINS } from "../support/cluster.ts";
import { buildHouse, clockAt, seedAccount, seedOrders } from "../support/house.ts";
import { pluginsFolder } from "../support/plugins.ts";
import { testBank } from "../support/test-bank.ts";

describe("mergepay evidence", function () {
  this.timeout(90_000);
  let dir: string;
  let folder: Awaited<ReturnType<typeof pluginsFolder>>;
  let paymentId = "";
  let pack = "";

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), "mergepay-evidence-"));
    pack = join(dir, "case.tar.gz");
    folder = await pluginsFolder();
    await symlink(join(PLUGINS, "bank-adapter"), folder.path("bank-adapter"));
    const store = await openStore({ dir: join(dir, "data") });
    const clock = clockAt();
    const house = await buildHouse({ store, clock, outside: testBank(clock.now).outside });
    await seedAccount(house, "ann");
    await seedOrders(house, "ann", [{ orderNo: "n1" }, { orderNo: "n2", platform: "beta" }]);
    const request = { orders: "all", currency: "USD" } as const;
    ({ id: paymentId } = await house.core.services.mergePay.pay({ userId: "ann", idempotencyKey: "k", request }));
    await house.core.services.ledger.seal();
    // They are sealed under the house's keys, which the node does not have.
    await (await store.collection(ACCOUNTS)).deleteMany({});
    await store.close();
  });
  after(async () => {
    await folder.remove();
    await rm(dir, { recursive: true, force: true });
  });

  /** Somewhere else: no data, no plugins, no server. */
  const verify = (path: string) =>
    mergepay(["evidence", "verify", path], {
      MERGEPAY_DATA: join(dir, "nothing"),
      MERGEPAY_PLUGINS: join(dir, "none"),
    });

  it("packs a payment, and the pack verifies where there is nothing else", async () => {
    const env = { MERGEPAY_DATA: join(dir, "data"), MERGEPAY_PLUGINS: folder.dir };
    const taken = await mergepay(["evidence", paymentId, "--out", pack], env);
    expect([taken.code, taken.stderr], taken.stdout).to.deep.equal([0, ""]);
    const { code, stdout } = await verify(pack);
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(new RegExp(`in order, \\d+ members of ${paymentId}, packed at `));
    expect(stdout).to.match(/\n {3}journal 1:[0-9a-f]{64}\n/);
  });

  it("fails after one byte was changed, and names the member", async () => {
    const bytes = await readFile(pack);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const changed = join(dir, "changed.tar.gz");
    await writeFile(changed, bytes);
    const { code, stdout } = await verify(changed);
    expect(code).to.equal(1);
    // Which member the middle of the pack is in hangs on ids and times.
    expect(stdout).to.match(/^ {3}[a-z-]+(?:\/\S+|\.\w+) +\S.*\n/);
    expect(stdout).to.match(/changed\.tar\.gz: \d+ faults?; it is not what was packed\n$/);
  });
});
