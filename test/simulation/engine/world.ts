/**
 * One run: nodes over one store and one bank, whose every call to the outside is held until the schedule lets it happen. Time, chance and
 * order come from the plan, so that the same plan gives the same run.
 */
import type { ActionName, Call } from "../../../core/actions.ts";
import { auditTrail } from "../../../core/audit/outbox.ts";
import { type Core, createCore } from "../../../core/core.ts";
import type { Deps, Point } from "../../../core/deps.ts";
import { asMergepayError } from "../../../core/errors/errors.ts";
import { idSource } from "../../../core/ids.ts";
import { LIMITS } from "../../../core/limits.ts";
import type { Doc } from "../../../core/store/contract.ts";
import { accountKey, PLATFORMS, silentLog } from "../../support/house.ts";
import { seeded } from "../../support/seeded.ts";
import { simBank } from "./bank.ts";
import { type SimNode, storeThrough, type TakeUp } from "./calls.ts";
import { Broken, type Noun, type NounAtWork, type Op, type OnNode, type World } from "./contract.ts";
import { addTo, type Counts, type Coverage, watcher } from "./coverage.ts";
import { faultsOf } from "./faults.ts";
import { jobs } from "./jobs.ts";
import type { MemoryStore } from "./memory-store.ts";
import { schedule } from "./schedule.ts";

/** The schedule lets time pass by itself up to so far, as a network takes its time; more is a step of its own. */
const WAIT_MS = 2_000;
const FOREVER = Number.POSITIVE_INFINITY;
/** Looks that are taken until all is at rest: more than the longest schedule of tries needs. */
const REST_ROUNDS = 40;
const HOUR_MS = 3_700_000;

/** What faults may be answered with while they last. */
const OF_FAULTS: ReadonlySet<string> = new Set([
  "STORE_UNAVAILABLE",
  "OVERLOADED",
  "BANK_UNAVAILABLE",
  "PLATFORM_UNAVAILABLE",
]);

/** A node's process ended: nothing after it happens in it. */
class Died extends Error {}

interface LivingNode extends SimNode {
  core: Core | undefined;
  deps: Deps | undefined;
}

export interface Running {
  readonly ops: ReadonlyMap<string, Op>;
  /** Begins an operation; `run` calls at most happen after it. */
  begin(op: string, node: number, seed: number, run: number): Promise<void>;
  arm(fault: string, node: number, seed: number, at: number): void;
  pass(ms: number): void;
  /** Ends all faults and lets everything come to its end. */
  rest(): Promise<void>;
  /** @throws Broken for the first promise that is broken */
  audit(atRest: boolean): Promise<void>;
  close(): void;
  /** A text that two runs share only if the same happened in both. */
  trace(): string;
}

export interface RunOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly store: MemoryStore;
  readonly nouns: readonly Noun[];
  readonly coverage: Coverage;
  /** Told what happens, line by line. */
  readonly tell?: ((line: string) => void) | undefined;
}

const overTheBus = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));

