/** Every call of the API once: who may make it, and what to send. */
import type { InjectOptions } from "fastify";
import type { Principal } from "../../../gateway/http/auth.ts";
import { IDS } from "./documents.ts";
import { ACME, ANNA, linkToken, OPS } from "./edge.ts";

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  /** The route that it reaches, when that is not the URL itself. */
  readonly route?: string;
  readonly payload?: string;
  readonly headers?: Record<string, string>;
  readonly who: readonly Principal[];
  readonly status: number;
  /** What it asks for belongs to someone; others get a 404. */
  readonly owned?: true;
}

const json = (value: unknown): { payload: string; headers: Record<string, string> } => ({
  payload: JSON.stringify(value),
  headers: { "content-type": "application/json" },
});
const get = (url: string, who: readonly Principal[], more: Partial<ApiCall> = {}): ApiCall => ({
  method: "GET",
  url,
  who,
  status: 200,
  ...more,
});

const quoteIt = { quoteId: IDS.quote, fingerprint: "c".repeat(64) };
const payment = json(quoteIt);
const asked = { paymentId: IDS.payment, amount: "all", platform: "acme", merchant: "tea" };
const refund = json({ ...asked, reason: "The tea was cold.", fingerprint: "d".repeat(64) });
const mandate = json({
  limits: { perPayment: { value: "20.00", currency: "CNY" }, perDay: { value: "50.00", currency: "CNY" } },
  timeZone: "Asia/Shanghai",
  expiresAt: "2025-12-01T00:00:00Z",
  auto: true,
});

