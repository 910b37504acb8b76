import type { ControlRow, FixedColumn, FixedInput, InputSpec, JsonInput, RowsInput, XmlInput } from "./contract.ts";
import { columnsOf, tableOf } from "./fixed.ts";
import { detailColumnsOf, ownColumnsOf } from "./table-layout.ts";

/** What does not fit together in a declared input. */
export interface DeclarationFault {
  /** JSON Pointer into the input. */
  readonly field: string;
  /** Says what is wrong with the field, as the rest of a sentence. */
  readonly reason: string;
}

/** The first thing that does not fit together in an input whose shape is right; undefined when it can be read by it. */
export function declarationFault(input: InputSpec): DeclarationFault | undefined {
  switch (input.format) {
    case "csv":
    case "tsv":
    case "xlsx":
      return tableFaults(input).next().value ?? undefined;
    case "json":
    case "ndjson":
    case "xml":
      return documentFaults(input).next().value ?? undefined;
    case "fixed":
      return fixedFaults(input).next().value ?? undefined;
    case "edi":
      return undefined;
  }
}

/** True when much of a file of the input is held: a workbook, or what lies apart until the end, up to `ReadLimits.heldChars`. */
export const isHeld = (input: InputSpec): boolean =>
  input.format === "xlsx" || ("scattered" in input && input.scattered) || ("join" in input && input.join !== undefined);

type Faults = Generator<DeclarationFault, void, undefined>;

function* tableFaults({ columns, header, titleRows, groupBy, scattered, kinds }: RowsInput): Faults {
  const named = header !== false;
  if (titleRows !== undefined && !named) yield { field: "/titleRows", reason: "is only for tables with a header row" };
  if (titleRows !== undefined && titleRows > 0 && columns.length === 0)
    yield { field: "/titleRows", reason: "needs columns, by which the header row is found" };
  if (scattered === true && groupBy === undefined)
    yield { field: "/scattered", reason: "is only for rows with groupBy" };
  // The columns of a header row that is not declared are known by the file alone.
  const lacks = (own: readonly string[] | undefined, name: string): boolean =>
    own === undefined ? !named && !columns.includes(name) : !own.includes(name);
  if (groupBy !== undefined && kinds === undefined && lacks(undefined, groupBy))
    yield { field: "/groupBy", reason: "is none of the columns" };
  if (kinds === undefined) return;
  if (lacks(undefined, kinds.column)) yield { field: "/kinds/column", reason: "is none of the columns" };
  const controls = [
    ["header", kinds.header],
    ["trailer", kinds.trailer],
  ] as const;
  const wanted = [groupBy, ...controls.flatMap(([, control]) => control?.currency?.of)].filter(
    (name) => name !== undefined,
  );
  for (const [index, detail] of kinds.details.entries()) {
    const missing = wanted.find((name) => lacks(detail.columns, name));
    if (missing !== undefined)
      yield { field: `/kinds/details/${index}`, reason: `lacks the column ${JSON.stringify(missing)}` };
  }
  for (const [name, control] of controls)
    if (control !== undefined)
      yield* controlFaults(
        name,
        control,
        kinds.details.map((detail) => detail.columns),
        lacks,
      );
  if (kinds.opens !== undefined && !kinds.details.some(({ is }) => is === kinds.opens))
    yield { field: "/kinds/opens", reason: `is ${JSON.stringify(kinds.opens)}, which is no kind of its details` };
  if (kinds.opens !== undefined && groupBy !== undefined)
    yield { field: "/kinds/opens", reason: "is not for rows with groupBy" };
  const names = [...kinds.details, kinds.header, kinds.trailer].flatMap((kind) => kind?.is ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) yield { field: "/kinds", reason: `has the kind ${JSON.stringify(twice)} twice` };
  for (const [name, control] of controls) {
    const unknown = control?.count?.of?.find((kind) => !names.includes(kind));
    if (unknown !== undefined)
      yield { field: `/kinds/${name}/count/of`, reason: `has ${JSON.stringify(unknown)}, which is no kind` };
  }
}

function* fixedFaults(input: FixedInput): Faults {
  const { columns, kinds, length } = input;
  const places: readonly (readonly [field: string, own: readonly FixedColumn[] | undefined])[] = [
    ["/columns", columns],
    ...(kinds?.details ?? []).map((kind, index) => [`/kinds/details/${index}/columns`, kind.columns] as const),
    ["/kinds/header/columns", kinds?.header?.columns],
    ["/kinds/trailer/columns", kinds?.trailer?.columns],
  ];
  for (const [field, own] of places) {
    if (own === undefined) continue;
    const backward = own.findIndex(({ from, to }) => to < from);
    if (backward >= 0) yield { field: `${field}/${backward}/to`, reason: "is before from" };
    const names = own.map(({ name }) => name);
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (twice >= 0) yield { field: `${field}/${twice}/name`, reason: "is the name of another column too" };
    if (length !== undefined && columnsOf(input, own).some(({ to }) => to > length))
      yield { field: "/length", reason: "is less than the end of a column" };
  }
  yield* tableFaults(tableOf(input));
}

function* controlFaults(
  name: string,
  control: ControlRow,
  details: readonly (readonly string[] | undefined)[],
  lacks: (own: readonly string[] | undefined, name: string) => boolean,
): Faults {
  const own = ownColumnsOf(control).find((column) => lacks(control.columns, column));
  if (own !== undefined) yield { field: `/kinds/${name}`, reason: `lacks the column ${JSON.stringify(own)}` };
  const summed = detailColumnsOf(control).find((column) => details.every((columns) => lacks(columns, column)));
  if (summed !== undefined)
    yield { field: `/kinds/${name}`, reason: `is about the column ${JSON.stringify(summed)}, which no details have` };
}

function* documentFaults({ format, records = [""], join = [], control }: JsonInput | XmlInput): Faults {
  const apart = join.length > 0 ? "join" : control === undefined ? undefined : "control";
  if (apart === undefined) return;
  if (format === "ndjson") yield { field: `/${apart}`, reason: "is not for ndjson" };
  const [path = ""] = records;
  if (records.length > 1) yield { field: "/records", reason: `must be one path where there is ${apart}` };
  const places = [
    ...join.map((part, index) => [`/join/${index}/records`, part.records] as const),
    ...(control?.count === undefined ? [] : [["/control/count", control.count] as const]),
    ...(control?.sums ?? []).map((sum, index) => [`/control/sums/${index}/total`, sum.total] as const),
  ];
  for (const [field, place] of places)
    if (isAtOrBelow(place, path) || isAtOrBelow(path, place))
      yield { field, reason: "must be outside of the records, and not around them" };
  for (const [index, [field, place]] of places.entries())
    for (const [, other] of places.slice(index + 1))
      if (isAtOrBelow(place, other) || isAtOrBelow(other, place))
        yield { field, reason: "is a place that is used twice" };
  const names = join.map((part) => part.as);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (twice >= 0) yield { field: `/join/${twice}/as`, reason: "is the name of other parts too" };
}

const isAtOrBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);
