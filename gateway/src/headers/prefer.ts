/** The longest a request may wait for an outcome, seconds. */
export const maxWaitSeconds = 60;

export const preferHeader = {
  name: 'Prefer',
  schema: { type: 'string', examples: ['wait=5'] },
  description: `wait=N waits up to N seconds, at most ${maxWaitSeconds} (RFC 7240).`,
};

const preference = /^wait\s*=\s*(?:"([0-9]+)"|([0-9]+))\s*(?:;.*)?$/i;

/**
 * Seconds to wait, from `Prefer: wait=N` (RFC 7240 §4.3), capped at 60; undefined without one. What is malformed or
 * not ours is ignored, as RFC 7240 §2 asks; of several, the first counts.
 */
export function parseWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  for (const part of String(header).split(',')) {
    const match = preference.exec(part.trim());
    if (match !== null) return Math.min(Number(match[1] ?? match[2]), maxWaitSeconds);
  }
  return undefined;
}
