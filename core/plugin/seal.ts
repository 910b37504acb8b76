/**
 * What a worker does when all that it needs is loaded and nothing of the plugin has run yet: `sealing.ts` calls it, which is the first module
 * to run of those that are loaded with the plugin.
 */
let action: () => void = () => undefined;

/** Says what that is; the last word counts. */
export function whenLoaded(act: () => void): void {
  action = act;
}

export const seal = (): void => action();
