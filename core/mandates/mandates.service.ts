import { shell } from "../shell.ts";
import type { MandatesService } from "./service.ts";

export const mandatesShell = ({ create, get, list, charge, revoke }: MandatesService) =>
  shell("mandates", { create, get, list, charge, revoke });
