/**
 * Statements of banks in ISO 20022: camt.053 (BankToCustomerStatement) and camt.054 (BankToCustomerDebitCreditNotification), versions 02 to 13. What is read
 * of them, by the message definition reports of ISO 20022:
 *
 * - `Sts`: only `BOOK` is the bank's last word; `PDNG`, `INFO`, `FUTR` and its own codes are counted as not booked.
 * - `Ntry/Amt` is in the currency of the account. An entry with one `TxDtls`, or none, is one line of that amount. One with several (a batch) is a line for
 *   each: its `Amt`, else `AmtDtls/TxAmt`, else `AmtDtls/CntrValAmt`, whichever is in the entry's currency; together they must be the entry's amount.
 * - `CdtDbtInd` is the direction on our account; that of a `TxDtls` goes before that of its entry.
 * - `RvslInd` true, or a `RtrInf`, takes an earlier booking back.
 * - Our id is `EndToEndId`, else `InstrId`; `NOTPROVIDED` is none. The bank's reference is `AcctSvcrRef` of the transaction, else of the entry (with the number of
 *   the part in a batch), else `TxId` or `UETR`.
 */
import type { RawRecord, XmlInput } from "../formats/contract.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { exponentOf } from "../money/currency.ts";
import { minorOf, moneyOf } from "../money/money.ts";
import type { StatementLine } from "../plugin/bank-contract.ts";
import { instantFrom } from "../plugin/dates.ts";
import { instantOf } from "../plugin/instant.ts";
import { dayBegins } from "../settlement/days.ts";
import type { Span } from "./books.ts";
import type { Money } from "../../schemas/types.generated.ts";

const VERSIONS = ["02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"];
const STATEMENT = "/Document/BkToCstmrStmt/Stmt";
const NOTIFICATION = "/Document/BkToCstmrDbtCdtNtfctn/Ntfctn";
/** What is read of a statement, beside its entries. */
const PARTS = ["Id", "CreDtTm", "FrToDt", "StmtPgntn", "Acct", "Bal", "Ntry"];

export const CAMT: XmlInput = {
  format: "xml",
  namespace: ["053", "054"].flatMap((message) =>
    VERSIONS.map((version) => `urn:iso:std:iso:20022:tech:xsd:camt.${message}.001.${version}`),
  ),
  records: [STATEMENT, NOTIFICATION].flatMap((path) => PARTS.map((part) => `${path}/${part}`)),
  arrays: ["NtryDtls", "NtryDtls/TxDtls"],
};

/** A batch of the bank whose parts are not its sum. */
export interface OddBatch {
  readonly bankReference: string;
  readonly amount: Money;
}

export interface CamtFile {
  readonly lines: readonly StatementLine[];
  readonly spans: readonly Span[];
  readonly odd: readonly OddBatch[];
  /** Statements, entries of them, and entries that the bank has not booked for good. */
  readonly statements: number;
  readonly entries: number;
  readonly pending: number;
}

const OURS = new RegExp(`^(?:${(["ded", "pyo", "rfd"] as const).map((prefix) => idPattern(prefix)).join("|")})$`);

type Node = Readonly<Record<string, unknown>>;
const nodeOf = (value: unknown): Node | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Node) : undefined;

