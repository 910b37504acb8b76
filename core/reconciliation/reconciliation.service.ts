import { shell } from "../shell.ts";
import type { ReconciliationService } from "./service.ts";

export const reconciliationShell = ({ reconcile, breaks }: ReconciliationService) =>
  shell("reconciliation", { reconcile, breaks });
