import { shell } from "../shell.ts";
import type { ChargebacksService } from "./service.ts";

export const chargebacksShell = ({ propose, approve, reject, get, list }: ChargebacksService) =>
  shell("chargebacks", { propose, approve, reject, get, list });
