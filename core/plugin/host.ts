import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { PlatformRegistration, PluginStatus } from "../actions.ts";
import type { Decision } from "../audit/outbox.ts";
import type { Log } from "../deps.ts";
import { asMergepayError, MergepayError } from "../errors/errors.ts";
import type { Limits } from "../limits.ts";
import { BANK_ADAPTER, checkPlugin } from "./check.ts";
import { registrationOf, type Platform, type PlatformOptions } from "./platform.ts";
import { openSlot, type PlatformFace, type Slot } from "./slot.ts";
import { createTurns } from "./turns.ts";
import { folderFingerprint, folderGlance } from "./version.ts";

export interface PluginHostDeps {
  /** The folder of plugin folders. */
  readonly dir: string;
  readonly limits: Limits;
  readonly openBlob: PlatformOptions["openBlob"];
  /** Makes a platform known to bank-adapter; it is not started before that has worked. */
  readonly register: (registration: PlatformRegistration) => Promise<void>;
  /** Takes a platform whose folder is gone off bank-adapter's list; one that is not on it is no fault. */
  readonly unregister: (id: string) => Promise<void>;
  /** The platforms that bank-adapter knows; those it has lost are registered again. */
  readonly registered: () => Promise<ReadonlySet<string>>;
  /** A platform is there: files may come until it is stopped. Its versions change behind its face. */
  readonly onStarted: (platform: PlatformFace) => Promise<void>;
  readonly onStopped: (id: string) => Promise<void>;
  readonly log: Log;
  /** Told of each plugin that is loaded, replaced, refused or removed. */
  readonly decided: (decision: Decision) => void;
  /** How often the folder is looked at; it is taken when two looks find it the same. Default 0.5 s. */
  readonly pollMs?: number;
  /** How often bank-adapter is asked whether it still knows the platforms. Default 5 s. */
  readonly registeredMs?: number;
  /** How long files in flight hold an old version. Default 15 min. */
  readonly drainMs?: number;
  /** How long a plugin may take to load. */
  readonly loadMs?: number;
}

export interface PluginHost {
  /** Looks at the folder and resolves when each plugin there runs or is refused; then goes on watching. */
  start(): Promise<void>;
  /** Looks at the folder now, and resolves when what has changed runs, is refused or is stopped for new files. */
  refresh(): Promise<void>;
  list(): readonly PluginStatus[];
  /** Whether there is a folder of this name now, whatever became of it. */
  has(id: string): Promise<boolean>;
  stop(): Promise<void>;
}

/** Every so many looks at the folder each of its files is looked at; between them a folder that looks as before is taken to be so. */
const WHOLE_LOOKS = 8;

/** Plugins that are checked at the same time: each needs a processor for a moment. */
const CHECKS_AT_ONCE = 4;

interface Known {
  fingerprint: string;
  status: PluginStatus;
  slot?: Slot;
  /** Checked, but bank-adapter has not taken it yet. */
  waiting?: Platform;
  /** Its folder is gone; files in flight may still be read. */
  removed: boolean;
}

/**
 * Keeps the platforms that a folder holds: what is dropped in starts, what is taken out stops, what changes is replaced. A folder that is
 * refused never stops the others. When a change is refused, the version before goes on and the status shows both.
 */
