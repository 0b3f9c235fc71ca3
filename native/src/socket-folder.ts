import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { heldFolder } from './process-spec.ts';

/**
 * The Unix sockets on which Envoys find the gateways of a stack. Its processes are launched with the folder held, so that they find it
 * below folders they may not enter, and under a path that is short enough for a socket (108 bytes, unix(7)).
 */
export class SocketFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The path of a socket, as the processes of the stack see it. */
  pathOf(name: string): string {
    return join(heldFolder, `${name}.sock`);
  }

  /** Makes the folder. Envoy, which has no rights, may only pass. */
  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await chmod(this.folder, 0o711);
  }
}
