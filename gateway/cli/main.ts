import { Command } from "commander";
import { accountCommands } from "./accounts.ts";
import { demo } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { evidenceCommands } from "./evidence.ts";
import { fileCommands } from "./files.ts";
import { importFiles, type ImportOptions } from "./import.ts";
import { ledgerCommands } from "./ledger.ts";
import { linkCommands } from "./links.ts";
import { pluginCommands } from "./plugin.ts";
import { complain } from "./print.ts";
import { refundCommands } from "./refund.ts";
import { start } from "./start.ts";
import { statementCommands } from "./statement.ts";

// Whoever reads what is printed may have seen enough (`| head`): that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? 0);
});

const program = new Command("mergepay")
  .description("One payment for orders from any number of e-commerce platforms.")
  .showHelpAfterError();

program
  .command("start")
  .description("run a node: all of Mergepay on embedded defaults, or the roles that MERGEPAY_ROLES names")
  .action(start);

program
  .command("demo")
  .description("show a merged payment from files to webhooks, in a fresh data folder, and exit")
  .action(demo);

program
  .command("import")
  .description("take transaction files in and report what became of each record")
  .argument("<platform>", "the platform that the files are from")
  .argument("<files...>", "files in the platform's own format")
  .option("--merchant <name>", "the merchant that the orders are of, where the files do not tell")
  .option("--dry-run", "only say what would become of the files, with the confirmation of each; nothing is kept")
  .option("--confirm <confirmation>", "take the file only if it is the one that the dry run was of")
  .option(
    "--manifest <file>",
    "what the file must hold, as JSON with sha256, records and totals; otherwise nothing is taken of it",
  )
  .action(async (platform: string, files: string[], options: ImportOptions) => {
    if (!(await importFiles(platform, files, options))) process.exitCode = 1;
  });

accountCommands(program);
fileCommands(program);
linkCommands(program);
ledgerCommands(program);
doctorCommand(program);
evidenceCommands(program);
pluginCommands(program);
refundCommands(program);
statementCommands(program);

try {
  await program.parseAsync();
} catch (thrown) {
  complain(thrown);
  process.exitCode = 1;
}
