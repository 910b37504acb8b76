import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Inbox, Page } from "../../core/actions.ts";
import type { FileReport, Payment } from "../../schemas/types.generated.ts";
import {
  ask,
  mergepay,
  platformsOf,
  type RunningNode,
  run,
  startMergepay,
  temporaryFolder,
} from "../support/cluster.ts";
import { findOnPath, freePort, missing, until } from "../support/process.ts";

/** What of the API's description is looked at. */
interface Described {
  readonly paths: Readonly<
    Record<string, { readonly get?: { readonly parameters?: readonly { readonly name: string }[] } }>
  >;
}

describe("mergepay start", function () {
  this.timeout(60_000);
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let dataDir: string;
  let node: RunningNode;

  before(async () => {
    folder = await temporaryFolder();
    // A folder's name may hold a blank: the printed lines must still be right.
    dataDir = join(folder.dir, "my data");
    node = await startMergepay("start", { MERGEPAY_DATA: dataDir });
  });
  after(async () => {
    await node?.stop();
    await folder.remove();
  });

  const printed = () =>
    node
      .output()
      .split("\n")
      .filter((line) => line.startsWith("  curl "))
      .map((line) => line.trim());

  it("says where it listens, where its data and the sandbox's credentials are, and nothing goes wrong on the way", () => {
    const output = node.output();
    expect(output).to.match(/^Mergepay runs as gateway, core, plugins and listens on http:\/\/127\.0\.0\.1:[0-9]+\n/);
    expect(output).to.include(`data     ${dataDir}`).and.include("store  embedded");
    expect(output).to.include(`sandbox credentials: ${join(dataDir, "sandbox")}/`);
  });

  it("keeps the credentials to their owner", async () => {
    for (const name of ["credentials.json", "operator.header", "payer.header"])
      expect((await stat(join(dataDir, "sandbox", name))).mode & 0o077, name).to.equal(0);
  });

  it("prints three lines that send a file, show the inbox and pay, just as they are", async function () {
    if (findOnPath("curl") === undefined) missing(this, "The printed lines need curl (apt-get install curl).");
    const lines = printed();
    expect(lines).to.have.length(3);
    const [sendLine = "", inboxLine = "", payLine = ""] = lines;
    const shell = async <T>(line: string): Promise<T> => {
      const { code, stdout, stderr } = await run("bash", ["-c", line]);
      expect([code, stderr], line).to.deep.equal([0, ""]);
      return JSON.parse(stdout) as T;
    };
    const file = await shell<FileReport>(sendLine);
    expect(file.id).to.match(/^file_/);
    const inbox = await until("the orders in the inbox", async () => {
      const now = await shell<Inbox>(inboxLine);
      return now.totals.length > 0 && now;
    });
    const payment = await shell<Payment>(payLine);
    expect(payment.state, JSON.stringify(payment)).to.equal("succeeded");
    expect(payment.total).to.deep.equal(inbox.totals[0]?.total);
    expect((await shell<Inbox>(inboxLine)).totals).to.deep.equal([]);
  });

  it("is ready, and describes its API where it says", async () => {
    expect((await ask(node.url, "/readyz")).status).to.equal(200);
    const [, address = ""] = /API +(\S+)/.exec(node.output()) ?? [];
    expect((await ask<{ openapi: string }>(address, "")).body.openapi).to.match(/^3\.1\./);
  });

  it("refuses a cursor that is none, on every list", async () => {
    const headers = await Promise.all(
      ["operator", "payer"].map(async (name) => {
        const line = await readFile(join(dataDir, `sandbox/${name}.header`), "utf8");
        return { authorization: line.replace("Authorization: ", "").trim() };
      }),
    );
    const { paths } = (await ask<Described>(node.url, "/openapi.json")).body;
    const lists = Object.entries(paths).filter(([, { get }]) => get?.parameters?.some(({ name }) => name === "after"));
    expect(lists).to.have.length.greaterThan(8);
    const file = await ask<Page<FileReport>>(node.url, "/v1/files", headers[0]);
    const none: string[] = [];
    for (const [path, { get }] of lists) {
      const target = path.replace("{id}", file.body.items[0]?.id ?? "").replace("{date}", "2026-01-01");
      const whose = get?.parameters?.some(({ name }) => name === "userId") === true ? "&userId=usr_demo" : "";
      // Statements are of one merchant, currency and time.
      const ofMerchant = path === "/v1/statements" ? "&merchant=shop&currency=USD&from=2026-01-01&to=2026-02-01" : "";
      const of = ["/v1/orders", "/v1/statements"].includes(path) ? `&platform=${platformsOf()[0]}${ofMerchant}` : "";
      for (const who of headers) {
        const { status, body } = await ask(node.url, `${target}?after=junk${whose}${of}`, who);
        if (status === 403) continue;
        expect([path, status, body.code, body["field"]]).to.deep.equal([path, 400, "QUERY_INVALID", "after"]);
        none.push(path);
      }
    }
    expect(new Set(none)).to.deep.equal(new Set(lists.map(([path]) => path)));
  });

  it("refuses a second process on the same data folder in one clear line", async () => {
    const { code, stdout, stderr } = await mergepay(["start"], { MERGEPAY_DATA: dataDir, MERGEPAY_HTTP_PORT: "0" });
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^mergepay: [^\n]*(?:data|folder)[^\n]* \[STORE_LOCKED\]\n$/);
    expect((await ask(node.url, "/readyz")).status, "the first goes on").to.equal(200);
  });

  it("says which port is taken", async () => {
    const port = new URL(node.url).port;
    const env = { MERGEPAY_DATA: join(folder.dir, "other"), MERGEPAY_HTTP_PORT: port };
    const { code, stdout, stderr } = await mergepay(["start"], env);
    expect([code, stdout]).to.deep.equal([1, ""]);
    // Nothing else: no plugin is blamed for it.
    expect(stderr).to.match(
      new RegExp(
        `^mergepay: [^\n]*127\\.0\\.0\\.1:${port}: another process has it [^\n]*MERGEPAY_HTTP_PORT[^\n]*\\[CONFIG_INVALID\\]\n$`,
      ),
    );
    expect(await readdir(env.MERGEPAY_DATA), "found before anything is opened").to.deep.equal(["sandbox"]);
  });

  it("does not start with half of a bank's settings, and names the other half", async () => {
    const bank = { MERGEPAY_BANK_SANDBOX_URL: "http://127.0.0.1:9" };
    const env = { ...bank, MERGEPAY_DATA: join(folder.dir, "bankless"), MERGEPAY_HTTP_PORT: "0" };
    const { code, stdout, stderr } = await mergepay(["start"], env);
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/^mergepay: [^\n]*MERGEPAY_BANK_SANDBOX_KEY [^\n]*\[CONFIG_INVALID\]\n$/m);
  });

  it("names the NATS that it waits for, never with its password", async () => {
    const url = `nats://core:s3cret@127.0.0.1:${await freePort()}`;
    const told = new RegExp(`NATS at ${url.replace("core:s3cret@", "")} can't be reached`);
    const waiting = await startMergepay("waiting", { NATS_URL: url }, told);
    await waiting.stop();
    expect(waiting.output()).to.not.include("s3cret");
    expect(waiting.output().trim().split("\n"), "nothing else").to.have.length(1);
  });

  it("ends well on SIGTERM, and starts again with everything that it had", async () => {
    await node.stop();
    expect([node.exitCode(), node.output().includes("Stopping:")]).to.deep.equal([0, true]);
    node = await startMergepay("again", { MERGEPAY_DATA: dataDir });
    expect(printed()).to.have.length(3);
    const { stdout } = await run("cat", [join(dataDir, "sandbox/payer.header")]);
    const authorization = stdout.replace("Authorization: ", "").trim();
    const { body } = await ask<{ items: Payment[] }>(node.url, "/v1/payments", { authorization });
    expect(body.items.map(({ state }) => state)).to.deep.equal(["succeeded"]);
  });
});
