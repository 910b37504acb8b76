import { shell } from "../shell.ts";
import type { PayoutsService } from "./service.ts";

export const payoutsShell = ({ preview, run, get, list }: PayoutsService) =>
  shell("payouts", { preview, run, get, list });
