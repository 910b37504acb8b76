import type { Actions, Page } from "../actions.ts";
import { auditWriter } from "../audit/service.ts";
import type { Succeeded } from "../bank/instruction.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { JOURNAL, type StoredEntry } from "../ledger/model.ts";
import { PAYMENTS, type StoredPayment } from "../merge-pay/model.ts";
import { byId, page } from "../pages.ts";
import { PAYOUTS, type StoredPayout } from "../payouts/model.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import { instantOf } from "../plugin/instant.ts";
import { REFUNDS, type StoredRefund } from "../refunds/model.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { ReconciliationBreak } from "../../schemas/types.generated.ts";
import type { Reconciliation } from "../settlement/actions.ts";
import {
  type Booked,
  bookedTwice,
  breakId,
  BREAKS,
  type Difference,
  differenceOf,
  missing,
  namesAnother,
  showBreak,
  statementId,
  type StoredBreak,
} from "./model.ts";

const BY_BREAK = byId("brk_[0-9a-f]{26}");
/** Lines of one statement, which are held in mind. */
const LINES = 100_000;
/** Lines that are looked up at a time. */
const AT_A_TIME = 500;
/** What ends side by side. */
const ENDED_AT_A_TIME = 50;

/** Ends one of a noun by the bank's word. @returns whether it ended by this */
type End = (subject: string, word: Succeeded) => Promise<boolean>;

/** A line of what is not ended here. `alone`: neither its id nor its booking stands on another line. */
interface Open {
  readonly ours: Booked;
  readonly line: StatementLine;
  readonly alone: boolean;
}

interface Found {
  readonly differences: Difference[];
  readonly agreed: string[];
  readonly open: Open[];
  readonly seen: ReadonlySet<string>;
}

/**
 * Holds statements of banks against our books. What differs is told, and nothing is changed to make it fit; what is unknown here and on a statement just as
 * it was asked for ends by it.
 */
