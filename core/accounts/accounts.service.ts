import { shell } from "../shell.ts";
import type { AccountsService } from "./service.ts";

export const accountsShell = (accounts: AccountsService) => {
  const { create, list, remove, rotate } = accounts;
  const { addForMerchant, verifyForMerchant, removeForMerchant, listForMerchants } = accounts;
  return shell("accounts", {
    create,
    list,
    remove,
    rotate,
    addForMerchant,
    verifyForMerchant,
    removeForMerchant,
    listForMerchants,
  });
};
