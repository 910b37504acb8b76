import { type Command, InvalidArgumentError } from "commander";
import type { RefundRequest } from "../../core/refunds/model.ts";
import type { Money, Refund, RefundPreview } from "../../schemas/types.generated.ts";
import { type Api, withApi } from "./api.ts";
import { many, print, table } from "./print.ts";

interface Options {
  readonly amount: Money | "all";
  readonly reason: string;
  readonly platform?: string;
  readonly merchant?: string;
  readonly order?: readonly string[];
  readonly item?: number;
  readonly confirm?: string;
}

/** Adds `mergepay refund`: shows who would give back what, and does it when that is confirmed; lets refunds that wait for a second operator go, or refuses them. */
export function refundCommands(program: Command): void {
  const refunds = program
    .command("refund")
    .description("give money of payments back, and decide on what waits for a second operator");
  refunds
    .command("approve")
    .description("let a refund go that a second operator must approve")
    .argument("<refund>", "the refund's id")
    .action((id: string) => withApi(async (api) => tell(await api.post<Refund>(pathOf(id, "approve")))));
  refunds
    .command("reject")
    .description("refuse a refund that waits for approval, or take back one's own")
    .argument("<refund>", "the refund's id")
    .requiredOption("--reason <text>", "why")
    .action((id: string, { reason }: { reason: string }) =>
      withApi(async (api) => {
        const { state } = await api.post<Refund>(pathOf(id, "reject"), json({ reason }));
        print(`${id} ${state}`);
      }),
    );
  refunds
    .command("give", { isDefault: true })
    .description(
      "give money of a payment back; without --confirm only show who would give back what (`give` may be left out)",
    )
    .argument("<payment>", "the payment's id")
    .requiredOption("--amount <amount>", 'how much: "12.30 USD", or all', amountOf)
    .requiredOption("--reason <text>", "why, for whoever is told")
    .option("--platform <id>", "only of this platform's orders")
    .option("--merchant <name>", "only of this merchant's orders, with --platform")
    .option("--order <id...>", "only of these orders")
    .option("--item <number>", "what it is for: an item of the one order, counted from 0", itemOf)
    .option("--confirm <fingerprint>", "give it back, if it still is what the preview with this fingerprint showed")
    .action((paymentId: string, options: Options) => withApi((api) => refund(api, paymentId, options)));
}

function amountOf(text: string): Options["amount"] {
  if (text === "all") return "all";
  const [, value, currency] = /^(\S+) ([A-Z]{3})$/.exec(text) ?? [];
  if (value === undefined || currency === undefined)
    throw new InvalidArgumentError('It is all, or an amount with its currency such as "12.30 USD".');
  return { value, currency };
}

function itemOf(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) throw new InvalidArgumentError("It is a number from 0 to 999.");
  return Number.parseInt(text, 10);
}

const shown = ({ value, currency }: Money): string => `${value} ${currency}`;

async function refund(api: Api, paymentId: string, options: Options): Promise<void> {
  const { amount, reason, platform, merchant, order, item, confirm } = options;
  const asked: RefundRequest = {
    paymentId,
    amount,
    ...(platform === undefined ? {} : { platform }),
    ...(merchant === undefined ? {} : { merchant }),
    ...(order === undefined ? {} : { orders: order }),
    ...(item === undefined ? {} : { item }),
  };
  if (confirm === undefined) return preview(await api.post<RefundPreview>("/v1/refunds/preview", json(asked)));
  // The same confirmation again, after an answer that was lost, is the same refund; a like one of another day has another fingerprint.
  const key = `cli-${confirm}`;
  const body = json({ ...asked, reason, fingerprint: confirm });
  tell(await api.post<Refund>("/v1/refunds", { ...body, key }));
}

const pathOf = (refundId: string, what: "approve" | "reject"): string =>
  `/v1/refunds/${encodeURIComponent(refundId)}/${what}`;

/** Says what a refund is now; one that failed ends the command with 1. */
function tell({ id, state, error }: Refund): void {
  const why = error === undefined ? "" : `: ${error.reason} [${error.code}]`;
  print(`${id} ${state}${why}`);
  if (state === "awaiting_approval") print("A second operator must approve it.");
  if (state === "failed") process.exitCode = 1;
}

const json = (body: unknown) => ({ bytes: Buffer.from(JSON.stringify(body)), type: "application/json" });

function preview({ amount, left, parts, needsApproval, fingerprint }: RefundPreview): void {
  const head = ["order", "platform", "merchant", "back", "fee", "of the merchant", "from"];
  const rows = parts.map((part) => [
    part.orderNo,
    part.platform,
    part.merchant,
    part.gross.value,
    part.feeRule === "kept" ? "kept" : part.fee.value,
    part.net.value,
    part.from.replace("_", "-"),
  ]);
  print(table([head, ...rows], [3, 4, 5]));
  print(`${shown(amount)} of ${many(parts.length, "order")} would go back; ${shown(left)} would be left.`);
  if (needsApproval) print("A second operator must approve it.");
  print(`Nothing has moved. To do just this, say it again with --confirm ${fingerprint}`);
}
