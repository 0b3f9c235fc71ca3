import { startEmbedded } from './embedded-target.ts';
import { openNative } from './native-target.ts';
import { runningTarget } from './running-target.ts';

/** A store the scenarios talk to over HTTP. They never learn which kind it is. */
export interface Target {
  /** Public address without a trailing slash, the same for the target's whole life, restarts included. */
  readonly url: string;
  /** Addresses of the metrics pages, one a service; empty when they cannot be reached from here. */
  readonly metricsUrls: readonly string[];
  /** Whether `restart` and `kill` work. */
  readonly canRestart: boolean;
  /** Stops cleanly (SIGTERM) and starts again on the same data; returns when the store is ready. */
  restart(): Promise<void>;
  /** Ends the store with SIGKILL and starts it again on the same data; returns when the store is ready. */
  kill(): Promise<void>;
  /** Ends the store, if this target started it, and removes its data. */
  close(): Promise<void>;
}

/** Environment variables for the store, on top of the target's own. */
export type Settings = Readonly<Record<string, string>>;

/** Whether the store is somebody else's: it takes no settings, cannot be restarted and may hold foreign entries. */
export const usesRunningStore = process.env.KV_TARGET_URL !== undefined;

/**
 * Gives the store the environment asks for: the one at `KV_TARGET_URL` when set, a native one with `KV_TARGET=native`, else
 * an embedded one of its own.
 *
 * @throws Error when the store does not get ready, or cannot take `settings`
 */
export async function openTarget(settings: Settings): Promise<Target> {
  const url = process.env.KV_TARGET_URL;
  if (url === undefined) return await (process.env.KV_TARGET === 'native' ? openNative : startEmbedded)(settings);
  if (Object.keys(settings).length > 0) {
    throw new Error(`these scenarios need a store with ${JSON.stringify(settings)}; unset KV_TARGET_URL to run them`);
  }
  return runningTarget(url, process.env.KV_TARGET_METRICS_URLS);
}

/** Says which scenarios do not run against this target. Nothing is left out silently. */
export function leaveOut(scenarios: string, why: string): void {
  process.stdout.write(`left out: ${scenarios} (${why})\n`);
}
