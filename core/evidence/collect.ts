import type { Call } from "../actions.ts";
import type { BlobStore } from "../store/contract.ts";
import type { FileReport } from "../../schemas/types.generated.ts";
import { type Manifest, type Member, pack, textMember } from "./archive.ts";

export interface CollectDeps {
  readonly call: Call;
  readonly blobs: Pick<BlobStore, "open">;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/**
 * The evidence pack of a payment as a stream of bytes. What is kept of it is held as text (some MB at 1,000 orders), the bytes of its files stream through.
 * @throws NOT_FOUND before the first byte when there is no such payment
 */
export async function evidencePack(
  { call, blobs, now }: CollectDeps,
  paymentId: string,
): Promise<AsyncIterable<Uint8Array>> {
  const texts = new Map<string, string>();
  const files: FileReport[] = [];
  for (let after: string | undefined; ;) {
    const { member, items, next } = await call("evidence.read", {
      paymentId,
      ...(after === undefined ? {} : { after }),
    });
    if (member !== undefined && items.length > 0) {
      const lines = items.map((item) => `${JSON.stringify(item)}\n`).join("");
      texts.set(member, (texts.get(member) ?? "") + lines);
      if (member === "files.ndjson") files.push(...(items as FileReport[]));
    }
    if (next === undefined) break;
    after = next;
  }
  const members: Member[] = [
    ...[...texts].map(([name, text]) => textMember(name, text)),
    ...files.map(({ id, bytes, sha256 }) => ({ name: `files/${id}`, bytes, sha256, open: () => blobs.open(id) })),
  ];
  const manifest: Manifest = {
    format: "mergepay-evidence-1",
    paymentId,
    madeAt: new Date(now()).toISOString(),
    members: members.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })),
  };
  return pack(manifest, members);
}
