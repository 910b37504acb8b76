import type { Call } from "../actions.ts";
import { MergepayError } from "../errors/errors.ts";
import type { InputSpec, ReadLimits } from "../formats/contract.ts";
import { isHeld } from "../formats/declared.ts";
import { type Echo, type EchoRecord, echoOf } from "../formats/echo.ts";
import { readSources } from "../formats/read.ts";
import { recognise } from "../formats/recognise.ts";
import type { BlobStore } from "../store/contract.ts";
import type { RecordReject } from "../../schemas/types.generated.ts";

export interface EchoDeps {
  readonly call: Call;
  readonly blobs: Pick<BlobStore, "open">;
  readonly limits: ReadLimits;
}

type FileEcho = Omit<Echo, "render"> & { readonly pieces: AsyncGenerator<string> };

/** Echoes at once of a platform with files of which much is held while they are read. */
const HELD_AT_ONCE = 2;

/** Gives echoes of files; one maker for a node, as it counts those that are under way. */
export function createEchoes(deps: EchoDeps) {
  const held = new Map<string, number>();

  function take(platform: string): () => void {
    const before = held.get(platform) ?? 0;
    if (before === HELD_AT_ONCE)
      throw new MergepayError(
        "OVERLOADED",
        `${HELD_AT_ONCE} files of the platform are being read again for their echoes; come back when one is done.`,
      );
    held.set(platform, before + 1);
    return () => {
      const left = (held.get(platform) ?? 1) - 1;
      if (left === 0) held.delete(platform);
      else held.set(platform, left);
    };
  }

  /**
   * A file's rejected records, in the file's own format, with what was wrong with each. It is read again beside its list of rejects, and
   * only as far as the last of them; of most formats nothing is held. What is given must be begun.
   * @throws PLATFORM_UNAVAILABLE, NOT_FOUND, OVERLOADED; while it is read, what ends the reading of the file
   */
  return async ({ id, platform }: { readonly id: string; readonly platform: string }): Promise<FileEcho> => {
    const { inputs } = await deps.call("platform.inputs", {}, { platform });
    const release = inputs.some(isHeld) ? take(platform) : undefined;
    try {
      return await echoFile(deps, id, inputs, release);
    } catch (error) {
      release?.();
      throw error;
    }
  };
}

async function echoFile(
  { call, blobs, limits }: EchoDeps,
  fileId: string,
  inputs: readonly InputSpec[],
  release: (() => void) | undefined,
): Promise<FileEcho> {
  const { input, bytes, close } = await recognise(blobs.open(fileId), inputs, limits.fileBytes);

  async function* rejects(): AsyncGenerator<RecordReject> {
    for (let after: string | undefined; ;) {
      const page = await call("files.records", { fileId, ...(after === undefined ? {} : { after }) });
      yield* page.items;
      after = page.next;
      if (after === undefined) return;
    }
  }

  async function* rejected(): AsyncGenerator<EchoRecord> {
    const pending = rejects();
    let next = await pending.next();
    if (next.done === true) return;
    for await (const batch of readSources(bytes, input, limits))
      for (const { raw, source } of batch) {
        const own: RecordReject[] = [];
        for (; next.done !== true && next.value.record <= raw.record; next = await pending.next()) own.push(next.value);
        const [first] = own;
        if (first === undefined) continue;
        // A plugin that reads the file otherwise since then has another record here.
        const same = first.record === raw.record && first.position === raw.position;
        yield {
          position: first.position,
          errors: own.map(({ code, field, reason }) => ({ code, ...(field === undefined ? {} : { field }), reason })),
          ...(same ? { raw, ...(source === undefined ? {} : { source }) } : {}),
        };
        if (next.done === true) return;
      }
  }

  async function* pieces(): AsyncGenerator<string> {
    try {
      yield* render(rejected());
    } finally {
      // Where nothing was rejected nobody has read it.
      await close();
      release?.();
    }
  }

  const { type, extension, render } = echoOf(input);
  return { type, extension, pieces: pieces() };
}
