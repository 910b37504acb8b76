/** Time, the calls that wait for their turn, and the faults that wait for them. What happens next is by chance, and the chance is the plan's. */
import { MergepayError } from "../../../core/errors/errors.ts";
import { NOON } from "../../support/house.ts";
import { seeded } from "../../support/seeded.ts";
import type { PendingCall, SimNode } from "./calls.ts";
import type { Broken, Random } from "./contract.ts";
import { addTo, type Coverage } from "./coverage.ts";
import type { Fault, Powers } from "./faults.ts";

interface Armed {
  readonly name: string;
  readonly fault: Fault;
  readonly node: SimNode;
  readonly random: Random;
  left: number;
}

export interface Schedule {
  readonly now: () => number;
  /** The first promise that was broken. */
  readonly broken: () => Broken | undefined;
  readonly breaks: (what: Broken) => void;
  /** Notes what happens; all of it makes the trace. */
  readonly say: (line: string) => void;
  readonly trace: () => string;
  /** From here on order is by this seed; undefined: in the order in which calls were made, each at once. */
  readonly orderBy: (seed: number | undefined) => void;
  /** A whole number below the bound by the order's chance; 0 without one. */
  readonly chance: (below: number) => number;
  readonly wait: (call: PendingCall) => void;
  /** Drops what a node waits for. @returns what was dropped */
  readonly drop: (node: SimNode) => PendingCall[];
  readonly arm: (name: string, fault: Fault, node: SimNode, seed: number, at: number) => void;
  /** True when a fault of this name is due, at this node if one is given; it is used up then. */
  readonly struck: (name: string, node?: SimNode) => boolean;
  readonly disarm: () => void;
  readonly pass: (ms: number) => void;
  /** Lets calls happen, at most so many, until none is ready within a while. */
  readonly run: (most: number, waitMs: number) => Promise<void>;
  /** Resolves when all that follows at once from what happened has happened. */
  readonly settled: () => Promise<void>;
}

export interface ScheduleOptions {
  readonly coverage: Coverage;
  readonly kill: (node: SimNode) => void;
  /** Called whenever time has gone by. */
  readonly passed: () => void;
  readonly tell?: ((line: string) => void) | undefined;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export function schedule({ coverage, kill, passed, tell }: ScheduleOptions): Schedule {
  const pending: PendingCall[] = [];
  const strays: { readonly at: number; readonly call: PendingCall }[] = [];
  const state: { time: number; hash: number; order?: Random | undefined; broken?: Broken; armed: Armed[] } = {
    time: NOON,
    hash: FNV_OFFSET,
    armed: [],
  };
  const chance = (below: number): number => state.order?.below(below) ?? 0;

  function say(line: string): void {
    for (let i = 0; i < line.length; i += 1) state.hash = Math.imul(state.hash ^ line.charCodeAt(i), FNV_PRIME) >>> 0;
    tell?.(`${new Date(state.time).toISOString()} ${line}`);
  }

  function strikes(one: Armed): void {
    state.armed = state.armed.filter((other) => other !== one);
    addTo(coverage.faults, one.name);
    say(`  fault ${one.name} strikes node ${one.node.index}`);
  }

  const perform = async (call: PendingCall): Promise<void> => {
    try {
      await call.work();
    } catch {
      // Nobody waits for this answer, whatever it was.
    }
  };
  const answer = async (call: PendingCall): Promise<void> => {
    try {
      call.resolve(await call.work());
    } catch (error) {
      call.reject(error);
    }
  };
  const powers: Powers = {
    now: () => state.time,
    kill,
    perform,
    answer,
    later(call, inMs) {
      call.readyAt = state.time + inMs;
      pending.push(call);
    },
    stray: (call, inMs) => void strays.push({ at: state.time + inMs, call }),
  };

  function cutOff({ kind, node, label }: PendingCall): MergepayError | undefined {
    if (kind === "store") return node.storeAwayUntil > state.time ? new MergepayError("STORE_UNAVAILABLE") : undefined;
    if (kind !== "bus" || node.busAwayUntil <= state.time) return undefined;
    return new MergepayError(label.startsWith("platform.") ? "PLATFORM_UNAVAILABLE" : "BANK_UNAVAILABLE");
  }

  /** The fault that is due at this call. */
  const dueAt = (call: PendingCall): Armed | undefined =>
    state.armed.find(
      ({ fault, node }, at, all) =>
        node === call.node && "hits" in fault && fault.hits(call) && ((all[at] as Armed).left -= 1) <= 0,
    );

  const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  /** One call happens, or what a fault makes of it. */
  async function happen(call: PendingCall): Promise<void> {
    say(`node ${call.node.index} ${call.label}`);
    const away = cutOff(call);
    const due = away === undefined ? dueAt(call) : undefined;
    if (away !== undefined) call.reject(away);
    else if (due !== undefined && "strike" in due.fault) {
      strikes(due);
      await due.fault.strike(powers, call, due.random);
    } else await answer(call);
    await settled();
  }

  /** Instructions that were on their way when their sender gave up arrive. */
  async function arrive(): Promise<void> {
    for (const one of strays.filter(({ at }) => at <= state.time)) {
      strays.splice(strays.indexOf(one), 1);
      say(`  ${one.call.label} arrives late`);
      await perform(one.call);
    }
  }

  const readyAt = ({ readyAt: at, node }: PendingCall): number => Math.max(at, node.pausedUntil);
  const ready = (): PendingCall[] => pending.filter((call) => readyAt(call) <= state.time);

  /** The next call, time going by to it if that is not long. */
  async function next(waitMs: number): Promise<PendingCall | undefined> {
    await arrive();
    if (ready().length === 0) {
      const at = Math.min(...pending.map(readyAt));
      if (at - state.time > waitMs) return undefined;
      state.time = at;
      passed();
    }
    const calls = ready();
    const call = calls[chance(calls.length)];
    if (call !== undefined) pending.splice(pending.indexOf(call), 1);
    return call;
  }

  return {
    now: () => state.time,
    broken: () => state.broken,
    breaks: (what) => void (state.broken ??= what),
    say,
    trace: () => state.hash.toString(16).padStart(8, "0"),
    orderBy: (seed) => void (state.order = seed === undefined ? undefined : seeded(seed)),
    chance,
    wait: (call) => void pending.push(call),
    drop(node) {
      const dropped = pending.filter((call) => call.node === node);
      for (const call of dropped) pending.splice(pending.indexOf(call), 1);
      return dropped;
    },
    arm(name, fault, node, seed, at) {
      const one: Armed = { name, fault, node, random: seeded(seed), left: at };
      if (!("atOnce" in fault)) return void state.armed.push(one);
      strikes(one);
      fault.atOnce(powers, node, one.random);
    },
    struck(name, node) {
      const due = state.armed.find(
        (one) => one.name === name && (node === undefined || one.node === node) && (one.left -= 1) <= 0,
      );
      if (due !== undefined) strikes(due);
      return due !== undefined;
    },
    disarm: () => void (state.armed = []),
    pass(ms) {
      state.time += ms;
      say(`${ms} ms pass`);
      passed();
    },
    async run(most, waitMs) {
      await arrive();
      for (let done = 0; done < most && pending.length > 0 && state.broken === undefined; done += 1) {
        const call = await next(waitMs);
        if (call === undefined) return;
        await happen(call);
      }
    },
    settled,
  };
}
