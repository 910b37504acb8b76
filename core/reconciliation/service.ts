import type { Actions, Page } from "../actions.ts";
import type { Decision } from "../audit/outbox.ts";
import { auditWriter } from "../audit/service.ts";
import type { Succeeded } from "../bank/instruction.ts";
import { type Deps, instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { byId, page } from "../pages.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import { instantOf } from "../plugin/instant.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { ReconciliationBreak } from "../../schemas/types.generated.ts";
import type { Reconciliation, StatementReport } from "../settlement/actions.ts";
import { AT_A_TIME, bookedHere, type Span } from "./books.ts";
import type { OddBatch } from "./camt.ts";
import { readStatement, STATEMENT_LINES } from "./file.ts";
import {
  type Booked,
  bookedTwice,
  breakId,
  BREAKS,
  type Difference,
  differenceOf,
  namesAnother,
  partsDiffer,
  same,
  showBreak,
  statementId,
  type StoredBreak,
} from "./model.ts";

const BY_BREAK = byId("brk_[0-9a-f]{26}");
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

interface Given {
  readonly lines: readonly StatementLine[];
  readonly whole: readonly Span[];
  readonly odd?: readonly OddBatch[];
  readonly dryRun?: boolean;
  /** The bank itself gave the lines, and not an operator. */
  readonly byBank?: boolean;
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
 * @param reconciled told of each time of a bank that was held against the books, when all that came of it is written, and which ids of what it booked
 *   the bank itself named and the books do not know
 */
export async function reconciliationService(
  deps: Deps,
  endBy: Readonly<Record<Booked["noun"], End>>,
  /** Books what the bank took back of a deduction, or gave up again; a dry run only says whether it would. @returns whether it is one */
  chargeBack: (bank: string, line: StatementLine, dryRun: boolean) => Promise<boolean>,
  reconciled: (span: Span & { readonly bank: string }, unknown: readonly string[]) => Promise<void>,
) {
  const writeAudit = await auditWriter(deps);
  const { booksOf, ownersOf, missingOf, askNow } = await bookedHere(deps);
  const breaks = await deps.store.collection<StoredBreak>(BREAKS);
  const stamp = () => instant(deps.now());

  /** @throws BODY_INVALID unless it is the name of a driver that is there */
  async function assertBank(bank: string): Promise<void> {
    const { items } = await deps.call("bank-adapter.banks", {});
    if (items.some((known) => known.bank === bank)) return;
    const known = items.map((one) => one.bank).join(", ");
    throw new MergepayError("QUERY_INVALID", `There is no bank ${bank}; there are ${known}.`, { field: "bank" });
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
      if (lines.length > STATEMENT_LINES) throw new MergepayError("STATEMENT_TOO_LARGE");
      after = answer.next;
    }
    return lines;
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

  /** Each line beside what our books say of it. An id or a booking that stands on several lines ends nothing. */
  async function compare(bank: string, lines: readonly StatementLine[]) {
    const seen = new Set<string>();
    const found: Found = { differences: [], agreed: [], open: [], seen };
    const alone = standAlone(lines);
    for (let at = 0; at < lines.length; at += AT_A_TIME) {
      const chunk = lines.slice(at, at + AT_A_TIME);
      const ids = { $in: chunk.flatMap((line) => line.bankRequestId ?? []) };
      const books = await booksOf(bank, { bankRequestId: ids });
      const nameless = chunk.filter(({ bankRequestId }) => bankRequestId === undefined);
      const owners = await ownersOf(
        bank,
        nameless.map(({ bankReference }) => bankReference),
      );
      for (const line of chunk) {
        const { bankRequestId, bankReference } = line;
        const ours = bankRequestId === undefined ? owners.get(bankReference) : books.get(bankRequestId);
        const id = ours?.bankRequestId ?? "";
        const twice = ours !== undefined && line.reversal !== true && seen.has(id);
        const difference = twice ? bookedTwice(line, ours) : differenceOf(line, ours);
        seen.add(id);
        if (difference !== undefined) found.differences.push(difference);
        else if (ours?.state === "open") found.open.push({ ours, line, alone: alone(line) });
        else found.agreed.push(id);
      }
    }
    return found;
  }

  /**
   * Ends what is unknown here by the lines that say that it was booked: exactly what was asked for, once, as no other instruction's booking. The line is the
   * bank's word, and goes the way of every such word. @returns what is open still
   */
  async function endAll(bank: string, open: readonly Open[], dryRun: boolean) {
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
          const owner = owners.get(bankReference)?.subject ?? ours.subject;
          if (owner !== ours.subject) ends.differences.push(namesAnother(line, ours));
          const word = { state: "succeeded", amount, bankReference, bookedAt } as const;
          const fits = alone && owner === ours.subject;
          const ended = fits && (dryRun || (await endBy[ours.noun](ours.subject, word)));
          if (ended) ends.ended += 1;
          else ends.left.push(ours.subject);
        }),
      );
    }
    return ends;
  }

  /**
   * Lines by which the bank took back what a deduction had brought, or gave that up again, and that are on our books now. The others differ, as any line
   * may. What is taken back is looked at first: a statement may have both.
   */
  async function takenBack(bank: string, lines: readonly StatementLine[], dryRun: boolean) {
    const back = new Set<StatementLine>();
    const reversals = lines.filter(({ reversal }) => reversal === true);
    const gaveUp = (line: StatementLine, taken: StatementLine): boolean =>
      taken.bankRequestId === line.bankRequestId && same(taken.amount, line.amount);
    for (const direction of ["debit", "credit"] as const)
      for (const line of reversals.filter((one) => one.direction === direction)) {
        // Of a dry run nothing was booked that this could be of.
        const beside = dryRun && direction === "credit" && [...back].some((taken) => gaveUp(line, taken));
        if (beside || (await chargeBack(bank, line, dryRun))) back.add(line);
      }
    return back;
  }

  /** Holds lines against our books. `whole`: what must be on them. A dry run says what would come of it, and writes nothing. */
  async function hold(bank: string, given: Given): Promise<Omit<Reconciliation, "bank" | "from" | "to" | "lines">> {
    const { lines, whole, odd = [], dryRun = false, byBank = false } = given;
    const back = await takenBack(bank, lines, dryRun);
    const { differences, agreed, open, seen } = await compare(
      bank,
      lines.filter((line) => !back.has(line)),
    );
    differences.push(...odd.map(partsDiffer));
    for (const span of whole) differences.push(...(await missingOf(bank, span, seen)));
    const ends = await endAll(bank, open, dryRun);
    differences.push(...ends.differences);
    const came = {
      agreed: agreed.length + back.size,
      ended: ends.ended,
      asked: ends.left.length,
      breaks: differences.length,
    };
    if (dryRun) return { ...came, fresh: 0, resolved: 0 };
    await askNow(ends.left, stamp());
    let fresh = 0;
    for (const difference of differences) if (await keep(bank, difference)) fresh += 1;
    const differing = new Set(differences.map(({ bankRequestId }) => bankRequestId));
    // What came again before its chargeback was heard of was a break.
    const again = [...back].flatMap(({ direction, bankRequestId = [] }) =>
      direction === "credit" ? bankRequestId : [],
    );
    const agreeing = [...agreed, ...again].filter((id) => !differing.has(id));
    const resolved = await breaks.updateMany(
      { bank, bankRequestId: { $in: agreeing }, state: "open" },
      { $set: { state: "resolved", resolvedAt: stamp() } },
    );
    const unknown = differences.flatMap(({ kind, bankRequestId = [] }) =>
      byBank && kind === "extra" ? bankRequestId : [],
    );
    for (const span of whole) await reconciled({ bank, ...span }, unknown);
    deps.log.info({ bank, count: differences.length }, "statement held against the books");
    return { ...came, fresh, resolved: resolved.modifiedCount };
  }

  /** That a statement was given is in the audit log before anything ends by it. */
  const noteGiven = (subject: string, after: NonNullable<Decision["after"]>): Promise<void> =>
    writeAudit([deps.audit(undefined, { what: "statement.given", subject, after })]);

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
      await noteGiven(statementId(bank, from, to, lines), { bank, from, to, lines: lines.length });
      const came = await hold(bank, { lines, whole: [{ from, to }], byBank: given === undefined });
      return { bank, from, to, lines: lines.length, ...came };
    },

    /**
     * Holds a bank's own file against our books; all of it is read before anything comes of it.
     * @throws STATEMENT_INVALID, STATEMENT_TOO_LARGE, FILE_EMPTY, FILE_FRAME_BROKEN, FILE_ENCODING_INVALID, NOT_FOUND without its bytes, QUERY_INVALID for a
     *   zone or bank that is none
     */
    async importFile(params: Actions["reconciliation.importFile"]["params"]): Promise<StatementReport> {
      const { statementId: id, blobId, bank, zone, dryRun = false } = params;
      await assertBank(bank);
      const file = await readStatement(deps, blobId, zone ?? "UTC");
      const { lines, spans, odd, statements, entries, pending } = file;
      const counts = { statements, entries, lines: lines.length, pending };
      if (!dryRun) await noteGiven(id, { bank, ...counts });
      const came = await hold(bank, { lines, whole: spans, odd, dryRun });
      return { id, bank, dryRun, ...counts, ...came };
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
