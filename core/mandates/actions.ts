import type { Page, PageQuery } from "../actions.ts";
import type { Money, Payment } from "../../schemas/types.generated.ts";

/** What a mandate permits; all of one currency. With `platforms` only their orders are charged. */
export interface MandateLimits {
  readonly perPayment: Money;
  readonly perDay: Money;
  readonly platforms?: readonly { readonly platform: string; readonly perDay: Money }[];
}

export interface MandateRequest {
  /** Absent: the payer's first account. */
  readonly accountId?: string;
  readonly limits: MandateLimits;
  /** Name of the IANA database: days begin at its midnight. */
  readonly timeZone: string;
  readonly expiresAt: string;
  /** Open orders are charged as they arrive, without anybody asking for it. */
  readonly auto?: boolean;
}

/** A payer's standing permission to be charged without being there. */
export interface Mandate {
  readonly id: string;
  readonly userId: string;
  readonly accountId: string;
  readonly limits: MandateLimits;
  readonly timeZone: string;
  readonly expiresAt: string;
  readonly auto: boolean;
  readonly state: "active" | "revoked" | "expired";
  readonly endedAt?: string;
  /** Ids of its payments that have not ended. */
  readonly underWay: readonly string[];
  readonly createdAt: string;
}

/** The calls of `mandates`. */
export interface MandateActions {
  "mandates.create": {
    params: { userId: string; idempotencyKey: string; request: MandateRequest };
    result: Mandate & { existed: boolean };
  };
  "mandates.get": { params: { mandateId: string; userId?: string }; result: Mandate };
  "mandates.list": { params: PageQuery & { userId: string }; result: Page<Mandate> };
  "mandates.charge": {
    params: { mandateId: string; idempotencyKey: string; orders: "all" | readonly string[]; operatorId: string };
    result: Payment & { existed: boolean };
  };
  /** When it is answered nothing is sent any more by the mandate but what was durable before. */
  "mandates.revoke": { params: { mandateId: string; userId: string }; result: Mandate };
}
