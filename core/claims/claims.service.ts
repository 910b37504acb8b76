import { shell } from "../shell.ts";
import type { ClaimsService } from "./service.ts";

export const claimsShell = ({ get, list }: ClaimsService) => shell("claims", { get, list });
