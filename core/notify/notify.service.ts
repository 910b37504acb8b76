import { shell } from "../shell.ts";
import type { NotifyService } from "./service.ts";

export const notifyShell = ({ events, createEndpoint, endpoints, deliveries }: NotifyService) =>
  shell("notify", { events, createEndpoint, endpoints, deliveries });
