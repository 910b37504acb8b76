import type { Page, PageQuery } from "../actions.ts";
import type { Claim, Evidence } from "../../schemas/types.generated.ts";

/** The calls of claims over the bus; with `platform` only what its merchants owe. */
export interface ClaimActions {
  "claims.get": { params: { claimId: string; platform?: string }; result: Claim };
  /** What an operator, `by`, says became of a claim; `bank` of one that was settled: where the money came in. */
  "claims.close": {
    params: { claimId: string; how: "settled" | "written_off"; bank?: string; evidence: Evidence; by: string };
    result: Claim;
  };
  "claims.approve": { params: { claimId: string; by: string }; result: Claim };
  "claims.reject": { params: { claimId: string; by: string }; result: Claim };
  "claims.list": { params: PageQuery & { platform?: string; state?: Claim["state"] }; result: Page<Claim> };
}
