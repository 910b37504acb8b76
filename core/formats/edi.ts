import type { EdiInput, ReadLimits } from "./contract.ts";
import { createSegmentScanner, type Segment } from "./edi-scan.ts";
import { ISO_9735, X12, type Level, type Syntax } from "./edi-syntax.ts";
import { exceedsBytes, fieldTooLarge, frameBroken, malformed, notRecognised, recordTooLarge } from "./faults.ts";
import type { Emit, Refusal, TextReader } from "./faults.ts";

/** Types of messages that are told, of those that are not taken. */
const OTHERS = 20;

/** An open message. */
interface Message {
  readonly type: string;
  readonly reference: string;
  readonly test: boolean;
  readonly position: string;
  segments: Segment[];
  /** Segments, service segments included. */
  count: number;
  chars: number;
  refused: Refusal | undefined;
}

/** An open interchange or functional group. */
interface Envelope {
  readonly reference: string;
  /** It is marked as a test. */
  readonly test: boolean;
  /** What it holds: messages, or the groups of an interchange that has groups. */
  messages: number;
  groups: number;
}

/**
 * Reads interchanges of ISO 9735 or X12: each message of a declared type is a record. The counts and references of interchanges and
 * groups must fit, or the file is broken; those of a message must fit, or that message is refused, as are messages of other types.
 */
