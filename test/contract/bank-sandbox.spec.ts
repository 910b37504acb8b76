/** The sandbox bank as a process of its own, over its HTTP API. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const MAIN = fileURLToPath(new URL("../../plugins/bank-adapter/banks/sandbox/bank/main.ts", import.meta.url));
const AMOUNT = { value: "12.30", currency: "CNY" };

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

interface Bank {
  readonly process: ChildProcess;
  readonly key: string;
  readonly url: string;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

describe("the sandbox bank as a process", () => {
  let dir: string;
  const running = new Set<ChildProcess>();

  async function start(...more: string[]): Promise<Bank> {
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", MAIN, "--data", dir, "--port", "0", ...more],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    running.add(child);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const key = (await readFile(more.includes("--key-file") ? join(dir, "given") : join(dir, "key"), "utf8")).trim();
    return {
      process: child,
      key,
      url,
      async call(method, path, body, headers = {}) {
        const response = await fetch(new URL(path, url), {
          method,
          headers: { authorization: `Bearer ${key}`, connection: "close", ...headers },
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
        return { status: response.status, body: (await response.json()) as Record<string, unknown> };
      },
    };
  }

  async function end(bank: Bank, signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(bank.process, "exit") as Promise<[number | null]>;
    bank.process.kill(signal);
    const [code] = await exited;
    running.delete(bank.process);
    return code;
  }

  const open = async (bank: Bank, opening = { value: "100.00", currency: "CNY" }): Promise<string> =>
    String((await bank.call("POST", "/accounts", { opening })).body["accountToken"]);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "bank-process-"));
  });
  afterEach(async () => {
    for (const child of running) child.kill("SIGKILL");
    running.clear();
    await rm(dir, { recursive: true });
  });

  it("a debit that was acknowledged is there after kill -9, and the same id is not booked again", async () => {
    const first = await start();
    const accountToken = await open(first);
    const debit = { bankRequestId: "ded_1", accountToken, amount: AMOUNT, reference: "r" };
    const told = await first.call("POST", "/debits", debit);
    expect(told.body).to.include({ state: "succeeded" });
    await end(first, "SIGKILL");

    const second = await start();
    expect(second.key).to.equal(first.key);
    expect((await second.call("GET", "/instructions/ded_1")).body).to.deep.equal(told.body);
    expect((await second.call("POST", "/debits", debit)).body).to.deep.equal(told.body);
    expect((await second.call("GET", "/ledger")).body["items"]).to.have.length(1);
    expect((await second.call("GET", `/accounts/${accountToken}`)).body).to.deep.equal({
      balance: { value: "87.70", currency: "CNY" },
    });
  });

  it("killed in the middle of many debits it keeps every one that it acknowledged", async () => {
    const first = await start();
    const accountToken = await open(first);
    const amount = { value: "0.01", currency: "CNY" };
    const acknowledged: string[] = [];
    let kill: Promise<unknown> | undefined;
    await Promise.all(
      Array.from({ length: 60 }, async (_value, index) => {
        const bankRequestId = `ded_${index}`;
        try {
          const told = await first.call("POST", "/debits", { bankRequestId, accountToken, amount, reference: "" });
          if (told.body["state"] === "succeeded") acknowledged.push(bankRequestId);
          if (acknowledged.length === 20) kill ??= end(first, "SIGKILL");
        } catch (error) {
          // The bank was killed before it answered this one: nothing was promised.
          expect(kill, String(error)).not.to.equal(undefined);
        }
      }),
    );
    await kill;

    const second = await start();
    const items = (await second.call("GET", "/ledger")).body["items"] as { bankRequestId: string }[];
    expect(items.map(({ bankRequestId }) => bankRequestId)).to.include.members(acknowledged);
    const balance = (await second.call("GET", `/accounts/${accountToken}`)).body["balance"] as { value: string };
    expect(BigInt(balance.value.replace(".", ""))).to.equal(10_000n - BigInt(items.length));
  });

  it("stops on SIGTERM, also while it holds an answer back", async () => {
    const bank = await start();
    const accountToken = await open(bank);
    await bank.call("POST", "/faults", [{ on: "debit", fault: "timeout_after_debit" }]);
    const held = bank
      .call("POST", "/debits", { bankRequestId: "ded_1", accountToken, amount: AMOUNT, reference: "" })
      .then(
        () => "answered",
        () => "broken",
      );
    let lines: unknown[] = [];
    for (let tries = 0; lines.length === 0 && tries < 500; tries += 1)
      lines = (await bank.call("GET", "/ledger")).body["items"] as unknown[];
    expect(lines).to.have.length(1);
    expect(await end(bank, "SIGTERM")).to.equal(0);
    expect(await held).to.equal("broken");
  });

  it("makes a key that only its owner can read, and takes one from a file", async () => {
    await end(await start(), "SIGTERM");
    expect((await stat(join(dir, "key"))).mode & 0o777).to.equal(0o600);
    await writeFile(join(dir, "given"), "a-given-key-0123456789\n");
    const bank = await start("--key-file", join(dir, "given"));
    expect((await bank.call("GET", "/ledger")).status).to.equal(200);
  });

  it("magic amounts misbehave only with --faults magic", async () => {
    const amount = { value: "10.91", currency: "CNY" };
    const plain = await start();
    const accountToken = await open(plain);
    const first = await plain.call("POST", "/debits", { bankRequestId: "ded_1", accountToken, amount, reference: "" });
    expect(first.body).to.include({ state: "succeeded" });
    await end(plain, "SIGTERM");
    const magic = await start("--faults", "magic");
    const second = await magic.call("POST", "/debits", { bankRequestId: "ded_2", accountToken, amount, reference: "" });
    expect(second.body).to.include({ state: "failed", code: "BANK_DECLINED" });
  });

  it("refuses to start with an option that it does not know", async () => {
    const child = spawn(process.execPath, [MAIN, "--data", dir, "--faults", "some"], { stdio: "ignore" });
    const [code] = (await once(child, "exit")) as [number];
    expect(code).to.equal(1);
  });

  describe("its calls", () => {
    let bank: Bank;
    let accountToken: string;
    beforeEach(async () => {
      bank = await start();
      accountToken = await open(bank);
    });
    const debitOf = (over: object): object => ({
      bankRequestId: "ded_1",
      accountToken,
      amount: AMOUNT,
      reference: "r",
      ...over,
    });

    it("want the key, but for /health", async () => {
      for (const authorization of ["", "Bearer wrong", bank.key, `bearer ${bank.key}`])
        expect(await bank.call("GET", "/ledger", undefined, { authorization })).to.have.property("status", 401);
      expect(await bank.call("GET", "/health", undefined, { authorization: "" })).to.deep.equal({
        status: 200,
        body: { state: "up" },
      });
    });

    it("refuse what is not of their form, name the field and book nothing", async () => {
      const cases: readonly [unknown, string | undefined][] = [
        ["{", ""],
        [[], ""],
        [debitOf({ note: "x" }), ""],
        [debitOf({ bankRequestId: "a b" }), "/bankRequestId"],
        [debitOf({ accountToken: "" }), "/accountToken"],
        [debitOf({ reference: "x".repeat(141) }), "/reference"],
        [debitOf({ amount: { value: "12.3", currency: "CNY" } }), "/amount"],
        [debitOf({ amount: { value: "-1.00", currency: "CNY" } }), "/amount"],
        [debitOf({ amount: { value: "0.00", currency: "CNY" } }), "/amount"],
        [debitOf({ amount: { value: 12.3, currency: "CNY" } }), "/amount"],
        [debitOf({ amount: { value: "1.00", currency: "RMB" } }), "/amount"],
      ];
      for (const [body, field] of cases) {
        const answer = await bank.call("POST", "/debits", body);
        expect(answer.status, JSON.stringify(body)).to.equal(400);
        expect(answer.body).to.have.nested.property("error.field", field);
        expect(JSON.stringify(answer.body)).not.to.include(accountToken);
      }
      const tooLarge = await bank.call("POST", "/debits", "x".repeat(64 * 1024 + 1));
      expect(tooLarge.status).to.equal(413);
      expect((await bank.call("GET", "/ledger")).body).to.deep.equal({ items: [] });
    });

    it("answer 409 with the field when an id comes again with other content", async () => {
      await bank.call("POST", "/debits", debitOf({}));
      const answer = await bank.call("POST", "/debits", debitOf({ reference: "s" }));
      expect(answer.status).to.equal(409);
      expect(answer.body).to.have.nested.include({ "error.code": "CONFLICT", "error.field": "/reference" });
    });

    it("do not book an instruction that is no longer valid", async () => {
      const late = { "x-valid-until": new Date(Date.now() - 1).toISOString() };
      expect(await bank.call("POST", "/debits", debitOf({}), late)).to.have.property("status", 410);
      expect(await bank.call("GET", "/instructions/ded_1")).to.deep.equal({
        status: 404,
        body: { bankRequestId: "ded_1", state: "not_found" },
      });
    });

    it("list the ledger in booking order from a line on, with the account masked", async () => {
      for (const id of ["ded_b", "ded_a", "ded_c"]) await bank.call("POST", "/debits", debitOf({ bankRequestId: id }));
      const all = (await bank.call("GET", "/ledger")).body["items"] as { seq: string; bankRequestId: string }[];
      expect(all.map(({ bankRequestId }) => bankRequestId)).to.deep.equal(["ded_b", "ded_a", "ded_c"]);
      const rest = (await bank.call("GET", `/ledger?after=${all[0]?.seq ?? ""}`)).body["items"];
      expect(rest).to.deep.equal(all.slice(1));
      expect(JSON.stringify(all)).not.to.include(accountToken);
      expect((await bank.call("GET", "/ledger?after=x")).status).to.equal(400);
    });

    it("know no others", async () => {
      for (const [method, path] of [
        ["DELETE", "/ledger"],
        ["GET", "/"],
        ["GET", "/instructions/a/b"],
        ["GET", "/accounts/house:opening:CNY"],
      ])
        expect(await bank.call(method ?? "", path ?? ""), path).to.have.property("status", 404);
    });

    it("an instruction whose sender hangs up half-way is not booked", async () => {
      const body = JSON.stringify(debitOf({}));
      const controller = new AbortController();
      const half = new ReadableStream<Uint8Array>({
        start: (stream) => stream.enqueue(new TextEncoder().encode(body.slice(0, 20))),
      });
      const call = fetch(new URL("/debits", bank.url), {
        method: "POST",
        headers: { authorization: `Bearer ${bank.key}` },
        body: half,
        duplex: "half",
        signal: controller.signal,
      }).then(
        () => "answered",
        () => "broken",
      );
      await bank.call("GET", "/health");
      controller.abort();
      expect(await call).to.equal("broken");
      expect((await bank.call("GET", "/instructions/ded_1")).status).to.equal(404);
    });
  });
});
