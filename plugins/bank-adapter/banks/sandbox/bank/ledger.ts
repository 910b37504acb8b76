/**
 * The sandbox bank's own ledger: accounts and double-entry lines in one SQLite file. What was answered is on disk first (WAL,
 * `synchronous=FULL`). Amounts are whole minor units as text and bigint; SQL never calculates with them.
 */
import { DatabaseSync } from "node:sqlite";
import { minorOf, moneyOf, type BankFailure, type Money } from "../../../../../core/plugin/bank-contract.ts";
import { type Challenged, openChallenges, type StoredChallenge } from "./challenges.ts";

export interface LedgerDeps {
  /** SQLite file, or `:memory:`. */
  readonly file: string;
  readonly now: () => Date;
  /** A new account token: unguessable. */
  readonly newToken: () => string;
}

interface Request {
  readonly bankRequestId: string;
  /** Canonical, above zero. */
  readonly amount: Money;
  readonly reference: string;
}

/** `debit`: from the account · `payout`: to the account · `refund`: back to the account of that debit, never more than it took. */
export type Instruction =
  | (Request & { readonly kind: "debit" | "payout"; readonly accountToken: string })
  | (Request & { readonly kind: "refund"; readonly debitRequestId: string });

/** What the bank decided on an instruction, once and for all. */
export type Decision =
  | {
      readonly bankRequestId: string;
      readonly state: "succeeded";
      readonly bankReference: string;
      readonly amount: Money;
      readonly bookedAt: string;
    }
  | { readonly bankRequestId: string; readonly state: "failed"; readonly code: BankFailure; readonly reason: string };

export interface Conflict {
  readonly conflict: "/bankRequestId" | "/accountToken" | "/debitRequestId" | "/amount" | "/reference" | "/challengeId";
}
export type Result = Decision | Challenged | Conflict;

/** A booked instruction as the ledger lists it. */
export interface LedgerLine {
  readonly seq: string;
  readonly kind: Instruction["kind"];
  readonly bankRequestId: string;
  /** Of a refund: the debit that it gives back. */
  readonly debitRequestId?: string;
  /** Masked: only its last four characters. */
  readonly accountToken: string;
  readonly amount: Money;
  readonly reference: string;
  readonly bookedAt: string;
  readonly bankReference: string;
}

export interface Ledger {
  openAccount(opening: Money, owner: string | undefined): { readonly accountToken: string };
  balance(accountToken: string): Money | undefined;
  /**
   * Decides and books an instruction. Same id and content: the stored decision. Same id, other content: the field that conflicts; an id is
   * of one kind for ever.
   */
  decide(instruction: Instruction, forced?: BankFailure | "challenge"): Result;
  /** Decides a challenged debit by its payer's answer; undefined when no debit of this id was challenged. */
  confirm(bankRequestId: string, challengeId: string, answer: string): Result | undefined;
  find(bankRequestId: string): Decision | Challenged | undefined;
  /** Booked instructions in booking order after a `seq`. */
  lines(after: bigint, limit: number): readonly LedgerLine[];
  /**
   * Throws when the books are wrong: lines not summing to zero per currency, a balance that is not its lines, a customer below zero, a debit
   * of which more was given back than it took.
   */
  audit(): void;
  close(): void;
}

