import { startProcess } from './process-target.ts';
import type { Settings, Target } from './target.ts';

/** Starts the store in one process on a free port, with a data folder of its own. */
export function startEmbedded(settings: Settings): Promise<Target> {
  return startProcess(
    {
      main: 'embedded/src/main.ts',
      readyWithinMs: 10_000,
      stoppedWithinMs: 15_000,
      metricsUrls: (url) => [`${url}/metrics`],
      untilGone: () => Promise.resolve(),
    },
    settings,
  );
}
