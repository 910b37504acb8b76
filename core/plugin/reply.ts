import { MergepayError } from "../errors/errors.ts";
import type { Reply } from "./contract.ts";

/** A reply is one message of the bus and one webhook. */
const BODY_BYTES = 256 * 1024;
const CONTENT_TYPE = /^[a-z]+\/[a-z0-9.+-]+(?:; ?charset=[a-z0-9-]+)?$/i;

const invalid = (reason: string): MergepayError =>
  new MergepayError("PLUGIN_OUTPUT_INVALID", `The plugin's reply is not { contentType, body }: ${reason}.`);

/** What a plugin's `reply` gave, when it is a reply. @throws PLUGIN_OUTPUT_INVALID */
export function checkedReply(made: unknown): Reply {
  const { contentType, body } = (made ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof contentType !== "string" || contentType.length > 128 || !CONTENT_TYPE.test(contentType))
    throw invalid("contentType must be a media type such as application/xml");
  if (typeof body !== "string") throw invalid("body must be text");
  if (Buffer.byteLength(body) > BODY_BYTES) throw invalid(`body has more than ${BODY_BYTES} bytes`);
  return { contentType, body };
}