type Row = Readonly<Record<string, string | bigint | null>>;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS accounts (
    token TEXT PRIMARY KEY, owner TEXT, currency TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('customer', 'house')),
    balance TEXT NOT NULL, CHECK (kind = 'house' OR balance NOT LIKE '-%')
  ) STRICT;
  CREATE TABLE IF NOT EXISTS requests (
    bankRequestId TEXT PRIMARY KEY, accountToken TEXT NOT NULL, value TEXT NOT NULL, currency TEXT NOT NULL, reference TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('succeeded', 'failed')), code TEXT, reason TEXT, bookedAt TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT 'debit' CHECK (kind IN ('debit', 'refund', 'payout')), debitRequestId TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS bookings (seq INTEGER PRIMARY KEY AUTOINCREMENT, bankRequestId TEXT UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS lines (
    seq INTEGER NOT NULL REFERENCES bookings (seq), accountToken TEXT NOT NULL REFERENCES accounts (token),
    currency TEXT NOT NULL, minor TEXT NOT NULL, PRIMARY KEY (seq, accountToken)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS refunds ON requests (debitRequestId);
`;
/** The books of version 0.1.0, which knew debits only, as they are now. */
const FROM_DEBITS_ONLY = `
  ALTER TABLE requests ADD COLUMN kind TEXT NOT NULL DEFAULT 'debit' CHECK (kind IN ('debit', 'refund', 'payout'));
  ALTER TABLE requests ADD COLUMN debitRequestId TEXT;
  ALTER TABLE bookings DROP COLUMN kind;
`;

const REASONS: Readonly<Record<BankFailure, string>> = {
  BANK_DECLINED: "The bank declined the instruction.",
  BANK_INSUFFICIENT_FUNDS: "The account does not hold enough.",
  BANK_ACCOUNT_UNKNOWN: "There is no such account.",
  BANK_CHALLENGE_EXPIRED: "Nobody answered the challenge in time.",
};

const referenceOf = (seq: bigint): string => `SB-${seq.toString().padStart(10, "0")}`;
const text = (row: Row, column: string): string => String(row[column]);

function lost(): never {
  throw new Error("A request that was just stored is not there.");
}

/** Opens (or makes) the ledger. Calls are synchronous, so each is one step for every request of this process. */
export function openLedger(deps: LedgerDeps): Ledger {
  const db = new DatabaseSync(deps.file, { readBigInts: true, timeout: 5000 });
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  const columns = db.prepare("SELECT name FROM pragma_table_info('requests')").all() as Row[];
  if (columns.length > 0 && !columns.some(({ name }) => name === "kind")) db.exec(`BEGIN; ${FROM_DEBITS_ONLY} COMMIT;`);
  db.exec(SCHEMA);
  const challenges = openChallenges(db, deps.now);
  const sql = {
    account: db.prepare("SELECT * FROM accounts WHERE token = ?"),
    addAccount: db.prepare("INSERT INTO accounts (token, owner, currency, kind, balance) VALUES (?, ?, ?, ?, '0')"),
    setBalance: db.prepare("UPDATE accounts SET balance = ? WHERE token = ?"),
    request: db.prepare(
      "SELECT r.*, b.seq FROM requests r LEFT JOIN bookings b ON b.bankRequestId = r.bankRequestId WHERE r.bankRequestId = ?",
    ),
    addRequest: db.prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    refundsOf: db.prepare("SELECT * FROM requests WHERE debitRequestId = ? AND state = 'succeeded'"),
    allRequests: db.prepare("SELECT * FROM requests"),
    addBooking: db.prepare("INSERT INTO bookings (bankRequestId) VALUES (?)"),
    addLine: db.prepare("INSERT INTO lines VALUES (?, ?, ?, ?)"),
    booked: db.prepare(
      "SELECT b.seq, r.* FROM bookings b JOIN requests r ON r.bankRequestId = b.bankRequestId WHERE b.seq > ? ORDER BY b.seq LIMIT ?",
    ),
    allLines: db.prepare("SELECT * FROM lines"),
    allAccounts: db.prepare("SELECT * FROM accounts"),
  };
  const one = (statement: typeof sql.account, ...values: (string | bigint)[]): Row | undefined =>
    statement.get(...values) as Row | undefined;

  function transaction<T>(work: () => T): T {
    // IMMEDIATE: a second process on the same file waits here instead of deciding on what it read before.
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** The bank's own account of a currency for one purpose; made at first use. */
  function houseAccount(purpose: "opening" | "collected", currency: string): string {
    const token = `house:${purpose}:${currency}`;
    if (one(sql.account, token) === undefined) sql.addAccount.run(token, null, currency, "house");
    return token;
  }

  /** @param id of the instruction; null for the opening of an account */
  function book(id: string | null, from: string, to: string, currency: string, minor: bigint): void {
    const seq = BigInt(sql.addBooking.run(id).lastInsertRowid);
    for (const [token, change] of [
      [from, -minor],
      [to, minor],
    ] as const) {
      const account = one(sql.account, token);
      if (account === undefined || account["currency"] !== currency)
        throw new Error("A line's account must exist in its currency.");
      sql.addLine.run(seq, token, currency, change.toString());
      sql.setBalance.run((BigInt(text(account, "balance")) + change).toString(), token);
    }
  }

  function decisionOf(row: Row): Decision {
    const bankRequestId = text(row, "bankRequestId");
    if (row["state"] === "failed")
      return { bankRequestId, state: "failed", code: text(row, "code") as BankFailure, reason: text(row, "reason") };
    const amount = { value: text(row, "value"), currency: text(row, "currency") };
    const bankReference = referenceOf(row["seq"] as bigint);
    return { bankRequestId, state: "succeeded", bankReference, amount, bookedAt: text(row, "bookedAt") };
  }

  function conflictOf(row: Row, asked: Instruction): Conflict | undefined {
    if (row["kind"] !== asked.kind) return { conflict: "/bankRequestId" };
    if (asked.kind === "refund") {
      if (row["debitRequestId"] !== asked.debitRequestId) return { conflict: "/debitRequestId" };
    } else if (row["accountToken"] !== asked.accountToken) return { conflict: "/accountToken" };
    const sameAmount = row["value"] === asked.amount.value && row["currency"] === asked.amount.currency;
    if (!sameAmount) return { conflict: "/amount" };
    if (row["reference"] !== asked.reference) return { conflict: "/reference" };
    return undefined;
  }

  const minorIn = (row: Row): bigint => minorOf(text(row, "value"), text(row, "currency"));
  const givenBack = (debitRequestId: string): bigint =>
    (sql.refundsOf.all(debitRequestId) as Row[]).reduce((sum, row) => sum + minorIn(row), 0n);

  /** The customer's account that an instruction is about; empty for a refund of a debit that was not booked. */
  function accountOf(asked: Instruction): string {
    if (asked.kind !== "refund") return asked.accountToken;
    const debit = one(sql.request, asked.debitRequestId);
    return debit?.["kind"] === "debit" && debit["state"] === "succeeded" ? text(debit, "accountToken") : "";
  }

  function failureOf(asked: Instruction, minor: bigint): BankFailure | undefined {
    const account = one(sql.account, accountOf(asked));
    if (account === undefined || account["kind"] !== "customer")
      return asked.kind === "refund" ? "BANK_DECLINED" : "BANK_ACCOUNT_UNKNOWN";
    const { currency } = asked.amount;
    if (account["currency"] !== currency) return "BANK_DECLINED";
    if (asked.kind === "refund") {
      const debit = one(sql.request, asked.debitRequestId) ?? lost();
      // What was collected may have been paid out since: the bank lends it, as the payer has a right to it.
      return givenBack(asked.debitRequestId) + minor > minorIn(debit) ? "BANK_DECLINED" : undefined;
    }
    const source = asked.kind === "debit" ? account : one(sql.account, houseAccount("collected", currency));
    return BigInt(text(source ?? lost(), "balance")) < minor ? "BANK_INSUFFICIENT_FUNDS" : undefined;
  }

  /** Decides on an instruction for good, and books it unless it fails. Part of a transaction. */
  function settle(asked: Instruction, forced?: BankFailure): Decision {
    const { kind, bankRequestId, amount, reference } = asked;
    const minor = minorOf(amount.value, amount.currency);
    const failure = forced ?? failureOf(asked, minor);
    const accountToken = accountOf(asked);
    sql.addRequest.run(
      bankRequestId,
      accountToken,
      amount.value,
      amount.currency,
      reference,
      failure === undefined ? "succeeded" : "failed",
      failure ?? null,
      failure === undefined ? null : REASONS[failure],
      deps.now().toISOString(),
      kind,
      asked.kind === "refund" ? asked.debitRequestId : null,
    );
    if (failure === undefined) {
      const house = houseAccount("collected", amount.currency);
      const [from, to] = kind === "debit" ? [accountToken, house] : [house, accountToken];
      book(bankRequestId, from, to, amount.currency, minor);
    }
    return decisionOf(one(sql.request, bankRequestId) ?? lost());
  }

  /** A challenge as it stands: one that nobody answered in time ends the debit. */
  const standing = ({ debit, challenged, expired }: StoredChallenge): Decision | Challenged =>
    expired ? settle(debit, "BANK_CHALLENGE_EXPIRED") : challenged;

  return {
    openAccount(opening, owner) {
      const { currency } = opening;
      const minor = minorOf(opening.value, currency);
      const accountToken = deps.newToken();
      transaction(() => {
        sql.addAccount.run(accountToken, owner ?? null, currency, "customer");
        if (minor > 0n) book(null, houseAccount("opening", currency), accountToken, currency, minor);
      });
      return { accountToken };
    },

    balance(accountToken) {
      const account = one(sql.account, accountToken);
      if (account === undefined || account["kind"] !== "customer") return undefined;
      return moneyOf(BigInt(text(account, "balance")), text(account, "currency"));
    },

    decide(asked, forced) {
      return transaction(() => {
        const stored = one(sql.request, asked.bankRequestId);
        if (stored !== undefined) return conflictOf(stored, asked) ?? decisionOf(stored);
        const challenge = challenges.find(asked.bankRequestId);
        if (challenge !== undefined) {
          const { amount, ...known } = challenge.debit;
          return conflictOf({ ...known, ...amount }, asked) ?? standing(challenge);
        }
        if (forced !== "challenge" || asked.kind !== "debit")
          return settle(asked, forced === "challenge" ? undefined : forced);
        const failure = failureOf(asked, minorOf(asked.amount.value, asked.amount.currency));
        if (failure !== undefined) return settle(asked, failure);
        challenges.add({ ...asked, kind: "debit" });
        return standing(challenges.find(asked.bankRequestId) ?? lost());
      });
    },

    confirm(bankRequestId, challengeId, answer) {
      return transaction(() => {
        const challenge = challenges.find(bankRequestId);
        if (challenge === undefined) return undefined;
        if (challenge.challenged.challenge.id !== challengeId) return { conflict: "/challengeId" };
        const stored = one(sql.request, bankRequestId);
        if (stored !== undefined) return decisionOf(stored);
        if (challenge.expired) return standing(challenge);
        const verdict = challenges.judge(bankRequestId, answer);
        if (verdict === "wrong") return challenge.challenged;
        return settle(challenge.debit, verdict === "refused" ? "BANK_DECLINED" : undefined);
      });
    },

    find(bankRequestId) {
      return transaction(() => {
        const row = one(sql.request, bankRequestId);
        if (row !== undefined) return decisionOf(row);
        const challenge = challenges.find(bankRequestId);
        return challenge === undefined ? undefined : standing(challenge);
      });
    },

    lines: (after, limit) =>
      (sql.booked.all(after, limit) as Row[]).map((row) => ({
        seq: String(row["seq"]),
        kind: text(row, "kind") as Instruction["kind"],
        bankRequestId: text(row, "bankRequestId"),
        ...(row["debitRequestId"] === null ? {} : { debitRequestId: text(row, "debitRequestId") }),
        accountToken: `***${text(row, "accountToken").slice(-4)}`,
        amount: { value: text(row, "value"), currency: text(row, "currency") },
        reference: text(row, "reference"),
        bookedAt: text(row, "bookedAt"),
        bankReference: referenceOf(row["seq"] as bigint),
      })),

    audit() {
      const sums = new Map<string, bigint>();
      const balances = new Map<string, bigint>();
      const add = (map: Map<string, bigint>, key: string, minor: bigint): unknown =>
        map.set(key, (map.get(key) ?? 0n) + minor);
      for (const line of sql.allLines.all() as Row[]) {
        add(sums, `${text(line, "currency")} in all`, BigInt(text(line, "minor")));
        add(sums, `booking ${text(line, "seq")}`, BigInt(text(line, "minor")));
        add(balances, text(line, "accountToken"), BigInt(text(line, "minor")));
      }
      for (const [what, sum] of sums) if (sum !== 0n) throw new Error(`The lines of ${what} do not sum to zero.`);
      for (const account of sql.allAccounts.all() as Row[]) {
        const balance = BigInt(text(account, "balance"));
        if (balance !== (balances.get(text(account, "token")) ?? 0n))
          throw new Error("A balance is not the sum of its lines.");
        if (account["kind"] === "customer" && balance < 0n) throw new Error("A customer's balance is below zero.");
      }
      for (const row of sql.allRequests.all() as Row[])
        if (row["kind"] === "debit" && givenBack(text(row, "bankRequestId")) > minorIn(row))
          throw new Error("More was given back than a debit took.");
    },

    close: () => db.close(),
  };
}