export const CALLS: readonly ApiCall[] = [
  {
    method: "POST",
    url: "/v1/platforms/acme/files?name=orders.csv",
    route: "/v1/platforms/:platform/files",
    payload: "a,b\n1,2\n",
    headers: { "content-type": "text/csv" },
    who: [ACME, OPS],
    status: 202,
  },
  get("/v1/files", [ACME, OPS]),
  get(`/v1/files/${IDS.file}`, [ACME, OPS], { route: "/v1/files/:id", owned: true }),
  get(`/v1/files/${IDS.file}/records`, [ACME, OPS], { route: "/v1/files/:id/records" }),
  { method: "POST", url: `/v1/files/${IDS.file}/remap`, route: "/v1/files/:id/remap", who: [OPS], status: 202 },
  {
    method: "POST",
    url: `/v1/files/${IDS.file}/remap?dryRun=true`,
    route: "/v1/files/:id/remap",
    who: [OPS],
    status: 200,
  },
  get("/v1/orders?platform=acme", [ACME, OPS], { route: "/v1/orders" }),
  get(`/v1/orders/${IDS.order}`, [ACME, ANNA, OPS], { route: "/v1/orders/:id", owned: true }),
  {
    method: "POST",
    url: `/v1/orders/${IDS.order}/cancel`,
    route: "/v1/orders/:id/cancel",
    ...json({ reason: "The buyer changed their mind." }),
    who: [ACME, OPS],
    status: 202,
    owned: true,
  },
  get("/v1/inbox", [ANNA]),
  { method: "POST", url: "/v1/quotes", ...json({ orders: [IDS.order] }), who: [ANNA], status: 201 },
  get(`/v1/quotes/${IDS.quote}`, [ANNA], { route: "/v1/quotes/:id", owned: true }),
  {
    method: "POST",
    url: "/v1/payments",
    payload: payment.payload,
    headers: { ...payment.headers, "idempotency-key": "once" },
    who: [ANNA],
    status: 201,
  },
  get("/v1/payments?userId=anna", [ANNA, OPS], { route: "/v1/payments" }),
  get(`/v1/payments/${IDS.payment}`, [ANNA, OPS], { route: "/v1/payments/:id", owned: true }),
  {
    method: "POST",
    url: `/v1/payments/${IDS.payment}/cancel`,
    route: "/v1/payments/:id/cancel",
    who: [ANNA],
    status: 200,
    owned: true,
  },
  {
    method: "POST",
    url: `/v1/payments/${IDS.payment}/confirm`,
    route: "/v1/payments/:id/confirm",
    ...json({ challengeId: "chl_1", answer: "246810" }),
    who: [ANNA],
    status: 200,
    owned: true,
  },
  get("/v1/reviews", [OPS]),
  get(`/v1/reviews/${IDS.payment}`, [OPS], { route: "/v1/reviews/:id" }),
  {
    method: "POST",
    url: `/v1/reviews/${IDS.payment}/proposals`,
    route: "/v1/reviews/:id/proposals",
    ...json({ decision: "not_debited", evidence: { text: "No such booking.", reference: "statement 7" } }),
    who: [OPS],
    status: 201,
  },
  ...["approve", "reject"].map((verdict): ApiCall => ({
    method: "POST",
    url: `/v1/reviews/${IDS.payment}/proposals/${IDS.proposal}/${verdict}`,
    route: `/v1/reviews/:id/proposals/:proposalId/${verdict}`,
    who: [OPS],
    status: 200,
  })),
  {
    method: "POST",
    url: "/v1/accounts",
    ...json({ bank: "sandbox", token: "tok_1", label: "Mine" }),
    who: [ANNA],
    status: 201,
  },
  get("/v1/accounts", [ANNA]),
  { method: "DELETE", url: `/v1/accounts/${IDS.account}`, route: "/v1/accounts/:id", who: [ANNA], status: 200 },
  {
    method: "POST",
    url: "/v1/merchant-accounts",
    ...json({
      platform: "acme",
      merchant: "tea",
      currency: "CNY",
      bank: "sandbox",
      number: "GB82 WEST 1234 5698 7654 32",
      label: "Tea's",
    }),
    who: [OPS],
    status: 201,
  },
  get("/v1/merchant-accounts?platform=acme", [OPS], { route: "/v1/merchant-accounts" }),
  {
    method: "POST",
    url: `/v1/merchant-accounts/${IDS.merchantAccount}/verify`,
    route: "/v1/merchant-accounts/:id/verify",
    who: [OPS],
    status: 200,
  },
  {
    method: "DELETE",
    url: `/v1/merchant-accounts/${IDS.merchantAccount}`,
    route: "/v1/merchant-accounts/:id",
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: "/v1/mandates",
    payload: mandate.payload,
    headers: { ...mandate.headers, "idempotency-key": "once" },
    who: [ANNA],
    status: 201,
  },
  get("/v1/mandates?userId=anna", [ANNA, OPS], { route: "/v1/mandates" }),
  get(`/v1/mandates/${IDS.mandate}`, [ANNA, OPS], { route: "/v1/mandates/:id", owned: true }),
  {
    method: "DELETE",
    url: `/v1/mandates/${IDS.mandate}`,
    route: "/v1/mandates/:id",
    who: [ANNA],
    status: 200,
    owned: true,
  },
  {
    method: "POST",
    url: `/v1/mandates/${IDS.mandate}/charges`,
    route: "/v1/mandates/:id/charges",
    payload: '{"orders":"all"}',
    headers: { "content-type": "application/json", "idempotency-key": "once" },
    who: [OPS],
    status: 201,
  },
  { method: "POST", url: "/v1/account-keys/rotate", who: [OPS], status: 200 },
  {
    method: "POST",
    url: "/v1/links",
    ...json({ platform: "acme", userId: "anna", buyerId: "b-1" }),
    who: [OPS],
    status: 201,
  },
  {
    method: "POST",
    url: "/v1/links/claims",
    ...json({ token: await linkToken({ buyerId: "b-1" }) }),
    who: [ANNA],
    status: 201,
  },
  {
    method: "POST",
    url: "/v1/links/import",
    payload: "platform,buyerId,userId\nacme,b-1,anna\n",
    headers: { "content-type": "text/csv" },
    who: [OPS],
    status: 200,
  },
  { method: "DELETE", url: `/v1/links/${IDS.link}`, route: "/v1/links/:id", who: [ANNA, OPS], status: 200 },
  get("/v1/links?userId=anna", [ANNA, OPS], { route: "/v1/links" }),
  {
    method: "POST",
    url: "/v1/refunds/preview",
    ...json({ paymentId: IDS.payment, orders: [IDS.order], item: 0, amount: { value: "1.00", currency: "CNY" } }),
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: "/v1/refunds",
    payload: refund.payload,
    headers: { ...refund.headers, "idempotency-key": "once" },
    who: [OPS],
    status: 201,
  },
  {
    method: "POST",
    url: `/v1/refunds/${IDS.refund}/approve`,
    route: "/v1/refunds/:id/approve",
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: `/v1/refunds/${IDS.refund}/reject`,
    route: "/v1/refunds/:id/reject",
    ...json({ reason: "Not so." }),
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: "/v1/chargebacks",
    ...json({
      paymentId: IDS.payment,
      bankReference: "B-7",
      amount: { value: "12.30", currency: "CNY" },
      bookedAt: "2025-06-01T11:00:00Z",
      reason: "Never ordered.",
      evidence: { text: "The bank wrote.", reference: "letter 7" },
    }),
    who: [OPS],
    status: 201,
  },
  get(`/v1/chargebacks?payment=${IDS.payment}&needsReview=true`, [OPS], { route: "/v1/chargebacks" }),
  get(`/v1/chargebacks/${IDS.chargeback}`, [OPS], { route: "/v1/chargebacks/:id" }),
  {
    method: "POST",
    url: `/v1/chargebacks/${IDS.chargeback}/approve`,
    route: "/v1/chargebacks/:id/approve",
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: `/v1/chargebacks/${IDS.chargeback}/reject`,
    route: "/v1/chargebacks/:id/reject",
    ...json({ reason: "It is another payment's." }),
    who: [OPS],
    status: 200,
  },
  get("/v1/claims?state=claimed", [ACME, OPS], { route: "/v1/claims" }),
  get(`/v1/claims/${IDS.claim}`, [ACME, OPS], { route: "/v1/claims/:id", owned: true }),
  get("/v1/take-backs?needsReview=true", [ACME, OPS], { route: "/v1/take-backs" }),
  get(`/v1/take-backs/${IDS.order}`, [ACME, OPS], { route: "/v1/take-backs/:id", owned: true }),
  get(`/v1/refunds?payment=${IDS.payment}`, [ACME, ANNA, OPS], { route: "/v1/refunds" }),
  get(`/v1/refunds/${IDS.refund}`, [ACME, ANNA, OPS], { route: "/v1/refunds/:id", owned: true }),
  get(`/v1/settlement-lines?payment=${IDS.payment}`, [ACME, OPS], { route: "/v1/settlement-lines" }),
  {
    method: "PUT",
    url: "/v1/fee-rules/acme",
    route: "/v1/fee-rules/:platform",
    ...json({ merchant: "tea", from: "2025-07-01T00:00:00+08:00", rule: { percent: "2.9", tax: "6" } }),
    who: [OPS],
    status: 201,
  },
  get("/v1/fee-rules?merchant=tea", [ACME, OPS], { route: "/v1/fee-rules" }),
  {
    method: "PUT",
    url: "/v1/settlement-rules/acme",
    route: "/v1/settlement-rules/:platform",
    ...json({ rule: { hold: { after: "delivery", days: 7 }, zone: "Asia/Shanghai" } }),
    who: [OPS],
    status: 201,
  },
  get("/v1/settlement-rules", [ACME, OPS]),
  {
    method: "POST",
    url: `/v1/orders/${IDS.order}/delivered`,
    route: "/v1/orders/:id/delivered",
    ...json({ deliveredAt: "2025-06-01T11:00:00+08:00" }),
    who: [ACME, OPS],
    status: 200,
  },
  get("/v1/balances?account=bank:sandbox", [OPS], { route: "/v1/balances" }),
  get(`/v1/audit?subject=${IDS.payment}`, [OPS], { route: "/v1/audit" }),
  { method: "POST", url: "/v1/payouts/preview", ...json({ platform: "acme" }), who: [OPS], status: 200 },
  {
    method: "POST",
    url: "/v1/payouts/run",
    ...json({ platform: "acme", confirmation: "c".repeat(64) }),
    who: [OPS],
    status: 202,
  },
  get("/v1/payouts?merchant=tea", [ACME, OPS], { route: "/v1/payouts" }),
  get(`/v1/payouts/${IDS.payout}`, [ACME, OPS], { route: "/v1/payouts/:id", owned: true }),
  get("/v1/statements?platform=acme&merchant=tea&currency=CNY&from=2025-05-01&to=2025-06-01", [ACME, OPS], {
    route: "/v1/statements",
  }),
  {
    method: "POST",
    url: "/v1/reconciliations",
    ...json({ bank: "sandbox", from: "2025-05-01T00:00:00Z", to: "2025-05-02T00:00:00Z" }),
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: "/v1/bank-statements?bank=sandbox&zone=Europe/Zurich",
    route: "/v1/bank-statements",
    payload: "<Document/>",
    headers: { "content-type": "application/xml" },
    who: [OPS],
    status: 200,
  },
  {
    method: "POST",
    url: "/v1/ledger/days/2025-05-31/close",
    route: "/v1/ledger/days/:date/close",
    who: [OPS],
    status: 200,
  },
  get("/v1/ledger/days", [OPS]),
  get("/v1/ledger/days/2025-05-31", [OPS], { route: "/v1/ledger/days/:date" }),
  get("/v1/ledger/days/2025-05-31/totals?limit=5", [OPS], { route: "/v1/ledger/days/:date/totals" }),
  get("/v1/breaks?bank=sandbox&state=open", [OPS], { route: "/v1/breaks" }),
  get(`/v1/journal?payment=${IDS.payment}`, [OPS], { route: "/v1/journal" }),
  get("/v1/plugins", [OPS]),
  {
    method: "POST",
    url: "/v1/endpoints",
    ...json({ platform: "acme", url: "https://acme.example.com/hooks" }),
    who: [ACME, OPS],
    status: 201,
  },
  get("/v1/endpoints", [ACME, OPS]),
  get("/v1/deliveries", [ACME, OPS]),
  get("/v1/events?after=evt-0", [ACME, ANNA, OPS], { route: "/v1/events" }),
];

export const routeOf = ({ route, url }: ApiCall): string => route ?? url;
export const asRequest = ({ method, url, payload, headers = {} }: ApiCall): InjectOptions => ({
  method,
  url,
  headers,
  ...(payload === undefined ? {} : { payload }),
});
