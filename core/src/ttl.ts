/** Ten years, in seconds: the longest an entry can be told to stay. */
export const maxTtlSeconds = 315_360_000;

/** When an entry written now expires, milliseconds since 1970 by the same clock as `nowMs`. */
export function expiryOf(ttlSeconds: number | undefined, nowMs: number): number | undefined {
  return ttlSeconds === undefined ? undefined : nowMs + ttlSeconds * 1000;
}
