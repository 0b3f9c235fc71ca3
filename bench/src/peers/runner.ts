import { join } from 'node:path';
import { ManagedProcess } from '../../../native/src/managed-process.ts';
import type { ProcessSpec } from '../../../native/src/process-spec.ts';
import { SocketFolder } from '../../../native/src/socket-folder.ts';

/** Starts programs for a benchmark in a folder, and ends all of them: on `clear`, and with this process however it ends. */
export class Runner {
  readonly folder: string;
  /** Where peers listen for Envoy, as gateways do. */
  readonly sockets: SocketFolder;
  readonly #started: ManagedProcess[] = [];
  readonly #killAtExit = () => {
    for (const each of this.#started) each.killNow();
  };

  constructor(folder: string) {
    this.folder = folder;
    this.sockets = new SocketFolder(join(folder, 'sockets'));
    process.once('exit', this.#killAtExit);
  }

  /** @throws ProcessNotReady with the end of its log */
  async start(spec: ProcessSpec): Promise<ManagedProcess> {
    const started = new ManagedProcess(spec, { logFile: join(this.folder, 'logs', `${spec.name}.log`) });
    this.#started.push(started);
    await started.start();
    return started;
  }

  /** Kills all. Never rejects. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#started.splice(0).map((each) => each.kill()));
  }

  /** To be called after `clear`, when nothing more is started. */
  close(): void {
    process.off('exit', this.#killAtExit);
  }
}

/** @throws Error when it has died: what is measured then is something else */
export function runningPid(each: ManagedProcess): number {
  if (each.pid === undefined) throw new Error(`${each.name} died:\n${each.logTail()}`);
  return each.pid;
}
