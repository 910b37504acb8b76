import { expect } from "chai";
import * as fc from "fast-check";
import { type Instruction, nextStep, type Step, type Terms } from "../../../core/bank/instruction.ts";
import type { BankOutcome } from "../../../core/plugin/bank-outcome.ts";
import { NOON } from "../../support/house.ts";

const amount = { value: "12.30", currency: "CNY" };
const at = (ms: number) => new Date(NOON + ms).toISOString();
const INSTRUCTION: Instruction = {
  bankRequestId: "ded_1",
  bank: "test",
  amount,
  sends: 1,
  inquiries: 0,
  createdAt: at(0),
  lastSentAt: at(0),
};
const FINALITY_MS = 10_000;
const WAITS = [1_000, 5_000, 60_000];
const TERMS: Terms = {
  now: NOON + 2_000,
  inquiryMs: WAITS,
  finalityMs: FINALITY_MS,
  failsUnsent: true,
  maySendAgain: true,
};

const succeeded = (told = amount): BankOutcome => ({
  state: "succeeded",
  bankReference: "R",
  amount: told,
  bookedAt: at(1),
});
const failed: BankOutcome = { state: "failed", code: "BANK_DECLINED", reason: "no" };
const notSent: BankOutcome = { state: "not_sent", reason: "no connection" };
const unknown: BankOutcome = { state: "unknown", reason: "silence" };
const differs: BankOutcome = { state: "unknown", reason: "other id", code: "BANK_ANSWER_DIFFERS" };
const pending: BankOutcome = { state: "pending" };
const notFound: BankOutcome = { state: "not_found" };

const challenged = (endsInMs: number): BankOutcome => ({
  state: "requires_action",
  challenge: { id: "chl_1", kind: "code", text: "Type it.", expiresAt: at(endsInMs) },
});

/** An inquiry after the window has closed, and one when the schedule is through as well. */
const late = { terms: { now: NOON + FINALITY_MS } };
const through = { ...late, instruction: { inquiries: WAITS.length } };
/** Asked again so many milliseconds after the answer. */
const ask = (inMs: number, doubt?: "differs" | "silent") => ({ next: "ask", inMs, ...(doubt && { doubt }) });

type Given = { readonly instruction?: Partial<Instruction>; readonly terms?: Partial<Terms> };
type Expected = { readonly next: Step["next"]; readonly code?: string } | ReturnType<typeof ask>;

