import type { ReadLimits } from "./contract.ts";
import { frameBroken, recordTooLarge } from "./faults.ts";
import type { Emit, Refusal } from "./faults.ts";
import { createHold, flat, HELD_RECORDS } from "./held.ts";
import { emitRows, fieldFault, rowOf, type TableGroups } from "./table-groups.ts";
import type { RowLayout } from "./table-layout.ts";

/** Rows with one key, which may come anywhere. */
interface HeldGroup {
  readonly position: string;
  /** Its rows, each as one text, and the names of their cells beside them: lists of texts cost the least. */
  rows: string[];
  names: (readonly string[])[];
  chars: number;
  refused: Refusal | undefined;
}

/** A record of all rows with the same key, wherever they are, in the order of their first rows. All is held until the end. */
export function createScattered(limits: ReadLimits, emit?: Emit): TableGroups {
  const groups = new Map<string, HeldGroup>();
  const hold = createHold(limits);
  let ended: IterableIterator<[string, HeldGroup]> | undefined;
  let records = 0;

  function groupOf(key: string, position: string): HeldGroup {
    const there = groups.get(key);
    if (there !== undefined) return there;
    hold(key.length, position);
    const made: HeldGroup = { position, rows: [], names: [], chars: 0, refused: undefined };
    groups.set(flat(key), made);
    return made;
  }

  function refuse(group: HeldGroup, refused: Refusal): void {
    group.refused ??= refused;
    group.rows = [];
    group.names = [];
  }

  return {
    add(row, { names, groupColumn }: RowLayout, fault) {
      const { position } = row;
      const key = row.cells[groupColumn];
      if (key === undefined || row.count !== names.length)
        throw frameBroken(
          `At ${position} it can't be told which record the row belongs to: ${fault?.reason ?? "it lacks cells."}`,
          { position },
        );
      const group = groupOf(key, position);
      if (fault !== undefined) refuse(group, fault);
      if (group.refused !== undefined) return;
      group.chars += row.chars;
      if (group.chars > limits.recordBytes) return refuse(group, recordTooLarge(limits.recordBytes));
      hold(row.chars, position);
      if (emit === undefined) return;
      group.rows.push(pack(row.cells));
      group.names.push(names);
    },
    end() {
      ended = groups.entries();
      return groups.size;
    },
    more() {
      for (let left = HELD_RECORDS; left > 0; left--) {
        const next = ended?.next();
        if (next === undefined || next.done === true) return left < HELD_RECORDS;
        const [key, { position, rows, names, chars, refused }] = next.value;
        groups.delete(key);
        const values = rows.map((packed, at) => rowOf(names[at] ?? [], unpack(packed)));
        const tooLong = values.map((row) => fieldFault(row, limits)).find((found) => found !== undefined);
        emitRows({ record: records++, position, rows: values, chars, refused: refused ?? tooLong }, limits, emit);
      }
      return true;
    },
  };
}

/** All cells as one text: their lengths, then the cells. Costs a fraction of an array of them. */
function pack(cells: readonly string[]): string {
  return [cells.map((cell) => cell.length).join(","), ";", ...cells].join("");
}

function unpack(packed: string): string[] {
  const start = packed.indexOf(";") + 1;
  let from = start;
  return packed
    .slice(0, start - 1)
    .split(",")
    .map((length) => packed.slice(from, (from += Number.parseInt(length, 10))));
}
