/**
 * bank-adapter: where platforms say how they are settled, and the one way to the banks. One call is one send: nothing here tries
 * again, and whatever is not the bank's clear word is `unknown`.
 */
import {
  type BankAdapter,
  type BankCall,
  type BankDriver,
  type BankDriverPlugin,
  type BankLog,
  type BankOutcome,
  canonicalMoney,
  MergepayError,
  minorOf,
  type Money,
  moneyOf,
  type PlatformRegistration,
  type RefusedBank,
} from "../../core/plugin/bank-contract.ts";
import { callWithDeadline } from "./deadline.ts";
import { judge, unknown } from "./outcome.ts";
import { rateOf } from "./rate.ts";
import { checkedRegistration } from "./registry.ts";
import { statementPage } from "./statement.ts";

export interface OpenedBank {
  readonly plugin: BankDriverPlugin;
  readonly driver: BankDriver;
}

export interface BankAdapterDeps {
  readonly banks: ReadonlyMap<string, OpenedBank>;
  /** Driver folders that did not open: named in errors instead of being unknown. */
  readonly refused?: readonly RefusedBank[];
  readonly limits: { readonly bankCallMs: number };
  readonly log?: BankLog;
}

const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const REFERENCE_CHARS = 140;
const TOKEN_CHARS = 500;
const CHALLENGE_CHARS = 200;
const ANSWER_CHARS = 512;
const BANK_NAME = /^[a-z][a-z0-9-]{1,39}$/;
const ERROR_CODE = /^[A-Z][A-Z0-9_]{1,40}$/;

