import { bareObject } from "./bare.ts";
import type { ReadLimits } from "./contract.ts";
import { exceedsBytes, fieldTooLarge, malformed, type Read, type Refusal } from "./faults.ts";
import { isBlank, isSpace } from "./xml-chars.ts";
import { isBinding, localOf } from "./xml-names.ts";
import { NONE } from "./xml-scan.ts";

/** Names below a record, as a tree of local names. */
export interface NameTree {
  readonly children: Map<string, NameTree>;
  /** The declared path that ends here. */
  path: string | undefined;
}

export function nameTree(paths: readonly string[]): NameTree {
  const root: NameTree = { children: new Map(), path: undefined };
  for (const path of paths) {
    let node = root;
    for (const name of path.split("/").filter((part) => part !== "")) {
      const next = node.children.get(name) ?? { children: new Map<string, NameTree>(), path: undefined };
      node.children.set(name, next);
      node = next;
    }
    node.path = path;
  }
  return root;
}

interface Element {
  readonly name: string;
  readonly arrays: NameTree | undefined;
  /** Made when there is an attribute or a child. */
  value: Record<string, unknown> | undefined;
  text: string;
  /** Something that is no text stands behind the text so far. */
  cut: boolean;
}

/** Builds the value of one record of its elements. The first fault is kept and the rest of the record is passed over. */
export interface XmlBuilder {
  open(local: string, attributes: Readonly<Record<string, string>>): void;
  text(text: string): void;
  /** A comment, a processing instruction or an element that is left out. */
  interrupt(): void;
  close(): void;
  /** An element that holds nothing but this text. */
  leaf(local: string, text: string): void;
  refuse(refusal: Refusal): void;
  result(): Read;
}

export function createXmlBuilder(arrays: NameTree | undefined, limits: ReadLimits): XmlBuilder {
  let stack: Element[] = [];
  let refused: Refusal | undefined;
  let value: unknown;

  const fieldPath = (last?: string): string => {
    const names = stack.slice(1).map((element) => element.name);
    if (last !== undefined) names.push(last);
    return names.join("/").slice(0, 512);
  };

  function refuse(refusal: Refusal): void {
    refused ??= refusal;
    stack = [];
  }

  function attributesOf(element: Element, attributes: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(attributes)) {
      if (isBinding(name)) continue;
      const key = `@${localOf(name)}`;
      const text = attributes[name] ?? "";
      element.value ??= bareObject();
      if (element.value[key] !== undefined)
        return refuse(malformed("Two attributes of the element differ in their prefix only.", fieldPath(key)));
      if (exceedsBytes(text, limits.fieldBytes)) return refuse(fieldTooLarge(limits.fieldBytes, fieldPath(key)));
      element.value[key] = text;
    }
  }

  function into(parent: Element, name: string, own: unknown): void {
    parent.value ??= bareObject();
    const there = parent.value[name];
    if (there === undefined) parent.value[name] = parent.arrays?.children.get(name)?.path === undefined ? own : [own];
    else if (Array.isArray(there)) there.push(own);
    else parent.value[name] = [there, own];
  }

  return {
    open(local, attributes) {
      if (refused !== undefined) return;
      const parent = stack.at(-1);
      const below = parent === undefined ? arrays : parent.arrays?.children.get(local);
      const element = { name: local, arrays: below, value: undefined, text: "", cut: false };
      stack.push(element);
      if (attributes !== NONE) attributesOf(element, attributes);
    },
    text(text) {
      const element = stack.at(-1);
      if (element === undefined) return;
      if (element.cut && !isBlank(text))
        return refuse(malformed("The text is interrupted by something that is not text.", fieldPath()));
      element.text += text;
    },
    interrupt() {
      const element = stack.at(-1);
      if (element !== undefined && !isBlank(element.text)) element.cut = true;
    },
    close() {
      const element = stack.at(-1);
      if (element === undefined) return;
      const text = trimmed(element.text);
      if (exceedsBytes(text, limits.fieldBytes)) return refuse(fieldTooLarge(limits.fieldBytes, fieldPath()));
      if (element.value !== undefined && text !== "") element.value["#text"] = text;
      stack.pop();
      const own = element.value ?? text;
      const parent = stack.at(-1);
      if (parent === undefined) value = own;
      else into(parent, element.name, own);
    },
    leaf(local, text) {
      const parent = stack.at(-1);
      if (parent === undefined) return;
      const own = trimmed(text);
      if (exceedsBytes(own, limits.fieldBytes)) return refuse(fieldTooLarge(limits.fieldBytes, fieldPath(local)));
      into(parent, local, own);
    },
    refuse,
    result: () => (refused === undefined ? { value } : { refused }),
  };
}

/** Without the white space of XML at its ends; other blanks are text. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isSpace(text.charCodeAt(from))) from++;
  while (to > from && isSpace(text.charCodeAt(to - 1))) to--;
  return from === 0 && to === text.length ? text : text.slice(from, to);
}
