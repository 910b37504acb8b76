/** Files of one platform at the same time: one may wait for its worker while the other is stored. */
const OF_A_PLATFORM = 2;
/** Files of all platforms that get on at the same time. */
const AT_ONCE = 4;
/** A file of which nothing came for this long waits for its plugin: it takes no room from the files of others. */
const STALLED_MS = 1_000;

interface Work {
  readonly platform: string;
  run: Promise<void>;
  /** Epoch milliseconds at which it last got on. */
  movedAt: number;
}

/** The files that a node is at. A plugin that does not answer holds up the files of its own platform, and no others. */
export interface UnderWay {
  ids(): string[];
  /** Platforms that have as many files under way as one may. */
  full(): string[];
  /** Files that may be begun now. */
  room(): number;
  /** Begins a file, unless it is under way or there is no room for it. @returns whether it was begun */
  begin(fileId: string, platform: string, run: () => Promise<void>): boolean;
  /** The file got on. */
  moved(fileId: string): void;
  end(fileId: string): void;
  /** Resolves when nothing is under way. */
  quiet(): Promise<void>;
}

/** @param now epoch milliseconds */
export function filesUnderWay(now: () => number): UnderWay {
  const works = new Map<string, Work>();

  const full = (): string[] => {
    const counts = Map.groupBy(works.values(), ({ platform }) => platform);
    return [...counts].filter(([, own]) => own.length >= OF_A_PLATFORM).map(([platform]) => platform);
  };
  const room = (): number => {
    const at = now();
    return AT_ONCE - [...works.values()].filter(({ movedAt }) => at - movedAt < STALLED_MS).length;
  };

  return {
    ids: () => [...works.keys()],
    full,
    room,
    begin(fileId, platform, run) {
      if (works.has(fileId) || room() <= 0 || full().includes(platform)) return false;
      const work: Work = { platform, movedAt: now(), run: Promise.resolve() };
      works.set(fileId, work);
      work.run = run();
      return true;
    },
    moved(fileId) {
      const work = works.get(fileId);
      if (work !== undefined) work.movedAt = now();
    },
    end: (fileId) => void works.delete(fileId),
    async quiet() {
      while (works.size > 0) await Promise.all([...works.values()].map(({ run }) => run));
    },
  };
}
