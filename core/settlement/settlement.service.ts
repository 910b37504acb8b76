import { shell } from "../shell.ts";
import type { SettlementService } from "./service.ts";

export const settlementShell = ({ list, setFeeRule, feeRules }: SettlementService) =>
  shell("settlement", { lines: list, setFeeRule, feeRules });
