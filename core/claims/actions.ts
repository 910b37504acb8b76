import type { Page, PageQuery } from "../actions.ts";
import type { Claim } from "../../schemas/types.generated.ts";

/** The calls of claims over the bus; with `platform` only what its merchants owe. */
export interface ClaimActions {
  "claims.get": { params: { claimId: string; platform?: string }; result: Claim };
  "claims.list": { params: PageQuery & { platform?: string; state?: Claim["state"] }; result: Page<Claim> };
}
