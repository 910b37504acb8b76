/** Defaults and limits (each is tested at N and N+1). Sizes in bytes, times in milliseconds, the unit last in the name. */
export interface Limits {
  readonly ordersPerPayment: number;
  /** Of a quote: each currency is a payment of its own. */
  readonly currenciesPerQuote: number;
  readonly ordersPerPage: number;
  readonly jsonBodyBytes: number;
  readonly fileBytes: number;
  /** A dry run holds its sender and keeps the file's orders in mind: bytes, orders and time of one. */
  readonly dryRunBytes: number;
  readonly dryRunOrders: number;
  /** Less than a connection may be silent (`socketIdleMs`). */
  readonly dryRunMs: number;
  readonly recordBytes: number;
  readonly depth: number;
  readonly fieldBytes: number;
  /** Characters that may be held of a file in which parts of one record lie apart. */
  readonly heldChars: number;
  readonly idempotencyKeyChars: number;
  readonly quoteMs: number;
  readonly lockMs: number;
  readonly bankCallMs: number;
  /** Time beyond the bank call's own deadline until its answer must have crossed the bus. */
  readonly busMs: number;
  /** What a node works on is left alone by the others for this long after its last sign of life. Twice that for the day's run of payouts. */
  readonly leaseMs: number;
  /** Whole units of a payment's currency: when more than that goes back of it in all, a second operator must approve. */
  readonly refundFourEyes: number;
  /** Waits between inquiries; the last one repeats until the driver's finality window is over. */
  readonly inquiryMs: readonly number[];
  /** From now to the end of a token by which a platform tells who a buyer is. */
  readonly linkTokenMs: number;
  readonly linkImportBytes: number;
  /** Of a bank's own file. */
  readonly statementBytes: number;
  /** How often open orders are looked for that a mandate charges by itself. */
  readonly mandateLookMs: number;
  readonly webhookAnswerMs: number;
  /** Waits between tries to deliver a webhook: 16 tries over three days, each with jitter. */
  readonly webhookRetryMs: readonly number[];
  readonly pluginMsPer1000Records: number;
  readonly pluginHeapMb: number;
  /** How often a file may stop its reader before it is quarantined. */
  readonly fileTries: number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const LIMITS: Limits = Object.freeze({
  ordersPerPayment: 1000,
  currenciesPerQuote: 10,
  ordersPerPage: 200,
  jsonBodyBytes: 1024 * 1024,
  fileBytes: 2 * 1024 ** 3,
  dryRunBytes: 64 * 1024 ** 2,
  dryRunOrders: 250_000,
  dryRunMs: 100 * second,
  recordBytes: 1024 * 1024,
  depth: 32,
  fieldBytes: 4 * 1024,
  heldChars: 32 * 1024 * 1024,
  idempotencyKeyChars: 255,
  quoteMs: 15 * minute,
  lockMs: 15 * minute,
  bankCallMs: 30 * second,
  busMs: 3 * second,
  leaseMs: minute,
  refundFourEyes: 1000,
  inquiryMs: [5 * second, 30 * second, 2 * minute, 5 * minute, 15 * minute, hour],
  linkTokenMs: 15 * minute,
  linkImportBytes: 8 * 1024 * 1024,
  statementBytes: 256 * 1024 ** 2,
  mandateLookMs: minute,
  webhookAnswerMs: 15 * second,
  webhookRetryMs: [
    5 * second,
    30 * second,
    2 * minute,
    5 * minute,
    15 * minute,
    30 * minute,
    hour,
    2 * hour,
    4 * hour,
    6 * hour,
    8 * hour,
    8 * hour,
    10 * hour,
    12 * hour,
    24 * hour,
  ],
  pluginMsPer1000Records: 30 * second,
  pluginHeapMb: 256,
  fileTries: 3,
});
