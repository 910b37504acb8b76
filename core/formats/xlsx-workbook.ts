import type { SheetInput } from "./contract.ts";
import { frameBroken, notRecognised } from "./faults.ts";
import type { OfficePackage } from "./xlsx-package.ts";
import { createPartReader, RELATIONSHIPS, type PartEvents } from "./xlsx-part.ts";

/** Where the parts of a workbook are that a sheet is read from. */
export interface SheetParts {
  readonly sheet: string;
  /** The texts that cells share; undefined when there are none. */
  readonly strings: string | undefined;
}

interface Relationship {
  readonly type: string;
  readonly target: string;
}

/** Lists in a workbook are short; so many entries of one are looked at. */
const LISTED_MAX = 10_000;

/** A workbook's sheets in their order, charts and all, and the year from which it counts its days. */
interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly id: string }[];
  readonly dates: 1900 | 1904;
  readonly related: ReadonlyMap<string, Relationship>;
}

/** @throws FILE_NOT_RECOGNISED when the document is no workbook */
async function workbookOf(office: OfficePackage): Promise<Workbook> {
  const documents = [...(await relationships(office, "")).values()];
  const workbook = documents.find(({ type }) => type === "officeDocument")?.target;
  if (workbook === undefined || !office.has(workbook) || !workbook.endsWith(".xml"))
    throw notRecognised("The file is an office document, but no workbook as .xlsx has it.");
  return { ...(await sheetsOf(office, workbook)), related: await relationships(office, workbook) };
}

/** The names of the sheets that have cells. @throws FILE_NOT_RECOGNISED when the document is no workbook */
export async function listSheets(office: OfficePackage): Promise<{ names: readonly string[]; dates: 1900 | 1904 }> {
  const { sheets, dates, related } = await workbookOf(office);
  const names = sheets.filter(({ id }) => related.get(id)?.type === "worksheet").map(({ name }) => name);
  return { names, dates };
}

/**
 * Finds the sheet that is declared in a workbook.
 * @throws FILE_NOT_RECOGNISED when there is no such sheet, its days count from another year, or the document is no workbook
 */
export async function findSheet(office: OfficePackage, { sheet: name, dates = 1900 }: SheetInput): Promise<SheetParts> {
  const { sheets, dates: counted, related } = await workbookOf(office);
  if (counted !== dates)
    throw notRecognised(`The workbook's days count from ${counted}, its platform's from ${dates}.`);
  const chosen = sheets.find((sheet) =>
    name === undefined ? related.get(sheet.id)?.type === "worksheet" : sheet.name === name,
  );
  if (chosen === undefined)
    throw notRecognised(
      name === undefined ? "The workbook has no sheets." : `The workbook has no sheet named ${JSON.stringify(name)}.`,
    );
  const sheet = related.get(chosen.id);
  if (sheet?.type !== "worksheet")
    throw notRecognised(`The sheet ${JSON.stringify(chosen.name.slice(0, 31))} has no cells.`);
  const strings = [...related.values()].find(({ type }) => type === "sharedStrings")?.target;
  return { sheet: sheet.target, strings };
}

async function read(
  office: OfficePackage,
  part: string,
  root: string,
  open: PartEvents["open"],
  namespaces?: readonly string[],
): Promise<void> {
  const events = { open, close: () => undefined, text: () => undefined, aside: () => undefined };
  const reader = createPartReader(part, root, events, namespaces);
  for await (const piece of office.text(part)) reader.write(piece);
  reader.end();
}

/** What a part (`""`: the whole) says where its own parts are, by id. Types by their last name: two standards differ in the rest. */
async function relationships(office: OfficePackage, of: string): Promise<Map<string, Relationship>> {
  const slash = of.lastIndexOf("/") + 1;
  const folder = of.slice(0, slash);
  const part = `${folder}_rels/${of.slice(slash)}.rels`;
  const found = new Map<string, Relationship>();
  if (!office.has(part)) return found;
  await read(
    office,
    part,
    "Relationships",
    (local, depth, attributes) => {
      if (local !== "Relationship" || depth !== 2 || attributes["TargetMode"] === "External") return;
      const { Id: id = "", Type: type = "", Target: target = "" } = attributes;
      if (found.size === LISTED_MAX) throw frameBroken(`${part} lists more than ${LISTED_MAX} parts.`);
      found.set(id, { type: type.slice(type.lastIndexOf("/") + 1), target: resolved(folder, target) });
    },
    RELATIONSHIPS,
  );
  return found;
}

/** A place relative to a folder, or to the whole when it begins with a slash. */
function resolved(folder: string, target: string): string {
  const path: string[] = [];
  for (const name of (target.startsWith("/") ? target : folder + target).split("/")) {
    if (name === "..") path.pop();
    else if (name !== "." && name !== "") path.push(name);
  }
  return path.join("/");
}

async function sheetsOf(
  office: OfficePackage,
  workbook: string,
): Promise<{ sheets: readonly { name: string; id: string }[]; dates: 1900 | 1904 }> {
  const sheets: { name: string; id: string }[] = [];
  let inSheets = false;
  let dates: 1900 | 1904 = 1900;
  await read(office, workbook, "workbook", (local, depth, attributes) => {
    if (depth === 2) inSheets = local === "sheets";
    if (depth === 2 && local === "workbookPr" && /^(?:1|true|on)$/.test(attributes["date1904"] ?? "")) dates = 1904;
    if (!inSheets || depth !== 3 || local !== "sheet") return;
    if (sheets.length === LISTED_MAX) throw frameBroken(`The workbook has more than ${LISTED_MAX} sheets.`);
    // `r:id`, whatever the prefix; a sheet's other number is `sheetId`.
    const id = Object.keys(attributes).find((key) => key.endsWith(":id"));
    sheets.push({ name: attributes["name"] ?? "", id: id === undefined ? "" : (attributes[id] ?? "") });
  });
  return { sheets, dates };
}
