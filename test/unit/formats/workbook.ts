import { zipOf, type Part } from "./packing.ts";

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";

const related = (type: string, target: string, id = "rId1", more = ""): string =>
  `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"${more}/>`;
const relationships = (...list: readonly string[]): string =>
  `<Relationships xmlns="${PACKAGE}">${list.join("")}</Relationships>`;

/** A sheet's XML around its rows. */
export const sheetOf = (rows: string): string =>
  `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet xmlns="${MAIN}"><dimension ref="A1:D9"/><sheetData>${rows}</sheetData><pageMargins left="0.7"/></worksheet>`;

const cellOf = (text: string): string => `<c t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`;
/** A row of texts, in its place. */
export const textRow = (...cells: readonly string[]): string => `<row>${cells.map(cellOf).join("")}</row>`;

export interface Workbook {
  /** Its first sheet's XML, or its rows alone. */
  readonly sheet?: string;
  readonly rows?: string;
  /** What is between the tags of the shared strings. */
  readonly strings?: string;
  /** Parts put in place of those, or further ones; undefined takes one out. */
  readonly parts?: Readonly<Record<string, string | undefined>>;
  /** How parts are packed. */
  readonly how?: Partial<Part>;
  /** The order of the parts turned round. */
  readonly reversed?: boolean;
}

/** A workbook of one sheet named Orders, with the texts that its cells share. */
export function workbookOf({ sheet, rows = "", strings, parts = {}, how = {}, reversed = false }: Workbook): Buffer {
  const all: Record<string, string | undefined> = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": relationships(related("officeDocument", "xl/workbook.xml")),
    "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationships(
      related("worksheet", "worksheets/sheet1.xml"),
      related("sharedStrings", "/xl/sharedStrings.xml", "rId2"),
      related("hyperlink", "https://example.com/", "rId3", ' TargetMode="External"'),
    ),
    "xl/worksheets/sheet1.xml": sheet ?? sheetOf(rows),
    "xl/sharedStrings.xml": `<sst xmlns="${MAIN}">${strings ?? ""}</sst>`,
    ...parts,
  };
  const list = Object.entries(all).flatMap(([name, content]) =>
    content === undefined ? [] : [{ name, content, ...how }],
  );
  return zipOf(reversed ? list.toReversed() : list);
}

/** The parts of a workbook with two sheets, the first of which is a chart. */
export const twoSheets = (rows: string): Readonly<Record<string, string>> => ({
  "xl/workbook.xml": `<x:workbook xmlns:x="${MAIN}" xmlns:rel="${OFFICE}"><x:sheets><x:sheet name="Chart" sheetId="7" rel:id="a"/><x:sheet name="Orders" sheetId="2" rel:id="b"/><x:sheet name="Second" sheetId="1" state="hidden" rel:id="c"/></x:sheets></x:workbook>`,
  "xl/_rels/workbook.xml.rels": relationships(
    related("chartsheet", "chartsheets/sheet1.xml", "a"),
    related("worksheet", "worksheets/sheet1.xml", "b"),
    related("worksheet", "./worksheets/../worksheets/Sheet2.xml", "c"),
  ),
  "xl/worksheets/sheet2.xml": sheetOf(rows),
});
