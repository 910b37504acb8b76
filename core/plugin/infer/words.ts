/** Names of fields as words: `OrderID`, `order-id`, `order_id` and `orderId` are all `order id`. */

/** Words that mean something only with the name of the object that they are in. */
const GENERIC = new Set([
  "value",
  "amount",
  "text",
  "money",
  "id",
  "name",
  "number",
  "code",
  "username",
  "price",
  "email",
  "ref",
  "reference",
]);

/** Words of other languages, and words written together, as the words that the rules are made of. */
const MEANINGS: Readonly<Record<string, string>> = {
  orderid: "order id",
  orderno: "order number",
  ordernum: "order number",
  ordernumber: "order number",
  ordernr: "order number",
  orderdate: "order date",
  ponumber: "po number",
  userid: "user id",
  customerid: "customer id",
  buyerid: "buyer id",
  currencycode: "currency code",
  totalamount: "total amount",
  totalprice: "total price",
  grandtotal: "grand total",
  qty: "quantity",
  amt: "amount",
  cust: "customer",
  ord: "order",
  no: "number",
  num: "number",
  nr: "number",
  ccy: "currency",
  curr: "currency",
  bestellnummer: "order number",
  auftragsnummer: "order number",
  bestelldatum: "order date",
  gesamtbetrag: "total amount",
  gesamtsumme: "total amount",
  gesamtpreis: "total price",
  summe: "total",
  betrag: "amount",
  währung: "currency",
  waehrung: "currency",
  kundennummer: "customer number",
  artikel: "item",
  menge: "quantity",
  einzelpreis: "unit price",
  steuer: "tax",
  versand: "shipping",
  zwischensumme: "subtotal",
  commande: "order",
  numéro: "number",
  numero: "number",
  número: "number",
  montant: "amount",
  devise: "currency",
  quantité: "quantity",
  client: "customer",
  pedido: "order",
  importe: "amount",
  moneda: "currency",
  moeda: "currency",
  cantidad: "quantity",
  fecha: "date",
  cliente: "customer",
  ordine: "order",
  importo: "amount",
  valuta: "currency",
  订单号: "order number",
  订单编号: "order number",
  订单金额: "order total",
  订单总额: "order total",
  应付金额: "payable amount",
  实付金额: "payable amount",
  总金额: "total amount",
  总价: "total price",
  金额: "amount",
  币种: "currency",
  货币: "currency",
  买家昵称: "buyer nick",
  买家: "buyer",
  下单时间: "order time",
  订单创建时间: "order time",
  订单状态: "order status",
  商品名称: "product name",
  商品标题: "product title",
  数量: "quantity",
  单价: "unit price",
};

/** The words of one name, in lower case. */
export function wordsOf(name: string): string {
  return name
    .normalize("NFC")
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2")
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => (Object.hasOwn(MEANINGS, word) ? (MEANINGS[word] ?? word) : word))
    .join(" ");
}

/**
 * What a path's last name says, with the name around it where the last one alone says little: `total/value` is `total value`, and
 * `Total/#text` is `total`. Around a record's own fields is the name of the record, if it has one: the `id` of an `Order` is `order id`.
 */
export function phraseOf(path: readonly string[], record = ""): string {
  const below = path[0] === "rows" ? path.slice(2) : path.filter((name) => name !== "*");
  const names = record === "" ? below : [record, ...below];
  const own = wordsOf(names.at(-1) ?? "");
  if (names.at(-1) !== "#text" && !GENERIC.has(own)) return own;
  const around = wordsOf(names.at(-2) ?? "");
  const inner = names.at(-1) === "#text" ? "" : own;
  if (GENERIC.has(around) && names.length > 2) return [wordsOf(names.at(-3) ?? ""), around, inner].join(" ").trim();
  return `${around} ${inner}`.trim();
}
