import { defineInput, definePlatform, type InputSpec } from "../../core/plugin/contract.ts";
import { mapInvoice, mapOrder, type Invoice, type Order } from "./document.ts";

const SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd";

/** Documents of one type: told by its namespace, whatever the prefixes. */
const documents = (type: "Order" | "Invoice", arrays: readonly string[]): InputSpec => ({
  format: "xml",
  records: [`/${type}`],
  marks: [`${SCHEMA}:${type}-2`],
  namespace: [`${SCHEMA}:${type}-2`, `${SCHEMA}:CommonAggregateComponents-2`, `${SCHEMA}:CommonBasicComponents-2`],
  arrays,
});

const PARTY = ["PartyName", "PartyIdentification"];
const partiesOf = (...roles: string[]): string[] =>
  roles.flatMap((role) => PARTY.map((part) => `${role}/Party/${part}`));

export default definePlatform<Order>({
  title: "UBL 2 documents",
  input: documents("Order", ["OrderLine", ...partiesOf("SellerSupplierParty", "BuyerCustomerParty")]),
  schema: "order.schema.json",
  map: mapOrder,
  also: [
    defineInput<Invoice>({
      input: documents("Invoice", ["InvoiceLine", ...partiesOf("AccountingSupplierParty", "AccountingCustomerParty")]),
      schema: "invoice.schema.json",
      map: mapInvoice,
    }),
  ],
  currencies: "EUR USD GBP AUD CAD CHF CZK DKK HUF JPY NOK NZD PLN RON SEK SGD".split(" "),
  fees: { percent: "0.8", fixed: { EUR: "0.20" } },
  settlementAccount: "ubl-settlement",
  defaultMerchant: "ubl-supplier",
});
