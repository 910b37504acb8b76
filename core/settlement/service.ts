import type { Filter } from "mongodb";
import type { Actions, Page } from "../actions.ts";
import type { Deps } from "../deps.ts";
import { instant } from "../deps.ts";
import { MergepayError } from "../errors/errors.ts";
import type { OrdersService } from "../orders/service.ts";
import { byId, page } from "../pages.ts";
import { instantOf } from "../plugin/instant.ts";
import { isDuplicateKey } from "../store/contract.ts";
import type { SettlementLine } from "../../schemas/types.generated.ts";
import type { Handover } from "./actions.ts";
import {
  adopted,
  delivered,
  HANDOVERS,
  type KeptLine,
  LINES,
  payeeOf,
  showLine,
  type StoredHandover,
  type StoredLine,
} from "./model.ts";
import { payableLines } from "./payable.ts";
import { settlementRules } from "./rules.ts";

const BY_LINE = byId("stl_[0-9a-z]{26}_[0-9]{4,}(?:_[0-9a-z]+)*");
/** Lines of an earlier version that one sweep takes over. */
const AT_A_SWEEP = 500;

/** What is owed to merchants, and when it can be paid out. */
export async function settlementService(deps: Deps, orders: Pick<OrdersService, "get">) {
  const lines = await deps.store.collection<KeptLine>(LINES);
  const handovers = await deps.store.collection<StoredHandover>(HANDOVERS);
  const stamp = () => instant(deps.now());

  /** Starts the clocks of lines that wait for the delivery of these orders. */
  async function startClocks(orderIds: readonly string[]): Promise<void> {
    const waiting = await lines.find({ orderId: { $in: [...orderIds] }, state: "due" }).toArray();
    if (waiting.length === 0) return;
    const notes = await handovers.find({ _id: { $in: waiting.map(({ orderId }) => orderId) } }).toArray();
    const deliveredAt = new Map(notes.map((note) => [note._id, note.deliveredAt]));
    const moved = waiting.flatMap((line) => {
      const at = deliveredAt.get(line.orderId);
      return line.awaits === undefined || at === undefined ? [] : [{ line, timing: delivered(line, at, stamp()) }];
    });
    if (moved.length === 0) return;
    await lines.bulkWrite(
      moved.map(({ line, timing }) => ({
        updateOne: { filter: { _id: line._id, state: "due" }, update: { $set: timing, $unset: { awaits: true } } },
      })),
      { ordered: false },
    );
  }

  /** Notes deliveries, each once: what was said first stays. */
  async function noteHandovers(notes: readonly StoredHandover[]): Promise<void> {
    try {
      await handovers.insertMany([...notes], { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    await startClocks(notes.map(({ _id }) => _id));
  }

  /** What takes back from a line becomes payable when that one does: a merchant is not short of it earlier. */
  async function besideTheirOrders(taking: readonly StoredLine[]): Promise<StoredLine[]> {
    const originals = taking.flatMap(({ of }) => of ?? []);
    const found = originals.length === 0 ? [] : await lines.find({ _id: { $in: originals } }).toArray();
    const byLine = new Map(found.map((line) => [line._id, line]));
    return taking.map((line) => {
      const original = byLine.get(line.of ?? "");
      if (original?.state !== "due" && original?.state !== "held") return line;
      const { state, payableAt, awaits } = original;
      const { payableAt: _own, ...rest } = line;
      return {
        ...rest,
        state,
        ...(payableAt === undefined ? {} : { payableAt }),
        ...(awaits === undefined ? {} : { awaits }),
      };
    });
  }

  async function insert(given: readonly StoredLine[]): Promise<void> {
    try {
      await lines.insertMany(
        given.map((line) => ({ ...line, payee: payeeOf(line), claims: 0, postedAt: stamp() })),
        { ordered: false },
      );
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const waiting = given.filter(({ state }) => state === "due").map(({ orderId }) => orderId);
    // Whoever notes a delivery looks at the lines afterwards, whoever writes lines at the deliveries: however they meet, one sees the other.
    if (waiting.length > 0) await startClocks(waiting);
  }

  /** Lines that an earlier version wrote. */
  async function adopt(): Promise<number> {
    const old = await lines
      .find({ payee: null } as unknown as Filter<KeptLine>)
      .limit(AT_A_SWEEP)
      .toArray();
    if (old.length === 0) return 0;
    await lines.bulkWrite(
      old.map((line) => ({ updateOne: { filter: { _id: line._id, state: "due" }, update: { $set: adopted(line) } } })),
      { ordered: false },
    );
    return old.length;
  }

  return {
    ...(await settlementRules(deps)),
    ...payableLines(lines),

    /** Writes the lines of a succeeded payment, as `linesOf` makes them; a second time changes nothing. */
    write: insert,

    /**
     * Writes what refunds and chargebacks take back, and what a chargeback that was given up gives again: lines with `of`, the line of the order, `payable` unless that one
     * is held.
     * A second time changes nothing.
     */
    takeBack: async (taking: readonly StoredLine[]): Promise<void> => insert(await besideTheirOrders(taking)),

    /**
     * Notes that an order was delivered: lines that are held until so many days after it wait for these now. Said twice, the first counts.
     * @throws NOT_FOUND, also when it is another platform's; BODY_INVALID for a time that is none or to come
     */
    async deliver({ orderId, platform, at, by }: Actions["settlement.deliver"]["params"]): Promise<Handover> {
      const order = await orders.get({ orderId, ...(platform === undefined ? {} : { platform }) });
      const given = at === undefined ? stamp() : instantOf(at);
      const deliveredAt = given === undefined ? undefined : instant(Date.parse(given));
      if (deliveredAt === undefined || deliveredAt > stamp())
        throw new MergepayError(
          "BODY_INVALID",
          "deliveredAt must be an ISO 8601 date and time with a zone, not to come.",
          {
            field: "/deliveredAt",
          },
        );
      const note = { _id: orderId, platform: order.platform, deliveredAt, ...(by === undefined ? {} : { by }) };
      await noteHandovers([note]);
      const first = (await handovers.findOne({ _id: orderId })) ?? note;
      return { orderId, deliveredAt: first.deliveredAt };
    },

    /** The same of orders of one platform, as its file says it: `deliveredAt` are instants in UTC that have come. */
    async deliverAll(
      platform: string,
      delivered: readonly { readonly orderId: string; readonly deliveredAt: string }[],
    ): Promise<void> {
      if (delivered.length === 0) return;
      await noteHandovers(delivered.map(({ orderId: _id, deliveredAt }) => ({ _id, platform, deliveredAt })));
    },

    /** Makes payable what was held until now. */
    async sweep(): Promise<number> {
      const old = await adopt();
      await lines.updateMany({ state: "held", payableAt: { $lte: stamp() } }, { $set: { state: "payable" } });
      return old;
    },

    /** Which of these lines are paid out. */
    async amongPaidOut(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const out = await lines.find({ _id: { $in: [...ids] }, state: "paid_out" }, { projection: { _id: 1 } }).toArray();
      return new Set(out.map(({ _id }) => _id));
    },

    list: ({
      paymentId,
      payoutId,
      platform,
      ...query
    }: Actions["settlement.lines"]["params"]): Promise<Page<SettlementLine>> =>
      page(
        lines,
        {
          ...(paymentId === undefined ? {} : { paymentId }),
          ...(payoutId === undefined ? {} : { payoutId }),
          ...(platform === undefined ? {} : { platform }),
        },
        BY_LINE,
        query,
        deps.limits.ordersPerPage,
        showLine,
      ),
  };
}

export type SettlementService = Awaited<ReturnType<typeof settlementService>>;
