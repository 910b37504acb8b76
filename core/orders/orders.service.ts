import { shell } from "../shell.ts";
import type { OrdersService } from "./service.ts";

export const ordersShell = ({ inbox, list, get, cancel }: OrdersService) =>
  shell("orders", { inbox, list, get, cancel });
