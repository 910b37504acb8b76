import { flat } from "./held.ts";
import { CHARS, isBlank, isCharacter, isName, isText, NAME, NAME_START, SPECIAL } from "./xml-chars.ts";

export type Attributes = Readonly<Record<string, string>>;

/** What the scanner tells, in the order of the document. An element without content is opened and closed. */
export interface XmlEvents {
  declaration(encoding: string | undefined): void;
  open(name: string, attributes: Attributes): void;
  close(): void;
  /**
   * An element without attributes that holds nothing but plain text, or nothing. Answers false when it has to be told by its parts, which
   * are told then. Absent: it always is.
   */
  leaf?(name: string, part: string): boolean;
  /** Text inside of the root, a piece of it at a time; the content of a CDATA section too. Absent: nobody wants it. */
  readonly text: ((part: string) => void) | undefined;
  /** A comment or processing instruction. */
  aside(): void;
  /** A DOCTYPE that only names a file is passed over. Absent: it is refused. */
  readonly doctype?: "ignored" | undefined;
  /** What was told so far is about to be forgotten: nothing in front of this place can be cut any more. */
  passed?(to: number): void;
  /** The error to throw for a document that is not well-formed. */
  broken(reason: string): Error;
}

/** A name of elements, and the one that began behind it the last time: most elements come in the same order again and again. */
interface Met {
  readonly name: string;
  next: Met | undefined;
}

export interface XmlScanner {
  write(piece: string): void;
  /** Throws unless the document is whole. */
  end(): void;
  /** Characters from the start of the document to the end of what was told last. */
  readonly position: () => number;
  /** Characters from the start of the document to the beginning of what is being told. */
  readonly begin: () => number;
  /** The characters from one place of the document to another, both of them not yet passed. */
  readonly cut: (from: number, to: number) => string;
  /** The line of what is being looked at, counted from 1. */
  readonly line: () => number;
}

/** The attributes of an element that has none: the same object for all. */
export const NONE: Attributes = Object.freeze(Object.create(null) as Record<string, string>);

const [BANG, SLASH, LESS, GREATER, QUESTION] = [0x21, 0x2f, 0x3c, 0x3e, 0x3f];
/** Longer names or numbers of a character are none. */
const REFERENCE_CHARS = 1024;
const ATTRIBUTES_MAX = 256;
const NAME_CHARS = 1024;
/** Names remembered; a file has some dozens. */
const NAMES_MAX = 1000;
const PREDEFINED: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const S = "[ \\t\\r\\n]";
const ATTRIBUTE = new RegExp(`${S}+([^\\s=<>"'/&]+)${S}*=${S}*(?:"([^"<]*)"|'([^'<]*)')`, "y");
const TAG_END = new RegExp(`${S}*(/?)>`, "y");
const DECLARATION = new RegExp(
  `^<\\?xml${S}+version${S}*=${S}*(?:"1\\.[0-9]+"|'1\\.[0-9]+')` +
    `(?:${S}+encoding${S}*=${S}*(?:"([A-Za-z][\\w.-]*)"|'([A-Za-z][\\w.-]*)'))?` +
    `(?:${S}+standalone${S}*=${S}*(?:"(?:yes|no)"|'(?:yes|no)'))?${S}*\\?>$`,
);
const LITERAL = `(?:"[^"<]*"|'[^'<]*')`;
const DOCTYPE = new RegExp(
  `<!DOCTYPE${S}+[^\\s<>"'[/]+(?:${S}+(?:SYSTEM|PUBLIC${S}+${LITERAL})${S}+${LITERAL})?${S}*>`,
  "y",
);
const DOCTYPE_CHARS = 2048;
const INSTRUCTION = new RegExp(`^<\\?([^ \\t\\r\\n?]*)(?:${S}[^]*)?\\?>$`);
const MARKS = ["<!--", "<![CDATA[", "<!DOCTYPE"];

/**
 * Reads XML 1.0 without declarations of types piece by piece and tells what is in it, or refuses it at the first thing that is not well-formed.
 * Namespaces are not looked at. Markup that a piece ends in is kept until it is whole; whoever writes bounds it.
 */
