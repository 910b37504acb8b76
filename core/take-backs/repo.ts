import { type Deps, instant } from "../deps.ts";
import { EMPTY_OUTBOX } from "../notify/outbox.ts";
import { isDuplicateKey } from "../store/contract.ts";
import { Overtaken, saveVersion } from "../versioned.ts";
import type { TakeBack } from "../../schemas/types.generated.ts";
import { askedFor, decisionOf, type StoredTakeBack, TAKE_BACKS } from "./model.ts";

/** An order that a payment holds or has paid, and why it is taken back. */
export interface Asked extends Pick<TakeBack, "platform" | "merchant" | "orderNo" | "cancellation"> {
  readonly _id: string;
}

/** Where orders say that they are taken back. It comes before the order's own word of it, so that whoever dies in between is gone on with. */
export async function takeBackNotes(deps: Deps) {
  const takeBacks = await deps.store.collection<StoredTakeBack>(TAKE_BACKS);
  const stamp = () => instant(deps.now());

  function docOf({ _id, platform, merchant, orderNo, cancellation }: Asked): StoredTakeBack {
    const at = stamp();
    const asked: StoredTakeBack = {
      _id,
      platform,
      merchant,
      orderNo,
      state: "asked",
      cancellation,
      tries: 0,
      opened: 0,
      version: 1,
      dueAt: at,
      createdAt: at,
      updatedAt: at,
      ...EMPTY_OUTBOX,
    };
    return { ...asked, ...deps.audit(undefined, askedFor(asked)) };
  }

  /** Changes one until nobody was quicker; a change that is undefined is none. */
  async function change(
    orderId: string,
    by: (takeBack: StoredTakeBack) => Partial<StoredTakeBack> | undefined,
  ): Promise<void> {
    for (;;) {
      const takeBack = await takeBacks.findOne({ _id: orderId });
      const changed = takeBack === null ? undefined : by(takeBack);
      if (takeBack === null || changed === undefined) return;
      const decision = decisionOf(takeBack, changed);
      const audited = decision === undefined ? {} : deps.audit(takeBack, decision);
      try {
        await saveVersion(takeBacks, takeBack, { ...changed, ...audited, updatedAt: stamp() });
        return;
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
      }
    }
  }

  const anew = () => ({ state: "asked", needsReview: false, tries: 0, dueAt: stamp() }) as const;

  return {
    /** Notes that these orders are taken back, each once. */
    async noteAll(asked: readonly Asked[]): Promise<void> {
      try {
        await takeBacks.insertMany(asked.map(docOf), { ordered: false });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      deps.reached("take-back.noted");
    },

    /** Has one that an operator refused, or that was tried in vain, tried anew: its platform asks once more. */
    askAgain: (orderId: string): Promise<void> =>
      change(orderId, ({ state, needsReview }) => {
        const inVain = state === "asked" && needsReview === true;
        return state === "refused" || inVain ? anew() : undefined;
      }),

    /**
     * Money that had gone back of these orders came again: those that are taken back are to be refunded anew. Said after the orders show it; one that is
     * being looked at this moment is looked at again.
     */
    async cameAgain(orderIds: readonly string[]): Promise<void> {
      for (const orderId of orderIds)
        await change(orderId, ({ state }) => {
          if (state === "refunded") return anew();
          return state === "asked" || state === "refunding" ? { dueAt: stamp() } : undefined;
        });
    },
  };
}

export type TakeBackNotes = Awaited<ReturnType<typeof takeBackNotes>>;
