import type { IdPrefix } from "../ids.ts";
import type { IndexSpec } from "../store/contract.ts";
import type { AuditEntry } from "../../schemas/types.generated.ts";
import { type Actor, originNow } from "./origin.ts";

/**
 * Decisions are written in the document that they are about, in the update that carries them out, and moved on by the relay of the audit log: no crash comes
 * between a decision and the word of it. Documents from before there was an audit log have neither field.
 */
export interface Audited {
  audits?: AuditEntry[];
  auditsPending?: boolean;
}

/** The index that every collection of audited documents needs. */
export const AUDITS_PENDING: IndexSpec = { name: "audits", keys: ["auditsPending"] };

/** What was decided. Facts are plain and short: states, amounts, ids, counts; never a token, a key or the number of an account. */
export interface Decision {
  /** Noun and what became of it: `payment.cancelled`. */
  readonly what: `${string}.${string}`;
  /** The id of what it is about. */
  readonly subject: string;
  readonly before?: AuditEntry["before"];
  readonly after?: AuditEntry["after"];
}

/**
 * The fields of a document with one more decision in it, to be set in the same write as what was decided.
 * @param doc as it was read; undefined when it is inserted with the decision
 * @param by who decided, when it is not who asks for what is done now
 */
export type Audit = (doc: Audited | undefined, decision: Decision, by?: Actor) => Required<Audited>;

export interface AuditDeps {
  /** The name of this node. */
  readonly node: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: (prefix: IdPrefix) => string;
}

/** Names that must not be among facts, whatever their values. */
const SECRET = /token|secret|password|^key$|iban|cardnumber|accountnumber/i;

function assertPlain(facts: AuditEntry["before"]): void {
  const name = Object.keys(facts ?? {}).find((one) => SECRET.test(one));
  if (name !== undefined) throw new TypeError(`The audit log takes no ${name}.`);
}

/** The `audit` of a node's services. */
export function auditTrail({ node, now, newId }: AuditDeps): Audit {
  return (doc, { what, subject, before, after }, by) => {
    assertPlain(before);
    assertPlain(after);
    const { by: asking = { kind: "system", id: node } as const, ...from } = originNow() ?? { via: "job" };
    const entry: AuditEntry = {
      id: newId("aud"),
      at: new Date(now()).toISOString(),
      by: by ?? asking,
      from: { node, ...from },
      what,
      subject,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
    return { audits: [...(doc?.audits ?? []), entry], auditsPending: true };
  };
}