describe("the life of an instruction: what an answer makes of it", () => {
  const table: readonly [string, "send" | "inquiry", BankOutcome, Given, Expected][] = [
    ["a success", "send", succeeded(), {}, { next: "succeeded" }],
    ["a success of an inquiry", "inquiry", succeeded(), {}, { next: "succeeded" }],
    ["a success for more", "send", succeeded({ value: "12.31", currency: "CNY" }), {}, ask(1_000, "differs")],
    ["a success in another currency", "inquiry", succeeded({ ...amount, currency: "USD" }), {}, ask(1_000, "differs")],
    ["a refusal", "send", failed, {}, { next: "failed", code: "BANK_DECLINED" }],
    ["a refusal told to an inquiry", "inquiry", failed, {}, { next: "failed", code: "BANK_DECLINED" }],
    ["nothing left us, the first time", "send", notSent, {}, { next: "failed", code: "BANK_UNAVAILABLE" }],
    [
      "nothing left us, the first time, but it is wanted",
      "send",
      notSent,
      { terms: { failsUnsent: false } },
      ask(1_000),
    ],
    ["nothing left us, but an earlier sending may have", "send", notSent, { instruction: { sends: 2 } }, ask(1_000)],
    ["silence", "send", unknown, {}, ask(1_000)],
    ["silence after two inquiries", "inquiry", unknown, { instruction: { inquiries: 2 } }, ask(60_000)],
    [
      "silence, the schedule through, the window open",
      "inquiry",
      unknown,
      { instruction: { inquiries: 3 } },
      ask(60_000),
    ],
    ["silence, the schedule through, the window closed", "inquiry", unknown, through, ask(60_000, "silent")],
    ["silence to a late sending", "send", unknown, through, ask(60_000)],
    ["pending", "send", pending, {}, ask(1_000)],
    ["pending for ever", "inquiry", pending, through, ask(60_000, "silent")],
    ["an answer that differs", "send", differs, {}, ask(1_000, "differs")],
    ["an answer that differs for ever", "inquiry", differs, through, ask(60_000, "differs")],
    ["not found within the window", "inquiry", notFound, {}, ask(1_000)],
    [
      "not found, the schedule longer than the window",
      "inquiry",
      notFound,
      { instruction: { inquiries: 2 } },
      ask(8_000),
    ],
    [
      "not found, one millisecond before the window closes",
      "inquiry",
      notFound,
      { terms: { now: NOON + 9_999 } },
      ask(1),
    ],
    ["not found when the window closes", "inquiry", notFound, late, { next: "send" }],
    [
      "not found when the window closes, and it is not wanted any more",
      "inquiry",
      notFound,
      { terms: { now: NOON + FINALITY_MS, maySendAgain: false } },
      { next: "failed", code: "BANK_NEVER_RECEIVED" },
    ],
    [
      "not found, but sent again just now",
      "inquiry",
      notFound,
      { ...late, instruction: { lastSentAt: at(9_000) } },
      ask(1_000),
    ],
    [
      "not found, nobody knows the window",
      "inquiry",
      notFound,
      { terms: { now: NOON + 1e9, finalityMs: Infinity } },
      ask(1_000),
    ],
    ["not found told to a sending, which means nothing", "send", notFound, late, ask(1_000)],
    ["a challenge", "send", challenged(2_001), {}, { next: "challenged" }],
    ["a challenge told to an inquiry", "inquiry", challenged(2_001), {}, { next: "challenged" }],
    ["a challenge that is over just now", "send", challenged(2_000), {}, ask(1_000)],
    ["a challenge that is over, when all waits are through", "inquiry", challenged(1), through, ask(60_000, "silent")],
    ["nothing of an inquiry left us", "inquiry", notSent, {}, ask(1_000)],
    ["silence after the window, with waits left", "inquiry", unknown, late, ask(1_000)],
  ];
  for (const [what, call, answer, given, expected] of table)
    it(`${what}: ${expected.next}${"inMs" in expected ? ` again in ${expected.inMs} ms` : ""}`, () => {
      const terms = { ...TERMS, ...given.terms };
      const step = nextStep({ ...INSTRUCTION, ...given.instruction }, call, answer, terms);
      if ("inMs" in expected) {
        const { inMs, ...rest } = expected;
        expect(step).to.deep.equal({ ...rest, atMs: terms.now + inMs });
      } else expect(step).to.include(expected);
    });

  const outcome = fc.constantFrom(
    succeeded(),
    succeeded({ ...amount, value: "1.00" }),
    failed,
    notSent,
    unknown,
    differs,
  );
  const any = fc.oneof(outcome, fc.constantFrom(pending, notFound));
  const terms = fc.record({
    now: fc.integer({ min: NOON, max: NOON + 1e8 }),
    inquiryMs: fc.array(fc.integer({ min: 1, max: 1e7 }), { minLength: 1, maxLength: 6 }),
    finalityMs: fc.integer({ min: 1, max: 1e8 }),
    failsUnsent: fc.boolean(),
    maySendAgain: fc.boolean(),
  });
  const instruction = fc.record({ sends: fc.integer({ min: 1, max: 9 }), inquiries: fc.nat({ max: 20 }) });
  const call = fc.constantFrom("send", "inquiry");

  it("without the bank's word it neither succeeds nor fails, and it is sent again only when nothing can come of it any more", () => {
    fc.assert(
      fc.property(instruction, call, any, terms, (own, how, answer, given) => {
        const step = nextStep({ ...INSTRUCTION, ...own }, how, answer, given);
        const closed = given.now >= NOON + given.finalityMs;
        if (step.next === "succeeded") expect(answer).to.deep.equal(succeeded());
        if (step.next === "failed" && step.code === "BANK_NEVER_RECEIVED")
          expect([how, answer.state, closed]).to.deep.equal(["inquiry", "not_found", true]);
        else if (step.next === "failed")
          expect(own.sends > 1 && answer.state === "not_sent", "an earlier sending may have arrived").to.equal(false);
        if (step.next === "failed") expect(["failed", "not_sent", "not_found"]).to.include(answer.state);
        if (step.next === "send") expect([how, answer.state, closed]).to.deep.equal(["inquiry", "not_found", true]);
        if (step.next === "ask") expect(step.atMs).to.be.greaterThan(given.now);
      }),
      { numRuns: 2_000 },
    );
  });
});
