/**
 * Every error that Mergepay can answer with: the one list. HTTP status, bus type, documentation and tests are all
 * derived from it.
 *
 * `who`: who must act: `sender` (of this request or file), `payer`, `platform` (the plugin's or the shop's owner), `operator`, `bank`, `nobody`.
 * `retry`: `never` the same request, `later` (it may work as it is), `changed` (only after something changed).
 */
export interface ErrorInfo {
  readonly status: number;
  readonly who: "sender" | "payer" | "platform" | "operator" | "bank" | "nobody";
  readonly retry: "never" | "later" | "changed";
  readonly title: string;
}

const info = (status: number, who: ErrorInfo["who"], retry: ErrorInfo["retry"], title: string): ErrorInfo =>
  Object.freeze({ status, who, retry, title });

export const ERRORS = Object.freeze({
  // Requests
  BODY_INVALID: info(400, "sender", "changed", "The body does not have the form this call takes."),
  BODY_TOO_LARGE: info(413, "sender", "changed", "The body is larger than this call takes."),
  JSON_INVALID: info(400, "sender", "changed", "The text is not the strict JSON that Mergepay reads."),
  MEDIA_TYPE_UNSUPPORTED: info(415, "sender", "changed", "This call does not take this content type."),
  QUERY_INVALID: info(400, "sender", "changed", "A path or query parameter is not of the form this call takes."),
  REQUEST_MALFORMED: info(400, "sender", "changed", "The request is not well-formed HTTP, or ended before its end."),
  REQUEST_TIMEOUT: info(408, "sender", "later", "The request did not arrive in time."),
  HEADERS_TOO_LARGE: info(431, "sender", "changed", "The headers are more or longer than Mergepay takes."),
  NOT_FOUND: info(404, "sender", "changed", "There is nothing here that you may see."),
  METHOD_NOT_ALLOWED: info(405, "sender", "changed", "This resource does not take this method."),
  UNAUTHENTICATED: info(401, "sender", "changed", "Say who you are: the credentials are missing or wrong."),
  FORBIDDEN: info(403, "sender", "changed", "Your credentials do not allow this call."),
  SIGNATURE_INVALID: info(401, "sender", "changed", "The signature does not fit the body, its id and its time."),
  IDEMPOTENCY_KEY_INVALID: info(
    400,
    "sender",
    "changed",
    "The Idempotency-Key must be 1 to 255 printable ASCII characters.",
  ),
  IDEMPOTENCY_KEY_REUSED: info(422, "sender", "changed", "This Idempotency-Key was used with other content."),
  IDEMPOTENCY_IN_FLIGHT: info(409, "sender", "later", "A request with this Idempotency-Key is still under way."),
  // Files and records
  FILE_TOO_LARGE: info(413, "sender", "changed", "The file is larger than Mergepay takes."),
  FILE_EMPTY: info(422, "sender", "changed", "The file holds no bytes."),
  FILE_FRAME_BROKEN: info(422, "sender", "changed", "The file is not well-formed; nothing was taken from it."),
  FILE_ENCODING_INVALID: info(422, "sender", "changed", "The file is not in the encoding that its platform declares."),
  FILE_NOT_RECOGNISED: info(422, "sender", "changed", "The file is not of the kind that its platform sends."),
  FILE_ARCHIVE_BROKEN: info(
    422,
    "sender",
    "changed",
    "The packed file is cut off or damaged; nothing was taken from it.",
  ),
  FILE_ARCHIVE_UNSUPPORTED: info(
    422,
    "sender",
    "changed",
    "The packed file is not one file, packed once, without a password.",
  ),
  FILE_ARCHIVE_RATIO: info(
    422,
    "sender",
    "changed",
    "The packed file grows more than Mergepay takes when it is unpacked.",
  ),
  FILE_PARTS_TOO_LARGE: info(
    422,
    "sender",
    "changed",
    "Records whose parts lie apart in the file take more than Mergepay holds at a time.",
  ),
  FILE_QUARANTINED: info(
    422,
    "operator",
    "changed",
    "Reading the file stopped its reader every time; it is set aside.",
  ),
  DRY_RUN_TOO_LARGE: info(413, "sender", "changed", "The file is more than a dry run looks through."),
  CONFIRMATION_MISMATCH: info(409, "sender", "changed", "This is not the file that the dry run was of."),
  MANIFEST_INVALID: info(400, "sender", "changed", "The manifest does not have the form that Mergepay reads."),
  MANIFEST_REQUIRED: info(422, "sender", "changed", "Files of this platform are taken with a manifest only."),
  MANIFEST_MISMATCH: info(
    422,
    "sender",
    "changed",
    "The file is not what its manifest says; nothing was taken from it.",
  ),
  RECORD_TOO_LARGE: info(422, "sender", "changed", "The record is larger than Mergepay takes."),
  RECORD_TOO_DEEP: info(422, "sender", "changed", "The record is nested deeper than Mergepay takes."),
  FIELD_TOO_LARGE: info(422, "sender", "changed", "A field of the record is longer than Mergepay takes."),
  RECORD_MALFORMED: info(422, "sender", "changed", "The record can't be read."),
  RECORD_ORPHANED: info(422, "sender", "changed", "Parts of a record are in the file without the record itself."),
  RECORD_INVALID: info(422, "sender", "changed", "The record does not fit its platform's schema."),
  RECORD_DUPLICATE: info(422, "sender", "changed", "The file has another record of the same order with other content."),
  ORDER_CONFLICT: info(
    409,
    "platform",
    "changed",
    "The order is locked, paid, cancelled or expired and can't be changed by a file.",
  ),
  AMOUNT_INVALID: info(
    422,
    "sender",
    "changed",
    "The amount is not a plain decimal number above zero that its currency can hold.",
  ),
  CURRENCY_UNKNOWN: info(422, "sender", "changed", "The currency is not an ISO 4217 code."),
  CURRENCY_UNSUPPORTED: info(422, "sender", "changed", "The platform did not register this currency."),
  // Plugins
  PLATFORM_UNKNOWN: info(404, "sender", "changed", "There is no such platform."),
  PLATFORM_UNAVAILABLE: info(503, "operator", "later", "The platform's plugin is not running now."),
  PLUGIN_NAME_INVALID: info(
    500,
    "platform",
    "changed",
    "A plugin folder's name must be 2 to 40 of a-z, 0-9 and -, starting with a letter.",
  ),
  PLUGIN_ENTRY_MISSING: info(500, "platform", "changed", "The plugin folder has no plugin.ts."),
  PLUGIN_LOAD_FAILED: info(500, "platform", "changed", "plugin.ts could not be loaded."),
  PLUGIN_CONTRACT_UNSUPPORTED: info(
    500,
    "platform",
    "changed",
    "The plugin was made for another version of the contract.",
  ),
  PLUGIN_SHAPE_INVALID: info(500, "platform", "changed", "plugin.ts does not export what definePlatform makes."),
  PLUGIN_SCHEMA_INVALID: info(
    500,
    "platform",
    "changed",
    "The plugin's record schema is missing or is not JSON Schema 2020-12.",
  ),
  PLUGIN_SAMPLES_FAILED: info(
    500,
    "platform",
    "changed",
    "A sample of the plugin does not become what its expectation says.",
  ),
  PLUGIN_REGISTRATION_FAILED: info(503, "operator", "later", "The plugin could not be registered with bank-adapter."),
  PLUGIN_THREW: info(422, "platform", "changed", "The plugin failed on this record."),
  PLUGIN_OUTPUT_INVALID: info(
    422,
    "platform",
    "changed",
    "The plugin made something of this record that is not a unified order.",
  ),
  PLUGIN_TIMEOUT: info(504, "platform", "changed", "The plugin took longer than it may."),
  PLUGIN_CRASHED: info(500, "platform", "changed", "The plugin's worker stopped: out of memory or ended by itself."),
  UNSUPPORTED: info(501, "operator", "never", "This part does not have the power asked for."),
  // Paying
  SELECTION_EMPTY: info(422, "payer", "changed", "There is nothing to pay in this selection."),
  SELECTION_TOO_LARGE: info(422, "payer", "changed", "The selection has more orders than one payment takes."),
  CURRENCIES_MIXED: info(
    422,
    "payer",
    "changed",
    "One payment is in one currency; select orders of one currency, or take a quote, which may be over several.",
  ),
  TOTAL_TOO_LARGE: info(422, "payer", "changed", "The total is larger than one deduction can be."),
  ORDERS_UNAVAILABLE: info(409, "payer", "changed", "Some of the orders can't be paid now."),
  QUOTE_EXPIRED: info(410, "payer", "changed", "The quote has expired; take a new one."),
  RATE_EXPIRED: info(
    410,
    "payer",
    "changed",
    "A rate of the quote is no longer good, and nothing was sent; take a new quote.",
  ),
  RATE_INVALID: info(
    502,
    "operator",
    "later",
    "The bank gave no rate that can be used: it must be for the pair asked for, above zero, plain decimal text and still good.",
  ),
  QUOTE_MISMATCH: info(409, "payer", "changed", "What would be paid is not what the quote showed."),
  ACCOUNT_MISSING: info(422, "payer", "changed", "The payer has no bank account to pay from."),
  REVIEW_AMOUNT_DIFFERS: info(422, "operator", "changed", "What was debited is not the payment's total."),
  REVIEW_REFERENCE_TAKEN: info(409, "operator", "changed", "Another payment has this bank reference."),
  REVIEW_NOT_DEBITED: info(402, "payer", "changed", "Operators found out that nothing was deducted."),
  CHALLENGE_MISMATCH: info(409, "payer", "changed", "The bank asks something else of the payer now; look again."),
  CHALLENGE_EXPIRED: info(410, "payer", "changed", "The bank takes no answer to this challenge any more."),
  MANDATE_ENDED: info(409, "payer", "changed", "The mandate is revoked or has expired; nothing was sent."),
  MANDATE_LIMIT_REACHED: info(422, "payer", "changed", "The charge is above a limit of the mandate; nothing was sent."),
  MANDATE_NOT_COVERING: info(422, "payer", "changed", "The mandate is not for these orders; nothing was sent."),
  MERCHANT_ACCOUNT_MISSING: info(422, "operator", "changed", "The merchant has no bank account to be paid to."),
  MERCHANT_ACCOUNT_UNVERIFIED: info(
    422,
    "operator",
    "changed",
    "The merchant's bank account has not been verified by a second operator.",
  ),
  SECOND_PERSON_REQUIRED: info(403, "operator", "changed", "This decision takes a second person."),
  PAYOUT_LINES_TAKEN: info(409, "nobody", "later", "What this payout was planned with was taken by another one first."),
  STATEMENT_TOO_LARGE: info(
    422,
    "operator",
    "changed",
    "The statement has more than 100,000 lines; ask for a shorter time.",
  ),
  STATEMENT_INVALID: info(
    422,
    "operator",
    "changed",
    "The file is no statement (camt.053) or notification (camt.054) of a bank that can be read; nothing was taken of it.",
  ),
  PREVIEW_STALE: info(409, "operator", "changed", "What was shown is not what would be done now; take a new preview."),
  REFUND_TOO_LARGE: info(422, "sender", "changed", "That is more than is left to give back."),
  REFUND_CURRENCY_DIFFERS: info(422, "sender", "changed", "A refund is in the currency of its payment."),
  STATE_REFUSED: info(409, "sender", "changed", "This can't be done in the present state."),
  LINK_TOKEN_INVALID: info(
    422,
    "platform",
    "changed",
    "The token is not one by which a platform tells Mergepay who a buyer is.",
  ),
  LINK_TOKEN_EXPIRED: info(410, "payer", "changed", "The token has expired; take a new one from the platform."),
  LINK_TOKEN_USED: info(409, "payer", "changed", "The token was used before; take a new one from the platform."),
  LINK_TAKEN: info(409, "operator", "changed", "This buyer is linked to another user already."),
  // The bank
  BANK_UNAVAILABLE: info(503, "bank", "later", "The bank could not be reached; nothing was sent."),
  BANK_DECLINED: info(402, "payer", "changed", "The bank declined the deduction."),
  BANK_INSUFFICIENT_FUNDS: info(402, "payer", "changed", "The account does not hold enough."),
  BANK_ACCOUNT_UNKNOWN: info(402, "payer", "changed", "The bank does not know the account."),
  BANK_CHALLENGE_EXPIRED: info(402, "payer", "changed", "The payer did not answer the bank's challenge in time."),
  BANK_NEVER_RECEIVED: info(502, "payer", "changed", "The bank never received the instruction; nothing was deducted."),
  BANK_ANSWER_DIFFERS: info(
    502,
    "operator",
    "never",
    "The bank's answer names another amount, currency or id than was asked.",
  ),
  // The house
  STORE_LOCKED: info(503, "operator", "changed", "Another process has this data folder open."),
  STORE_RESTORED: info(
    503,
    "operator",
    "later",
    "This store was put back from a backup: nothing is paid, refunded or paid out until it is reconciled with the bank.",
  ),
  STORE_UNAVAILABLE: info(503, "operator", "later", "The store can't be reached; nothing was accepted."),
  CONFIG_INVALID: info(500, "operator", "changed", "The configuration can't be used."),
  OVERLOADED: info(503, "nobody", "later", "Too much is under way; come back in a moment."),
  INTERNAL: info(500, "operator", "later", "Something went wrong inside Mergepay."),
} as const satisfies Record<string, ErrorInfo>);

export type ErrorCode = keyof typeof ERRORS;
