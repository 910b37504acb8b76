import { ERRORS, type ErrorCode, type ErrorInfo } from "./codes.ts";

/** One thing of an order that changed. */
export interface Change {
  readonly orderId: string;
  /** `revision`: something else than what is paid. */
  readonly field: "order" | "state" | "currency" | "amount" | "revision";
  readonly before: string;
  readonly after: string;
}

/** What an error may tell beside its code; every field is safe to show to whoever made the request. */
export interface ErrorDetails {
  /** JSON Pointer, column name or XPath of the field at fault. */
  readonly field?: string;
  /** Where in a file: `line 12`, `/orders/3`, `/list/order[4]`. */
  readonly position?: string;
  /** The ids of orders that could not be had, with their state. */
  readonly orders?: readonly { readonly orderId: string; readonly reason: string }[];
  /** What is no longer as it was when it was priced. */
  readonly changes?: readonly Change[];
  /** The state in which it can't be done. */
  readonly state?: string;
  /** Single faults, when there are several. */
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
  /** Whole seconds after which the same request may work. */
  readonly retryAfterSeconds?: number;
}

/** The one error class: a code of the list, a sentence for whoever must act, and details that are safe to show. */
export class MergepayError extends Error {
  override readonly name = "MergepayError";
  readonly code: number;
  readonly type: ErrorCode;
  readonly data: ErrorDetails;

  /**
   * @param type a code of `ERRORS`
   * @param message what is wrong, where, and what to do; no account number, key or token
   * @param data safe details
   */
  constructor(type: ErrorCode, message: string = ERRORS[type].title, data: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
    this.code = ERRORS[type].status;
    this.data = data;
  }

  get info(): ErrorInfo {
    return ERRORS[this.type];
  }
}

const isCode = (value: unknown): value is ErrorCode => typeof value === "string" && Object.hasOwn(ERRORS, value);

/**
 * Gives back the MergepayError that an error was, also after the bus made a plain Error of it (moleculer carries `type`,
 * `message` and `data` over, not the class); anything else becomes `INTERNAL` with the original as its cause.
 */
export function asMergepayError(error: unknown): MergepayError {
  if (error instanceof MergepayError) return error;
  const plain = error as { type?: unknown; message?: unknown; data?: unknown } | null;
  if (plain !== null && typeof plain === "object" && isCode(plain.type)) {
    const data = typeof plain.data === "object" && plain.data !== null ? (plain.data as ErrorDetails) : {};
    return new MergepayError(plain.type, typeof plain.message === "string" ? plain.message : undefined, data, {
      cause: error,
    });
  }
  return new MergepayError("INTERNAL", undefined, {}, { cause: error });
}

/** The RFC 9457 problem of an error. `type` is a URN: the code is documented in docs of the same name, not on a host. */
export function problemOf(error: MergepayError, instance?: string): Record<string, unknown> {
  return {
    type: `urn:mergepay:error:${error.type}`,
    title: error.info.title,
    status: error.info.status,
    detail: error.message,
    code: error.type,
    who: error.info.who,
    retry: error.info.retry,
    ...(instance === undefined ? {} : { instance }),
    ...error.data,
  };
}
