/* What TypeScript code uses of modes.mjs. */

/** Resolves to an exit code: 0 when all of the native mode's programs, or those named, are there. */
export function installServers(node: string, programs?: readonly string[]): Promise<number>;
