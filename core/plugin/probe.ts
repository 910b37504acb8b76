import type { MappedRecord } from "../actions.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { LoadedPlugin } from "./load.ts";
import type { RecordMapper } from "./map-record.ts";

/** What a probing worker tells of how one record was mapped, besides what became of it. */
export interface Probe {
  /** Milliseconds of schema, map and the checks after it. */
  readonly ms: number;
  /** What `map` returned, as JSON text. Absent when it was not called, threw, or returned no JSON. */
  readonly returned?: string;
  /** `changed`: map changed the record it was given. `differs`: the same record a second time became something else. */
  readonly impure?: "changed" | "differs";
  /** Most memory that the worker has taken so far. */
  readonly peakBytes: number;
}

export type ProbedRecord = MappedRecord & { readonly probe?: Probe };

export interface Prober {
  /** Sees what `map` returns, and hands it on. */
  readonly saw: (returned: unknown) => unknown;
  readonly probed: (plugin: LoadedPlugin) => LoadedPlugin;
}

/** For authors' tools, never for files that are taken: every record is mapped twice and watched. */
export function createProber(now: () => number, peakBytes: () => number): Prober {
  let returned: unknown;
  return {
    saw(made) {
      returned = made;
      return made;
    },
    probed: (plugin) => ({ ...plugin, mappers: plugin.mappers.map(watched) }),
  };

  function watched(mapper: RecordMapper): RecordMapper {
    return (raw, merchant) => {
      const before = "value" in raw ? canonicalJson(raw.value) : "";
      returned = undefined;
      const began = now();
      const mapped = mapper(raw, merchant);
      const ms = now() - began;
      const text = jsonOf(returned);
      const changed = "value" in raw && canonicalJson(raw.value) !== before;
      const differs = !changed && mapper(raw, merchant) !== mapped;
      const impure = changed ? "changed" : differs ? "differs" : undefined;
      const probe: Probe = {
        ms,
        peakBytes: peakBytes(),
        ...(text === undefined ? {} : { returned: text }),
        ...(impure === undefined ? {} : { impure }),
      };
      return `${mapped.slice(0, -1)},"probe":${JSON.stringify(probe)}}`;
    };
  }
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // It holds itself, or what is no JSON: what became of the record says so.
    return undefined;
  }
}
