import type { Target } from './target.ts';

/**
 * A store that somebody else started and will stop.
 *
 * @param metricsUrls addresses of the metrics pages, separated by commas
 */
export function runningTarget(url: string, metricsUrls: string | undefined): Target {
  const refuse = () =>
    Promise.reject(new Error('the store at KV_TARGET_URL is not ours to restart; unset KV_TARGET_URL to run this'));
  return {
    url: url.replace(/\/+$/, ''),
    metricsUrls: (metricsUrls ?? '').split(',').filter((text) => text !== ''),
    canRestart: false,
    restart: refuse,
    kill: refuse,
    close: () => Promise.resolve(),
  };
}
