import { shell } from "../shell.ts";
import type { RefundsService } from "./service.ts";

export const refundsShell = ({ preview, open, approve, reject, get, list }: RefundsService) =>
  shell("refunds", { preview, open, approve, reject, get, list });
