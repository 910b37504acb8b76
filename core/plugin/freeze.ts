/**
 * Makes what the language gives unchangeable, so that a plugin can't change what the worker's own code does. Node's `--frozen-intrinsics`
 * does it too, with an accessor for each property; V8 then leaves its fast ways: `map` of a short array took 15 times as long, and a record's
 * mapping half as long again. Plain freezing costs nothing of that.
 */

/** Objects of the language that no name leads to. */
function unnamed(): object[] {
  const functions = [
    async () => undefined,
    function* () {
      yield undefined;
    },
    async function* () {
      yield await Promise.resolve();
    },
  ];
  const iterators = [[].values(), new Map().values(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/a/g)];
  return [...functions, ...iterators].map((one) => Object.getPrototypeOf(one) as object);
}

/** Prototypes whose properties objects of libraries have as well: to set one there must not fail, as it would with one that is read-only here. */
const SHADOWED: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Function.prototype,
  Error.prototype,
  ...[EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError].map(
    ({ prototype }): object => prototype,
  ),
]);
/** Functions that libraries call in loops, and set on nothing: accessors would slow them down. */
const PLAIN: ReadonlySet<PropertyKey> = new Set(["call", "apply", "bind", Symbol.hasInstance]);
/**
 * Once it is frozen, V8 takes ten times as long for each replacement. All that the worker decides by a pattern, the host decides again
 * (`believe.ts`).
 */
const LEFT: ReadonlySet<unknown> = new Set([RegExp.prototype]);

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

/** Freezes what these values are and lead to: their properties, prototypes, getters and setters. */
export function freezeAll(values: readonly unknown[]): void {
  const found = new Set<object>();
  const meet = (value: unknown): void => {
    if (isObject(value)) found.add(value);
  };
  [...values, ...unnamed()].forEach(meet);
  // A set goes on with what is added meanwhile.
  for (const one of found) {
    meet(Object.getPrototypeOf(one));
    for (const key of Reflect.ownKeys(one)) {
      const { value, get, set } = Object.getOwnPropertyDescriptor(one, key) ?? {};
      [value, get, set].forEach(meet);
    }
  }
  for (const one of found) {
    if (SHADOWED.has(one)) letShadow(one);
    if (!LEFT.has(one)) Object.freeze(one);
  }
}

/** Objects below get a property of their own when one of these is set on them. */
function letShadow(prototype: object): void {
  for (const name of Reflect.ownKeys(prototype)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    if (PLAIN.has(name) || descriptor?.writable !== true || descriptor.configurable !== true) continue;
    const { value, enumerable } = descriptor as { value: unknown; enumerable: boolean };
    Object.defineProperty(prototype, name, {
      configurable: false,
      enumerable,
      get: () => value,
      set(this: unknown, set: unknown) {
        if (this === prototype || !isObject(this))
          throw new TypeError(`${String(name)} of the language can't be changed`);
        Object.defineProperty(this, name, { value: set, writable: true, enumerable: true, configurable: true });
      },
    });
  }
}
