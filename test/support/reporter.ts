/**
 * Mocha's dot reporter, with two additions for test/run.ts: the totals go into the file that MERGEPAY_TEST_TOTALS names, and
 * a process that something keeps alive after the last test is a failure that names what it was, not a hang.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

/** What one mocha run counted. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const graceMs = 10_000;

class TotalsReporter extends Mocha.reporters.Dot {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const target = process.env["MERGEPAY_TEST_TOTALS"];
    if (target === undefined) return;
    const write = (leaks: number): void => {
      const { passes, failures, pending: skipped } = this.stats;
      writeFileSync(target, JSON.stringify({ passed: passes, failed: failures + leaks, skipped } satisfies Totals));
    };
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      write(0);
      // Unreferenced: it fires only when something else still keeps the process alive.
      setTimeout(() => {
        write(1);
        process.stderr.write(
          `\nThe tests are over and the process still lives, held by: ${process.getActiveResourcesInfo().join(", ")}.\n` +
            "Close every server, socket and timer in `after`.\n",
        );
        // Mocha sets the code by its own count as the process exits; this comes after it.
        process.once("exit", () => (process.exitCode = 1));
        process.exit();
      }, graceMs).unref();
    });
  }
}

export default TotalsReporter;