/** The short code of an error (`ECONNRESET`, `INTERNAL`): its message may hold anything and goes nowhere. */
function codeOf(error: unknown): string {
  if (error instanceof MergepayError) return error.type;
  if (error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError")) return "DEADLINE";
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string" && ERROR_CODE.test(code)) return code;
  return "INTERNAL";
}

const bodyInvalid = (field: string, reason: string): MergepayError =>
  new MergepayError("BODY_INVALID", reason, { field });

function checkRequestId(id: unknown, field: string): void {
  if (typeof id === "string" && REQUEST_ID.test(id)) return;
  throw bodyInvalid(`/${field}`, `${field} must be 1 to 64 of A-Z, a-z, 0-9 and _ . : -`);
}

function checkText(value: unknown, field: string, maxChars: number): void {
  if (typeof value === "string" && value !== "" && value.length <= maxChars) return;
  throw bodyInvalid(`/${field}`, `${field} must be text of 1 to ${maxChars} characters.`);
}
const checkToken = (accountToken: unknown): void => checkText(accountToken, "accountToken", TOKEN_CHARS);

/** What an instruction that was sent, or was to be, may have become. */
const SENT = ["succeeded", "failed", "pending", "not_sent", "unknown"] as const;

/** Only BANK_UNAVAILABLE is a driver's word that nothing left; every other error may have come after the send. */
const afterError = (code: string): BankOutcome =>
  code === "BANK_UNAVAILABLE"
    ? { state: "not_sent", reason: "The bank could not be reached; nothing was sent." }
    : unknown(`The driver failed (${code}); the instruction may have been sent.`);

/** Money as a bank is asked for it: canonical, above zero; an account may be opened with nothing on it. */
function checkMoney(money: Money | undefined, field: string, zero: "zero" | "above zero" = "above zero"): Money {
  const { value = "", currency = "" } = money ?? {};
  const empty = zero === "zero" && /^0(?:\.0+)?$/.test(value);
  const canonical = empty ? moneyOf(minorOf(value, currency, field), currency) : canonicalMoney(value, currency, field);
  if (canonical.value !== money?.value)
    throw bodyInvalid(field, `${field} must be written with exactly the decimals of its currency.`);
  return canonical;
}

/** Makes the adapter of opened drivers. Keeps registrations in memory: platforms register again at every start. */
export function createBankAdapter(deps: BankAdapterDeps): BankAdapter {
  const { banks, limits } = deps;
  const refused = Object.freeze([...(deps.refused ?? [])]);
  const registrations = new Map<string, PlatformRegistration>();
  const log: BankLog = deps.log ?? (() => undefined);

  function bankOf(name: string): OpenedBank {
    const bank = banks.get(name);
    if (bank !== undefined) return bank;
    // The name is only repeated when it can be a folder's name: what else was sent in its place may be a secret.
    const shown = typeof name === "string" && BANK_NAME.test(name) ? `"${name}"` : "of this name";
    const broken = refused.find((one) => one.bank === name);
    if (broken === undefined)
      throw new MergepayError("UNSUPPORTED", `There is no bank ${shown}; nothing was sent. Use one that is listed.`, {
        field: "/bank",
      });
    throw new MergepayError(
      "CONFIG_INVALID",
      `The driver of bank ${shown} did not start; nothing was sent. Repair it: ${broken.reason}`,
      {
        field: "/bank",
      },
    );
  }

  async function ask(
    bank: string,
    bankRequestId: string,
    call: (call: BankCall) => Promise<BankOutcome>,
    onError: (code: string) => BankOutcome,
  ): Promise<unknown> {
    const result = await callWithDeadline(call, limits.bankCallMs, (late) =>
      log({
        event: "bank.answer_too_late",
        bank,
        bankRequestId,
        ...(late === undefined ? {} : { code: codeOf(late) }),
      }),
    );
    if (result.kind === "answer") return result.value;
    const code = result.kind === "deadline" ? "DEADLINE" : codeOf(result.error);
    log({ event: "bank.call_failed", bank, bankRequestId, code });
    return result.kind === "deadline" ? unknown("The bank did not answer within the deadline.") : onError(code);
  }

  /**
   * Sends an instruction, once.
   * @param secrets texts of it that must not come back @param way the driver's way of sending it; absent: it has none
   */
  async function send<I extends { bankRequestId: string; amount: Money; reference: string }>(
    bank: string,
    given: I,
    secrets: readonly string[],
    way: ((instruction: I, call: BankCall) => Promise<BankOutcome>) | undefined,
    states: readonly BankOutcome["state"][] = SENT,
  ): Promise<BankOutcome> {
    if (way === undefined)
      throw new MergepayError("UNSUPPORTED", "This bank does not do that; nothing was sent.", { field: "/bank" });
    const { bankRequestId, reference } = given;
    checkRequestId(bankRequestId, "bankRequestId");
    if (typeof reference !== "string" || reference.length > REFERENCE_CHARS)
      throw bodyInvalid("/reference", `reference must be text of at most ${REFERENCE_CHARS} characters.`);
    const amount = Object.freeze(checkMoney(given.amount, "/amount"));
    const answer = await ask(bank, bankRequestId, (call) => way(Object.freeze({ ...given, amount }), call), afterError);
    return judge(answer, amount, secrets, states);
  }

  return Object.freeze({
    register(given: PlatformRegistration) {
      const registration = checkedRegistration(given);
      registrations.set(registration.platform, registration);
      return { registered: true as const };
    },
    unregister({ platform }: { readonly platform: string }) {
      registrations.delete(platform);
      return { registered: false as const };
    },
    platforms: () => ({ items: [...registrations.values()] }),
    banks: () => ({
      items: [...banks].map(([bank, { plugin, driver }]) => ({
        bank,
        title: plugin.title,
        finalityMs: driver.finalityMs ?? plugin.finalityMs,
        refunds: driver.refund !== undefined,
        payouts: driver.payout !== undefined,
      })),
    }),

    async debit({ bank, ...instruction }) {
      const { driver } = bankOf(bank);
      checkToken(instruction.accountToken);
      return await send(bank, instruction, [instruction.accountToken], driver.debit.bind(driver), [
        ...SENT,
        "requires_action",
      ]);
    },

    async confirm(params) {
      const { bank, bankRequestId, challengeId, answer: said } = params;
      const { driver } = bankOf(bank);
      if (driver.confirm === undefined)
        throw new MergepayError("UNSUPPORTED", "This bank takes no answers to its challenges; nothing was sent.", {
          field: "/bank",
        });
      checkRequestId(bankRequestId, "bankRequestId");
      checkText(challengeId, "challengeId", CHALLENGE_CHARS);
      checkText(said, "answer", ANSWER_CHARS);
      const confirm = driver.confirm.bind(driver);
      const confirmation = Object.freeze({ bankRequestId, challengeId, answer: said });
      const answer = await ask(bank, bankRequestId, (call) => confirm(confirmation, call), afterError);
      // The caller holds it against the amount that was asked: it has the payment.
      return judge(answer, undefined, [said], [...SENT, "requires_action"]);
    },

    async refund({ bank, ...instruction }) {
      const { driver } = bankOf(bank);
      checkRequestId(instruction.debitRequestId, "debitRequestId");
      return await send(bank, instruction, [], driver.refund?.bind(driver));
    },

    async payout({ bank, ...instruction }) {
      const { driver } = bankOf(bank);
      checkToken(instruction.accountToken);
      return await send(bank, instruction, [instruction.accountToken], driver.payout?.bind(driver));
    },

    async inquire(params) {
      const { bank, bankRequestId } = params;
      const { driver } = bankOf(bank);
      checkRequestId(bankRequestId, "bankRequestId");
      const answer = await ask(
        bank,
        bankRequestId,
        (call) => driver.inquire(bankRequestId, call),
        (code) => unknown(`The bank could not be asked (${code}).`),
      );
      // `not_sent` is not among them: that the question was not sent says nothing of the instruction.
      return judge(
        answer,
        undefined,
        [],
        ["succeeded", "failed", "requires_action", "pending", "not_found", "unknown"],
      );
    },

    async statement({ bank, ...range }) {
      const { driver } = bankOf(bank);
      if (driver.statement === undefined)
        throw new MergepayError("UNSUPPORTED", "This bank gives no statements; import a file.", { field: "/bank" });
      const statement = driver.statement.bind(driver);
      const result = await callWithDeadline(
        (call) => statement(Object.freeze({ ...range }), call),
        limits.bankCallMs,
        () => undefined,
      );
      const page = result.kind === "answer" ? statementPage(result.value) : undefined;
      if (page !== undefined) return page;
      const why = result.kind === "error" ? codeOf(result.error) : result.kind;
      throw new MergepayError(
        "BANK_UNAVAILABLE",
        `The bank gave no statement that can be read (${why}); try again later.`,
      );
    },

    async rate({ bank, from, to }) {
      const { driver } = bankOf(bank);
      if (driver.rate === undefined)
        throw new MergepayError("UNSUPPORTED", "This bank has no rates; pay each currency by itself.", {
          field: "/payIn",
        });
      const lock = driver.rate.bind(driver);
      const pair = Object.freeze({ from, to });
      const result = await callWithDeadline(
        (call) => lock(pair, call),
        limits.bankCallMs,
        () => undefined,
      );
      if (result.kind === "answer") {
        const rate = rateOf(result.value, pair);
        if (rate !== undefined) return rate;
        throw new MergepayError("RATE_INVALID", `The bank gave no rate of ${from} in ${to} that can be used.`);
      }
      const code = result.kind === "error" ? codeOf(result.error) : "DEADLINE";
      if (code === "UNSUPPORTED")
        throw new MergepayError("UNSUPPORTED", `This bank does not change ${from} into ${to}; pay it by itself.`, {
          field: "/payIn",
        });
      throw new MergepayError(
        "BANK_UNAVAILABLE",
        `The bank gave no rate (${code}); nothing was sent, try again later.`,
      );
    },

    async openTestAccount(params) {
      const { driver } = bankOf(params.bank);
      if (driver.openTestAccount === undefined)
        throw new MergepayError("UNSUPPORTED", "This bank does not open test accounts.", { field: "/bank" });
      const opening = checkMoney(params.opening, "/opening", "zero");
      const open = driver.openTestAccount.bind(driver);
      const result = await callWithDeadline(
        () => open(opening),
        limits.bankCallMs,
        () => undefined,
      );
      if (result.kind === "answer" && typeof result.value?.accountToken === "string")
        return { accountToken: result.value.accountToken };
      const code = result.kind === "error" ? codeOf(result.error) : "no answer";
      throw new MergepayError("BANK_UNAVAILABLE", `The bank did not open the account (${code}); try again later.`);
    },

    refused: () => refused,

    async close() {
      const closings = await Promise.allSettled([...banks.values()].map(({ driver }) => driver.close()));
      const names = [...banks.keys()];
      for (const [index, closing] of closings.entries())
        if (closing.status === "rejected")
          log({ event: "bank.close_failed", bank: names[index] ?? "", code: codeOf(closing.reason) });
    },
  } satisfies BankAdapter);
}
