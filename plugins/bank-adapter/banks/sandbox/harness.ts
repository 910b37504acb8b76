/** The sandbox bank for the driver contract suite. */
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import type { Money } from "../../../../core/plugin/bank-contract.ts";
import type { BookedInstruction, OpenHarness } from "../../harness.ts";
import { ANSWER } from "./bank/challenges.ts";
import { startBank } from "./bank/start.ts";

/** A loopback port that nobody listens on: one that was just given back. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const openHarness: OpenHarness = async (dataDir) => {
  const bank = await startBank({ dataDir, port: 0 });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, bank.url), {
      method,
      headers: { authorization: `Bearer ${bank.key}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`The sandbox bank answered ${method} with ${response.status}.`);
    return (await response.json()) as T;
  }

  return {
    settings: { URL: bank.url, KEY: bank.key },
    unreachable: { URL: `http://127.0.0.1:${await closedPort()}`, KEY: bank.key },
    openAccount: async (opening) =>
      (await call<{ accountToken: string }>("POST", "/accounts", { opening })).accountToken,
    balance: async (token) => (await call<{ balance: Money }>("GET", `/accounts/${token}`)).balance,
    script: async (faults) => {
      await call("POST", "/faults", faults);
    },
    challengeAnswer: ANSWER,
    async booked() {
      const all: BookedInstruction[] = [];
      for (let next: string | undefined = "0"; next !== undefined;) {
        const page: { items: BookedInstruction[]; next?: string } = await call("GET", `/ledger?after=${next}`);
        all.push(...page.items);
        next = page.next;
      }
      return all;
    },
    audit: () => bank.audit(),
    close: () => bank.close(),
  };
};

export default openHarness;
