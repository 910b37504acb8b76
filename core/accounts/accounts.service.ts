import { shell } from "../shell.ts";
import type { AccountsService } from "./service.ts";

export const accountsShell = ({ create, list }: AccountsService) => shell("accounts", { create, list });