export function createXmlScanner(events: XmlEvents): XmlScanner {
  /** The names of the open elements. */
  const names: string[] = [];
  const known = new Map<string, Met>();
  /** The name of the element that began last. */
  let last: Met = { name: "", next: undefined };
  let sawRoot = false;
  let sawDoctype = false;
  /** What is being looked at: the markup that the last piece ended in, and the piece. */
  let text = "";
  /** Characters and lines before `text`. */
  let before = 0;
  let lines = 0;
  let at = 0;
  let position = 0;

  /** One text or piece of markup from `at`; gives the place behind it, or -1 when its end is not there yet. */
  function step(): number {
    if (text.charCodeAt(at) !== LESS) return characters();
    if (at + 1 === text.length) return -1;
    const code = text.charCodeAt(at + 1);
    if (((CHARS[code] ?? 0) & NAME_START) !== 0) return openTag();
    if (code === SLASH) return closeTag();
    if (code === BANG) return declared();
    if (code === QUESTION) return instruction();
    throw events.broken("a < that begins no tag");
  }

  function characters(): number {
    const { length } = text;
    let end = at;
    let special = false;
    for (;;) {
      while (end < length && ((CHARS[text.charCodeAt(end)] ?? 0) & SPECIAL) === 0) end++;
      if (end === length || text.charCodeAt(end) === LESS) break;
      special = true;
      end++;
    }
    if (special && end === length) end = unfinished(end);
    if (end === at) return -1;
    if (names.length === 0) {
      if (!isBlank(text.slice(at, end))) throw events.broken("text outside of the root element");
    } else if (special) {
      const part = textOf(text.slice(at, end));
      events.text?.(part);
    } else events.text?.(text.slice(at, end));
    return end;
  }

  /** Where the end of a piece cuts a reference, `]]>` or the end of a line: that is looked at together with the next one. */
  function unfinished(end: number): number {
    const reference = text.lastIndexOf("&");
    if (reference >= at && !text.includes(";", reference)) {
      if (end - reference > REFERENCE_CHARS) throw events.broken("an & that begins no reference");
      return reference;
    }
    if (text.endsWith("\r")) return end - 1;
    const brackets = text.endsWith("]]") ? 2 : text.endsWith("]") ? 1 : 0;
    return Math.max(end - brackets, at);
  }

  function textOf(raw: string): string {
    if (!isText(raw)) throw events.broken("a character that XML does not have");
    if (raw.includes("]]>")) throw events.broken("]]> in a text");
    return resolved(raw.includes("\r") ? raw.replaceAll(/\r\n?/g, "\n") : raw);
  }

  function valueOf(raw: string): string {
    if (!isText(raw)) throw events.broken("a character that XML does not have");
    return resolved(raw.replaceAll(/\r\n|[\t\n\r]/g, " "));
  }

  /** The text with what its references stand for. */
  function resolved(raw: string): string {
    if (!raw.includes("&")) return raw;
    return raw.replaceAll(/&([^;]*)(;?)/g, (_reference, name: string, end: string) => {
      const code = /^#[0-9]+$/.test(name)
        ? Number.parseInt(name.slice(1), 10)
        : /^#x[0-9a-fA-F]+$/.test(name)
          ? Number.parseInt(name.slice(2), 16)
          : undefined;
      if (end === "") throw events.broken("an & that begins no reference");
      if (code !== undefined && isCharacter(code)) return String.fromCodePoint(code);
      const meant = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined;
      if (meant === undefined) throw events.broken("a reference to an entity or character that there is not");
      return meant;
    });
  }

  function openTag(): number {
    const name = tagName();
    if (name === undefined) return -1;
    const end = at + 1 + name.length;
    const code = text.charCodeAt(end);
    if (code === GREATER) {
      const behind = leaf(name, end + 1);
      return behind === -1 ? opened(name, NONE, end + 1, false) : behind;
    }
    if (code === SLASH && text.charCodeAt(end + 1) === GREATER) return opened(name, NONE, end + 2, true);
    return openTagWithMore(name, end);
  }

  /** The name of the tag at `at`; undefined when its end is not there yet. The same name is the same string, which is found by at once. */
  function tagName(): string | undefined {
    const { length } = text;
    const from = at + 1;
    const { next } = last;
    if (next !== undefined && text.startsWith(next.name, from) && isEnd(from + next.name.length)) {
      last = next;
      return next.name;
    }
    let end = from + 1;
    while (end < length && ((CHARS[text.charCodeAt(end)] ?? 0) & NAME) !== 0) end++;
    if (end === length) return undefined;
    const met = metBefore(text.slice(from, end));
    last.next = met;
    last = met;
    return met.name;
  }

  const isEnd = (place: number): boolean => place < text.length && ((CHARS[text.charCodeAt(place)] ?? 0) & NAME) === 0;

  function metBefore(name: string): Met {
    const met = known.get(name);
    if (met !== undefined) return met;
    if (name.length > NAME_CHARS) throw events.broken(`a name is longer than ${NAME_CHARS} characters`);
    const first = { name: flat(name), next: undefined };
    if (known.size < NAMES_MAX) known.set(first.name, first);
    return first;
  }

  /** The place behind an element whose content begins at `from`, when all of it is plain text and it was taken so; else -1. */
  function leaf(name: string, from: number): number {
    if (events.leaf === undefined || names.length === 0) return -1;
    const { length } = text;
    let end = from;
    while (end < length && ((CHARS[text.charCodeAt(end)] ?? 0) & SPECIAL) === 0) end++;
    if (text.charCodeAt(end) !== LESS || text.charCodeAt(end + 1) !== SLASH) return -1;
    const behind = end + 3 + name.length;
    if (!text.startsWith(name, end + 2) || text.charCodeAt(behind - 1) !== GREATER) return -1;
    position = before + behind;
    return events.leaf(name, text.slice(from, end)) ? behind : -1;
  }

  function openTagWithMore(name: string, from: number): number {
    let end = from;
    let count = 0;
    const attributes = Object.create(null) as Record<string, string>;
    for (;;) {
      ATTRIBUTE.lastIndex = end;
      const found = ATTRIBUTE.exec(text);
      if (found === null) break;
      const [, attribute = "", quoted, other = ""] = found;
      if (!isName(attribute)) throw events.broken("an attribute's name that is none");
      if (attribute.length > NAME_CHARS) throw events.broken(`a name is longer than ${NAME_CHARS} characters`);
      if (attributes[attribute] !== undefined)
        throw events.broken(`the attribute ${attribute.slice(0, 80)} is there twice`);
      if (++count > ATTRIBUTES_MAX) throw events.broken(`an element has more than ${ATTRIBUTES_MAX} attributes`);
      attributes[attribute] = valueOf(quoted ?? other);
      end = ATTRIBUTE.lastIndex;
    }
    TAG_END.lastIndex = end;
    const last = TAG_END.exec(text);
    if (last !== null) return opened(name, count === 0 ? NONE : attributes, TAG_END.lastIndex, last[1] === "/");
    if (isCut(end)) return -1;
    throw events.broken("a tag that is not well-formed");
  }

  /** True when a tag has not ended at the end of the piece, but goes on from `from` as one may. */
  function isCut(from: number): boolean {
    let quote = 0;
    for (let end = from; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === LESS) return false;
      if (quote !== 0) {
        if (code === quote) quote = 0;
      } else if (code === 0x22 || code === 0x27) quote = code;
      else if (code === GREATER) return false;
    }
    return true;
  }

  function opened(name: string, attributes: Attributes, end: number, isEmpty: boolean): number {
    if (names.length === 0 && sawRoot) throw events.broken("more than one root element");
    sawRoot = true;
    names.push(name);
    position = before + end;
    events.open(name, attributes);
    if (!isEmpty) return end;
    names.pop();
    events.close();
    return end;
  }

  function closeTag(): number {
    const name = names.at(-1);
    if (name === undefined) throw events.broken("a closing tag of no element");
    let end = at + 2 + name.length;
    if (!text.startsWith(name, at + 2) || text.charCodeAt(end) !== GREATER) {
      // White space behind the name, or the end of the piece, or another name.
      end = text.indexOf(">", at);
      if (end === -1) return -1;
      if (text.slice(at + 2, end).replace(/[ \t\r\n]+$/, "") !== name)
        throw events.broken(`a closing tag where ${name.slice(0, 80)} is to be closed`);
    }
    names.pop();
    position = before + end + 1;
    events.close();
    return end + 1;
  }

  /** A comment or CDATA section. */
  function declared(): number {
    if (text.startsWith("<!--", at)) {
      const end = text.indexOf("--", at + 4);
      if (end === -1 || end + 2 === text.length) return -1;
      if (text.charCodeAt(end + 2) !== GREATER) throw events.broken("-- in a comment");
      return passed(end + 3);
    }
    if (text.startsWith("<![CDATA[", at)) {
      if (names.length === 0) throw events.broken("text outside of the root element");
      const end = text.indexOf("]]>", at + 9);
      if (end === -1) return -1;
      const content = text.slice(at + 9, end);
      if (!isText(content)) throw events.broken("a character that XML does not have");
      events.text?.(content.replaceAll(/\r\n?/g, "\n"));
      return end + 3;
    }
    if (text.startsWith("<!DOCTYPE", at)) return doctype();
    const rest = text.slice(at, at + 9);
    if (MARKS.some((mark) => mark.startsWith(rest))) return -1;
    throw events.broken("a <! that begins nothing");
  }

  function doctype(): number {
    if (events.doctype === undefined) throw events.broken("a DOCTYPE is not taken; remove it");
    if (sawRoot || sawDoctype)
      throw events.broken("a DOCTYPE that is not in front of the root element, or a second one");
    DOCTYPE.lastIndex = at;
    if (DOCTYPE.test(text)) {
      sawDoctype = true;
      return passed(DOCTYPE.lastIndex);
    }
    if (text.length - at < DOCTYPE_CHARS && !/[[>]/.test(text.slice(at))) return -1;
    throw events.broken("a DOCTYPE that does more than name a file; remove it");
  }

  function instruction(): number {
    const end = text.indexOf("?>", at + 2);
    if (end === -1) return -1;
    const whole = text.slice(at, end + 2);
    const target = INSTRUCTION.exec(whole)?.[1] ?? "";
    if (target === "xml" && before + at === 0) {
      const declaration = DECLARATION.exec(whole);
      if (declaration === null) throw events.broken("an XML declaration that is not well-formed");
      events.declaration(declaration[1] ?? declaration[2]);
      return end + 2;
    }
    if (target.toLowerCase() === "xml") throw events.broken("an XML declaration that is not at the start of the file");
    if (!isName(target)) throw events.broken("a processing instruction without a name");
    return passed(end + 2);
  }

  function passed(end: number): number {
    if (!isText(text.slice(at, end))) throw events.broken("a character that XML does not have");
    position = before + end;
    events.aside();
    return end;
  }

  const linesTo = (end: number): number => {
    let count = 0;
    for (let found = text.indexOf("\n"); found !== -1 && found < end; found = text.indexOf("\n", found + 1)) count++;
    return count;
  };

  return {
    write(piece) {
      text = text === "" ? piece : text + piece;
      at = 0;
      while (at < text.length) {
        const next = step();
        if (next === -1) break;
        at = next;
      }
      events.passed?.(before + at);
      lines += linesTo(at);
      before += at;
      text = text.slice(at);
      at = 0;
    },
    end() {
      const open = names.at(-1);
      if (text !== "" && !isBlank(text)) throw events.broken("the file ends inside of something");
      if (open !== undefined) throw events.broken(`the element ${open.slice(0, 80)} is not closed`);
      if (!sawRoot) throw events.broken("there is no root element");
    },
    position: () => position,
    begin: () => before + at,
    cut: (from, to) => text.slice(from - before, to - before),
    line: () => lines + linesTo(at) + 1,
  };
}