export async function openRun({ seed, nodes: count, store, nouns, coverage, tell }: RunOptions): Promise<Running> {
  store.clear();
  const plan = schedule({ coverage, kill, passed: () => bank.deliver(), tell });
  const bank = simBank(plan.now, plan.struck, plan.breaks);
  const work = new Map<string, NounAtWork>();
  const outside = new Map<string, (params: never, platform?: string) => unknown>();
  const living = Array.from({ length: count }, (_, index) => asleep(index));
  const nodeAt = (index: number): LivingNode => living[index % count] ?? missing(`node ${index}`);
  const keys: World["keys"] = { all: [accountKey("key-0")] };
  let faulty = false;
  const sends: Counts = {};

  let changes = 0;
  /** How many changes of documents and bookings there were when it was last looked. */
  let lookedAt = -1;
  const watch = watcher(nouns, coverage, plan.breaks);
  store.watch((change) => {
    changes += 1;
    watch(change);
  });
  // In half of the runs one of them holds late money, and so does every payment that it is in; in a quarter one gives it back.
  const others: Readonly<Record<string, "hold" | "refund">> =
    seed % 2 === 0 ? { gamma: "hold" } : seed % 4 === 1 ? { beta: "refund" } : {};
  for (const [platform, fees] of Object.entries(PLATFORMS))
    bank.adapter.register(registrationOf(platform, fees, others[platform] ?? "reopen"));
  for (const name of ["platforms", "banks", "debit", "confirm", "refund", "payout", "inquire", "rate"] as const)
    outside.set(`bank-adapter.${name}`, bank.adapter[name]);

  function kill(node: SimNode): void {
    if (!node.alive) return;
    plan.say(`  node ${node.index} dies`);
    Object.assign(node, { alive: false, pausedUntil: 0, storeAwayUntil: 0, busAwayUntil: 0, core: undefined });
    // Nobody hears any more of what it asked for. What waits for a plugin has a timer running beside it, which must end.
    for (const { label, reject } of plan.drop(node)) if (label.startsWith("platform.")) reject(new Died());
  }

  function depsOf(node: LivingNode, life: number) {
    const mine = (): boolean => node.alive && node.life === life;
    const takeUp: TakeUp = (kind, label, run, writes = false) =>
      new Promise<never>((resolve, reject) => {
        if (!mine()) return;
        // A node that starts is not up before its start is through: nothing happens between.
        if (node.core === undefined) return void run().then(resolve as () => void, reject);
        const readyAt = plan.now() + (kind === "store" ? plan.chance(4) : plan.chance(60));
        plan.wait({ node, kind, writes, label, readyAt, work: run, resolve: resolve as () => void, reject });
      });
    const call: Call = (name: ActionName, params, { platform } = {}) => {
      const handler = outside.get(name) ?? missing(`answer to ${name}`);
      const sent = overTheBus(params) as { readonly bankRequestId?: string };
      if (mine() && name === "bank-adapter.debit") addTo(sends, sent.bankRequestId ?? "");
      return takeUp("bus", name, async () => overTheBus(await handler(sent as never, platform)));
    };
    const reached = (point: Point): void => {
      if (!mine()) throw new Died();
      addTo(coverage.other, `point ${point}`);
      if (!plan.struck(`crash.at ${point}`, node)) return;
      kill(node);
      throw new Died();
    };
    const now = (): number => plan.now() + node.skewMs;
    const newId = idSource(now, seeded(seed * 1_000 + node.index * 100 + life).bytes);
    const deps: Deps = {
      store: storeThrough(store, takeUp),
      // So that some refunds of single orders wait for a second operator too.
      limits: { ...LIMITS, refundFourEyes: 400 },
      now,
      newId,
      audit: auditTrail({ node: `node-${node.index}`, now, newId }),
      call,
      log: silentLog,
      reached,
    };
    return { deps, takeUp };
  }

  /** A new life of a node. */
  async function start(node: LivingNode): Promise<void> {
    node.life += 1;
    node.alive = true;
    const { deps, takeUp } = depsOf(node, node.life);
    const post = (url: string, headers: Readonly<Record<string, string>>, body: string) => {
      const receive = [...work.values()].find((at) => at.receive !== undefined)?.receive;
      return takeUp("post", "webhook", async () => receive?.({ url, headers, body }) ?? { status: 204 });
    };
    const jitter = seeded(seed + node.index);
    node.deps = deps;
    node.core = await createCore(deps, {
      post,
      random: () => jitter.below(1_000) / 1_000,
      sweepMs: 1_000,
      accountKeys: () => keys.all,
    });
    // A store that nobody else is at: what the life before left is taken up at once, as a node on the embedded engine does.
    if (count === 1 && node.life > 1) follow(node, "recover", node.core.recover(), undefined);
  }

  /** What an operation comes to; its node may die on the way. */
  function follow(node: LivingNode, name: string, doing: Promise<unknown>, op: Op | undefined): void {
    const { life } = node;
    doing.then(
      () => addTo(coverage.answers, `${name}: ok`),
      (thrown: unknown) => {
        if (thrown instanceof Died || !node.alive || node.life !== life) return;
        if (thrown instanceof Broken) return plan.breaks(thrown);
        const error = asMergepayError(thrown);
        addTo(coverage.answers, `${name}: ${error.type}`);
        plan.say(`  ${name} answers ${error.type}`);
        if (op?.expects?.includes(error.type) === true || (faulty && OF_FAULTS.has(error.type))) return;
        const cause = error.cause instanceof Error ? ` (${error.cause.stack ?? error.cause.message})` : "";
        plan.breaks(new Broken("no error of ours", `${name} answered ${error.type}: ${error.message}${cause}`));
      },
    );
  }

  const world: World = {
    store,
    bank,
    now: plan.now,
    struck: plan.struck,
    keys,
    random: seeded(seed),
    sent: (bankRequestId) => sends[bankRequestId] ?? 0,
    told: () => [...work.values()].flatMap((at) => at.told?.() ?? []),
    // Small enough: a run has a few hundred orders of some hundred dollars.
    tally: (book, minor) => addTo(coverage.books, book, Number(minor)),
    count: (what) => addTo(coverage.other, what),
    async prepare(act) {
      const { core } = nodeAt(0);
      const end = { reached: false };
      const done = act((core ?? missing("core")).services).finally(() => (end.reached = true));
      done.catch(() => undefined);
      while (!end.reached) {
        await plan.run(1, FOREVER);
        await plan.settled();
      }
      await done;
    },
  };

  for (const node of living) await start(node);
  for (const noun of nouns) {
    const at = await noun.open(world);
    work.set(noun.name, at);
    for (const [name, run] of Object.entries(at.outside ?? {})) outside.set(name, run);
  }
  const ops = new Map<string, Op>(Object.entries(jobs()));
  for (const [noun, at] of work) for (const [name, op] of Object.entries(at.ops)) ops.set(`${noun}.${name}`, op);
  const faults = faultsOf(nouns.flatMap((noun) => noun.faults ?? []));
  faulty = true;

  async function begin(name: string, index: number, stepSeed: number, run: number): Promise<void> {
    const op = ops.get(name) ?? missing(`operation ${name}`);
    const node = nodeAt(index);
    plan.orderBy(stepSeed ^ 0x5bd1e995);
    if (!node.alive) await start(node);
    plan.say(`${name} on node ${node.index}`);
    const { core, deps } = node;
    if (core === undefined || deps === undefined) return;
    const on: OnNode = { core, services: core.services, deps, random: seeded(stepSeed) };
    follow(
      node,
      name,
      Promise.resolve().then(() => op.run(on)),
      op,
    );
    await plan.settled();
    await plan.run(run, WAIT_MS);
  }

  return {
    ops,
    begin,
    arm: (name, index, stepSeed, at) =>
      plan.arm(name, faults.get(name) ?? missing(`fault ${name}`), nodeAt(index), stepSeed, at),
    pass: plan.pass,
    async rest() {
      plan.say("faults end");
      plan.disarm();
      for (const node of living) Object.assign(node, { skewMs: 0, pausedUntil: 0, storeAwayUntil: 0, busAwayUntil: 0 });
      await plan.run(FOREVER, FOREVER);
      for (let round = 0; round < REST_ROUNDS && plan.broken() === undefined; round += 1) {
        const due = nextDue(store);
        if (due === undefined && round > 0) return;
        plan.pass(Math.max(HOUR_MS, (due ?? 0) - plan.now()));
        await begin("all jobs", round % count, 0, 0);
        await plan.run(FOREVER, FOREVER);
      }
    },
    async audit(atRest) {
      const broken = plan.broken();
      if (broken !== undefined) throw broken;
      // Of a step that changed nothing all was seen before.
      const now = changes + bank.ledger.length;
      if (!atRest && now === lookedAt) return;
      lookedAt = now;
      for (const [noun, at] of work) {
        try {
          await at.audit?.(atRest);
        } catch (error) {
          if (error instanceof Broken) throw error;
          throw new Broken(`audit of ${noun}`, (error as Error).message, { cause: error });
        }
      }
    },
    close() {
      for (const node of living) kill(node);
    },
    trace: plan.trace,
  };
}

