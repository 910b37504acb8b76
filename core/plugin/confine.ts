import { isBuiltin, registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { freezeAll } from "./freeze.ts";

/**
 * What a worker takes from its plugin before it runs a line of it: Node's modules, files outside of its folder, and every global that
 * reaches further than the language does. The language's own functions are frozen: a plugin that could change what they do could also
 * change what is decided here.
 */

/** Names that stay beside those of the language: they compute, and do nothing else. */
const KEPT = ["Buffer", "TextDecoder", "TextEncoder", "URL", "URLSearchParams", "DOMException", "atob", "btoa"];

/** The names that ECMAScript gives the global object. */
const LANGUAGE = `
  globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt escape unescape
  decodeURI decodeURIComponent encodeURI encodeURIComponent Object Function Boolean Symbol Number BigInt Math Date String RegExp
  JSON Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError SuppressedError DisposableStack
  AsyncDisposableStack Array ArrayBuffer SharedArrayBuffer Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DataView Atomics
  Map Set WeakMap WeakSet WeakRef FinalizationRegistry Iterator Promise Proxy Reflect Intl WebAssembly
`
  .trim()
  .split(/\s+/);

/** Formats of modules that a plugin's own files may have. A CommonJS module is handed Node's loader, and could change it. */
const FORMATS = new Set(["module", "module-typescript", "json"]);

/** A module that is in no file: it loads the plugin with all that it imports, and runs one of the house's files before any of it. */
export const BEGINNING: string = "mergepay:beginning";

export interface Confinement {
  /** The plugin's folder, its real path. */
  readonly dir: string;
  /** The house's folders that the contract is made of. */
  readonly house: readonly string[];
  /** Where libraries are installed. */
  readonly libraries: string;
  /** The one file of the house that a plugin may import. */
  readonly contract: string;
  /** The house's file that runs when the plugin is loaded and before it runs. */
  readonly first: string;
}

const folderUrl = (path: string): string => `${pathToFileURL(path).href}/`;

/** From now on this process can load nothing but what a plugin may have, and has no global that leads outside. */
export function confine({ dir, house, libraries, contract, first }: Confinement): void {
  const own = folderUrl(dir);
  const packages = folderUrl(libraries);
  const rooms = house.map(folderUrl);
  const contractUrl = pathToFileURL(contract).href;
  const firstUrl = pathToFileURL(first).href;
  const beginning = [firstUrl, new URL("plugin.ts", own).href].map((url) => `import ${JSON.stringify(url)};`).join("");
  const inHouse = (url: string): boolean => rooms.some((room) => url.startsWith(room));

  /** Whether a module at `parent` may import one at `url`. */
  function may(url: string, parent: string): boolean {
    if (url.startsWith(own) || url.startsWith(packages)) return true;
    // The contract's own parts import each other; the plugin imports the contract alone.
    return url === contractUrl || (url === firstUrl && parent === BEGINNING) || (inHouse(url) && inHouse(parent));
  }

  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL: parent = "" } = context;
      if (specifier === BEGINNING && inHouse(parent)) return { url: BEGINNING, format: "module", shortCircuit: true };
      if (isBuiltin(specifier)) throw refusal(specifier, "it is a module of Node");
      const found = next(specifier, context);
      if (!may(found.url, parent)) throw refusal(specifier, "it is outside of its folder");
      return found;
    },
    load(url, context, next) {
      if (url === BEGINNING) return { source: beginning, format: "module", shortCircuit: true };
      const loaded = next(url, context);
      if (url.startsWith(own) && !FORMATS.has(loaded.format ?? ""))
        throw refusal(url.slice(own.length), "it is not an ECMAScript module or JSON");
      return loaded;
    },
  });
  takeGlobals();
}

const refusal = (what: string, why: string): Error =>
  new Error(
    `a plugin can't import "${what}": ${why}. It may import the contract, its own files and libraries that need none of Node's modules`,
  );

/** Takes away every global that is not kept, and makes those that are unchangeable, with all that they lead to. */
function takeGlobals(): void {
  const kept = new Set([...KEPT, ...LANGUAGE]);
  const values: unknown[] = [];
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === "symbol" ? name === Symbol.toStringTag : kept.has(name)) {
      // The global object leads to itself, and stays open for what a plugin's libraries put there.
      if (name !== "globalThis") values.push(Reflect.get(globalThis, name));
    } else Reflect.deleteProperty(globalThis, name);
  }
  freezeAll(values);
  for (const name of kept) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    if (descriptor === undefined || !descriptor.configurable) continue;
    Reflect.defineProperty(globalThis, name, {
      value: Reflect.get(globalThis, name) as unknown,
      writable: false,
      configurable: false,
    });
  }
  // Libraries look for settings here; there are none.
  Reflect.defineProperty(globalThis, "process", { value: Object.freeze({ env: Object.freeze({}) }) });
}
