/**
 * The calls that services make of each other over the bus: name, parameters, answer. One list, so that both ends agree; parameters and
 * answers are JSON. Bytes never travel here: a file goes by its id.
 */
import type { AccountActions } from "./accounts/actions.ts";
import type { PayRequest, QuoteRequest, ReviewClaim } from "./merge-pay/requests.ts";
import type { InputSpec } from "./formats/contract.ts";
import type { MandateActions } from "./mandates/actions.ts";
import type { Reply } from "./plugin/contract.ts";
import type { BankRate, RatePair, StatementPage, StatementRange } from "./plugin/bank-contract.ts";
import type { BankOutcome } from "./plugin/bank-outcome.ts";
import type { ErrorCode } from "./errors/codes.ts";
import type { ClaimActions } from "./claims/actions.ts";
import type { ChargebackActions } from "./chargebacks/actions.ts";
import type { RefundActions } from "./refunds/actions.ts";
import type { SettlementActions } from "./settlement/actions.ts";
import type {
  AuditEntry,
  Balance,
  DryRun,
  Event,
  FeeRule,
  FileReport,
  JournalEntry,
  LedgerDay,
  LedgerDayTotal,
  Manifest,
  Money,
  Order,
  Payment,
  PlatformOrder,
  Quote,
  RecordReject,
  RemapPlan,
  Review,
  TakeBack,
} from "../schemas/types.generated.ts";

export type { Account, AccountSecret, MerchantAccount, Rotation } from "./accounts/actions.ts";
export type { Mandate, MandateRequest } from "./mandates/actions.ts";
export type { PayRequest, QuoteRequest, ReviewClaim, Selection } from "./merge-pay/requests.ts";

/** Where one page of a list ends: `next` is the cursor of the page after it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: string;
}

export interface PageQuery {
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most `LIMITS.ordersPerPage`. */
  readonly limit?: number;
}

/** What a platform's plugin says of itself when it registers with bank-adapter, and what operators see. */
export interface PlatformRegistration {
  readonly platform: string;
  readonly title: string;
  /** Contract version and hash of the folder's content: `1-3f2a90c1d2e4`. */
  readonly version: string;
  readonly currencies: readonly string[];
  readonly fees: FeeRule;
  readonly settlementAccount: string;
  /** What becomes of money that the bank took after its payment had ended; absent: it is held. */
  readonly lateMoney?: "hold" | "reopen" | "refund";
  /** It tells its platform events in a format of its own. */
  readonly replies?: true;
}

/** A plugin folder as operators see it. */
export interface PluginStatus {
  readonly id: string;
  readonly state: "running" | "refused";
  readonly version?: string;
  readonly title?: string;
  readonly error?: { readonly code: ErrorCode; readonly reason: string };
}

/** One record after the plugin: orders (canonical money, checked against the schema), or why there are none. */
export interface MappedRecord {
  readonly record: number;
  readonly position: string;
  readonly orders?: readonly (PlatformOrder & { readonly contentHash: string })[];
  readonly skipped?: string;
  /** The order that the record takes back, and why. */
  readonly cancelled?: { readonly merchant: string; readonly orderNo: string; readonly reason: string };
  /** The order for which nothing is owed any more, and why. */
  readonly notOwed?: {
    readonly merchant: string;
    readonly orderNo: string;
    readonly reason: string;
    /** ISO 8601, UTC, with milliseconds: when it was delivered, if that is told. */
    readonly deliveredAt?: string;
  };
  readonly rejected?: { readonly code: ErrorCode; readonly field?: string; readonly reason: string };
}

export interface InboxGroup {
  readonly platform: string;
  readonly merchant: string;
  readonly total: Money;
  readonly orders: readonly Order[];
}

/** A page of a payer's open orders by platform, merchant and currency; `totals` are of all open orders, not of the page. */
export interface Inbox {
  readonly groups: readonly InboxGroup[];
  readonly totals: readonly { readonly total: Money; readonly orders: number }[];
  readonly next?: string;
}

export interface Link {
  readonly id: string;
  readonly platform: string;
  readonly userId: string;
  /** The platform's buyer id, or, when its files do not tell buyers, one order of a merchant. */
  readonly buyerId?: string;
  readonly merchant?: string;
  readonly orderNo?: string;
  readonly createdAt: string;
}

/** A buyer of a platform, or one order of a merchant, and whose it is to be. */
export type Linked = Omit<Link, "id" | "createdAt">;

/** What became of links that were imported: made, there already, or rejected by line; and how many orders they gave. */
export interface LinkImport {
  readonly made: number;
  readonly known: number;
  readonly claimed: number;
  readonly rejects: readonly LinkReject[];
}

