import { expect } from "chai";
import {
  type BankAdapter,
  type BankDriver,
  type BankOutcome,
  defineBankDriver,
  MergepayError,
} from "../../../core/plugin/bank-contract.ts";
import { createBankAdapter } from "../../../plugins/bank-adapter/adapter.ts";

const TOKEN = "tok_canary/7+x";
const AMOUNT = { value: "12.30", currency: "CNY" };
const SUCCESS = {
  state: "succeeded",
  bankReference: "R1",
  amount: AMOUNT,
  bookedAt: "2025-01-02T03:04:05.000Z",
} as const;
const DEBIT = { bank: "stub", bankRequestId: "ded_1", accountToken: TOKEN, amount: AMOUNT, reference: "2 orders" };
const never = <T>(): Promise<T> => new Promise(() => undefined);

type LogEntry = { readonly event: string; readonly code?: string };

function adapterOf(over: Partial<BankDriver>, bankCallMs = 5000): { adapter: BankAdapter; logged: LogEntry[] } {
  const logged: LogEntry[] = [];
  const driver: BankDriver = {
    debit: () => Promise.resolve(SUCCESS),
    inquire: () => Promise.resolve({ state: "not_found" }),
    close: () => Promise.resolve(),
    ...over,
  };
  const plugin = defineBankDriver({ title: "Stub", finalityMs: 1000, open: () => Promise.resolve(driver) });
  const refused = [{ bank: "broken", code: "PLUGIN_LOAD_FAILED", reason: "driver.ts could not be loaded." } as const];
  const banks = new Map([["stub", { plugin, driver }]]);
  return {
    adapter: createBankAdapter({ banks, refused, limits: { bankCallMs }, log: (entry) => logged.push(entry) }),
    logged,
  };
}

async function thrownBy(call: () => unknown): Promise<MergepayError> {
  try {
    await call();
  } catch (error) {
    expect(error).to.be.instanceOf(MergepayError);
    return error as MergepayError;
  }
  return expect.fail("nothing was thrown");
}

const as = (answer: unknown): Promise<BankOutcome> => Promise.resolve(answer as BankOutcome);