export async function reconciliationService(deps: Deps, endBy: Readonly<Record<Booked["noun"], End>>) {
  const writeAudit = await auditWriter(deps);
  const payments = await deps.store.collection<StoredPayment>(PAYMENTS);
  const payouts = await deps.store.collection<StoredPayout>(PAYOUTS);
  const refunds = await deps.store.collection<StoredRefund>(REFUNDS);
  const journal = await deps.store.collection<StoredEntry>(JOURNAL);
  const breaks = await deps.store.collection<StoredBreak>(BREAKS);
  const stamp = () => instant(deps.now());

  const stateOf = (state: string, bookedAt: string | undefined): Booked["state"] => {
    // Late money is booked here, whatever its payment ended as.
    if (state === "succeeded" || bookedAt !== undefined) return "booked";
    return ["failed", "cancelled", "expired", "rejected"].includes(state) ? "ended" : "open";
  };
  const ofPayment = ({ _id, bankRequestId, total, state, deduction }: StoredPayment): Booked => ({
    noun: "payment",
    subject: _id,
    bankRequestId,
    amount: total,
    direction: "credit",
    state: stateOf(state, deduction?.bookedAt),
    ...(deduction?.bankReference === undefined ? {} : { bankReference: deduction.bankReference }),
  });
  const ofPayout = ({ _id, bankRequestId, amount, state, instruction }: StoredPayout): Booked => ({
    noun: "payout",
    subject: _id,
    bankRequestId,
    amount,
    direction: "debit",
    state: stateOf(state, instruction?.bookedAt),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  });

  const ofRefund = ({ _id, amount, state, instruction }: StoredRefund): Booked => ({
    noun: "refund",
    subject: _id,
    // A refund's own id is that of its instruction.
    bankRequestId: _id,
    amount,
    direction: "debit",
    state: stateOf(state, instruction?.bookedAt),
    ...(instruction?.bankReference === undefined ? {} : { bankReference: instruction.bankReference }),
  });

  /** What our books say of these instructions at a bank, by id. */
  async function booksOf(bank: string, filter: { bankRequestId: { $in: string[] } } | { _id: { $in: string[] } }) {
    const refundIds = "_id" in filter ? filter._id : filter.bankRequestId;
    const [paid, paidOut, refunded] = await Promise.all([
      payments.find({ ...filter, bank }).toArray(),
      payouts.find({ ...filter, bank }).toArray(),
      refunds.find({ _id: refundIds, bank }).toArray(),
    ]);
    const books = [...paid.map(ofPayment), ...paidOut.map(ofPayout), ...refunded.map(ofRefund)];
    return new Map(books.map((ours) => [ours.bankRequestId, ours]));
  }

  /** All lines that the bank has of a time. @throws what the bank-adapter throws; STATEMENT_TOO_LARGE */
  async function fetchLines(bank: string, from: string, to: string): Promise<StatementLine[]> {
    const lines: StatementLine[] = [];
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const given = { bank, from, to, ...(after === undefined ? {} : { after }) };
      const answer: { items: readonly StatementLine[]; next?: string } = await deps.call(
        "bank-adapter.statement",
        given,
      );
      lines.push(...answer.items);
      if (lines.length > LINES) throw new MergepayError("STATEMENT_TOO_LARGE");
      after = answer.next;
    }
    return lines;
  }

  /** What the journal has booked at the bank in that time and the statement has not. */
  async function missingOf(bank: string, from: string, to: string, seen: ReadonlySet<string>): Promise<Difference[]> {
    const found: Difference[] = [];
    let last = { at: from, _id: "" };
    for (;;) {
      const behind = { $or: [{ at: { $gt: last.at } }, { at: last.at, _id: { $gt: last._id } }] };
      const entries = await journal
        .find({ $and: [{ at: { $lt: to } }, behind] })
        .sort({ at: 1, _id: 1 })
        .limit(AT_A_TIME)
        .toArray();
      const books = await booksOf(bank, { _id: { $in: entries.map(({ reference }) => reference) } });
      for (const ours of books.values())
        if (ours.state === "booked" && !seen.has(ours.bankRequestId)) found.push(missing(ours));
      const end = entries.at(-1);
      if (end === undefined || entries.length < AT_A_TIME) return found;
      last = end;
    }
  }

  /** Keeps a difference as a break: one that was seen before is seen again. @returns whether it is new */
  async function keep(bank: string, difference: Difference): Promise<boolean> {
    const at = stamp();
    const _id = breakId(bank, difference);
    try {
      await breaks.insertOne({ _id, bank, state: "open", ...difference, firstSeenAt: at, lastSeenAt: at });
      return true;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    await breaks.updateOne(
      { _id },
      { $set: { ...difference, state: "open", lastSeenAt: at }, $unset: { resolvedAt: true } },
    );
    return false;
  }

  /** What is still open is asked about at once: the bank's word ends it, by the way of every such word. */
  async function askNow(subjects: readonly string[]): Promise<void> {
    const ids = { $in: [...subjects] };
    const now = { $set: { dueAt: stamp() } };
    await payments.updateMany({ _id: ids, state: "unknown" }, now);
    await payouts.updateMany({ _id: ids, state: "unknown" }, now);
    await refunds.updateMany({ _id: ids, state: "unknown" }, now);
  }

  /** Each line beside what our books say of it. An id or a booking that stands on several lines ends nothing. */
  async function compare(bank: string, lines: readonly StatementLine[]) {
    const seen = new Set<string>();
    const found: Found = { differences: [], agreed: [], open: [], seen };
    const alone = standAlone(lines);
    for (let at = 0; at < lines.length; at += AT_A_TIME) {
      const chunk = lines.slice(at, at + AT_A_TIME);
      const ids = { $in: chunk.flatMap((line) => line.bankRequestId ?? []) };
      const books = await booksOf(bank, { bankRequestId: ids });
      for (const line of chunk) {
        const { bankRequestId: id = "" } = line;
        const ours = books.get(id);
        const twice = ours !== undefined && seen.has(id);
        const difference = twice ? bookedTwice(line, ours) : differenceOf(line, ours);
        seen.add(id);
        if (difference !== undefined) found.differences.push(difference);
        else if (ours?.state === "open") found.open.push({ ours, line, alone: alone(line) });
        else found.agreed.push(id);
      }
    }
    return found;
  }

  /** The bookings among these that are known as those of some instruction, each with its subject. */
  async function ownersOf(bank: string, references: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const named = { $in: [...references] };
    const [paid, paidOut, refunded] = await Promise.all([
      payments.find({ bank, "deduction.bankReference": named }).toArray(),
      payouts.find({ bank, "instruction.bankReference": named }).toArray(),
      refunds.find({ bank, "instruction.bankReference": named }).toArray(),
    ]);
    const books = [...paid.map(ofPayment), ...paidOut.map(ofPayout), ...refunded.map(ofRefund)];
    return new Map(books.map(({ bankReference = "", subject }) => [bankReference, subject]));
  }

  /**
   * Ends what is unknown here by the lines that say that it was booked: exactly what was asked for, once, as no other instruction's booking. The line is the
   * bank's word, and goes the way of every such word. @returns what is open still
   */
  async function endAll(bank: string, open: readonly Open[]) {
    const ends = { ended: 0, left: [] as string[], differences: [] as Difference[] };
    for (let at = 0; at < open.length; at += ENDED_AT_A_TIME) {
      const chunk = open.slice(at, at + ENDED_AT_A_TIME);
      const owners = await ownersOf(
        bank,
        chunk.map(({ line }) => line.bankReference),
      );
      await Promise.all(
        chunk.map(async ({ ours, line, alone }) => {
          const { amount, bankReference, bookedAt } = line;
          const owner = owners.get(bankReference) ?? ours.subject;
          if (owner !== ours.subject) ends.differences.push(namesAnother(line, ours));
          const word = { state: "succeeded", amount, bankReference, bookedAt } as const;
          const ended = alone && owner === ours.subject && (await endBy[ours.noun](ours.subject, word));
          if (ended) ends.ended += 1;
          else ends.left.push(ours.subject);
        }),
      );
    }
    return ends;
  }

  return {
    /**
     * Holds a statement of a bank against our books: the lines given, or those that the bank itself has of the time.
     * @throws BODY_INVALID for times that are none, for a line outside of them; UNSUPPORTED, BANK_UNAVAILABLE, STATEMENT_TOO_LARGE
     */
    async reconcile({
      bank,
      lines: given,
      ...range
    }: Actions["reconciliation.reconcile"]["params"]): Promise<Reconciliation> {
      const [from, to] = [momentOf("from", range.from), momentOf("to", range.to)];
      if (from >= to) throw new MergepayError("BODY_INVALID", "from must be before to.", { field: "/from" });
      const lines = given ?? (await fetchLines(bank, from, to));
      const outside = lines.findIndex(({ bookedAt }) => !(bookedAt >= from && bookedAt < to));
      if (outside !== -1)
        throw new MergepayError(
          "BODY_INVALID",
          "The line is not of the time that the statement is of; nothing was compared.",
          {
            field: `/lines/${outside}/bookedAt`,
          },
        );
      const statement = statementId(bank, from, to, lines);
      const told = { bank, from, to, lines: lines.length };
      await writeAudit([deps.audit(undefined, { what: "statement.given", subject: statement, after: told })]);
      const { differences, agreed, open, seen } = await compare(bank, lines);
      differences.push(...(await missingOf(bank, from, to, seen)));
      const ends = await endAll(bank, open);
      differences.push(...ends.differences);
      await askNow(ends.left);
      let fresh = 0;
      for (const difference of differences) if (await keep(bank, difference)) fresh += 1;
      const differing = new Set(differences.map(({ bankRequestId }) => bankRequestId));
      const resolved = await breaks.updateMany(
        { bank, bankRequestId: { $in: agreed.filter((id) => !differing.has(id)) }, state: "open" },
        { $set: { state: "resolved", resolvedAt: stamp() } },
      );
      deps.log.info({ bank, count: differences.length }, "statement held against the books");
      return {
        bank,
        from,
        to,
        lines: lines.length,
        agreed: agreed.length,
        ended: ends.ended,
        asked: ends.left.length,
        breaks: differences.length,
        fresh,
        resolved: resolved.modifiedCount,
      };
    },

    breaks: ({
      bank,
      state,
      ...query
    }: Actions["reconciliation.breaks"]["params"]): Promise<Page<ReconciliationBreak>> =>
      page(
        breaks,
        { ...(bank === undefined ? {} : { bank }), ...(state === undefined ? {} : { state }) },
        BY_BREAK,
        query,
        deps.limits.ordersPerPage,
        showBreak,
      ),
  };
}

export type ReconciliationService = Awaited<ReturnType<typeof reconciliationService>>;

/** Tells the lines whose id and booking stand on no other line. */
function standAlone(lines: readonly StatementLine[]): (line: StatementLine) => boolean {
  const ids = new Map<string, number>();
  const references = new Map<string, number>();
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1);
  for (const { bankRequestId, bankReference } of lines) {
    if (bankRequestId !== undefined) count(ids, bankRequestId);
    count(references, bankReference);
  }
  return ({ bankRequestId = "", bankReference }) => ids.get(bankRequestId) === 1 && references.get(bankReference) === 1;
}

/** @throws BODY_INVALID unless it is an ISO 8601 date and time with a zone */
function momentOf(field: "from" | "to", text: string): string {
  const given = instantOf(text);
  if (given !== undefined) return instant(Date.parse(given));
  throw new MergepayError("BODY_INVALID", `${field} must be an ISO 8601 date and time with a zone.`, {
    field: `/${field}`,
  });
}
