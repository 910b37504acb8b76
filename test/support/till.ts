import { expect } from "chai";
import type { PayRequest } from "../../core/actions.ts";
import type { Point } from "../../core/deps.ts";
import type { Limits } from "../../core/limits.ts";
import { MergepayError } from "../../core/errors/errors.ts";
import type { Store } from "../../core/store/contract.ts";
import { auditPayouts } from "./audit-payouts.ts";
import { audit } from "./audit.ts";
import {
  buildHouse,
  clockAt,
  type Clock,
  type House,
  type Outside,
  seedAccount,
  seedOrders,
  temporaryStore,
} from "./house.ts";
import { testBank, type TestBank } from "./test-bank.ts";

export const ALL = { orders: "all", currency: "USD" } as const satisfies PayRequest;

/** The error that a promise ends with, which must be one of ours. */
export const refusal = (promise: Promise<unknown>): Promise<MergepayError> =>
  promise.then(
    () => expect.fail("It was not refused."),
    (error: unknown) => {
      if (error instanceof MergepayError) return error;
      throw error;
    },
  );

interface PayTo {
  readonly platform: string;
  readonly merchant: string;
  readonly currency: string;
  readonly token: string;
  readonly verified?: boolean;
}

/** A house with a bank, a clock that is moved by hand, and `ann`, who has an account. */
export async function openTill(limits: Partial<Limits> = {}) {
  const clock: Clock = clockAt();
  const bank: TestBank = testBank(clock.now);
  const { store, remove }: { store: Store; remove: () => Promise<void> } = await temporaryStore();
  const build = (reached?: (point: Point) => void, its: Store = store, more: Outside = {}): Promise<House> =>
    buildHouse({
      store: its,
      clock,
      outside: { ...bank.outside, ...more },
      limits,
      ...(reached === undefined ? {} : { reached }),
    });
  const house = await build();
  await seedAccount(house, "ann");
  const { mergePay, orders, refunds } = house.core.services;

  return {
    house,
    bank,
    store,
    clock,
    /** Another node over the same store, or another way to it; what `reached` does when it comes to a point is the test's. */
    build,
    pay: (idempotencyKey: string, request: PayRequest = ALL, userId = "ann") =>
      mergePay.pay({ userId, idempotencyKey, request }),
    /** Orders of ann on these platforms in turn, of 1.37, 2.37 ... */
    seed: (count: number, platforms = ["alpha", "beta", "gamma"]) =>
      seedOrders(
        house,
        "ann",
        Array.from({ length: count }, (_, i) => ({
          platform: platforms[i % platforms.length] ?? "",
          orderNo: `n${i}`,
          value: `${i + 1}.37`,
        })),
      ),
    /** An account that a merchant is paid to from now on, or once it is verified. */
    payTo: async ({ verified = true, ...of }: PayTo) => {
      const { accounts } = house.core.services;
      const added = await accounts.addForMerchant({ ...of, bank: "test", label: "Shop", operatorId: "ops" });
      if (verified) await accounts.verifyForMerchant({ accountId: added.id, operatorId: "reviewer" });
    },
    /** More orders of ann, of 1.37, 2.37 ..., numbered behind this word. */
    seedMore: (count: number, word: string) =>
      seedOrders(
        house,
        "ann",
        Array.from({ length: count }, (_, i) => ({ orderNo: `${word}-${i}`, value: `${i + 1}.37` })),
      ),
    /** Moves the clock and lets the sweeper see what is due then. */
    later: async (ms: number) => {
      clock.advance(ms);
      await mergePay.sweep();
      await refunds.sweep();
    },
    get: (paymentId: string) => mergePay.get({ paymentId }),
    statesOf: async (ids: readonly string[]) => (await orders.findOwn("ann", ids)).map(({ state }) => state),
    /** Removes what is there, without looking. */
    drop: remove,
    /** Audits what is there, and removes it. */
    close: async (atRest = false) => {
      await audit(store, [...bank.booked.values()], { atRest, refunds: [...bank.refunded.values()] });
      await auditPayouts(store, [...bank.paidOut.values()], { atRest });
      await remove();
    },
  };
}

export type Till = Awaited<ReturnType<typeof openTill>>;
