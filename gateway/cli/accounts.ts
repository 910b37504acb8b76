import type { Command } from "commander";
import type { Rotation } from "../../core/actions.ts";
import { type Api, withApi } from "./api.ts";
import { many, print } from "./print.ts";

/** Adds `mergepay accounts ...`: how account numbers are kept. */
export function accountCommands(program: Command): void {
  program
    .command("accounts")
    .description("look after the account numbers of payers and merchants")
    .command("rotate")
    .description("bring all of them under the newest key of the credentials file, while the server goes on")
    .action(() => withApi(rotate));
}

/** A step at a time, until none is left or none gets on. */
async function rotate(api: Api): Promise<void> {
  let sealed = 0;
  for (;;) {
    const { keyId, rotated, failed, left } = await api.post<Rotation>("/v1/account-keys/rotate");
    sealed += rotated;
    if (left > 0 && rotated > 0) continue;
    print(`${many(sealed, "account")} sealed under the key ${keyId}; ${left} left`);
    if (left === 0) return;
    print(`${failed} could not be opened: the server's log says which and why.`);
    process.exitCode = 1;
    return;
  }
}
