import { pino } from "pino";
import type { Log } from "../core/deps.ts";
import type { HttpLog } from "./http/deps.ts";

/** The node's log: JSON lines on standard error, so that what a command prints stays on standard output. */
export function createLog(level: string, node: string): Log & HttpLog {
  return pino({ level, base: { node } }, pino.destination({ dest: 2, sync: false }));
}
