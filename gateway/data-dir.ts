import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { MergepayError } from "../core/errors/errors.ts";

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Makes the data folder where it is missing, for this user's eyes only, and tries whether it can be written to. @throws CONFIG_INVALID */
export async function makeDataDir(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    await rmdir(await mkdtemp(join(dir, ".try-")));
  } catch (error) {
    const why = codeOf(error) === "ENOTDIR" ? "is a file or inside of one" : "can't be made or written to";
    throw new MergepayError(
      "CONFIG_INVALID",
      `The data folder ${dir} ${why} (${codeOf(error)}). Set MERGEPAY_DATA to a folder that this user may write to.`,
      { field: "MERGEPAY_DATA" },
      { cause: error },
    );
  }
}

/** Level by level: Node's recursive mkdir never comes back from a folder that is there and takes no other, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await makeLevel(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    await makeFolder(dirname(path));
    await makeLevel(path);
  }
}

async function makeLevel(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