export interface LinkReject {
  readonly line: number;
  readonly code: ErrorCode;
  readonly field?: string;
  readonly reason: string;
}

export interface Endpoint {
  readonly id: string;
  readonly platform: string;
  readonly url: string;
  readonly createdAt: string;
}

export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly endpointId: string;
  readonly platform: string;
  readonly state: "pending" | "delivered" | "dead";
  readonly tries: number;
  readonly lastStatus?: number;
  readonly lastError?: string;
}

export interface Actions
  extends AccountActions, MandateActions, RefundActions, ChargebackActions, ClaimActions, SettlementActions {
  "files.receive": {
    params: {
      fileId: string;
      platform: string;
      merchant: string | null;
      sha256: string;
      bytes: number;
      name?: string;
      manifest?: Manifest;
    };
    result: FileReport & { existed: boolean };
  };
  /** Of bytes that are staged, by the id of their stage. */
  "files.foresee": {
    params: {
      blobId: string;
      platform: string;
      merchant: string | null;
      sha256: string;
      bytes: number;
      manifest?: Manifest;
    };
    result: DryRun;
  };
  /** Maps a stored file again, or only says what would change. */
  "files.remap": { params: { fileId: string }; result: FileReport };
  "files.foreseeRemap": { params: { fileId: string }; result: RemapPlan };
  "files.get": { params: { fileId: string; platform?: string }; result: FileReport };
  "files.list": { params: PageQuery & { platform?: string }; result: Page<FileReport> };
  "files.records": { params: PageQuery & { fileId: string; platform?: string }; result: Page<RecordReject> };
  "orders.inbox": { params: PageQuery & { userId: string }; result: Inbox };
  "orders.list": { params: PageQuery & { platform: string }; result: Page<Order> };
  "orders.get": { params: { orderId: string; userId?: string; platform?: string }; result: Order };
  /** By its platform, or by an operator, whose id `by` is. */
  "orders.cancel": { params: { orderId: string; reason: string; platform?: string; by?: string }; result: Order };
  /** What becomes of orders that were taken back while a payment had them; with `platform` only that platform's. */
  "take-backs.get": { params: { orderId: string; platform?: string }; result: TakeBack };
  "take-backs.list": { params: PageQuery & { platform?: string; needsReview?: boolean }; result: Page<TakeBack> };
  "links.create": { params: Linked; result: Link & { claimed: number } };
  /** By a platform's token that was verified; `nonce` is unique for the platform. */
  "links.claim": { params: Linked & { nonce: string; expiresAt: string }; result: Link & { claimed: number } };
  /** At most `LINKS_PER_CALL`, each by itself; `line` is where it stands in what is imported. */
  "links.import": { params: { links: readonly (Linked & { line: number })[] }; result: LinkImport };
  /** With `userId` only that payer's own. */
  "links.remove": { params: { linkId: string; userId?: string }; result: { released: number } };
  "links.list": { params: PageQuery & { userId: string }; result: Page<Link> };
  "merge-pay.quote": { params: { userId: string; selection: QuoteRequest }; result: Quote };
  "merge-pay.getQuote": { params: { userId: string; quoteId: string }; result: Quote };
  "merge-pay.pay": {
    /** By a mandate: its payer is not there. */
    params: { userId: string; idempotencyKey: string; request: PayRequest; mandateId?: string };
    result: Payment & { existed: boolean };
  };
  /** As `pay`; by a quote over several currencies one payment for each, in the order of their codes. */
  "merge-pay.payTogether": {
    params: Actions["merge-pay.pay"]["params"];
    result: (Payment | { payments: readonly Payment[] }) & { existed: boolean };
  };
  /** The payer's answer to the bank's challenge. */
  "merge-pay.confirm": {
    params: { paymentId: string; userId: string; challengeId: string; answer: string };
    result: Payment;
  };
  /** By its payer, as long as nothing was sent, or the bank waits for an answer without which it executes nothing. */
  "merge-pay.cancel": { params: { paymentId: string; userId: string }; result: Payment };
  /** Payments that operators must look at, and what they say became of the deduction; `by` is the operator's id. */
  "merge-pay.reviews": { params: PageQuery; result: Page<Review> };
  "merge-pay.review": { params: { paymentId: string }; result: Review };
  "merge-pay.propose": { params: { paymentId: string; by: string; claim: ReviewClaim }; result: Review };
  "merge-pay.approve": { params: { paymentId: string; proposalId: string; by: string }; result: Review };
  "merge-pay.reject": { params: { paymentId: string; proposalId: string; by: string }; result: Review };
  "merge-pay.get": { params: { paymentId: string; userId?: string }; result: Payment };
  "merge-pay.list": { params: PageQuery & { userId: string }; result: Page<Payment> };
  "ledger.entries": { params: PageQuery & { paymentId?: string }; result: Page<JournalEntry> };
  /** As kept: the blocks of the journal that are sealed, folded into sums. */
  "ledger.balances": { params: PageQuery & { account?: string }; result: Page<Balance> };
  /** Closes a day (UTC) of the journal, by an operator. */
  "ledger.close": { params: { date: string; by: string }; result: LedgerDay };
  "ledger.days": { params: PageQuery; result: Page<LedgerDay> };
  "ledger.day": { params: { date: string }; result: LedgerDay };
  "ledger.dayTotals": { params: PageQuery & { date: string }; result: Page<LedgerDayTotal> };
  /** Sealed decisions, in the order of their chain. */
  "audit.entries": { params: PageQuery & { subject?: string }; result: Page<AuditEntry> };
  /** What is kept of a payment, page by page, member by member of its evidence pack. */
  "evidence.read": {
    params: { paymentId: string; after?: string };
    result: { member?: string; items: readonly unknown[]; next?: string };
  };
  "notify.events": { params: PageQuery & { platform?: string; userId?: string }; result: Page<Event> };
  "notify.createEndpoint": { params: { platform: string; url: string }; result: Endpoint & { secret: string } };
  "notify.endpoints": { params: PageQuery & { platform?: string }; result: Page<Endpoint> };
  "notify.deliveries": { params: PageQuery & { platform?: string }; result: Page<Delivery> };
  /** Throws PLATFORM_UNAVAILABLE until each plugin that was there at the start runs or is refused. */
  "plugins.ready": { params: Record<string, never>; result: { ready: true } };
  /** Whether the platform has a plugin folder, whatever became of it. */
  "plugins.has": { params: { platform: string }; result: { here: boolean } };
  "plugins.list": { params: Record<string, never>; result: Page<PluginStatus> };
  /** One of these for each running platform plugin: `platform.<id>.inputs`, `.check`, `.read`. The kinds of its files, the likeliest first. */
  "platform.inputs": { params: Record<string, never>; result: { inputs: readonly InputSpec[] } };
  "platform.reply": { params: { event: Event }; result: Reply };
  "platform.check": { params: { fileId: string }; result: { records: number } };
  "platform.read": {
    params: { fileId: string; from: number; merchant: string | null };
    /** `node` is where it was read, for the calls after it. */
    result: { records: readonly MappedRecord[]; done: boolean; version: string; node?: string };
  };
  "bank-adapter.register": { params: PlatformRegistration; result: { registered: true } };
  "bank-adapter.unregister": { params: { platform: string }; result: { registered: false } };
  "bank-adapter.platforms": { params: Record<string, never>; result: Page<PlatformRegistration> };
  "bank-adapter.banks": {
    params: Record<string, never>;
    /** `refunds`, `payouts`: whether it gives money back and pays out. */
    result: Page<{ bank: string; title: string; finalityMs: number; refunds: boolean; payouts: boolean }>;
  };
  "bank-adapter.debit": {
    params: { bank: string; bankRequestId: string; accountToken: string; amount: Money; reference: string };
    result: BankOutcome;
  };
  "bank-adapter.refund": {
    params: { bank: string; bankRequestId: string; debitRequestId: string; amount: Money; reference: string };
    result: BankOutcome;
  };
  "bank-adapter.payout": {
    params: { bank: string; bankRequestId: string; accountToken: string; amount: Money; reference: string };
    result: BankOutcome;
  };
  "bank-adapter.confirm": {
    params: { bank: string; bankRequestId: string; challengeId: string; answer: string };
    result: BankOutcome;
  };
  "bank-adapter.inquire": { params: { bank: string; bankRequestId: string }; result: BankOutcome };
  "bank-adapter.statement": { params: StatementRange & { bank: string }; result: StatementPage };
  "bank-adapter.rate": { params: RatePair & { bank: string }; result: BankRate };
  "bank-adapter.openTestAccount": { params: { bank: string; opening: Money }; result: { accountToken: string } };
}

export type ActionName = keyof Actions;

/** Calls an action by name. `platform.*` names carry the platform: `call("platform.check", params, "shop")` is `platform.shop.check`. */
export type Call = <N extends ActionName>(
  name: N,
  params: Actions[N]["params"],
  options?: {
    readonly platform?: string;
    readonly timeoutMs?: number;
    /** Only this node may answer. */
    readonly node?: string | undefined;
  },
) => Promise<Actions[N]["result"]>;
