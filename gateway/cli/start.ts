import { relative } from "node:path";
import { demoBuyersJob, demoFiles, openSandboxAccount } from "../sandbox.ts";
import { type Booted, boot, runningPlatforms } from "./boot.ts";
import { print } from "./print.ts";

/** `mergepay start`: runs until it is told to stop, and says how to try it. */
export async function start(): Promise<void> {
  const booted = await boot(process.env);
  const { config, url, sandbox } = booted;
  stopOnSignal(booted);
  print(`Mergepay runs as ${config.roles.join(", ")}${url === "" ? "" : ` and listens on ${url}`}`);
  print(`  data     ${shown(config.dataDir)}   store  ${config.mongoUri === undefined ? "embedded" : "MongoDB"}`);
  if (sandbox !== undefined && config.roles.length === 3) await introduce(booted, sandbox.folder);
  print("Stop it with Ctrl-C.");
}

/** Makes the sandbox ready for a payment and prints the three lines that make one. */
async function introduce({ node, config, url }: Booted, credentials: string): Promise<void> {
  const platforms = await runningPlatforms(node, config.pluginsDir);
  const files = await demoFiles(config.pluginsDir, platforms);
  await openSandboxAccount(node);
  const buyers = demoBuyersJob(node, config.pluginsDir);
  await buyers.run();
  node.keep(buyers);
  print(`  platforms ${platforms.join(", ")}`);
  print(`  API      ${url}/openapi.json`);
  print(`  drop     ${shown(config.dataDir)}/drop/<platform>/`);
  print(
    `  sandbox credentials: ${shown(credentials)}/ (credentials.json, operator.header, reviewer.header, payer.header)`,
  );
  const [file] = files;
  if (file === undefined) return;
  const header = (name: string) => `-H ${word(`@${shown(credentials)}/${name}.header`)}`;
  print("\nTry it: send a file, look into the payer's inbox, pay all of it at once.\n");
  const upload = `--data-binary ${word(`@${shown(file.path)}`)} '${url}/v1/platforms/${file.platform}/files?wait=10'`;
  print(`  curl -sS ${header("operator")} ${upload}`);
  print(`  curl -sS ${header("payer")} ${url}/v1/inbox`);
  print(
    `  curl -sS ${header("payer")} -H 'Content-Type: application/json' -H "Idempotency-Key: $(date +%s)" ` +
      `-d '{"orders":"all","currency":"USD"}' ${url}/v1/payments\n`,
  );
}

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || short === "" ? path : short;
};

/** As a shell takes it for one word, whatever is in it. */
const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

function stopOnSignal({ node }: Booted): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    print("Stopping: requests in flight are finished first.");
    node.stop().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}
