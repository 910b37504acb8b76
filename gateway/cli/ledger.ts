import type { Command } from "commander";
import { MergepayError } from "../../core/errors/errors.ts";
import { dayAfter } from "../../core/ledger/day-model.ts";
import type { LedgerDay } from "../../schemas/types.generated.ts";
import { type Api, withApi } from "./api.ts";
import { many, print } from "./print.ts";

/** Adds `mergepay ledger close`: closes days of the journal. */
export function ledgerCommands(program: Command): void {
  program
    .command("ledger")
    .description("the journal")
    .command("close")
    .description("close a day (UTC) that is over, and those before it that are not closed yet")
    .argument("<date>", "the day, such as 2026-03-01")
    .action((date: string) => withApi((api) => closeTo(api, date)));
}

async function closeTo(api: Api, date: string): Promise<void> {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date))
    throw new MergepayError("QUERY_INVALID", `${date} is no day; one is such as 2026-03-01.`);
  for (let day = await nextOf(api, date); ; day = dayAfter(day)) {
    print(summary(await api.post<LedgerDay>(`/v1/ledger/days/${day}/close`)));
    if (day >= date) return;
  }
}

/** The first day that is to be closed: that behind the last closed one, or the very one when it is closed or none is. */
async function nextOf(api: Api, date: string): Promise<string> {
  let last: string | undefined;
  for (let after = ""; ;) {
    const path = after === "" ? "/v1/ledger/days" : `/v1/ledger/days?after=${encodeURIComponent(after)}`;
    const { items, next } = await api.get<{ items: readonly LedgerDay[]; next?: string }>(path);
    last = items.at(-1)?.date ?? last;
    if (next === undefined) break;
    after = next;
  }
  return last === undefined || last >= date ? date : dayAfter(last);
}

function summary({ date, state, block, hash, entries, late = 0, accounts, suspense = [] }: LedgerDay): string {
  if (entries === undefined || accounts === undefined) return `${date}: ${state}, still being summed`;
  const behind = late === 0 ? "" : ` (${many(late, "late entry", "late entries")})`;
  const head = `${date}: ${state}, ${many(entries, "entry", "entries")}${behind} on ${many(accounts, "account")}, to block ${block}:${hash.slice(0, 12)}`;
  if (suspense.length === 0) return `${head}; suspense is zero`;
  const lines = suspense.flatMap(({ account, balance, lines: own }) => [
    `   ${balance.value} ${balance.currency} on ${account}`,
    ...own.map(
      ({ entry, amount, explanation }) => `      ${entry}  ${amount.value} ${amount.currency}  ${explanation}`,
    ),
  ]);
  return [head, ...lines].join("\n");
}
