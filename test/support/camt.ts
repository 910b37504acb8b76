/** Bank statements in ISO 20022 as banks write them, of data of our own; the forms of versions 02, 04 and 08. */
export interface CamtPart {
  readonly endToEndId?: string;
  readonly instrId?: string;
  readonly reference?: string;
  /** Of the transaction; in a batch. */
  readonly amount?: readonly [value: string, currency: string];
  readonly returned?: true;
}

export interface CamtEntry {
  readonly amount: readonly [value: string, currency: string];
  readonly direction: "CRDT" | "DBIT";
  readonly status?: string;
  /** A day or a time. */
  readonly booked?: string;
  readonly reference?: string;
  readonly reversal?: true;
  readonly parts?: readonly CamtPart[];
}

export interface CamtStatement {
  readonly message?: "053" | "054";
  readonly version?: "02" | "04" | "08";
  readonly currency?: string;
  readonly from?: string;
  readonly to?: string;
  readonly page?: readonly [number: string, last: string];
  readonly entries: readonly CamtEntry[];
}

const element = (name: string, inner: string | undefined): string =>
  inner === undefined ? "" : `<${name}>${inner}</${name}>`;
const amountOf = ([value, currency]: readonly [string, string]): string => `<Amt Ccy="${currency}">${value}</Amt>`;
const dateOf = (booked: string): string => element(booked.includes("T") ? "DtTm" : "Dt", booked);

function partOf(part: CamtPart, entry: CamtEntry, version: string): string {
  const { endToEndId, instrId, reference, returned } = part;
  // Version 04 has it of every transaction.
  const amount = part.amount ?? (version === "04" ? entry.amount : undefined);
  const refs = element(
    "Refs",
    element("AcctSvcrRef", reference) +
      element("InstrId", instrId) +
      element("EndToEndId", endToEndId ?? "NOTPROVIDED"),
  );
  const sum = amount === undefined ? "" : amountOf(amount);
  const said =
    version === "02" ? element("AmtDtls", element("TxAmt", sum)) : `${sum}${element("CdtDbtInd", entry.direction)}`;
  const back = returned === undefined ? "" : element("RtrInf", element("Rsn", element("Cd", "MD06")));
  return element("TxDtls", refs + (amount === undefined ? "" : said) + back);
}

function entryOf(entry: CamtEntry, version: string): string {
  const { amount, direction, status = "BOOK", booked = "2026-03-01", reference, reversal, parts = [] } = entry;
  return element(
    "Ntry",
    amountOf(amount) +
      element("CdtDbtInd", direction) +
      element("RvslInd", reversal === undefined ? undefined : "true") +
      element("Sts", version === "08" ? element("Cd", status) : status) +
      element("BookgDt", dateOf(booked)) +
      element("AcctSvcrRef", reference) +
      element("BkTxCd", element("Prtry", element("Cd", "X"))) +
      (parts.length === 0 ? "" : element("NtryDtls", parts.map((part) => partOf(part, entry, version)).join(""))),
  );
}

const balanceOf = (code: string, currency: string): string =>
  element(
    "Bal",
    element("Tp", element("CdOrPrtry", element("Cd", code))) +
      amountOf(["10.00", currency]) +
      element("CdtDbtInd", "CRDT") +
      element("Dt", element("Dt", "2026-03-01")),
  );

/** One message with one statement. */
export function camt(statement: CamtStatement): string {
  const { message = "053", version = "08", currency = "USD", from, to, page, entries } = statement;
  const whole = message === "053";
  const name = whole ? "Stmt" : "Ntfctn";
  const created = element("CreDtTm", "2026-03-02T01:00:00Z");
  const pages =
    page === undefined ? "" : element(`${name}Pgntn`, element("PgNb", page[0]) + element("LastPgInd", page[1]));
  const span = from === undefined || to === undefined ? "" : element("FrDtTm", from) + element("ToDtTm", to);
  const inner =
    element("Id", "S-1") +
    (version === "02" ? "" : pages) +
    created +
    element("FrToDt", span === "" ? undefined : span) +
    element("Acct", element("Id", element("IBAN", "DE02120300000000202051")) + element("Ccy", currency)) +
    (whole ? balanceOf("OPBD", currency) + balanceOf("CLBD", currency) : "") +
    entries.map((entry) => entryOf(entry, version)).join("");
  const root = whole ? "BkToCstmrStmt" : "BkToCstmrDbtCdtNtfctn";
  const head = element("GrpHdr", element("MsgId", "M-1") + created);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.${message}.001.${version}">${element(root, head + element(name, inner))}</Document>\n`;
}
