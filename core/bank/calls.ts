import type { Actions } from "../actions.ts";
import type { Deps, LogFields } from "../deps.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { asMergepayError } from "../errors/errors.ts";
import type { BankOutcome } from "../plugin/bank-outcome.ts";

/** How long a document is left alone by sweepers while a call to the bank about it is under way. */
export const bankLeaseMs = (deps: Pick<Deps, "limits">): number => deps.limits.bankCallMs + 2 * deps.limits.busMs;

/** Errors that say for certain that the call reached no bank. */
const NOT_SENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BANK_UNAVAILABLE",
  "UNSUPPORTED",
  "CONFIG_INVALID",
  "BODY_INVALID",
  "AMOUNT_INVALID",
  "CURRENCY_UNKNOWN",
]);

type Way = "bank-adapter.debit" | "bank-adapter.confirm" | "bank-adapter.refund" | "bank-adapter.payout";

/** The calls to the bank. None is ever repeated here, and none throws: what can't be known is `unknown`. */
export function bankCalls(deps: Deps) {
  const timeoutMs = deps.limits.bankCallMs + deps.limits.busMs;

  return {
    /** Sends an instruction, which is durable already. @param about what the log says it is for */
    async send<W extends Way>(way: W, params: Actions[W]["params"], about: LogFields): Promise<BankOutcome> {
      try {
        return await deps.call(way, params, { timeoutMs });
      } catch (thrown) {
        const error = asMergepayError(thrown);
        const fields = { ...about, bank: params.bank, code: error.type, reason: error.message };
        deps.log.warn(fields, `no answer to ${way}`);
        if (!NOT_SENT.has(error.type)) return { state: "unknown", reason: error.message };
        return {
          state: "not_sent",
          reason: error.message,
          ...(error.type === "UNSUPPORTED" ? { code: error.type } : {}),
        };
      }
    },

    /** Asks what became of an instruction of any kind. */
    async inquire(params: Actions["bank-adapter.inquire"]["params"], about: LogFields): Promise<BankOutcome> {
      try {
        return await deps.call("bank-adapter.inquire", params, { timeoutMs });
      } catch (thrown) {
        const error = asMergepayError(thrown);
        const fields = { ...about, bank: params.bank, code: error.type, reason: error.message };
        deps.log.warn(fields, "no answer to an inquiry");
        return { state: "unknown", reason: error.message };
      }
    },

    /** After this long an instruction that the bank does not know will never be executed; without end when nobody can say. */
    async finalityMs(bank: string): Promise<number> {
      try {
        const { items } = await deps.call("bank-adapter.banks", {});
        return items.find((known) => known.bank === bank)?.finalityMs ?? Number.POSITIVE_INFINITY;
      } catch (thrown) {
        const error = asMergepayError(thrown);
        deps.log.warn({ bank, code: error.type, reason: error.message }, "finality window not known");
        return Number.POSITIVE_INFINITY;
      }
    },
  };
}

export type BankCalls = ReturnType<typeof bankCalls>;
