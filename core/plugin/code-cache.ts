import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";

/**
 * The folder in which workers keep their code ready to run, its types stripped: with it a worker starts in a fraction of the time and without
 * the parser of types, which takes 30 MB. It lies beside the libraries: whoever may write there may change them too. Undefined where it can't
 * be made; then all is parsed at each start.
 */
export function codeCache(root: string): string | undefined {
  try {
    const folder = join(realpathSync(join(root, "node_modules")), ".cache", "mergepay");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    // An installation that nobody may write to.
    return undefined;
  }
}
