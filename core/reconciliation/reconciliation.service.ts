import { shell } from "../shell.ts";
import type { ReconciliationService } from "./service.ts";

export const reconciliationShell = ({ reconcile, importFile, breaks }: ReconciliationService) =>
  shell("reconciliation", { reconcile, importFile, breaks });
