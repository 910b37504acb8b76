/**
 * Objects that inherit nothing, so that no name in a file means something (`__proto__`, `toString`). Their prototype is one empty, frozen
 * object without a prototype: V8 keeps objects without any prototype as hash tables, which are three times as slow to make and to read.
 */
interface BareConstructor {
  new (): Record<string, unknown>;
  prototype: object;
}

function Made(): void {
  // Properties come later.
}
Made.prototype = Object.freeze(Object.create(null));

const Bare = Made as unknown as BareConstructor;

export const bareObject = <T = unknown>(): Record<string, T> => new Bare() as Record<string, T>;
