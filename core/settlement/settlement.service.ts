import { shell } from "../shell.ts";
import type { SettlementService } from "./service.ts";

export const settlementShell = (service: SettlementService) => {
  const { list, deliver, setFeeRule, feeRules, setSettlementRule, settlementRules } = service;
  return shell("settlement", { lines: list, deliver, setFeeRule, feeRules, setSettlementRule, settlementRules });
};
