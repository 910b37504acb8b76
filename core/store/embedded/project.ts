import type { Json } from "../defined.ts";

interface Tree {
  [key: string]: Tree | true;
}

function pick(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value))
    return value.filter((item) => typeof item === "object" && item !== null).map((item) => pick(item, tree));
  const kept: Json = {};
  for (const [key, child] of Object.entries(value as Json)) {
    const branch = Object.hasOwn(tree, key) ? tree[key] : undefined;
    if (branch === undefined) continue;
    if (branch === true) kept[key] = child;
    else if (typeof child === "object" && child !== null) kept[key] = pick(child, branch);
  }
  return kept;
}

/** A function that keeps the named fields (dotted paths, through arrays too) and `_id` unless it is 0; `undefined` keeps all. */
export function projector(projection: Record<string, unknown> | undefined): ((document: Json) => Json) | undefined {
  if (projection === undefined || Object.keys(projection).length === 0) return undefined;
  const dropId = projection["_id"] === 0 || projection["_id"] === false;
  const tree: Tree = dropId ? {} : { _id: true };
  for (const path of Object.keys(projection)) {
    if (path === "_id") continue;
    const segments = path.split(".");
    const last = segments.pop() ?? path;
    let node = tree;
    for (const segment of segments) {
      const next = node[segment];
      if (next === true) throw new TypeError(`projection: ${path} collides with a field above it.`);
      node = next ?? (node[segment] = {});
    }
    node[last] = true;
  }
  return (document) => pick(document, tree) as Json;
}
