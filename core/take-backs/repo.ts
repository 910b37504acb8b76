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
    async askAgain(orderId: string): Promise<void> {
      for (;;) {
        const takeBack = await takeBacks.findOne({ _id: orderId });
        if (takeBack === null) return;
        const inVain = takeBack.state === "asked" && takeBack.needsReview === true;
        if (takeBack.state !== "refused" && !inVain) return;
        const change = { state: "asked", needsReview: false, tries: 0, dueAt: stamp(), updatedAt: stamp() } as const;
        const decision = decisionOf(takeBack, change);
        const audited = decision === undefined ? {} : deps.audit(takeBack, decision);
        try {
          await saveVersion(takeBacks, takeBack, { ...change, ...audited });
          return;
        } catch (error) {
          if (!(error instanceof Overtaken)) throw error;
        }
      }
    },
  };
}

export type TakeBackNotes = Awaited<ReturnType<typeof takeBackNotes>>;
