/** The texts of records by where they stand: what the proposals are made of. */

/** Stands in a path for each element of an array. */
export const EACH = "*";

/** A place in the records that holds texts, or null. */
export interface Leaf {
  /** Names from the record down, `EACH` for the elements of an array; `0` is the first row of a table's record. */
  readonly path: readonly string[];
  readonly texts: readonly string[];
  /** Records that have a text there which is not empty. */
  readonly filled: number;
}

interface Found {
  readonly path: readonly string[];
  readonly texts: string[];
  readonly records: Set<number>;
  /** How often something else than a text or null was there. */
  others: number;
}

/** Half of them or more, and at least one: a sample may hold records that are wrong, and they must not hide what the others say. */
export const mostly = (found: number, of: number): boolean => found > 0 && found * 2 >= of;

interface Table {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Columns in which the rows of records mostly differ, where more than one has something there: they tell of lines, not of orders. */
function varying(records: readonly Table[]): ReadonlySet<string> {
  const found = new Map<string, { several: number; differing: number }>();
  for (const { rows } of records)
    for (const column of Object.keys(rows[0] ?? {})) {
      const texts = rows.map((row) => row[column]).filter((text) => text !== undefined && text !== "");
      if (texts.length < 2) continue;
      const seen = found.get(column) ?? { several: 0, differing: 0 };
      seen.several += 1;
      if (new Set(texts).size > 1) seen.differing += 1;
      found.set(column, seen);
    }
  return new Set(
    [...found].flatMap(([column, { several, differing }]) => (mostly(differing, several) ? [column] : [])),
  );
}

/**
 * All places of the records that hold texts. Rows of a table are there twice: the first one under `rows/0`, as what tells of the whole
 * order, and each under `rows/*`. What differs from row to row tells of lines alone.
 */
export function leavesOf(records: readonly unknown[], table: boolean): Leaf[] {
  const found = new Map<string, Found>();
  const at = (path: readonly string[]): Found => {
    const key = path.join("\u0000");
    const known = found.get(key) ?? { path, texts: [], records: new Set<number>(), others: 0 };
    found.set(key, known);
    return known;
  };
  function visit(value: unknown, path: readonly string[], record: number): void {
    if (value === null || value === undefined) return;
    if (typeof value === "object") {
      at(path).others += 1;
      if (Array.isArray(value)) for (const item of value) visit(item, [...path, EACH], record);
      else for (const [name, field] of Object.entries(value)) visit(field, [...path, name], record);
      return;
    }
    const place = at(path);
    if (typeof value !== "string") {
      place.others += 1;
      return;
    }
    place.texts.push(value);
    if (value !== "") place.records.add(record);
  }
  const ofLines = table ? varying(records as readonly Table[]) : new Set<string>();
  for (const [record, value] of records.entries()) {
    visit(value, [], record);
    if (!table) continue;
    const first = Object.entries((value as Table).rows[0] ?? {}).filter(([column]) => !ofLines.has(column));
    visit(Object.fromEntries(first), ["rows", "0"], record);
  }
  return [...found.values()]
    .filter(({ texts, others }) => mostly(texts.length, texts.length + others))
    .map(({ path, texts, records: { size } }) => ({ path, texts, filled: size }));
}

/** Whether a place is one of the order itself, not of one of its lines. */
export const isOfOrder = ({ path }: Leaf): boolean => !path.includes(EACH);

/** Levels below the record. */
export const depthOf = ({ path }: Leaf): number => path.length - (path[0] === "rows" ? 2 : 0);

/** The path as people read it: `orderLines/orderLine[]/amount`. */
export const shownPath = (path: readonly string[]): string => path.join("/").replaceAll("/*", "[]");

/** JSON Pointer of a path without arrays. */
export const pointerOf = (path: readonly string[]): string =>
  path.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