export function createEdiReader(input: EdiInput, limits: ReadLimits, emit?: Emit): TextReader {
  const syntax: Syntax = input.syntax === "iso9735" ? ISO_9735 : X12;
  let scanner: ReturnType<typeof createSegmentScanner> | undefined;
  let head = "";
  let interchanges = 0;
  let decimal = ".";
  let segments = 0;
  let interchange: Envelope | undefined;
  let group: Envelope | undefined;
  let message: Message | undefined;
  let records = 0;
  let recognised = false;
  const others = new Set<string>();
  /** Tags that open or close something. */
  const envelope = new Set(
    [syntax.interchange, syntax.group, syntax.message].flatMap(({ open, close }) => [open, close]),
  );

  const otherMessages = (): string =>
    `The file has messages of type ${[...others].map(shown).join(", ").slice(0, 200)}, not ${input.messages.join(" or ")}.`;

  const broken = (reason: string): Error => {
    const position = `segment ${segments + 1}`;
    // Whoever sent another kind of file is not helped by what is wrong with it.
    if (others.size > 0 && !recognised) return notRecognised(otherMessages(), { position });
    return frameBroken(`The ${syntax.name} interchange can't be taken, ${position}: ${reason}.`, { position });
  };

  /** Begins an interchange by what tells its separators; gives the text behind its end as `createSegmentScanner` does. */
  function begin(): string | undefined {
    const found = syntax.separators(head);
    if (found === undefined && interchanges > 0)
      throw broken(`no other interchange begins behind ${syntax.interchange.close}`);
    if (found === undefined)
      throw notRecognised(
        `The file does not begin as ${syntax.name} does (${syntax.interchange.open}, with separators that differ).`,
      );
    ({ decimal } = found);
    scanner = createSegmentScanner({
      separators: found.separators,
      segmentChars: limits.recordBytes,
      ...(emit === undefined ? { needed: envelope } : {}),
      onSegment: take,
      broken,
    });
    const text = head.slice(found.skip);
    head = "";
    return scanner.write(text);
  }

  /** True when the interchange is over: the next one may have other separators. */
  function take(segment: Segment, chars: number): boolean {
    const { tag } = segment;
    if (message !== undefined) inMessage(message, segment, chars);
    else if (tag === syntax.interchange.open) openInterchange(segment);
    else if (tag === syntax.interchange.close) closeInterchange(segment);
    else if (tag === syntax.group.open) openGroup(segment);
    else if (tag === syntax.group.close) closeGroup(segment);
    else if (tag === syntax.message.open) openMessage(segment, chars);
    else throw broken(`${shown(tag)} stands outside of a message`);
    segments++;
    return interchange === undefined;
  }

  function openInterchange(segment: Segment): void {
    if (interchange !== undefined) throw broken(`${segment.tag} before the interchange is closed`);
    interchanges++;
    interchange = {
      reference: syntax.interchange.opened(segment),
      test: syntax.isTest(segment),
      messages: 0,
      groups: 0,
    };
  }

  function closeInterchange(segment: Segment): void {
    if (interchange === undefined || group !== undefined) throw broken(`${segment.tag} closes nothing that is open`);
    const { reference, groups, messages } = interchange;
    tie(syntax.interchange, segment, reference, groups > 0 ? groups : messages);
    interchange = undefined;
  }

  function openGroup(segment: Segment): void {
    if (interchange === undefined || group !== undefined) throw broken(`${segment.tag} can't stand here`);
    if (interchange.messages > 0 && interchange.groups === 0)
      throw broken(`${segment.tag} follows messages that are in no group`);
    interchange.groups++;
    group = { reference: syntax.group.opened(segment), test: interchange.test, messages: 0, groups: 0 };
  }

  function closeGroup(segment: Segment): void {
    if (group === undefined) throw broken(`${segment.tag} closes nothing that is open`);
    tie(syntax.group, segment, group.reference, group.messages);
    group = undefined;
  }

  /** The two ends of an envelope must name each other and what is between them. */
  function tie(level: Level, close: Segment, reference: string, count: number): void {
    const fault = untied(level, close, reference, count);
    if (fault !== undefined) throw broken(fault);
  }

  function openMessage(segment: Segment, chars: number): void {
    if (interchange === undefined) throw broken(`${segment.tag} stands outside of an interchange`);
    if (group === undefined && (syntax.grouped || interchange.groups > 0))
      throw broken(`${segment.tag} stands outside of a group`);
    interchange.messages++;
    if (group !== undefined) group.messages++;
    const type = syntax.message.type(segment);
    const known = input.messages.includes(type);
    recognised ||= known;
    if (!known && others.size < OTHERS) others.add(type);
    message = {
      type,
      reference: syntax.message.opened(segment),
      test: interchange.test,
      position: `segment ${segments + 1}`,
      segments: [],
      count: 1,
      chars,
      refused: known
        ? undefined
        : malformed(`The message is of type ${shown(type)}, not ${input.messages.join(" or ")}.`),
    };
  }

  function inMessage(open: Message, segment: Segment, chars: number): void {
    const { close } = syntax.message;
    open.count++;
    open.chars += chars;
    if (segment.tag === close) return closeMessage(open, segment);
    if (envelope.has(segment.tag)) throw broken(`${segment.tag} before the message is closed by ${close}`);
    if (emit === undefined || open.refused !== undefined) return;
    const fault = open.chars > limits.recordBytes ? recordTooLarge(limits.recordBytes) : tooLarge(segment);
    if (fault === undefined) open.segments.push(segment);
    else refuse(open, fault);
  }

  function tooLarge(segment: Segment): Refusal | undefined {
    for (const [index, element] of segment.elements.entries())
      if (element.some((part) => exceedsBytes(part, limits.fieldBytes)))
        return fieldTooLarge(limits.fieldBytes, `${segment.tag.slice(0, 20)}/${index + 1}`);
    return undefined;
  }

  function refuse(open: Message, fault: Refusal): void {
    open.refused ??= fault;
    open.segments = [];
  }

  function closeMessage(open: Message, segment: Segment): void {
    message = undefined;
    const fault = untied(syntax.message, segment, open.reference, open.count);
    if (fault !== undefined) refuse(open, malformed(`${fault[0]?.toUpperCase() ?? ""}${fault.slice(1)}.`, segment.tag));
    const record = records++;
    if (emit === undefined) return;
    const { position, type, reference, test, segments: parts, refused } = open;
    emit(
      refused
        ? { record, position, refused }
        : { record, position, value: { type, reference, test, decimal, segments: parts } },
    );
  }

  return {
    write(text) {
      let rest: string | undefined = text;
      while (rest !== undefined) {
        if (scanner === undefined) {
          head = (head + rest).trimStart();
          if (head.length < syntax.headChars) return;
          rest = begin();
        } else rest = scanner.write(rest);
        if (rest !== undefined) scanner = undefined;
      }
    },
    end() {
      if (scanner === undefined && (head !== "" || interchanges === 0)) begin();
      scanner?.end();
      if (message !== undefined) throw broken(`the file ends before ${syntax.message.close}`);
      if (group !== undefined) throw broken(`the file ends before ${syntax.group.close}`);
      if (interchange !== undefined) throw broken(`the file ends before ${syntax.interchange.close}`);
      if (records > 0 && !recognised) throw notRecognised(otherMessages());
      return records;
    },
  };
}

/** Why the closing segment does not fit what it closes, in words; undefined when it does. */
function untied(level: Level, close: Segment, reference: string, count: number): string | undefined {
  const told = level.count(close);
  if (!/^\d{1,10}$/.test(told)) return `${level.close} tells no count`;
  if (Number.parseInt(told, 10) !== count)
    return `${level.close} counts ${Number.parseInt(told, 10)}, there are ${count}`;
  if (level.closed(close) !== reference) return `the references of ${level.open} and ${level.close} differ`;
  return undefined;
}

/** A tag or type as a message may show it: the sender's text, cut short. */
const shown = (text: string): string => JSON.stringify(text.slice(0, 20));
