import { Presets, SingleBar } from "cli-progress";
import type { Command } from "commander";
import { AUDIT_CHAIN, type StoredAudit } from "../../core/audit/model.ts";
import { type Complain, type Verified, verifyChain } from "../../core/chain/verify.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { checkLedger } from "../../core/ledger/doctor.ts";
import type { Store } from "../../core/store/contract.ts";
import { openStore } from "../../core/store/open.ts";
import { readConfig } from "../config.ts";
import { checkHouse } from "./doctor-house.ts";
import { afterRestore } from "./doctor-restored.ts";
import { many, print, table } from "./print.ts";

interface DoctorOptions {
  readonly ledger?: true;
  readonly audit?: true;
  readonly anchor?: string;
  readonly restored?: true;
  readonly reconciled?: string;
}

interface Anchor {
  readonly number: number;
  readonly hash: string;
}

/** Faults, and lines on suspense, that are printed; beyond them they are counted. */
const SHOWN = 200;

/** Adds `mergepay doctor`: is the house in order, are the books? */
export function doctorCommand(program: Command): void {
  program
    .command("doctor")
    .description("check configuration, store, bus, banks and plugins; or, with a flag, the books")
    .option("--ledger", "check the journal: its chain, every entry, and that everything that owes one has it")
    .option("--audit", "check the chain of the audit log")
    .option("--anchor <number:hash>", "a block that was noted before: the chain must still have it")
    .option("--restored", "this store was put back from a backup: it moves no money until it is reconciled")
    .option("--reconciled <words>", "who reconciled it with the bank and how: it moves money again")
    .action(doctor);
}

async function doctor({ ledger, audit, anchor, restored, reconciled }: DoctorOptions): Promise<void> {
  if (restored === true || reconciled !== undefined) return afterRestore(reconciled);
  const noted = anchorOf(anchor);
  if (noted !== undefined && (ledger === undefined) === (audit === undefined))
    throw new MergepayError(
      "QUERY_INVALID",
      "--anchor is a block of one chain: give it with either --ledger or --audit.",
    );
  if (ledger === undefined && audit === undefined) {
    if (!(await checkHouse(process.env))) process.exitCode = 1;
    return;
  }
  const { mongoUri, dataDir, sealKeys: keys } = readConfig(process.env);
  const store = await openStore({ mongoUri, dir: dataDir });
  try {
    const given = { store, keys, ...(noted === undefined ? {} : { anchor: noted }) };
    let faults = 0;
    if (ledger === true) faults += await examine("journal", (watch) => checkJournal({ ...given, ...watch }));
    if (audit === true)
      faults += await examine("audit", (watch) => verifyChain<StoredAudit>({ ...given, ...watch, spec: AUDIT_CHAIN }));
    if (faults > 0) process.exitCode = 1;
  } finally {
    await store.close();
  }
}

function anchorOf(text: string | undefined): Anchor | undefined {
  if (text === undefined) return undefined;
  const [, number = "", hash = ""] = /^([1-9][0-9]{0,11}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (hash === "")
    throw new MergepayError(
      "QUERY_INVALID",
      "--anchor takes what doctor printed: the number of a block, a colon, its hash.",
    );
  return { number: Number.parseInt(number, 10), hash };
}

interface Watch {
  readonly complain: Complain;
  readonly progress: (done: number, of: number) => void;
}

/** Runs a check of one chain with a progress bar, and says what it found. @returns how many faults */
async function examine(chain: string, check: (watch: Watch) => Promise<Verified>): Promise<number> {
  const found: string[][] = [];
  let faults = 0;
  const bar = new SingleBar(
    { format: `   ${chain} [{bar}] {percentage} %`, hideCursor: true, clearOnComplete: true, stream: process.stderr },
    Presets.rect,
  );
  const watched = process.stderr.isTTY;
  if (watched) bar.start(1, 0);
  const verified = await check({
    complain: (where, what) => {
      faults += 1;
      if (found.length < SHOWN) found.push([where, what]);
    },
    progress: (done, of) => {
      if (!watched) return;
      bar.setTotal(of);
      bar.update(done);
    },
  }).finally(() => bar.stop());
  const { blocks, entries, unsealed, head } = verified;
  print(`${chain}: ${many(entries, "entry", "entries")} in ${many(blocks, "block")}, ${unsealed} not sealed yet`);
  if (head !== undefined)
    print(`   last block ${head.number}:${head.hash} (note it where the database does not reach)`);
  if (faults === 0) print(`   all in order`);
  else {
    print(table(found));
    if (faults > found.length) print(`   and ${faults - found.length} more`);
    print(`   ${many(faults, "fault")}`);
  }
  return faults;
}

async function checkJournal(
  given: Watch & { readonly store: Store; readonly keys: readonly Uint8Array[]; readonly anchor?: Anchor },
): Promise<Verified> {
  const lines: string[][] = [];
  let count = 0;
  const report = await checkLedger({
    ...given,
    suspense: ({ _id }, { account, amount, explanation = "" }) => {
      count += 1;
      if (lines.length < SHOWN) lines.push([_id, account, `${amount.value} ${amount.currency}`, explanation]);
    },
  });
  if (report.suspense.length === 0) print("suspense: zero");
  for (const { account, balance } of report.suspense)
    print(`suspense: ${balance.value} ${balance.currency} on ${account}`);
  if (report.suspense.length > 0) print(table(lines, [2]));
  if (report.suspense.length > 0 && count > lines.length) print(`   and ${count - lines.length} more lines`);
  return report;
}
