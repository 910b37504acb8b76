import { bareValue, isObject, namesBelow, textBelow } from "./below.ts";
import type { Join, JsonInput, ReadLimits, XmlInput } from "./contract.ts";
import { createDocumentTotals, totalPaths } from "./document-totals.ts";
import { exceedsBytes, frameBroken, malformed, orphaned, recordTooLarge } from "./faults.ts";
import type { Emit, Read, Refusal } from "./faults.ts";
import { createHold, flat, HELD_RECORDS } from "./held.ts";

/** What lies at a declared place of a document; `index` is that of the join, or of the total among `totalPaths`. */
export interface Place {
  readonly kind: "record" | "part" | "total";
  readonly index: number;
}

export const RECORD: Place = { kind: "record", index: 0 };

/** Makes records of what a document's reader finds at the places that are declared. */
export interface Assembly {
  /** Declared places other than those of records, by their paths. */
  readonly places: ReadonlyMap<string, Place>;
  /** The values of records are needed even when no record is given out. */
  readonly reads: boolean;
  /**
   * @param read needed if `reads`, or if records are given out
   * @param source the record's own text, where the reader has it; what is put together of parts has none
   */
  found(place: Place, position: string, read: Read | undefined, source?: string): void;
  /** Gives the number of records. */
  end(): number;
  /** As in `TextReader`. */
  more(): boolean;
}

export function createAssembly(input: JsonInput | XmlInput, limits: ReadLimits, emit?: Emit): Assembly {
  const { join = [], control } = input;
  const totals = control === undefined ? undefined : createDocumentTotals(control);
  const joined = join.length === 0 ? undefined : createJoined(join, limits, emit);
  let records = 0;

  function record(position: string, read: Read | undefined, source: string | undefined): void {
    totals?.record(position, read);
    if (read !== undefined && joined !== undefined) return joined.record(position, read);
    const own = records++;
    if (read !== undefined) emit?.({ record: own, position, ...read }, source);
  }

  return {
    places: new Map<string, Place>([
      ...join.map((part, index) => [part.records, { kind: "part", index }] as const),
      ...(control === undefined ? [] : totalPaths(control)).map(
        (path, index) => [path, { kind: "total", index }] as const,
      ),
    ]),
    reads: joined !== undefined || (control?.sums ?? []).length > 0,
    found({ kind, index }, position, read, source) {
      if (kind === "record") record(position, read, source);
      else if (read === undefined) return;
      else if (kind === "part") joined?.part(index, position, read);
      else totals?.total(index, position, "value" in read ? textBelow(read.value, []) : undefined);
    },
    end() {
      totals?.end();
      return joined === undefined ? records : joined.end();
    },
    more: () => joined?.more() ?? false,
  };
}

/** Parts that name the same record. */
interface Parts {
  readonly position: string;
  /** JSON of each; empty when only the frame is checked. */
  readonly texts: string[];
  count: number;
  chars: number;
  /** There is a record that they are of. */
  owned: boolean;
}

interface HeldRecord {
  readonly position: string;
  /** The text by which its parts are found, for each join. */
  readonly keys: readonly (string | undefined)[];
  /** JSON of the record; empty when only the frame is checked. */
  readonly text: string;
  readonly refused: Refusal | undefined;
}

interface Orphans {
  readonly position: string;
  readonly refused: Refusal;
}

