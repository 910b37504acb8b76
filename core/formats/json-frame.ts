import type { MergepayError } from "../errors/errors.ts";
import { RECORD, type Place } from "./assemble.ts";
import type { ReadLimits } from "./contract.ts";
import { frameBroken, notRecognised } from "./faults.ts";
import type { JsonEvents } from "./json-scan.ts";
import { escapePointer, unescape } from "./json-value.ts";

interface FrameDeps<Capture> {
  /** JSON Pointers that may hold the records, the first that there is wins. */
  readonly paths: readonly string[];
  /** What else there is, by JSON Pointer; only where `paths` is one. */
  readonly places: ReadonlyMap<string, Place>;
  readonly limits: ReadLimits;
  readonly open: (index: number, place: Place) => Capture;
  readonly drop: (capture: Capture) => void;
  /** `depth`: how deep the value itself lies in the document. */
  readonly take: (capture: Capture, index: number, position: string, depth: number, place: Place) => void;
}

/** An open object or array that is outside of records. */
interface Container {
  /** JSON Pointer; undefined below an array, where no path leads. */
  readonly pointer: string | undefined;
  readonly names: Set<string> | undefined;
  /** Name of the member whose value comes next, unescaped. */
  name: string;
  /** Characters of its names: what it costs in memory. */
  cost: number;
  /** Set on an array that holds records or parts. */
  readonly holds: Place | undefined;
  next: number;
}

/** An object that is the record, unless a path tried earlier turns up inside. */
interface Candidate<Capture> {
  readonly rank: number;
  readonly depth: number;
  readonly capture: Capture;
  /** No fault was deferred before it: any that there is at its end is its own. */
  readonly clean: boolean;
}

/**
 * Finds the records of a JSON document by their paths while it streams by, and holds what lies outside of records to the
 * strict rules: no duplicate names, no nesting over the limit, no half surrogates.
 */
export function createJsonFrame<Capture>(deps: FrameDeps<Capture>): { events: JsonEvents; end(): void } {
  const { paths, places, limits } = deps;
  const stack: Container[] = [];
  let candidates: Candidate<Capture>[] = [];
  /** Containers open beyond the depth limit: only counted. */
  let beyond = 0;
  let chosen = -1;
  let nameCost = 0;
  /** The record, part or total that is open. */
  let item: { capture: Capture; position: string; depth: number; place: Place } | undefined;
  /** A fault inside a candidate: the record's own if the candidate becomes it, the file's if not. */
  let deferred: MergepayError | undefined;

  function fault(make: () => MergepayError): void {
    if (candidates.length === 0) throw make();
    deferred ??= make();
  }

  /** True when `rank` is taken over all that was met so far. */
  function wins(rank: number): boolean {
    if (chosen >= 0) {
      if (rank >= chosen) return false;
      throw notRecognised(`The file has records at both ${shown(paths[chosen])} and ${shown(paths[rank])}.`);
    }
    return candidates.every((candidate) => rank < candidate.rank);
  }

  function choose(rank: number): void {
    chosen = rank;
    for (const candidate of candidates) deps.drop(candidate.capture);
    candidates = [];
    if (deferred !== undefined) throw deferred;
  }

  function pointerOfNext(): string | undefined {
    const parent = stack.at(-1);
    if (parent === undefined) return "";
    if (parent.names === undefined || parent.pointer === undefined) return undefined;
    return `${parent.pointer}/${escapePointer(parent.name)}`;
  }

  /** Opens what nothing is told of until its end. */
  function openItem(index: number, position: string, place: Place): true {
    item = { capture: deps.open(index, place), position, depth: stack.length, place };
    return true;
  }

  function begin(kind: "object" | "array" | "scalar", index: number): boolean {
    if (beyond > 0) {
      if (kind !== "scalar") beyond++;
      return false;
    }
    const parent = stack.at(-1);
    if (parent?.holds !== undefined) return openItem(index, `${parent.pointer}/${parent.next++}`, parent.holds);
    if (kind === "scalar" && places.size === 0) return false;
    const pointer = pointerOfNext();
    const place = pointer === undefined ? undefined : places.get(pointer);
    const single = place?.kind === "total" ? "scalar" : "object";
    if (place !== undefined && kind === single) return openItem(index, pointer ?? "", place);
    if (kind === "scalar") return false;
    const rank = pointer === undefined ? -1 : paths.indexOf(pointer);
    const found = rank >= 0 && wins(rank);
    if (found && kind === "object") {
      const better = paths.some((path, at) => at < rank && path.startsWith(`${pointer}/`));
      if (!better) {
        choose(rank);
        return openItem(index, pointer ?? "", RECORD);
      }
      const capture = deps.open(index, RECORD);
      candidates.push({ rank, depth: stack.length, capture, clean: deferred === undefined });
    }
    if (found && kind === "array") choose(rank);
    const parts = place?.kind === "part" ? place : undefined;
    enter(kind, pointer, kind === "array" ? (found ? RECORD : parts) : undefined);
    return false;
  }

  function enter(kind: "object" | "array", pointer: string | undefined, holds: Place | undefined): void {
    if (stack.length >= limits.depth) {
      fault(() => frameBroken(`Outside of records, the file is nested deeper than ${limits.depth} levels.`));
      beyond = 1;
      return;
    }
    const names = kind === "object" ? new Set<string>() : undefined;
    stack.push({ pointer, names, name: "", cost: 0, holds, next: 0 });
  }

  function name(raw: string): void {
    const parent = stack.at(-1);
    if (beyond > 0 || parent?.names === undefined) return;
    const plain = raw.includes("\\") ? (unescape(`"${raw}"`) ?? raw) : raw;
    parent.name = plain;
    if (nameCost + raw.length > limits.recordBytes)
      return fault(() => frameBroken(`Outside of records, the names take more than ${limits.recordBytes} characters.`));
    nameCost += raw.length;
    parent.cost += raw.length;
    if (plain === "__proto__") fault(() => frameBroken("Outside of records, the name __proto__ is not taken."));
    if (parent.names.has(plain)) {
      const field = pointerOfNext();
      const details = field === undefined ? {} : { field: field.slice(0, 512) };
      fault(() => frameBroken(`The same name comes twice in the object at ${shown(parent.pointer)}.`, details));
    }
    parent.names.add(plain);
  }

  function close(index: number): void {
    if (beyond > 0) {
      beyond--;
      return;
    }
    const closed = stack.pop();
    nameCost -= closed?.cost ?? 0;
    const candidate = candidates.at(-1);
    if (candidate?.depth !== stack.length) return;
    // Nothing that is tried earlier turned up inside: this is the record, and its faults are the record's own.
    candidates.pop();
    if (candidate.clean) deferred = undefined;
    choose(candidate.rank);
    deps.take(candidate.capture, index, closed?.pointer ?? "", candidate.depth, RECORD);
  }

  return {
    events: {
      begin,
      name,
      close,
      recordEnd(index) {
        if (item !== undefined) deps.take(item.capture, index, item.position, item.depth, item.place);
        item = undefined;
      },
      fault: (reason, position) =>
        fault(() => frameBroken(`Outside of records, ${reason} (${position}).`, { position })),
    },
    end() {
      if (chosen < 0) throw notRecognised(`The file has no records at ${paths.map(shown).join(" or ")}.`);
    },
  };
}

const shown = (pointer: string | undefined): string =>
  pointer === undefined ? "a list" : pointer === "" ? "its top" : pointer.slice(0, 200);
