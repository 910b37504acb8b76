import type { Filter } from "mongodb";
import type { Actions, Inbox, InboxGroup, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import { idPattern } from "../ids.ts";
import { MINOR_LIMIT, minorOfMoney, moneyOf } from "../money/money.ts";
import { byId, page } from "../pages.ts";
import type { Order } from "../../schemas/types.generated.ts";
import { takeBackNotes } from "../take-backs/repo.ts";
import { orderCancel } from "./cancel.ts";
import { CANCELLATIONS, orderCancellations, type StoredCancellation } from "./cancellations.ts";
import { asOf, DEADLINES, isOver, orderDeadlines, type StoredDeadline } from "./deadlines.ts";
import { orderForesight } from "./foresee.ts";
import { orderIngest } from "./ingest.ts";
import { orderLocks } from "./lock.ts";
import { keysOf, ORDERS, showOrder, showToPlatform, type StoredOrder } from "./model.ts";
import { orderReturns } from "./returns.ts";
import { orderOwners, type UsersOf } from "./owners.ts";
import { ORDER_STATES } from "./states.ts";
import { orderUnmade } from "./unmade.ts";

const BY_ORDER = byId(idPattern("ord"));
/** In the order of business keys: platform, merchant, order number. */
const BY_KEY = { key: "key", cursor: /^[a-z][a-z0-9-]{1,39}\/[^/]+\/./su };

/** The unified order documents: taken from files, shown to payers and platforms, locked and paid by payments. */
export async function ordersService(deps: Deps, usersOf: UsersOf) {
  const orders = await deps.store.collection<StoredOrder>(ORDERS);
  const takeBacks = await takeBackNotes(deps);
  const cancellations = orderCancellations(
    deps,
    orders,
    await deps.store.collection<StoredCancellation>(CANCELLATIONS),
    takeBacks,
  );
  const owners = orderOwners(deps, orders, usersOf);
  const deadlines = orderDeadlines(deps, orders, await deps.store.collection<StoredDeadline>(DEADLINES));
  const unmade = orderUnmade(deps, orders);
  const stamp = () => instant(deps.now());

  return {
    ingest: orderIngest(deps, orders, cancellations, owners, deadlines),
    foresee: orderForesight(deps, orders, cancellations, unmade),
    expireDue: deadlines.expireDue,
    takeBackUnmade: unmade.takeBack,
    /** Brings the orders of these buyer keys in line with their links, as they are now. */
    settle: owners.settle,
    ...orderLocks(deps, orders, owners),
    ...orderCancel(deps, orders, takeBacks),
    ...orderReturns(orders),

    /** Marks what this payment holds as paid. Idempotent. @throws INTERNAL when an order is not this payment's */
    async markPaid(paymentId: string, orderIds: readonly string[]): Promise<void> {
      const ids = { $in: [...orderIds] };
      await orders.updateMany(
        { _id: ids, paymentId, state: "locked" },
        { $set: { state: "paid", updatedAt: stamp() } },
      );
      const paid = await orders.countDocuments({ _id: ids, paymentId, state: { $in: ["paid", "settled"] } });
      if (paid !== orderIds.length)
        throw new MergepayError(
          "INTERNAL",
          `Only ${paid} of the ${orderIds.length} orders of ${paymentId} are its own.`,
        );
    },

    /** Marks orders whose merchants are paid out as settled. Idempotent. */
    async markSettled(orderIds: readonly string[]): Promise<void> {
      if (orderIds.length === 0) return;
      await orders.updateMany(
        { _id: { $in: [...orderIds] }, state: { $in: [...ORDER_STATES.into("settled")] } },
        { $set: { state: "settled", updatedAt: stamp() } },
      );
    },

    /** The payer's orders of these ids as they are now, in the order given; foreign and unknown ids are missing from the answer. */
    async findOwn(userId: string, orderIds: readonly string[]): Promise<StoredOrder[]> {
      const found = await orders.find({ _id: { $in: [...orderIds] }, userId }).toArray();
      const byId = new Map(found.map((order) => [order._id, asOf(order, deps.now())]));
      return orderIds.flatMap((id) => byId.get(id) ?? []);
    },

    /** The payer's open orders in a currency or in all, oldest first, at most `limit`. @param platforms only of these */
    async findOpen(
      userId: string,
      currency: string | undefined,
      limit: number,
      platforms?: readonly string[],
    ): Promise<StoredOrder[]> {
      const of = platforms === undefined ? {} : { platform: { $in: [...platforms] } };
      const inOne = currency === undefined ? {} : { "amount.currency": currency };
      const open: Filter<StoredOrder> = { userId, state: "open", ...inOne, ...of };
      const found = await orders.find(open).sort({ _id: 1 }).limit(limit).toArray();
      return found.filter((order) => !isOver(order, deps.now()));
    },

    async inbox(params: Actions["orders.inbox"]["params"]): Promise<Inbox> {
      const open: Filter<StoredOrder> = { userId: params.userId, state: "open" };
      const shown = await page(orders, open, BY_ORDER, params, deps.limits.ordersPerPage, showOrder);
      const amounts = await orders.find(open, { projection: { amount: 1 } }).toArray();
      return {
        groups: groupsOf(shown.items),
        totals: totalsOf(amounts),
        ...(shown.next === undefined ? {} : { next: shown.next }),
      };
    },

    /** A platform's orders in the order of their business keys. */
    list: (params: Actions["orders.list"]["params"]): Promise<Page<Order>> =>
      page(orders, { key: keysOf(params.platform) }, BY_KEY, params, deps.limits.ordersPerPage, showToPlatform),

    /** @throws NOT_FOUND, also when it is another's */
    async get({ orderId, userId, platform }: Actions["orders.get"]["params"]): Promise<Order> {
      const order = await orders.findOne({ _id: orderId });
      const foreign =
        (userId !== undefined && order?.userId !== userId) || (platform !== undefined && order?.platform !== platform);
      if (order === null || foreign) throw new MergepayError("NOT_FOUND");
      return platform === undefined ? showOrder(order) : showToPlatform(order);
    },
  };
}

export type OrdersService = Awaited<ReturnType<typeof ordersService>>;

function groupsOf(orders: readonly Order[]): InboxGroup[] {
  const groups = new Map<string, Order[]>();
  for (const order of orders) {
    const key = `${order.platform}/${order.merchant}/${order.amount.currency}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [order]);
    else group.push(order);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const [sum] = totalsOf(group);
    if (first === undefined || sum === undefined) return [];
    return [{ platform: first.platform, merchant: first.merchant, total: sum.total, orders: group }];
  });
}

/** Totals by currency of whatever number of open orders; a total beyond the limit of one amount is shown as that limit. */
function totalsOf(orders: readonly Pick<Order, "amount">[]): Inbox["totals"] {
  const sums = new Map<string, { minor: bigint; orders: number }>();
  for (const { amount } of orders) {
    const sum = sums.get(amount.currency) ?? { minor: 0n, orders: 0 };
    sums.set(amount.currency, { minor: sum.minor + minorOfMoney(amount), orders: sum.orders + 1 });
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, sum]) => ({
      total: moneyOf(sum.minor < MINOR_LIMIT ? sum.minor : MINOR_LIMIT - 1n, currency),
      orders: sum.orders,
    }));
}