/** What lies at a path of element names; the first where one stands several times. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const name of path) {
    const node = nodeOf(Array.isArray(here) ? here[0] : here);
    here = node !== undefined && Object.hasOwn(node, name) ? node[name] : undefined;
  }
  return Array.isArray(here) ? here[0] : here;
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  const text = typeof found === "string" ? found : nodeOf(found)?.["#text"];
  return typeof text === "string" && text !== "" ? text : undefined;
}

const listOf = (value: unknown, name: string): readonly unknown[] => {
  const found = nodeOf(value)?.[name];
  return Array.isArray(found) ? found : [];
};

const invalid = (position: string, reason: string): MergepayError =>
  new MergepayError("STATEMENT_INVALID", `${position}: ${reason}; nothing was taken of the statement.`, { position });

/** A date and time of ISO 20022, with or without a zone, in UTC with milliseconds. @param zone where it names none */
function momentOf(text: string, zone: string): string | undefined {
  const [, seconds = "", fraction = "", offset = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const ms = fraction === "" ? "" : `.${fraction.slice(1, 4).padEnd(3, "0")}`;
  const found =
    offset === ""
      ? instantFrom(seconds + ms, `YYYY-MM-DDThh:mm:ss${ms === "" ? "" : ".SSS"}`, zone)
      : instantOf(seconds + ms + offset);
  return found === undefined ? undefined : new Date(found).toISOString();
}

/** When the bank booked it: a time, or the beginning of a day. */
function bookedAtOf(date: unknown, zone: string): string | undefined {
  const time = textAt(date, "DtTm");
  if (time !== undefined) return momentOf(time, zone);
  const [, day = "", offset] = /^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?$/.exec(textAt(date, "Dt") ?? "") ?? [];
  return offset === undefined ? dayBegins(day, zone) : momentOf(`${day}T00:00:00${offset}`, zone);
}

/** An amount as minor units; undefined when there is none, or it is none. Decimals beyond those of the currency must be zeros. */
function minorAt(value: unknown, currency: string): bigint | undefined {
  const text = textAt(value);
  if (text === undefined || textAt(value, "@Ccy") !== currency) return undefined;
  const [, whole = "", decimals = ""] = /^0*(\d{1,18})(?:\.(\d{1,17}))?$/.exec(text) ?? [];
  try {
    const exponent = exponentOf(currency);
    if (whole === "" || exponent === undefined || /[1-9]/.test(decimals.slice(exponent))) return undefined;
    const kept = decimals.slice(0, exponent);
    return minorOf(kept === "" ? whole : `${whole}.${kept}`, currency);
  } catch (error) {
    // More than any amount of ours.
    if (error instanceof MergepayError) return undefined;
    throw error;
  }
}

const DIRECTIONS: Readonly<Record<string, StatementLine["direction"]>> = { CRDT: "credit", DBIT: "debit" };

const isReversal = (entry: unknown, transaction: unknown): boolean =>
  ["true", "1"].includes(textAt(entry, "RvslInd") ?? "") || at(transaction, "RtrInf") !== undefined;

/** The id of an instruction of ours, as near as the bank gives it. */
function idOf(transaction: unknown): { bankRequestId?: string } {
  const given = ["EndToEndId", "InstrId"].flatMap((name) => textAt(transaction, "Refs", name) ?? []);
  // The character set of SEPA has no underscore.
  const ours = given.map((one) => one.replace("-", "_")).find((one) => OURS.test(one));
  const id = ours ?? given.find((one) => one !== "NOTPROVIDED");
  return id === undefined ? {} : { bankRequestId: id };
}

/** Takes the records of a camt file in their order. */
export function camtCollector(zone: string) {
  const lines: StatementLine[] = [];
  const spans: Span[] = [];
  const odd: OddBatch[] = [];
  const count = { statements: 0, entries: 0, pending: 0 };
  let head: { id: string; created?: string; from?: string; to?: string; whole: boolean; currencies: Set<string> };
  head = { id: "", whole: false, currencies: new Set() };
  let ownCurrency: string | undefined;

  function endStatement(): void {
    const { from, to, whole, currencies } = head;
    const of = ownCurrency === undefined ? currencies : new Set([ownCurrency]);
    if (whole && from !== undefined && to !== undefined && from < to) spans.push({ from, to, currencies: of });
    ownCurrency = undefined;
  }

  /** The end as a time that is not included: banks write the last second of a day. */
  const endOf = (text: string): string | undefined => {
    const end = momentOf(text, zone);
    return end === undefined || !/:59(?:\.\d+)?Z$/.test(end) ? end : new Date(Date.parse(end) + 1000).toISOString();
  };

  function takeEntry(entry: unknown, position: string): void {
    count.entries += 1;
    const currency = textAt(entry, "Amt", "@Ccy") ?? "";
    const whole = minorAt(at(entry, "Amt"), currency);
    if (whole === undefined) throw invalid(position, `Amt is no amount of a currency that is known (${currency})`);
    const direction = DIRECTIONS[textAt(entry, "CdtDbtInd") ?? ""];
    if (direction === undefined) throw invalid(position, "CdtDbtInd must be CRDT or DBIT");
    const status = textAt(entry, "Sts", "Cd") ?? textAt(entry, "Sts") ?? textAt(entry, "Sts", "Prtry");
    if (status === undefined) throw invalid(position, "Sts is missing");
    head.currencies.add(currency);
    if (status !== "BOOK") return void (count.pending += 1);
    const date = at(entry, "BookgDt") ?? at(entry, "ValDt");
    const bookedAt = date === undefined ? head.created : bookedAtOf(date, zone);
    if (bookedAt === undefined) throw invalid(position, "neither BookgDt nor ValDt is a date");
    const transactions = listOf(entry, "NtryDtls").flatMap((details) => listOf(details, "TxDtls"));
    const own = textAt(entry, "AcctSvcrRef");
    const nth = count.entries;
    const lineOf = (transaction: unknown, minor: bigint, given: typeof direction, part = ""): StatementLine => {
      const of = idOf(transaction);
      const named = ["TxId", "UETR"].map((name) => textAt(transaction, "Refs", name)).find((ref) => ref !== undefined);
      // A bank that names no booking: something that is the same in its notification and in its statement.
      const reference = own === undefined ? (named ?? of.bankRequestId ?? `${head.id}/${nth}${part}`) : own + part;
      return {
        bankReference: (textAt(transaction, "Refs", "AcctSvcrRef") ?? reference).slice(0, 100),
        ...of,
        amount: moneyOf(minor, currency),
        direction: given,
        bookedAt,
        ...(isReversal(entry, transaction) ? { reversal: true as const } : {}),
      };
    };
    if (transactions.length <= 1) {
      if (whole > 0n) lines.push(lineOf(transactions[0], whole, direction));
      return;
    }
    let sum = 0n;
    let known = true;
    const parts: StatementLine[] = [];
    for (const [index, transaction] of transactions.entries()) {
      const minor =
        minorAt(at(transaction, "Amt"), currency) ??
        minorAt(at(transaction, "AmtDtls", "TxAmt", "Amt"), currency) ??
        minorAt(at(transaction, "AmtDtls", "CntrValAmt", "Amt"), currency);
      const given = DIRECTIONS[textAt(transaction, "CdtDbtInd") ?? ""] ?? direction;
      known &&= minor !== undefined;
      if (minor === undefined) continue;
      sum += given === direction ? minor : -minor;
      if (minor > 0n) parts.push(lineOf(transaction, minor, given, `/${index + 1}`));
    }
    if (known && sum === whole) for (const part of parts) lines.push(part);
    else odd.push({ bankReference: (own ?? `${head.id}/${nth}`).slice(0, 100), amount: moneyOf(whole, currency) });
  }

  function takePart(position: string, value: unknown): void {
    const [, part = ""] = /\/(\w+)(?:\[\d+\])?$/.exec(position) ?? [];
    switch (part) {
      case "Id":
        endStatement();
        count.statements += 1;
        head = { id: textAt(value) ?? "", whole: position.startsWith(STATEMENT), currencies: new Set() };
        return;
      case "CreDtTm": {
        const created = momentOf(textAt(value) ?? "", zone);
        if (created !== undefined) head.created = created;
        return;
      }
      case "FrToDt": {
        const [from, to] = [textAt(value, "FrDtTm") ?? "", textAt(value, "ToDtTm") ?? ""];
        Object.assign(head, { from: momentOf(from, zone), to: endOf(to) });
        return;
      }
      case "StmtPgntn":
        head.whole &&= textAt(value, "PgNb") === "1" && textAt(value, "LastPgInd") === "true";
        return;
      case "Acct":
        ownCurrency = textAt(value, "Ccy");
        return;
      case "Bal":
        head.currencies.add(textAt(value, "Amt", "@Ccy") ?? "");
        return;
      default:
        takeEntry(value, position);
    }
  }

  return {
    /** @returns how many lines there are by now @throws STATEMENT_INVALID with the place of what can't be read */
    take(record: RawRecord): number {
      if ("refused" in record) throw invalid(record.position, record.refused.reason);
      takePart(record.position, record.value);
      return lines.length;
    },
    /** @throws STATEMENT_INVALID when there was no statement */
    end(): CamtFile {
      endStatement();
      if (count.statements === 0) throw invalid("/Document", "it holds no statement");
      return { lines, spans, odd, ...count };
    },
  };
}