describe("bank-adapter: what a driver's answer to a debit is worth", () => {
  const cases: readonly [string, unknown, Partial<Record<"state" | "code", string>>][] = [
    ["a success for what was asked", SUCCESS, { state: "succeeded" }],
    [
      "a success in another spelling of the amount",
      { ...SUCCESS, amount: { value: "12.3", currency: "CNY" } },
      { state: "succeeded" },
    ],
    [
      "a success for more",
      { ...SUCCESS, amount: { value: "12.31", currency: "CNY" } },
      { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    ],
    [
      "a success in another currency",
      { ...SUCCESS, amount: { value: "12.30", currency: "USD" } },
      { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    ],
    ["a success without amount", { ...SUCCESS, amount: undefined }, { state: "unknown" }],
    [
      "a success with a number for an amount",
      { ...SUCCESS, amount: { value: 12.3, currency: "CNY" } },
      { state: "unknown" },
    ],
    ["a success without reference", { ...SUCCESS, bankReference: "" }, { state: "unknown" }],
    ["a success without a time", { ...SUCCESS, bookedAt: "yesterday" }, { state: "unknown" }],
    [
      "the bank's refusal",
      { state: "failed", code: "BANK_DECLINED", reason: "no" },
      { state: "failed", code: "BANK_DECLINED" },
    ],
    ["a failure with no code of the bank's", { state: "failed", code: "TIMEOUT", reason: "no" }, { state: "unknown" }],
    [
      "a failure named after an object's own parts",
      { state: "failed", code: "toString", reason: "no" },
      { state: "unknown" },
    ],
    ["pending", { state: "pending" }, { state: "pending" }],
    ["not sent", { state: "not_sent", reason: "refused" }, { state: "not_sent" }],
    ["not found, which no debit can be", { state: "not_found" }, { state: "unknown" }],
    [
      "an id conflict",
      { state: "unknown", code: "BANK_ANSWER_DIFFERS", reason: "other" },
      { state: "unknown", code: "BANK_ANSWER_DIFFERS" },
    ],
    ["a state that nobody knows", { state: "perhaps" }, { state: "unknown" }],
    ["nothing", undefined, { state: "unknown" }],
    ["text", "succeeded", { state: "unknown" }],
  ];
  for (const [what, answer, outcome] of cases)
    it(`${what}: ${outcome.state} ${outcome.code ?? ""}`, async () => {
      const { adapter } = adapterOf({ debit: () => as(answer) });
      const result = await adapter.debit(DEBIT);
      expect(result).to.include(outcome);
      if (outcome.code === undefined) expect(result).not.to.have.property("code");
    });

  const errors: readonly [string, unknown, BankOutcome["state"]][] = [
    ["BANK_UNAVAILABLE, whose word is that nothing was sent", new MergepayError("BANK_UNAVAILABLE"), "not_sent"],
    ["a reset connection", Object.assign(new Error("reset"), { code: "ECONNRESET" }), "unknown"],
    [
      "a refused connection without the driver's word",
      Object.assign(new Error("no"), { code: "ECONNREFUSED" }),
      "unknown",
    ],
    ["any error", new TypeError("x is not a function"), "unknown"],
    ["no error at all", undefined, "unknown"],
  ];
  for (const [what, error, state] of errors) {
    it(`a driver that rejects with ${what}: ${state}`, async () => {
      const { adapter } = adapterOf({ debit: () => Promise.reject(error) });
      expect(await adapter.debit(DEBIT)).to.include({ state });
    });
    it(`an inquiry that rejects with ${what}: unknown`, async () => {
      const { adapter } = adapterOf({ inquire: () => Promise.reject(error) });
      expect(await adapter.inquire({ bank: "stub", bankRequestId: "ded_1" })).to.include({ state: "unknown" });
    });
  }

  it("a driver that throws at once is unknown too", async () => {
    const { adapter } = adapterOf({
      debit: () => {
        throw new Error("at once");
      },
    });
    expect(await adapter.debit(DEBIT)).to.include({ state: "unknown" });
  });

  it("an inquiry that was not sent says nothing of the instruction", async () => {
    const { adapter } = adapterOf({ inquire: () => as({ state: "not_sent", reason: "refused" }) });
    expect(await adapter.inquire({ bank: "stub", bankRequestId: "ded_1" })).to.include({ state: "unknown" });
  });
});

describe("bank-adapter: refunds and payouts", () => {
  for (const way of ["refund", "payout"] as const) {
    const ask = (answer: Promise<BankOutcome>, bankCallMs?: number): Promise<BankOutcome> =>
      adapterOf({ [way]: () => answer }, bankCallMs).adapter[way]({ ...DEBIT, debitRequestId: "ded_0" });

    it(`a ${way} of another amount than was asked is no success`, async () => {
      const amount = { value: "12.31", currency: "CNY" };
      expect(await ask(as(SUCCESS))).to.include({ state: "succeeded" });
      expect(await ask(as({ ...SUCCESS, amount }))).to.include({ state: "unknown", code: "BANK_ANSWER_DIFFERS" });
    });
    it(`a ${way} that is not answered, or that a driver fails at, is unknown`, async () => {
      expect(await ask(never(), 10)).to.include({ state: "unknown" });
      expect(await ask(Promise.reject(new Error("reset")))).to.include({ state: "unknown" });
      expect(await ask(Promise.reject(new MergepayError("BANK_UNAVAILABLE")))).to.include({ state: "not_sent" });
    });
  }
  it("a payout's token is in no answer", async () => {
    const answer = { state: "failed", code: "BANK_DECLINED", reason: `${TOKEN} is closed` };
    const { adapter } = adapterOf({ payout: () => as(answer) });
    expect(JSON.stringify(await adapter.payout(DEBIT))).not.to.include(TOKEN);
  });
});

describe("bank-adapter: one call, one send, one deadline", () => {
  it("a driver is called once, whatever it answers", async () => {
    for (const answer of [SUCCESS, { state: "not_sent", reason: "refused" }, { state: "unknown", reason: "lost" }]) {
      let calls = 0;
      const { adapter } = adapterOf({
        debit: () => {
          calls += 1;
          return as(answer);
        },
      });
      await adapter.debit(DEBIT);
      expect(calls).to.equal(1);
    }
  });

  it("a driver that ignores its signal is unknown at the deadline, and its late answer changes nothing", async () => {
    let answer: (outcome: BankOutcome) => void = () => undefined;
    let aborted = false;
    const { adapter, logged } = adapterOf(
      {
        debit: (_instruction, { signal }) => {
          signal.addEventListener("abort", () => (aborted = true));
          return new Promise((resolve) => (answer = resolve));
        },
      },
      10,
    );
    const outcome = await adapter.debit(DEBIT);
    expect(outcome).to.include({ state: "unknown" });
    expect(aborted).to.equal(true);
    answer(SUCCESS);
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome).to.include({ state: "unknown" });
    expect(logged.map(({ event }) => event)).to.deep.equal(["bank.call_failed", "bank.answer_too_late"]);
  });

  it("a driver that ends by its signal may still say that it sent nothing", async () => {
    const { adapter } = adapterOf(
      {
        debit: (_instruction, { signal }) =>
          new Promise((resolve) =>
            signal.addEventListener("abort", () => resolve({ state: "not_sent", reason: "never connected" })),
          ),
      },
      10,
    );
    expect(await adapter.debit(DEBIT)).to.include({ state: "not_sent" });
  });

  it("an inquiry that never answers is unknown at the deadline", async () => {
    const { adapter } = adapterOf({ inquire: never }, 10);
    expect(await adapter.inquire({ bank: "stub", bankRequestId: "ded_1" })).to.include({ state: "unknown" });
  });
});

describe("bank-adapter: no token, no account number", () => {
  const leaks: readonly string[] = [
    `account ${TOKEN} is closed`,
    `GET /accounts/${encodeURIComponent(TOKEN)} failed`,
    "IBAN DE89370400440532013000 is closed",
    "card 4111 1111 1111 1111 is closed",
  ];
  const secrets = [TOKEN, encodeURIComponent(TOKEN), "DE89370400440532013000", "4111 1111 1111 1111"];
  const clean = (value: unknown): void => {
    for (const secret of secrets) expect(JSON.stringify(value)).not.to.include(secret);
  };
  for (const text of leaks) {
    it(`in no reason: ${text.slice(0, 12)}...`, async () => {
      for (const answer of [
        { state: "failed", code: "BANK_DECLINED", reason: text },
        { state: "unknown", reason: text },
        { state: "not_sent", reason: text },
      ]) {
        const { adapter } = adapterOf({ debit: () => as(answer) });
        const outcome = await adapter.debit(DEBIT);
        expect(outcome.state).to.equal(answer.state);
        clean(outcome);
      }
    });
    it(`in no outcome or log of an error: ${text.slice(0, 12)}...`, async () => {
      const { adapter, logged } = adapterOf({
        debit: () => Promise.reject(Object.assign(new Error(text), { code: text })),
      });
      clean(await adapter.debit(DEBIT));
      clean(logged);
    });
  }
  it("in no bank reference", async () => {
    const { adapter } = adapterOf({ debit: () => as({ ...SUCCESS, bankReference: `R-${TOKEN}` }) });
    clean(await adapter.debit(DEBIT));
  });
  it("a long reason is cut to 200 characters", async () => {
    const { adapter } = adapterOf({ debit: () => as({ state: "unknown", reason: "x".repeat(201) }) });
    expect(await adapter.debit(DEBIT)).to.deep.equal({ state: "unknown", reason: "x".repeat(200) });
  });
});

describe("bank-adapter: what is refused before anything is sent", () => {
  const cases: readonly [string, Record<string, unknown>, string][] = [
    ["a bank that does not exist", { bank: "other" }, "UNSUPPORTED"],
    ["a bank named like an object's own part", { bank: "constructor" }, "UNSUPPORTED"],
    ["a bank whose driver did not start", { bank: "broken" }, "CONFIG_INVALID"],
    ["an empty request id", { bankRequestId: "" }, "BODY_INVALID"],
    ["a request id of 65 characters", { bankRequestId: "x".repeat(65) }, "BODY_INVALID"],
    ["no token", { accountToken: "" }, "BODY_INVALID"],
    ["a reference of 141 characters", { reference: "x".repeat(141) }, "BODY_INVALID"],
    ["an amount of zero", { amount: { value: "0.00", currency: "CNY" } }, "AMOUNT_INVALID"],
    ["a negative amount", { amount: { value: "-1.00", currency: "CNY" } }, "AMOUNT_INVALID"],
    ["an amount with too few decimals", { amount: { value: "1.5", currency: "CNY" } }, "BODY_INVALID"],
    ["an unknown currency", { amount: { value: "1.00", currency: "RMB" } }, "CURRENCY_UNKNOWN"],
    ["no amount", { amount: undefined }, "CURRENCY_UNKNOWN"],
  ];
  const refundCases: typeof cases = [
    ...cases.filter(([what]) => what !== "no token"),
    ["no debit to give back", { debitRequestId: "" }, "BODY_INVALID"],
    ["a debit with an id of 65 characters", { debitRequestId: "x".repeat(65) }, "BODY_INVALID"],
  ];
  for (const [way, ownCases] of [
    ["debit", cases],
    ["refund", refundCases],
    ["payout", cases],
  ] as const)
    for (const [what, over, type] of ownCases)
      it(`${way}: ${what}: ${type}`, async () => {
        let calls = 0;
        const count = () => {
          calls += 1;
          return as(SUCCESS);
        };
        const { adapter } = adapterOf({ debit: count, refund: count, payout: count });
        const error = await thrownBy(() => adapter[way]({ ...DEBIT, debitRequestId: "ded_0", ...over }));
        expect(error.type).to.equal(type);
        expect(error.message).not.to.include(TOKEN);
        expect(calls).to.equal(0);
      });

  for (const way of ["refund", "payout"] as const)
    it(`a ${way} at a bank that makes none: UNSUPPORTED`, async () => {
      const { adapter } = adapterOf({});
      const error = await thrownBy(() => adapter[way]({ ...DEBIT, debitRequestId: "ded_0" }));
      expect(error.type).to.equal("UNSUPPORTED");
    });

  it("a request id of 64 and a reference of 140 characters are taken", async () => {
    const { adapter } = adapterOf({});
    const outcome = await adapter.debit({ ...DEBIT, bankRequestId: "x".repeat(64), reference: "x".repeat(140) });
    expect(outcome).to.include({ state: "succeeded" });
  });

  it("a token sent in the place of a bank's name is not repeated", async () => {
    const { adapter } = adapterOf({});
    const error = await thrownBy(() => adapter.inquire({ bank: TOKEN, bankRequestId: "ded_1" }));
    expect(error.message).not.to.include(TOKEN);
  });
});

describe("bank-adapter: banks and test accounts", () => {
  it("lists banks with their own finality where the driver says another one", () => {
    expect(adapterOf({}).adapter.banks().items).to.deep.equal([
      { bank: "stub", title: "Stub", finalityMs: 1000, refunds: false, payouts: false },
    ]);
    const { adapter } = adapterOf({ finalityMs: 7, refund: () => as(SUCCESS) });
    expect(adapter.banks().items).to.deep.equal([
      { bank: "stub", title: "Stub", finalityMs: 7, refunds: true, payouts: false },
    ]);
  });
  it("a bank without test accounts says UNSUPPORTED", async () => {
    const error = await thrownBy(() => adapterOf({}).adapter.openTestAccount({ bank: "stub", opening: AMOUNT }));
    expect(error.type).to.equal("UNSUPPORTED");
  });
  it("a test account that never opens is BANK_UNAVAILABLE at the deadline", async () => {
    const { adapter } = adapterOf({ openTestAccount: never }, 10);
    const error = await thrownBy(() => adapter.openTestAccount({ bank: "stub", opening: AMOUNT }));
    expect(error.type).to.equal("BANK_UNAVAILABLE");
  });
  it("closing closes every driver, and one that can't is logged", async () => {
    const { adapter, logged } = adapterOf({ close: () => Promise.reject(new Error("stuck")) });
    await adapter.close();
    expect(logged).to.deep.equal([{ event: "bank.close_failed", bank: "stub", code: "INTERNAL" }]);
  });
});
