import type { Encoding } from "./contract.ts";

/** Names that a declaration may give each encoding, in lower case. */
const LABELS: Record<Encoding, readonly string[]> = {
  "utf-8": ["utf-8", "utf8"],
  "utf-16le": ["utf-16", "utf-16le"],
  "utf-16be": ["utf-16", "utf-16be"],
  gb18030: ["gb18030", "gbk", "gb2312"],
  shift_jis: ["shift_jis", "shift-jis", "sjis", "windows-31j", "cp932", "ms932"],
  "iso-8859-1": ["iso-8859-1", "iso_8859-1", "latin1"],
  "iso-8859-15": ["iso-8859-15", "iso_8859-15", "latin-9", "latin9"],
  "windows-1252": ["windows-1252", "cp1252"],
};

/** Whether an XML declaration's `encoding` means this encoding. */
export const isLabelOf = (encoding: Encoding, label: string): boolean => LABELS[encoding].includes(label.toLowerCase());
