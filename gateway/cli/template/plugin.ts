import {
  closedOrder,
  definePlatform,
  instantOf,
  money,
  type Closed,
  type PlatformOrder,
} from "../../../core/plugin/contract.ts";

/** One line of the platform's file, as it passed order.schema.json: every cell is text. */
interface Row {
  readonly order: string;
  readonly buyer: string;
  readonly status: string;
  readonly total: string;
  readonly currency: string;
  readonly placed: string;
  readonly title: string;
}

/**
 * Nobody must pay twice: an order is open only when the platform says so, and one that an earlier file gave as open is taken back when it is
 * cancelled (`cancel`) or paid elsewhere (`notOwed`), for good. A status that may yet become open is `{ skip: reason }`.
 */
const STATUSES = new Map<string, Closed | "open">([
  ["unpaid", "open"],
  ["paid", { notOwed: "The order is paid." }],
  ["cancelled", { cancel: "The order is cancelled." }],
]);
const UNKNOWN: Closed = { skip: "The order is in a status that does not say that it is owed." };

export default definePlatform<{ readonly rows: readonly [Row] }>({
  title: "Corner kiosk",
  // How the bytes become records. A record of a csv is `{ rows: [...] }`; with `groupBy` several lines make one record.
  input: { format: "csv", columns: ["order", "buyer", "status", "total", "currency", "placed", "title"] },
  schema: "order.schema.json",
  currencies: ["USD", "EUR"],
  // Of each payment the platform keeps 2 % of its orders' sum and a fixed part an order.
  fees: { percent: "2", fixed: { USD: "0.30", EUR: "0.25" } },
  settlementAccount: "corner-kiosk-settlement",
  // The merchant of orders whose sender named none with the file.
  defaultMerchant: "corner-kiosk",
  map({ rows: [row] }, { merchant }) {
    // The same name in every record of the order.
    const named = { merchant, orderNo: row.order };
    const status = STATUSES.get(row.status) ?? UNKNOWN;
    if (status !== "open") return closedOrder(named, status);
    const placedAt = instantOf(row.placed);
    if (placedAt === undefined) return { reject: "There is no such date and time.", field: "/rows/0/placed" };
    const order: PlatformOrder = {
      ...named,
      // As the file has it: the host makes it canonical, and refuses what is no amount of its currency.
      amount: money(row.total, row.currency),
      placedAt,
      title: row.title,
      // Without a buyer the order waits to be linked by its number.
      ...(row.buyer.trim() === "" ? {} : { buyerId: row.buyer }),
    };
    return [order];
  },
});
