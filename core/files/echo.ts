import type { Call } from "../actions.ts";
import type { ReadLimits } from "../formats/contract.ts";
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

/**
 * A file's rejected records, in the file's own format, with what was wrong with each. It is read again beside its list of rejects, and only as
 * far as the last of them; nothing of it is held.
 * @throws PLATFORM_UNAVAILABLE, NOT_FOUND; while it is read, what ends the reading of the file
 */
export async function echoFile(
  { call, blobs, limits }: EchoDeps,
  { id: fileId, platform }: { readonly id: string; readonly platform: string },
): Promise<Omit<Echo, "render"> & { readonly pieces: AsyncGenerator<string> }> {
  const { inputs } = await call("platform.inputs", {}, { platform });
  const { input, bytes } = await recognise(blobs.open(fileId), inputs, limits.fileBytes);

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

  const { type, extension, render } = echoOf(input);
  return { type, extension, pieces: render(rejected()) };
}
