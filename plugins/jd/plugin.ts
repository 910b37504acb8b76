import {
  closedOrder,
  definePlatform,
  instantFrom,
  isZero,
  money,
  plainText,
  type Closed,
  type PlatformOrder,
} from "../../core/plugin/contract.ts";

/** An order of the POP API as it passed order.schema.json. */
interface Order {
  readonly order_id: string;
  readonly order_state: string;
  readonly order_payment?: string;
  readonly order_create_time: string;
  readonly pay_type?: string | null;
  readonly payment_confirm_time?: string | null;
  readonly vender_id?: string | null;
  readonly pin?: string | null;
  readonly open_id_buyer?: string | null;
  readonly item_info_list?: readonly Item[] | null;
}

interface Item {
  readonly sku_id?: string | null;
  readonly sku_name?: string | null;
  readonly sku_num?: string | null;
}

/** States in which the goods are still with the seller or on their way. */
const WAITING = new Set(["WAIT_SELLER_STOCK_OUT", "WAIT_SELLER_DELIVERY", "WAIT_GOODS_RECEIVE_CONFIRM"]);
const FINISHED: Closed = { notOwed: "The order is finished." };
const HELD: Closed = { skip: "The order is held by the platform." };
const CLOSED = new Map<string, Closed>([
  ["TRADE_CANCELED", { cancel: "The order is cancelled." }],
  ["FINISHED_L", FINISHED],
  ["RECEIPTS_CONFIRM", FINISHED],
  ["LOCKED", HELD],
  ["POP_ORDER_PAUSE", HELD],
]);
const CASH_ON_DELIVERY = /^1(?:$|\D)/;
const MAX_ITEMS = 1000;

/** Why nothing is to be paid for the order, or undefined when it is owed. */
function closedBecause(order: Order): Closed | undefined {
  const { order_state: state } = order;
  if (state === "NOT_PAY") return undefined;
  if (!WAITING.has(state))
    return CLOSED.get(state) ?? { skip: "The order is in a state that does not say that it is owed." };
  if (order.payment_confirm_time) return { notOwed: "The order is paid: it has a time of payment." };
  // Orders paid online come to the seller only once they are paid; a file without `pay_type` never gave one in cash on delivery as owed.
  if (!CASH_ON_DELIVERY.test(order.pay_type ?? ""))
    return { notOwed: "The order waits for its seller: it is paid already." };
  return undefined;
}

function itemOf({ sku_name: name, sku_id: sku, sku_num: num }: Item): NonNullable<PlatformOrder["items"]>[number] {
  return {
    name: plainText(name ?? "", 1024),
    ...(sku ? { sku: plainText(sku, 256) } : {}),
    ...(num ? { quantity: num } : {}),
  };
}

export default definePlatform<Order>({
  title: "JD.com",
  input: {
    format: "json",
    // The API's own spelling.
    records: [
      "/jingdong_pop_order_get_responce/orderDetailInfo/orderInfo",
      "/jingdong_pop_order_get_responce/orderDetailInfo",
      "/jingdong_pop_order_search_responce/searchorderinfo_result/order_info_list/order_info",
    ],
  },
  schema: "order.schema.json",
  currencies: ["CNY"],
  fees: { percent: "1" },
  settlementAccount: "jd-settlement",
  defaultMerchant: "jd-seller",
  map(order, { merchant }) {
    const named = {
      merchant: plainText((order.vender_id ?? "").replaceAll("/", " "), 128) || merchant,
      orderNo: order.order_id,
    };
    const closed = closedBecause(order);
    if (closed !== undefined) return closedOrder(named, closed);
    if (order.order_payment === undefined)
      return { reject: "The order has no amount to pay.", field: "/order_payment" };
    if (isZero(order.order_payment)) return { notOwed: named, reason: "There is nothing to pay: the payment is zero." };
    const placedAt = instantFrom(order.order_create_time, "YYYY-MM-DD hh:mm:ss", "Asia/Shanghai");
    if (placedAt === undefined) return { reject: "There is no such date and time.", field: "/order_create_time" };
    const items = (order.item_info_list ?? []).filter(({ sku_name: name }) => plainText(name ?? "", 1) !== "");
    const buyer = order.open_id_buyer ? `open:${order.open_id_buyer}` : order.pin ? `pin:${order.pin}` : undefined;
    return [
      {
        ...named,
        amount: money(order.order_payment, "CNY"),
        placedAt,
        title: `Order ${order.order_id}`,
        ...(buyer === undefined ? {} : { buyerId: buyer }),
        ...(items.length === 0 ? {} : { items: items.slice(0, MAX_ITEMS).map(itemOf) }),
      },
    ];
  },
});
