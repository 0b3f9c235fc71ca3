import type { Logger } from './logger.ts';

/** What an adapter tells about the server it talks to. */
export interface ServerEvent {
  /** Such as `connected`. */
  readonly kind: string;
}

/** What is as it should be. All else is worth a warning. */
const goodKinds: ReadonlySet<string> = new Set(['connected', 'unblocked', 'topology-ready']);
/** The same thing again within this time is counted, not logged: a server that is away fails several times a second. */
const quietMs = 5_000;

/** Returns what logs the events of a server, each kind at most once in 5 s with the number of those left out. */
export function serverEventLog(logger: Logger, server: string): (event: ServerEvent) => void {
  const lately = new Map<string, { at: number; leftOut: number }>();
  return (event) => {
    const { kind, ...fields } = event;
    const now = performance.now();
    const last = lately.get(kind);
    if (last !== undefined && now - last.at < quietMs) {
      last.leftOut += 1;
      return;
    }
    lately.set(kind, { at: now, leftOut: 0 });
    const leftOut = last?.leftOut === 0 ? undefined : last?.leftOut;
    const line = { ...named(fields), server, leftOut };
    if (goodKinds.has(kind)) logger.info(line, `${server}: ${kind}`);
    else logger.warn(line, `${server}: ${kind}`);
  };
}

/** Errors under the name by which the logger shows them whole. */
function named(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [value instanceof Error ? 'err' : name, value]),
  );
}
