import { shell } from "../shell.ts";
import type { ClaimsService } from "./service.ts";

export const claimsShell = ({ get, list, close, approve, reject }: ClaimsService) =>
  shell("claims", { get, list, close, approve, reject });
