/** Ids and values that the documents of the tests share. */
export const time = "2025-06-01T12:00:00.000Z";
export const money = { value: "12.30", currency: "CNY" };
export const tail = "0".repeat(26);
export const IDS = {
  file: `file_${"a".repeat(40)}`,
  order: `ord_${tail}`,
  quote: `quo_${tail}`,
  payment: `pay_${tail}`,
  proposal: `prp_${tail}`,
  account: `acc_${tail}`,
  mandate: `man_${tail}`,
  link: `lnk_${tail}`,
  merchantAccount: `mac_${tail}`,
  payout: `pyo_${tail}`,
  statement: `stm_${tail}`,
  refund: `rfd_${tail}`,
  claim: `clm_${tail}`,
  chargeback: `cbk_${"c".repeat(26)}`,
} as const;
