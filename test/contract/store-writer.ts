/**
 * A process of its own for the tests of the embedded store: takes the folder, then inserts documents for as long as it lives,
 * printing each id when its insert was answered. `hold`: only takes the folder.
 */
import { openEmbeddedStore } from "../../core/store/embedded/engine.ts";
import type { Doc } from "../../core/store/contract.ts";

const [dir = "", mode = ""] = process.argv.slice(2);

try {
  const store = await openEmbeddedStore({ dir });
  process.stdout.write("open\n");
  if (mode === "hold") setInterval(() => undefined, 60_000);
  else {
    const things = await store.collection<Doc>({ name: "things", indexes: [{ name: "n", keys: ["n"] }] });
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; ; n += 1) {
        const _id = `${writer}-${n}`;
        await things.insertOne({ _id, n, text: "x".repeat(500) });
        process.stdout.write(`${_id}\n`);
      }
    };
    await Promise.all([write(1), write(2), write(3)]);
  }
} catch (error) {
  process.stdout.write(
    `${String((error as { type?: unknown }).type)}: ${error instanceof Error ? error.message : ""}\n`,
  );
  process.exitCode = 1;
}
