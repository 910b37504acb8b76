import { randomBytes } from "node:crypto";
import { auditTrail } from "../../core/audit/outbox.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import { idSource } from "../../core/ids.ts";
import { restoredService } from "../../core/restored/service.ts";
import { openStore } from "../../core/store/open.ts";
import { readConfig } from "../config.ts";
import { many, print } from "./print.ts";

/** Holds a store that was put back from a backup, or ends that by the words of who reconciled it. @throws STATE_REFUSED, STORE_LOCKED */
export async function afterRestore(reconciled: string | undefined): Promise<void> {
  if (reconciled?.trim() === "") throw new MergepayError("QUERY_INVALID", "--reconciled takes who did it and how.");
  const { mongoUri, dataDir, nodeId: node } = readConfig(process.env);
  const store = await openStore({ mongoUri, dir: dataDir });
  try {
    const now = Date.now;
    const restored = await restoredService({
      store,
      now,
      audit: auditTrail({ node, now, newId: idSource(now, randomBytes) }),
    });
    if (reconciled === undefined) {
      const { from, since } = await restored.hold();
      print("This store moves no money from now on; everything else goes on.");
      print(`   the last booking that it knows is of ${from}`);
      print(`   hold each bank's statement from then to ${since} or later against it (POST /v1/reconciliations), then`);
      print('   mergepay doctor --reconciled "<who did it, and how what it lacks was set right>"');
      return;
    }
    const unknown = await restored.end(reconciled);
    print("This store moves money again.");
    if (unknown > 0)
      print(`   ${many(unknown, "booking")} of the bank will never be in it: GET /v1/breaks?state=open lists them`);
  } finally {
    await store.close();
  }
}
