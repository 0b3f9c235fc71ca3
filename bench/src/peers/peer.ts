import type { ServerProcess } from '../usage.ts';

/** Something that answers HTTP on a port of 127.0.0.1, to be measured beside the store. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  /** All that work for an answer; their children count with them. */
  readonly processes: () => readonly ServerProcess[];
}
