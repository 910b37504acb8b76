/** Starts a sandbox bank on a data folder: in this process for a driver without a URL, or as its own process by main.ts. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { bankKey } from "./key.ts";
import { openLedger } from "./ledger.ts";
import { createBankServer } from "./server.ts";

export interface BankOptions {
  readonly dataDir: string;
  /** 0: any free one. */
  readonly port: number;
  readonly host?: string;
  /** Absent: the key in the data folder, made at the first start. */
  readonly keyFile?: string;
  readonly magic?: boolean;
  readonly now?: () => Date;
}

export interface RunningBank {
  readonly url: string;
  readonly key: string;
  /** Throws when the books are wrong. */
  audit(): void;
  /** Stops at once: open connections are broken, what was answered is on disk. */
  close(): Promise<void>;
}

export async function startBank(options: BankOptions): Promise<RunningBank> {
  const { dataDir, host = "127.0.0.1", now = () => new Date() } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const key = bankKey(dataDir, options.keyFile);
  const newToken = (): string => `sbx_${randomBytes(18).toString("base64url")}`;
  const ledger = openLedger({ file: join(dataDir, "bank.sqlite"), now, newToken });
  const server = createBankServer({ ledger, key, now, magic: options.magic ?? false });
  try {
    server.listen(options.port, host);
    await once(server, "listening");
  } catch (error) {
    ledger.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    key,
    audit: () => ledger.audit(),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      ledger.close();
    },
  };
}