export function createPluginHost(deps: PluginHostDeps): PluginHost {
  const { dir, limits, openBlob, log, pollMs = 500, registeredMs = 5000, drainMs = 900_000, loadMs } = deps;
  const known = new Map<string, Known>();
  /** What is under way for a folder; looks at it meanwhile pass by. */
  const tasks = new Map<string, Promise<void>>();
  /** Fingerprints of the last look: a folder that is still being copied changes from one to the next. */
  let seen = new Map<string, string>();
  /** What each looked like at a glance then. */
  let glances = new Map<string, string>();
  let looks = 0;
  const stopping = new AbortController();
  const turns = createTurns(CHECKS_AT_ONCE);
  let watching: Promise<void> = Promise.resolve();
  let askedAt = 0;

  return {
    async start() {
      await look(true);
      await settled();
      watching = watch();
    },
    async refresh() {
      await look(true);
      await settled();
    },
    list: () =>
      [...known.values()]
        .filter(({ removed }) => !removed)
        .map(({ status }) => status)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    has: async (id) => (await readdir(dir)).includes(id) && (await isPlugin(id).catch(() => false)),
    async stop() {
      stopping.abort();
      await watching;
      await settled();
      await Promise.all([...known.values()].map(({ slot, waiting }) => Promise.all([slot?.close(), waiting?.close()])));
      known.clear();
    },
  };

  async function settled(): Promise<void> {
    await Promise.all(tasks.values());
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      // The wait ends early when the host stops: that is no fault.
      await delay(pollMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        await look(false);
        await registerAgain();
      } catch (error) {
        log.error({ reason: asMergepayError(error).message }, "The plugins folder could not be looked at.");
      }
    }
  }

  async function look(atOnce: boolean): Promise<void> {
    const now = await fingerprints(atOnce || looks % WHOLE_LOOKS === 0);
    looks += 1;
    for (const [id, fingerprint] of now) {
      const calm = atOnce || seen.get(id) === fingerprint;
      const plugin = known.get(id);
      const due = plugin === undefined || plugin.fingerprint !== fingerprint || plugin.waiting !== undefined;
      if (calm && due) begin(id, () => admit(id, fingerprint));
    }
    for (const [id, plugin] of known) begin(id, () => (now.has(id) ? tidy(id, plugin) : remove(id, plugin)));
    seen = now;
  }

  function begin(id: string, task: () => Promise<void>): void {
    if (tasks.has(id) || stopping.signal.aborted) return;
    const run = task()
      .catch((error: unknown) => {
        const { type: code, message: reason } = asMergepayError(error);
        log.error({ platform: id, code, reason }, "A plugin folder's change could not be carried out.");
      })
      .finally(() => tasks.delete(id));
    tasks.set(id, run);
  }

  async function isPlugin(id: string): Promise<boolean> {
    return !id.startsWith(".") && id !== BANK_ADAPTER && (await stat(join(dir, id))).isDirectory();
  }

  async function fingerprints(whole: boolean): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const glanced = new Map<string, string>();
    for (const id of await readdir(dir)) {
      try {
        if (!(await isPlugin(id))) continue;
        const glance = await folderGlance(join(dir, id));
        const before = seen.get(id);
        // What is not taken yet may still be written.
        const isSame = !whole && glances.get(id) === glance && known.get(id)?.fingerprint === before;
        found.set(id, isSame && before !== undefined ? before : await folderFingerprint(join(dir, id)));
        glanced.set(id, glance);
      } catch (error) {
        // The folder, or a file in it, went away while it was looked at: the next look tells.
        log.debug(
          { platform: id, code: String((error as NodeJS.ErrnoException).code) },
          "A plugin folder is changing.",
        );
      }
    }
    glances = glanced;
    return found;
  }

  /** Brings one folder to run or to be refused; never throws. */
  async function admit(id: string, fingerprint: string): Promise<void> {
    const plugin = known.get(id) ?? { fingerprint, status: { id, state: "refused" }, removed: false };
    try {
      const platform = await checked(id, plugin, fingerprint);
      known.set(id, plugin);
      const before = plugin.removed ? undefined : plugin.slot?.face.current().version;
      await install(plugin, platform);
      noteLoaded(platform, before);
      log.info({ platform: id, state: "running", reason: platform.version }, "A platform plugin runs.");
    } catch (error) {
      known.set(id, plugin);
      // Nothing is wrong with a folder that the host was stopped at.
      if (stopping.signal.aborted) return;
      plugin.removed = false;
      refuse(id, plugin, asMergepayError(error));
    }
  }

  /** @param before the version that ran until now */
  function noteLoaded({ id: subject, version }: Platform, before: string | undefined): void {
    // Only its samples changed, or it is what it was before a change that was refused.
    if (before === version) return;
    const after = { version };
    if (before === undefined) deps.decided({ what: "plugin.loaded", subject, after });
    else deps.decided({ what: "plugin.replaced", subject, before: { version: before }, after });
  }

  function versionOf({ slot }: Known): Pick<Decision, "before"> {
    return slot === undefined ? {} : { before: { version: slot.face.current().version } };
  }

  /** What runs goes on with the refusal of what should replace it beside it. */
  function refuse(id: string, plugin: Known, { type: code, message: reason }: MergepayError): void {
    const before = plugin.status;
    const running = plugin.slot?.takesFiles() === true;
    plugin.status = { ...(running ? before : { id, state: "refused" }), error: { code, reason } };
    // Said once, not at every try.
    if (before.error?.code !== code || before.error.reason !== reason) {
      deps.decided({
        what: "plugin.refused",
        subject: id,
        ...(running ? versionOf(plugin) : {}),
        after: { code, running },
      });
      log.warn({ platform: id, state: plugin.status.state, code, reason }, "A platform plugin is refused.");
    }
  }

  /** The folder's plugin after all checks; one that only waits for bank-adapter is not checked again. */
  async function checked(id: string, plugin: Known, fingerprint: string): Promise<Platform> {
    const { waiting } = plugin;
    delete plugin.waiting;
    if (waiting !== undefined && plugin.fingerprint === fingerprint) return waiting;
    await waiting?.close();
    plugin.fingerprint = fingerprint;
    const options = { id, dir: join(dir, id), limits, openBlob, ...(loadMs === undefined ? {} : { loadMs }) };
    const platform = await turns.take(() => {
      stopping.signal.throwIfAborted();
      return checkPlugin(options);
    });
    const current = plugin.slot?.face.current();
    if (current?.version !== platform.version) return platform;
    // Only the samples changed, and they still fit: what runs goes on.
    await platform.close();
    return current;
  }

  async function install(plugin: Known, platform: Platform): Promise<void> {
    const { id, version, manifest } = platform;
    const { slot } = plugin;
    if (plugin.removed || slot?.face.current() !== platform) await register(plugin, platform);
    if (slot !== undefined) slot.replace(platform);
    else {
      const opened = openSlot(platform, drainMs);
      try {
        await deps.onStarted(opened.face);
      } catch (error) {
        await opened.close();
        throw error;
      }
      plugin.slot = opened;
    }
    plugin.removed = false;
    plugin.status = { id, state: "running", version, title: manifest.title };
  }

  async function register(plugin: Known, platform: Platform): Promise<void> {
    try {
      await deps.register(registrationOf(platform));
    } catch (error) {
      plugin.waiting = platform;
      throw new MergepayError(
        "PLUGIN_REGISTRATION_FAILED",
        `bank-adapter has not taken the platform: ${asMergepayError(error).message} It is tried again.`,
        {},
        { cause: error },
      );
    }
  }

  async function tidy(id: string, plugin: Known): Promise<void> {
    const { slot } = plugin;
    if (slot === undefined || !(await slot.tidy())) return;
    await deps.onStopped(id);
    await slot.close();
    delete plugin.slot;
  }

  /** The folder is gone: no new files at once; the service goes when the files in flight are done. */
  async function remove(id: string, plugin: Known): Promise<void> {
    const { slot, waiting } = plugin;
    if (!plugin.removed) {
      deps.decided({ what: "plugin.removed", subject: id, ...versionOf(plugin) });
      log.info({ platform: id }, "A platform plugin was removed.");
    }
    plugin.removed = true;
    // The same folder put back is looked at anew.
    plugin.fingerprint = "";
    delete plugin.waiting;
    slot?.retire();
    await waiting?.close();
    // Before the folder is forgotten here: if it fails, the next look tries again.
    await deps.unregister(id);
    await tidy(id, plugin);
    if (plugin.slot === undefined) known.delete(id);
  }

  async function registerAgain(): Promise<void> {
    if (performance.now() - askedAt < registeredMs) return;
    askedAt = performance.now();
    try {
      const taken = await deps.registered();
      for (const [id, { slot, removed }] of known)
        if (slot !== undefined && !removed && !taken.has(id)) await deps.register(registrationOf(slot.face.current()));
    } catch (error) {
      log.warn({ code: asMergepayError(error).type }, "bank-adapter can't be asked for its platforms now.");
    }
  }
}
