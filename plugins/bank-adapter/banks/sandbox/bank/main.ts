/**
 * The sandbox bank as its own process:
 * `node plugins/bank-adapter/banks/sandbox/bank/main.ts --data DIR [--port N] [--host ADDRESS] [--key-file FILE] [--faults magic]`.
 * Prints one JSON line `{"url": ...}` when it listens; stops on SIGTERM or SIGINT.
 */
import { parseArgs } from "node:util";
import { startBank } from "./start.ts";

function optionsOf(args: string[]): Parameters<typeof startBank>[0] {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: "string" },
      port: { type: "string", default: "0" },
      host: { type: "string", default: "127.0.0.1" },
      "key-file": { type: "string" },
      faults: { type: "string", default: "script" },
    },
  });
  if (values.data === undefined) throw new Error("Say where the bank keeps its data: --data DIR.");
  if (!/^[0-9]{1,5}$/.test(values.port)) throw new Error("--port takes a port number, 0 for any free one.");
  if (values.faults !== "magic" && values.faults !== "script") throw new Error("--faults takes magic or script.");
  return {
    dataDir: values.data,
    port: Number.parseInt(values.port, 10),
    host: values.host,
    magic: values.faults === "magic",
    ...(values["key-file"] === undefined ? {} : { keyFile: values["key-file"] }),
  };
}

try {
  const bank = await startBank(optionsOf(process.argv.slice(2)));
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    bank.close().catch((error: unknown) => fail(error));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.stdout.write(`${JSON.stringify({ url: bank.url })}\n`);
} catch (error) {
  fail(error);
}

function fail(error: unknown): void {
  process.stderr.write(`The sandbox bank can't run: ${error instanceof Error ? error.message : "unknown fault"}\n`);
  process.exitCode = 1;
}
