import type { Call } from "../actions.ts";
import { MergepayError } from "../errors/errors.ts";

/** When a platform whose plugin is being loaded is worth another try. */
const RETRY_SECONDS = 5;

/**
 * Lets only files of registered platforms in.
 * @throws PLATFORM_UNAVAILABLE when the platform has a plugin that does not run, or not yet; PLATFORM_UNKNOWN when it has none
 */
export async function assertRegistered(call: Call, platform: string): Promise<void> {
  const { items } = await call("bank-adapter.platforms", {});
  if (items.some((known) => known.platform === platform)) return;
  // Registrations are made at the start of each plugin: one that is missing may be on its way.
  const { here } = await call("plugins.has", { platform });
  if (!here) throw new MergepayError("PLATFORM_UNKNOWN");
  throw new MergepayError(
    "PLATFORM_UNAVAILABLE",
    "The plugin of this platform is being loaded, or was refused; nothing was kept. Send the file again later.",
    { retryAfterSeconds: RETRY_SECONDS },
  );
}
