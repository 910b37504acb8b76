import { centsText, type GenerateOptions, seededNumbers } from "../../../core/plugin/contract.ts";

const PRODUCTS = [
  ["Cordless drill driver kit", "TOOL-DRILL-18"],
  ["Camping lantern, rechargeable", "CAMP-LANT-2"],
  ["Pet bed, large", "PET-BED-L"],
  ["Storage bins, pack of 6", "HOME-BIN-6"],
  ["Bath & kitchen towel bundle", "HOME-TOW-8"],
] as const;
const BUYERS = 20;
const START_MS = Date.UTC(2026, 0, 5, 8, 0, 0);
const NAMESPACE = "http://walmart.com/mp/v3/orders";

const escape = (value: string): string => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const amount = (value: string): string => `<ns3:currency>USD</ns3:currency><ns3:amount>${escape(value)}</ns3:amount>`;

function lineOf(number: number, isBad: boolean, next: (below: number) => number): string {
  const [name, sku] = PRODUCTS[next(PRODUCTS.length)] ?? PRODUCTS[0];
  const cents = BigInt(900 + next(15_000));
  const price = isBad ? "12,3x" : centsText(cents);
  return `      <ns3:orderLine>
        <ns3:lineNumber>${number}</ns3:lineNumber>
        <ns3:item><ns3:productName>${escape(name)}</ns3:productName><ns3:sku>${sku}</ns3:sku></ns3:item>
        <ns3:charges><ns3:charge>
          <ns3:chargeType>PRODUCT</ns3:chargeType><ns3:chargeName>ItemPrice</ns3:chargeName>
          <ns3:chargeAmount>${amount(price)}</ns3:chargeAmount>
          <ns3:tax><ns3:taxName>Tax1</ns3:taxName><ns3:taxAmount>${amount(centsText((cents * 8n) / 100n))}</ns3:taxAmount></ns3:tax>
        </ns3:charge></ns3:charges>
        <ns3:orderLineQuantity><ns3:unitOfMeasurement>EACH</ns3:unitOfMeasurement><ns3:amount>1</ns3:amount></ns3:orderLineQuantity>
        <ns3:orderLineStatuses><ns3:orderLineStatus><ns3:status>Created</ns3:status></ns3:orderLineStatus></ns3:orderLineStatuses>
      </ns3:orderLine>
`;
}

function orderOf(index: number, options: GenerateOptions, isBad: boolean, next: (below: number) => number): string {
  const number = `${(options.seed ?? 1).toString().padStart(5, "0")}${index.toString().padStart(8, "0")}`;
  const email = options.buyer?.replace(/^email:/, "") ?? `buyer${1 + next(BUYERS)}@example.com`;
  const lines = Array.from({ length: 1 + next(2) }, (_, line) => lineOf(line + 1, isBad && line === 0, next));
  return `    <ns3:order>
      <ns3:purchaseOrderId>${number}</ns3:purchaseOrderId>
      <ns3:customerOrderId>4${number}</ns3:customerOrderId>
      <ns3:customerEmailId>${escape(email)}</ns3:customerEmailId>
      <ns3:orderDate>${new Date(START_MS + index * 61_000).toISOString()}</ns3:orderDate>
      <ns3:orderLines>
${lines.join("")}      </ns3:orderLines>
    </ns3:order>
`;
}

/**
 * The text, in pieces, of a file of `count` open orders in the platform's own format, with made-up data.
 * @example for (const piece of generate(1000, { seed: 7 })) stream.write(piece)
 */
export function* generate(count: number, options: GenerateOptions = {}): Generator<string> {
  const next = seededNumbers(options.seed ?? 1);
  const bad = new Set(options.bad ?? []);
  yield `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<ns3:list xmlns:ns3="${NAMESPACE}">\n`;
  yield `  <ns3:meta><ns3:totalCount>${count}</ns3:totalCount></ns3:meta>\n  <ns3:elements>\n`;
  for (let index = 0; index < count; index += 1) yield orderOf(index, options, bad.has(index), next);
  yield "  </ns3:elements>\n</ns3:list>\n";
}
