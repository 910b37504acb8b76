import {
  closedOrder,
  defineInput,
  definePlatform,
  instantFrom,
  isZero,
  money,
  plainText,
  type Closed,
  type InputSpec,
  type PlatformInput,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** A trade of the open platform's API as it passed trade.schema.json. */
interface Trade {
  readonly tid: string;
  readonly status: string;
  readonly payment?: string;
  readonly created: string;
  readonly end_time?: string | null;
  readonly pay_time?: string | null;
  readonly timeout_action_time?: string | null;
  readonly type?: string | null;
  readonly step_trade_status?: string | null;
  readonly title?: string | null;
  readonly seller_nick?: string | null;
  readonly buyer_nick?: string | null;
  readonly buyer_open_uid?: string | null;
  readonly orders?: { readonly order?: readonly Line[] } | null;
}

interface Line {
  readonly title?: string | null;
  readonly outer_sku_id?: string | null;
  readonly sku_id?: string | null;
  readonly num?: string | null;
}

const RESPONSES = ["trade_fullinfo_get_response", "trade_get_response"];
const LISTS = ["trades_sold_get_response", "trades_sold_increment_get_response"];
const RECORDS = [...RESPONSES.map((name) => `/${name}/trade`), ...LISTS.map((name) => `/${name}/trades/trade`)];
const MAX_ITEMS = 1000;

const OPEN = "WAIT_BUYER_PAY";
/** Its buyer has confirmed receipt. */
const FINISHED = "TRADE_FINISHED";
const PAID = { notOwed: "The trade is past its payment." };
/** Statuses that say by themselves that the buyer is not asked to pay any more. */
const CLOSED = new Map<string, Closed>([
  ["TRADE_CLOSED_BY_TAOBAO", { cancel: "The trade was closed before it was paid." }],
  ["TRADE_CLOSED", { notOwed: "The trade was paid and refunded." }],
  ["PAID_FORBID_CONSIGN", PAID],
  ["WAIT_SELLER_SEND_GOODS", PAID],
  ["SELLER_CONSIGNED_PART", PAID],
  ["WAIT_BUYER_CONFIRM_GOODS", PAID],
  ["TRADE_BUYER_SIGNED", PAID],
  [FINISHED, PAID],
]);

/** Why nothing is to be paid for the trade, or undefined when its buyer is asked to pay. */
function closedBecause({ status, pay_time: paidAt, type, step_trade_status: step }: Trade): Closed | undefined {
  const closed = CLOSED.get(status);
  if (closed !== undefined) return closed;
  if (paidAt) return { notOwed: "The trade is paid: it has a time of payment." };
  if (type === "cod") return { notOwed: "The trade is paid in cash on delivery." };
  if (step?.startsWith("FRONT_PAID") === true)
    return { notOwed: "One of two payments of the trade is made; what is left is not told." };
  if (type === "step" || step) return { skip: "The trade is paid in two steps; the file does not tell which is due." };
  return status === OPEN ? undefined : { skip: "The trade is in a status in which its buyer is not asked to pay." };
}

/** A nick with stars is masked: it may be anybody's. */
function buyerOf({ buyer_open_uid: uid, buyer_nick: nick }: Trade): string | undefined {
  if (uid) return `uid:${uid}`;
  const name = plainText(nick ?? "", 200);
  return name === "" || name.includes("*") ? undefined : `nick:${name}`;
}

function itemOf({ title, outer_sku_id: outer, sku_id: own, num }: Line): NonNullable<PlatformOrder["items"]>[number] {
  const sku = outer || own;
  return {
    name: plainText(title ?? "", 1024),
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(num ? { quantity: num } : {}),
  };
}

const chinese = (time: string) => instantFrom(time, "YYYY-MM-DD hh:mm:ss", "Asia/Shanghai");

const trades: PlatformInput<Trade> = {
  input: { format: "json", records: RECORDS },
  schema: "trade.schema.json",
  map(trade, { merchant }) {
    const named = {
      merchant: plainText((trade.seller_nick ?? "").replaceAll("/", " "), 128) || merchant,
      orderNo: trade.tid,
    };
    const closed = closedBecause(trade);
    if (closed !== undefined) {
      const { status, end_time: received } = trade;
      if (status !== FINISHED || !received) return closedOrder(named, closed);
      const deliveredAt = chinese(received);
      if (deliveredAt === undefined) return { reject: "There is no such date and time.", field: "/end_time" };
      return { notOwed: named, reason: PAID.notOwed, deliveredAt };
    }
    if (trade.payment === undefined) return { reject: "The trade has no amount to pay.", field: "/payment" };
    if (isZero(trade.payment)) return { notOwed: named, reason: "There is nothing to pay: the payment is zero." };
    const placedAt = chinese(trade.created);
    if (placedAt === undefined) return { reject: "There is no such date and time.", field: "/created" };
    // When the status's time is over; that of one which waits for payment is closed then.
    const payBy = trade.timeout_action_time ? chinese(trade.timeout_action_time) : null;
    if (payBy === undefined) return { reject: "There is no such date and time.", field: "/timeout_action_time" };
    const items = (trade.orders?.order ?? []).filter(({ title }) => plainText(title ?? "", 1) !== "");
    const buyerId = buyerOf(trade);
    return [
      {
        ...named,
        amount: money(trade.payment, "CNY"),
        placedAt,
        ...(payBy === null ? {} : { payBy }),
        title: plainText(`${trade.title ?? "Trade"} ${trade.tid}`, 512),
        ...(buyerId === undefined ? {} : { buyerId }),
        ...(items.length === 0 ? {} : { items: items.slice(0, MAX_ITEMS).map(itemOf) }),
      },
    ];
  },
};

/** What older exports come in: GBK, which GB18030 contains. */
const gbk: InputSpec = { format: "json", records: RECORDS, encoding: "gb18030" };

export default definePlatform<Trade>({
  title: "Taobao and Tmall",
  ...trades,
  also: [defineInput<Trade>({ ...trades, input: gbk })],
  currencies: ["CNY"],
  fees: { percent: "0.6" },
  settlementAccount: "taobao-settlement",
  defaultMerchant: "taobao-seller",
});