/** Holds records and parts until the end of the document, as text, and puts them together then. */
function createJoined(join: readonly Join[], limits: ReadLimits, emit?: Emit) {
  const joins = join.map((part) => ({
    ...part,
    keyNames: namesBelow(part.key),
    onNames: namesBelow(part.on),
    byKey: new Map<string, Parts>(),
  }));
  const hold = createHold(limits);
  const held: HeldRecord[] = [];
  const orphans: Orphans[] = [];
  let given = 0;

  function refusalOf(value: unknown, keys: readonly (string | undefined)[]): Refusal | undefined {
    if (!isObject(value)) return malformed("The record is no object that its parts could be put into.");
    const taken = join.find(({ as }) => as in value);
    if (taken !== undefined)
      return malformed("The record has a member of the name that its parts are put under.", taken.as);
    const without = keys.indexOf(undefined);
    if (without >= 0) return malformed("The record has no text by which its parts are found.", join[without]?.on);
    return undefined;
  }

  /** Counts what its parts take in each record but the first that has them. */
  function own({ position, keys, refused }: HeldRecord): void {
    for (const [index, { byKey }] of joins.entries()) {
      const parts = byKey.get(keys[index] ?? "");
      if (keys[index] === undefined || parts === undefined) continue;
      if (parts.owned && refused === undefined) hold(parts.chars, position);
      parts.owned = true;
    }
  }

  function assembled({ keys, text, refused }: HeldRecord): Read {
    if (refused !== undefined) return { refused };
    const mine = joins.map(({ as, byKey }, index) => ({ as, parts: byKey.get(keys[index] ?? "") }));
    const chars = mine.reduce((sum, { parts }) => sum + (parts?.chars ?? 0), text.length);
    if (chars > limits.recordBytes) return { refused: recordTooLarge(limits.recordBytes) };
    const members = mine.map(({ as, parts }) => `${JSON.stringify(as)}:[${parts?.texts.join(",") ?? ""}]`);
    const whole = `{${[...(text === "{}" ? [] : [text.slice(1, -1)]), ...members].join(",")}}`;
    if (exceedsBytes(whole, limits.recordBytes)) return { refused: recordTooLarge(limits.recordBytes) };
    return { value: bareValue(whole) };
  }

  return {
    record(position: string, read: Read): void {
      const value = "value" in read ? read.value : undefined;
      const found = joins.map(({ onNames }) => textBelow(value, onNames));
      const refused = "refused" in read ? read.refused : refusalOf(value, found);
      const text = refused === undefined ? JSON.stringify(value) : "";
      const keys = found.map((key) => (key === undefined ? undefined : flat(key)));
      hold(position.length + text.length + keys.join("").length, position);
      held.push({ position, keys, text: emit === undefined ? "" : text, refused });
    },
    part(index: number, position: string, read: Read): void {
      const { keyNames, byKey } = joins[index] ?? { keyNames: [], byKey: new Map<string, Parts>() };
      if ("refused" in read)
        throw frameBroken(`It can't be told of which record the part at ${position} is: ${read.refused.reason}`, {
          position,
        });
      const key = isObject(read.value) ? textBelow(read.value, keyNames) : undefined;
      if (key === undefined)
        throw frameBroken(`The part at ${position} does not name its record.`, {
          position,
          field: join[index]?.key ?? "",
        });
      const text = JSON.stringify(read.value);
      hold(text.length + (byKey.has(key) ? 0 : key.length + position.length), position);
      const parts = byKey.get(key) ?? { position, texts: [], count: 0, chars: 0, owned: false };
      if (parts.count === 0) byKey.set(flat(key), parts);
      parts.count += 1;
      parts.chars += text.length + 1;
      if (emit !== undefined) parts.texts.push(text);
    },
    end(): number {
      for (const record of held) own(record);
      for (const { key, byKey } of joins)
        for (const { position, count, owned } of byKey.values())
          if (!owned) orphans.push({ position, refused: orphaned(count, key) });
      return held.length + orphans.length;
    },
    more(): boolean {
      const until = Math.min(given + HELD_RECORDS, held.length + orphans.length);
      const any = given < until;
      for (; given < until; given++) {
        const record = held[given];
        const orphan = orphans[given - held.length];
        if (record !== undefined) emit?.({ record: given, position: record.position, ...assembled(record) });
        else if (orphan !== undefined) emit?.({ record: given, ...orphan });
      }
      return any;
    },
  };
}
