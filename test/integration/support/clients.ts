/** Clients of two nodes that do not give up, and what they are allowed to see meanwhile. */
import { expect } from "chai";
import type { Payment } from "../../../schemas/types.generated.ts";
import { ANSWER_MS, UNDER_WAY } from "../../../gateway/http/routes/paid.ts";
import { type Answer, ask } from "../../support/cluster.ts";
import { until } from "../../support/process.ts";
import { LIMITS, NODES, type NodeName, type Pair } from "./pair.ts";

/** How long a client asks again and again for what must come: leases, the bank's window, and what a busy machine adds. */
export const PATIENCE_MS = 40_000;
/** What a busy machine adds to an answer that is due. */
const BUSY_MS = 5_000;
/** A call to the core is given up after this, whatever is the matter behind it. */
const LONGEST_MS = 30_000;
const LONGEST_PAY_MS = LIMITS.bankCallMs + ANSWER_MS;
/** So long the parts of a node are waited for that says whether it is ready. */
const PROBE_MS = 2_000;

/** What an answer that comes while a link is broken may be: done, under way, refused for what the request is, or to be asked again later. */
const HONEST: ReadonlySet<number> = new Set([200, 201, 202, 404, 409, 503]);

const PAYMENTS_PATH = "/v1/payments";

export type Tally = Map<string, number>;

/** One client: each of its requests is answered in time and honestly, and is counted by its status. */
export interface Client {
  /** One request to a node. */
  once<T>(node: NodeName, path: string, headers: Readonly<Record<string, string>>, body?: object): Promise<Answer<T>>;
  /** Asks once to pay under a key. */
  payOnce(node: NodeName, key: string, orders: readonly string[]): Promise<Answer<Payment>>;
  /** Pays under a key, at this node first. @returns the last word, which both nodes give: a payment, or why there is none */
  pay(first: NodeName, key: string, orders: readonly string[]): Promise<Answer<Payment>>;
}

const other = (node: NodeName): NodeName => (node === "A" ? "B" : "A");
const isLater = ({ status, body }: Answer<object>): boolean =>
  status === 202 || status === 503 || body.code === "IDEMPOTENCY_IN_FLIGHT";

/** What watches the nodes hears soon whether they live and can do their work, whatever hangs behind them. */
export async function probe(pair: Pair): Promise<void> {
  const asked = NODES.flatMap((node) => ["/livez", "/readyz"].map((path) => ({ node, path })));
  await Promise.all(
    asked.map(async ({ node, path }) => {
      const began = performance.now();
      const { status } = await ask(pair.url(node), path);
      expect(status, `${path} of ${node}`).to.be.oneOf(path === "/livez" ? [200] : [200, 503]);
      expect(performance.now() - began, `milliseconds until ${path} of ${node}`).to.be.at.most(PROBE_MS + BUSY_MS);
    }),
  );
}

export function clientOf(pair: Pair, tally: Tally): Client {
  const once: Client["once"] = async <T>(
    node: NodeName,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: object,
  ) => {
    const began = performance.now();
    const answer = await ask<T>(pair.url(node), path, headers, body);
    const ms = performance.now() - began;
    const told = `${path} at ${node}: ${answer.status} ${JSON.stringify(answer.body)}`;
    expect(HONEST.has(answer.status), told).to.equal(true);
    if (answer.status === 503) expect(answer.headers.get("retry-after"), told).to.match(/^[1-9][0-9]*$/);
    const longest = path === PAYMENTS_PATH ? LONGEST_PAY_MS : LONGEST_MS;
    expect(ms, `milliseconds until ${told}`).to.be.at.most(longest + BUSY_MS);
    const what = `${answer.status}${answer.body.code === undefined ? "" : ` ${answer.body.code}`}`;
    tally.set(what, (tally.get(what) ?? 0) + 1);
    return answer;
  };
  const payments = new Map<string, string>();
  const payOnce: Client["payOnce"] = async (node, key, orders) => {
    const answer = await once<Payment>(node, PAYMENTS_PATH, { ...pair.payer, "idempotency-key": key }, { orders });
    const { id } = answer.body;
    if (id !== undefined) {
      expect(id, `the payment of ${key}`).to.equal(payments.get(key) ?? id);
      payments.set(key, id);
    }
    return answer;
  };

  /** Asks one node after the other until the answer is neither "later" nor a payment under way. */
  const lastWord = (first: NodeName, key: string, orders: readonly string[]): Promise<Answer<Payment>> => {
    let node = first;
    return until(
      `the end of ${key}`,
      async () => {
        const answer = await payOnce(node, key, orders);
        if (!isLater(answer) && !UNDER_WAY.has(answer.body.state)) return answer;
        node = other(node);
        return undefined;
      },
      PATIENCE_MS,
    );
  };

  return {
    once,
    payOnce,
    async pay(first, key, orders) {
      const { body: last, ...rest } = await lastWord(first, key, orders);
      for (const each of NODES) {
        const { body } = await lastWord(each, key, orders);
        // Of a refusal without a payment nothing is kept: once the orders can be had, the same request is a payment.
        if (last.id === undefined && body.id !== undefined) return this.pay(each, key, orders);
        const word = [last.id, last.state, last.code];
        expect([body.id, body.state, body.code], `${key} at ${each}`).to.deep.equal(word);
      }
      return { body: last, ...rest };
    },
  };
}
