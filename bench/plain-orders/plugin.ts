/** One flat order a record in each of the formats that no platform's generator makes. */
import {
  defineInput,
  definePlatform,
  instantOf,
  type MapContext,
  money,
  plainText,
  type PlatformOrder,
  type Reject,
} from "../../core/plugin/contract.ts";
import { COLUMNS, type Row } from "./columns.ts";

function mapRow(row: Row, { merchant }: MapContext): readonly PlatformOrder[] | Reject {
  const placedAt = instantOf(row.placed);
  if (placedAt === undefined) return { reject: "There is no such date and time with a zone.", field: "/placed" };
  return [
    {
      merchant,
      orderNo: row.order,
      amount: money(row.total, row.currency),
      placedAt,
      buyerId: `email:${row.email.toLowerCase()}`,
      title: `Order ${row.order}`,
      items: [{ name: plainText(row.product, 1024), sku: plainText(row.sku, 256), quantity: row.quantity }],
    },
  ];
}

interface Rows {
  readonly rows: readonly [Row];
}

const mapRows = ({ rows: [row] }: Rows, context: MapContext): readonly PlatformOrder[] | Reject => mapRow(row, context);

let end = 0;
const fixedColumns = COLUMNS.map(([name, chars]) => {
  const from = end + 1;
  end += chars;
  return { name, from, to: end };
});
const columns = COLUMNS.map(([name]) => name);

export default definePlatform<Row>({
  title: "Orders of the bench",
  input: { format: "ndjson" },
  schema: "order.schema.json",
  map: mapRow,
  also: [
    defineInput<Row>({
      input: { format: "xml", records: ["/orders/entry"] },
      schema: "order.schema.json",
      map: mapRow,
    }),
    defineInput<Rows>({ input: { format: "csv", columns }, schema: "order.schema.json", map: mapRows }),
    defineInput<Rows>({ input: { format: "tsv", columns }, schema: "order.schema.json", map: mapRows }),
    defineInput<Rows>({ input: { format: "fixed", columns: fixedColumns }, schema: "order.schema.json", map: mapRows }),
    defineInput<Rows>({ input: { format: "xlsx", columns }, schema: "order.schema.json", map: mapRows }),
  ],
  currencies: ["EUR"],
  fees: { percent: "1" },
  settlementAccount: "bench-settlement",
  defaultMerchant: "bench",
});
