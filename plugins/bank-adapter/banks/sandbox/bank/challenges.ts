/** Debits that the sandbox bank will not book before their payer has answered it. Kept beside the ledger, in its file. */
import { timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { BankChallenge } from "../../../../../core/plugin/bank-contract.ts";
import type { Instruction } from "./ledger.ts";

/** The answer to every challenge of the sandbox. */
export const ANSWER = "246810";
const CHALLENGE_MS = 5 * 60_000;
const MOST_WRONG = 3;

export type Debit = Extract<Instruction, { accountToken: string }> & { readonly kind: "debit" };

export interface Challenged {
  readonly bankRequestId: string;
  readonly state: "requires_action";
  readonly challenge: BankChallenge;
}

export interface StoredChallenge {
  readonly debit: Debit;
  readonly challenged: Challenged;
  readonly expired: boolean;
}

type Row = Readonly<Record<string, string | bigint>>;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS challenges (
    bankRequestId TEXT PRIMARY KEY, accountToken TEXT NOT NULL, value TEXT NOT NULL, currency TEXT NOT NULL, reference TEXT NOT NULL,
    expiresAt TEXT NOT NULL, wrong INTEGER NOT NULL
  ) STRICT;
`;

/** Every call is part of the caller's transaction. */
export function openChallenges(db: DatabaseSync, now: () => Date) {
  db.exec(SCHEMA);
  const sql = {
    add: db.prepare("INSERT INTO challenges VALUES (?, ?, ?, ?, ?, ?, 0)"),
    find: db.prepare("SELECT * FROM challenges WHERE bankRequestId = ?"),
    wrong: db.prepare("UPDATE challenges SET wrong = wrong + 1 WHERE bankRequestId = ? RETURNING wrong"),
  };

  function find(bankRequestId: string): StoredChallenge | undefined {
    const row = sql.find.get(bankRequestId) as Row | undefined;
    if (row === undefined) return undefined;
    const text = (column: string): string => String(row[column]);
    const expiresAt = text("expiresAt");
    return {
      debit: {
        kind: "debit",
        bankRequestId,
        accountToken: text("accountToken"),
        amount: { value: text("value"), currency: text("currency") },
        reference: text("reference"),
      },
      challenged: {
        bankRequestId,
        state: "requires_action",
        challenge: {
          id: `chl_${bankRequestId}`,
          kind: "code",
          text: `Type the code that the sandbox bank sends to nobody: ${ANSWER}.`,
          expiresAt,
        },
      },
      // Both are of the same form, so that text order is time order.
      expired: now().toISOString() >= expiresAt,
    };
  }

  return {
    find,

    add({ bankRequestId, accountToken, amount, reference }: Debit): void {
      const expiresAt = new Date(now().getTime() + CHALLENGE_MS).toISOString();
      sql.add.run(bankRequestId, accountToken, amount.value, amount.currency, reference, expiresAt);
    },

    /** `right`, `wrong` with more tries left, or wrong once too often. */
    judge(bankRequestId: string, answer: string): "right" | "wrong" | "refused" {
      const [given, right] = [Buffer.from(answer), Buffer.from(ANSWER)];
      if (given.length === right.length && timingSafeEqual(given, right)) return "right";
      const { wrong } = sql.wrong.get(bankRequestId) as { wrong: bigint };
      return wrong < BigInt(MOST_WRONG) ? "wrong" : "refused";
    },
  };
}
