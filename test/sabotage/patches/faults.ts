/** What processes, networks, the store and receivers do to us (test/FAULTS.md) met without its defence. */
import type { Patch } from "../contract.ts";

const PAY = "test/unit/merge-pay/pay.spec.ts";
const CANCEL = "test/unit/merge-pay/cancel.spec.ts";
const WEBHOOKS = "test/unit/notify/webhooks.spec.ts";
const WIRE = "test/contract/bank-wire.spec.ts";
const SIMULATION = "test/simulation/simulator.spec.ts";

export const patches: readonly Patch[] = [
  {
    name: "a payment whose process died before it sent anything stays as it is",
    file: "core/merge-pay/sweep.ts",
    from: 'await outcome.withdraw(payment, "expired");',
    to: 'await Promise.resolve("expired");',
    red: [PAY],
  },
  {
    name: "what a payment has locked stays locked when it ends without money",
    file: "core/orders/lock.ts",
    from: 'const held: Filter<StoredOrder> = { _id: { $in: [...orderIds] }, paymentId, state: "locked" };',
    to: 'const held: Filter<StoredOrder> = { _id: { $in: [] }, paymentId, state: "locked" };',
    red: ["test/unit/orders/lock.spec.ts", PAY],
  },
  {
    name: "nobody asks the bank about what was being sent when its process died",
    file: "core/merge-pay/sweep.ts",
    from: "await deduction.inquire(await outcome.stayUnknown(payment, stamp(bankLeaseMs(deps))));",
    to: "await Promise.resolve(bankLeaseMs(deps));",
    red: ["test/unit/merge-pay/leases.spec.ts", SIMULATION],
  },
  {
    name: "a payment whose process died after the bank's answer is never settled",
    file: "core/merge-pay/sweep.ts",
    from: "await outcome.settle(payment);",
    to: "await outcome.save(payment, { dueAt: null });",
    red: ["test/unit/merge-pay/leases.spec.ts", SIMULATION],
  },
  {
    name: "told to stop, requests in flight are dropped",
    file: "gateway/http/http.service.ts",
    from: "await app.close();",
    to: "app.server.closeAllConnections(); await app.close();",
    red: ["test/integration/http-service.spec.ts"],
  },
  {
    name: "an instruction whose connection closed under it counts as not sent",
    file: "plugins/bank-adapter/banks/sandbox/http.ts",
    from: 'kind: connected ? "broken" : "not_sent"',
    to: 'kind: connected ? "not_sent" : "not_sent"',
    red: [WIRE],
  },
  {
    name: "a bank that answers a byte a second has no deadline",
    file: "plugins/bank-adapter/banks/sandbox/http.ts",
    from: "      signal,",
    to: "",
    red: [WIRE],
  },
  {
    name: "any status of the bank but 200 is its refusal",
    file: "plugins/bank-adapter/banks/sandbox/answer.ts",
    from: "return unknown(`The bank answered with status ${answer.status} (${code}).`);",
    to: 'return { state: "failed", code: "BANK_DECLINED", reason: REASONS.BANK_DECLINED };',
    red: [WIRE],
  },
  {
    name: "a key is forgotten after a day",
    file: "core/merge-pay/service.ts",
    from: "payments.findOne({ userId, idempotencyKey });",
    to: "payments.findOne({ userId, idempotencyKey, createdAt: { $gt: instant(deps.now() - 86_400_000) } });",
    red: [PAY],
  },
  {
    name: "who asks again under a key after hanging up is taken for somebody new",
    file: "gateway/http/routes/payments.ts",
    from: 'idempotencyKey: request.headers["idempotency-key"], request: request.body',
    to: 'idempotencyKey: `${request.headers["idempotency-key"]}${request.id}`, request: request.body',
    red: ["test/unit/gateway/answers.spec.ts", "test/e2e/crash-clients.spec.ts"],
  },
  {
    name: "a payer takes back what the bank may have",
    file: "core/merge-pay/cancel.ts",
    from: " || mayBeExecuted(payment))",
    to: ")",
    red: ["test/unit/merge-pay/challenge.spec.ts", CANCEL],
  },
  {
    name: "who wakes up overtaken keeps the orders that it locked",
    file: "core/merge-pay/carry-out.ts",
    from: '["expired", "rejected", "cancelled"].includes(present.state)',
    to: '["rejected"].includes(present.state)',
    red: [CANCEL, SIMULATION],
  },
  {
    name: "locks that come late are not looked for",
    file: "core/merge-pay/outcome.ts",
    from: "return settledAt > stamp() ? settledAt : null;",
    to: "return settledAt === stamp() ? settledAt : null;",
    red: [CANCEL],
  },
  {
    name: "a write that was done, its answer lost, counts as somebody else's",
    file: "core/merge-pay/carry-out.ts",
    from: "error instanceof Overtaken ? await payments.findOne(own) : null",
    to: "error instanceof TypeError ? await payments.findOne(own) : null",
    red: [PAY],
  },
  {
    name: "a connection to the store that breaks is an error of ours",
    file: "core/store/mongo-failures.ts",
    from: "error instanceof MongoNetworkError ||",
    to: "",
    red: ["test/unit/store/mongo-failures.spec.ts"],
  },
  {
    name: "a node whose store says nothing waits for it before it says that it is not ready",
    file: "gateway/readiness.ts",
    from: 'setTimeout(() => reject(new MergepayError("STORE_UNAVAILABLE")), waitMs)',
    to: "setTimeout(() => undefined, waitMs)",
    red: ["test/unit/gateway/readiness.spec.ts"],
  },
  {
    name: "the majority's word is not waited for",
    file: "core/store/mongo.ts",
    from: 'w: "majority"',
    to: "w: 1",
    red: ["test/unit/store/mongo-options.spec.ts"],
  },
  {
    name: "a receiver that is gone is tried for days",
    file: "core/notify/webhooks.ts",
    from: "const wait = status === 410 ? undefined : waitAfter(trying.tries);",
    to: "const wait = waitAfter(trying.tries);",
    red: [WEBHOOKS],
  },
  {
    name: "webhooks follow redirects",
    file: "core/notify/webhooks.ts",
    from: 'redirect: "manual"',
    to: 'redirect: "follow"',
    red: [WEBHOOKS],
  },
  {
    name: "a slow receiver holds up the others",
    file: "core/notify/webhooks.ts",
    from: "          tell(queue).finally(() => busy.delete(endpointId)),",
    to: "          (await tell(queue), Promise.resolve()).finally(() => busy.delete(endpointId)),",
    red: [WEBHOOKS],
  },
  {
    name: "a webhook has another id each time",
    file: "core/notify/webhooks.ts",
    from: '"webhook-id": event._id,',
    to: '"webhook-id": `${event._id}.${delivery.tries}`,',
    red: [WEBHOOKS],
  },
];
