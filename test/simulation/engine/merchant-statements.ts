import { LIMITS } from "../../../core/limits.ts";
import { minorOfMoney, type Money } from "../../../core/money/money.ts";
import { type KeptLine, LINES } from "../../../core/settlement/model.ts";
import { statementsService } from "../../../core/statements/service.ts";
import type { Statement, StatementItem } from "../../../schemas/types.generated.ts";
import { Broken } from "./contract.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Before and after all that can happen in a run. */
const RANGE = { from: "2000-01-01T00:00:00Z", to: "2200-01-01T00:00:00Z" };
const LATER = Date.parse("2200-01-01T00:00:00Z");
/** Few, so that a statement has pages. */
const A_PAGE = 7;

const total = (amounts: readonly (Money | undefined)[]): bigint =>
  amounts.reduce((sum, amount) => sum + (amount === undefined ? 0n : minorOfMoney(amount)), 0n);

/** What the statements of all merchants say, in minor units, each read page by page as its merchant reads it. */
export interface Stated {
  readonly ordersPaid: bigint;
  readonly refunded: bigint;
  readonly chargedBack: bigint;
  readonly fees: bigint;
  readonly paidOut: bigint;
  /** What they are still owed. */
  readonly closing: bigint;
}

/** @throws Broken when a statement does not add up: opening + items = closing */
export async function merchantStatements(store: MemoryStore): Promise<Stated> {
  const statements = await statementsService(
    { store, limits: LIMITS, now: () => LATER },
    { settlementRuleOf: () => Promise.resolve({}) },
  );
  const payees = new Set(store.all<KeptLine>(LINES.name).map(({ payee }) => payee));
  const all: StatementItem[] = [];
  let closing = 0n;
  for (const payee of payees) {
    const [platform = "", merchant = "", currency = ""] = payee.split("/");
    const items: StatementItem[] = [];
    let opening: Money | undefined;
    let page: Statement | undefined;
    do {
      const after = page?.next === undefined ? {} : { after: page.next };
      page = await statements.get({ platform, merchant, currency, ...RANGE, limit: A_PAGE, ...after });
      opening ??= page.opening;
      items.push(...page.items);
    } while (page.next !== undefined);
    const moved = total(items.map(({ net }) => net));
    if (total([opening]) + moved !== total([page.closing]))
      throw new Broken("statements add up", `${payee}: ${moved} moved, closing ${total([page.closing])}`);
    closing += total([page.closing]);
    all.push(...items);
  }
  const of = (wanted: StatementItem["kind"]) => all.filter(({ kind }) => kind === wanted);
  return {
    ordersPaid: total(of("order").map(({ gross }) => gross)),
    refunded: -total(of("refund").map(({ gross }) => gross)),
    chargedBack: -total([...of("chargeback"), ...of("chargeback_reversal")].map(({ gross }) => gross)),
    fees: total(all.map(({ fee }) => fee)),
    paidOut: -total(of("payout").map(({ net }) => net)),
    closing,
  };
}