const asleep = (index: number): LivingNode => ({
  index,
  life: 0,
  alive: false,
  skewMs: 0,
  pausedUntil: 0,
  storeAwayUntil: 0,
  busAwayUntil: 0,
  core: undefined,
  deps: undefined,
});

const registrationOf = (
  platform: string,
  fees: (typeof PLATFORMS)[string],
  lateMoney: "hold" | "refund" | "reopen",
) => ({
  platform,
  title: platform,
  version: "1-000000000000",
  currencies: ["USD", "EUR", "JPY"],
  fees,
  settlementAccount: `settle-${platform}`,
  lateMoney,
});

interface Waiting {
  readonly dueAt: string | null;
  readonly needsReview: boolean;
  readonly eventsPending: boolean;
  readonly state: string;
  readonly payableAt: string;
}

/** When the next document wants to be looked at; undefined when none does, but for those that wait for a person. */
function nextDue(store: MemoryStore): number | undefined {
  const dues = store
    .names()
    .flatMap((name) => store.all<Doc & Partial<Waiting>>(name))
    .flatMap(({ dueAt, needsReview, eventsPending, state, payableAt }) => {
      if (eventsPending === true) return [0];
      if (state === "held" && payableAt !== undefined) return [Date.parse(payableAt)];
      return typeof dueAt === "string" && needsReview !== true ? [Date.parse(dueAt)] : [];
    });
  return dues.length === 0 ? undefined : Math.min(...dues);
}

function missing(what: string): never {
  throw new Error(`The simulation has no ${what}.`);
}
