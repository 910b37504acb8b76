import { constants, crc32, deflateRawSync } from "node:zlib";
import { COLUMNS, type Row } from "./columns.ts";

const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships";
/** Columns whose few texts cells share, as spreadsheets write them; those of numbers; all others have a text of their own in each cell. */
const SHARED = new Set<string>(["product", "currency", "city", "country"]);
const NUMBERS = new Set<string>(["quantity", "total"]);
const ROWS_AT_ONCE = 1000;

interface Packed {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  readonly pieces: readonly Uint8Array[];
}

/** A workbook of one sheet with a row for each order, in pieces; only what is packed is held. */
export function* workbook(rows: Iterable<Row>): Generator<Uint8Array> {
  const strings = new Map<string, number>();
  const sheet = packed("xl/worksheets/sheet1.xml", sheetXml(rows, strings));
  const shared = Array.from(strings.keys(), (text) => `<si><t>${text}</t></si>`).join("");
  yield* zip([
    packed("_rels/.rels", [relationships([["officeDocument", "xl/workbook.xml"]])]),
    packed("xl/workbook.xml", [
      `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Orders" sheetId="1" r:id="rId0"/></sheets></workbook>`,
    ]),
    packed("xl/_rels/workbook.xml.rels", [
      relationships([
        ["worksheet", "worksheets/sheet1.xml"],
        ["sharedStrings", "sharedStrings.xml"],
      ]),
    ]),
    packed("xl/sharedStrings.xml", [`<sst xmlns="${MAIN}">${shared}</sst>`]),
    sheet,
  ]);
}

const relationships = (parts: readonly (readonly [type: string, target: string])[]): string =>
  `<Relationships xmlns="${PACKAGE}">${parts
    .map(([type, target], at) => `<Relationship Id="rId${at}" Type="${OFFICE}/${type}" Target="${target}"/>`)
    .join("")}</Relationships>`;

function* sheetXml(rows: Iterable<Row>, strings: Map<string, number>): Generator<string> {
  yield `<worksheet xmlns="${MAIN}"><sheetData><row r="1">${COLUMNS.map(([name], at) => inline(placeOf(at, 1), name)).join("")}</row>`;
  let number = 1;
  let held: string[] = [];
  for (const row of rows) {
    number += 1;
    held.push(
      `<row r="${number}">${COLUMNS.map(([name], at) => cellOf(name, placeOf(at, number), row[name], strings)).join("")}</row>`,
    );
    if (held.length < ROWS_AT_ONCE) continue;
    yield held.join("");
    held = [];
  }
  yield `${held.join("")}</sheetData></worksheet>`;
}

const placeOf = (column: number, row: number): string => `${String.fromCharCode(0x41 + column)}${row}`;
const inline = (place: string, text: string): string => `<c r="${place}" t="inlineStr"><is><t>${text}</t></is></c>`;

function cellOf(name: string, place: string, text: string, strings: Map<string, number>): string {
  if (NUMBERS.has(name)) return `<c r="${place}"><v>${text}</v></c>`;
  if (!SHARED.has(name)) return inline(place, text);
  const index = strings.get(text) ?? strings.size;
  strings.set(text, index);
  return `<c r="${place}" t="s"><v>${index}</v></c>`;
}

function packed(name: string, content: Iterable<string>): Packed {
  const pieces: Uint8Array[] = [];
  let crc = 0;
  let size = 0;
  for (const text of content) {
    const bytes = Buffer.from(text);
    crc = crc32(bytes, crc);
    size += bytes.length;
    pieces.push(deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  }
  pieces.push(deflateRawSync(Buffer.alloc(0)));
  return { name, crc, size, pieces };
}

/** A zip file (APPNOTE.TXT of PKWARE, 4.3): the parts, and the directory of them. */
function* zip(parts: readonly Packed[]): Generator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, crc, size, pieces } of parts) {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name)]);
    yield local;
    yield* pieces;
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, rest, Buffer.from(name));
    offset += local.length + length;
  }
  const whole = Buffer.concat(directory);
  yield whole;
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(whole.length, 12);
  end.writeUInt32LE(offset, 16);
  yield end;
}
