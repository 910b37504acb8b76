import { expect } from "chai";
import type { Call } from "../../../core/actions.ts";
import { bankCalls } from "../../../core/bank/calls.ts";
import type { Deps } from "../../../core/deps.ts";
import { ERRORS, type ErrorCode } from "../../../core/errors/codes.ts";
import { MergepayError } from "../../../core/errors/errors.ts";
import { LIMITS } from "../../../core/limits.ts";
import { silentLog } from "../../support/house.ts";

const INSTRUCTION = {
  bank: "test",
  bankRequestId: "ded_1",
  accountToken: "token",
  amount: { value: "1.00", currency: "USD" },
  reference: "r",
};
/** Errors by which a call says that it reached no bank. */
const NOT_SENT: readonly ErrorCode[] = [
  "BANK_UNAVAILABLE",
  "UNSUPPORTED",
  "CONFIG_INVALID",
  "BODY_INVALID",
  "AMOUNT_INVALID",
  "CURRENCY_UNKNOWN",
];

const callsThat = (fail: () => unknown) => {
  const call = (() => Promise.reject(fail())) as unknown as Call;
  return bankCalls({ call, limits: LIMITS, log: silentLog } as unknown as Deps);
};

describe("a call to the bank that ends with an error", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const expected = NOT_SENT.includes(code) ? "not_sent" : "unknown";
    it(`${code}: the instruction is ${expected}, an inquiry says nothing`, async () => {
      const calls = callsThat(() => new MergepayError(code));
      expect((await calls.send("bank-adapter.debit", INSTRUCTION, {})).state).to.equal(expected);
      expect((await calls.inquire({ bank: "test", bankRequestId: "ded_1" }, {})).state).to.equal("unknown");
      expect(await calls.finalityMs("test")).to.equal(Number.POSITIVE_INFINITY);
    });
  }

  it("of no kind that is known: it may have been sent", async () => {
    for (const thrown of [new Error("socket hang up"), undefined, { type: "REQUEST_TIMEOUT" }, "no"])
      expect((await callsThat(() => thrown).send("bank-adapter.debit", INSTRUCTION, {})).state).to.equal("unknown");
  });
});
