import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Runs one measurement in a process of its own, so that neither memory nor a warm compiler of another one is in it.
 * @param run name of a file in `runs/`, which gives its result by `answer`, or by `tell` before it kills itself
 */
export async function measure<P, R>(run: string, params: P, end: "by itself" | "killed" = "by itself"): Promise<R> {
  const script = fileURLToPath(new URL(`runs/${run}.ts`, import.meta.url));
  const child = fork(script, [JSON.stringify(params)], {
    // As `npm start` runs a node.
    execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=8"],
  });
  let result: { readonly value: R } | undefined;
  child.on("message", (value) => {
    result = { value: value as R };
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  const asMeant = end === "killed" ? signal === "SIGKILL" : code === 0;
  if (result === undefined || !asMeant) throw new Error(`bench/runs/${run}.ts ended with ${signal ?? code}.`);
  return result.value;
}

/** What a run was given. */
export const given = <P>(): P => JSON.parse(process.argv[2] ?? "null") as P;

/** Gives a run's result to whoever started it; resolves when it is on its way. */
export const tell = (result: object): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(result, () => resolve());
  });

/** Gives a run's result to whoever started it, and lets the process end. */
export function answer<R extends object>(result: R): void {
  void tell(result).then(leave);
}

/** Whoever started it may be gone. */
function leave(): void {
  if (process.connected) process.disconnect();
}
