import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs of the peers, and the packages of Debian and Ubuntu they come in. */
const packages = { etcd: 'etcd-server', webdis: 'webdis' } as const;

export type PeerProgram = keyof typeof packages;

/** A program of a peer is not on this machine. The message names the command that installs it. */
export class MissingPeer extends Error {
  override name = 'MissingPeer';

  constructor(missing: readonly PeerProgram[]) {
    const command = `sudo apt-get install --no-install-recommends ${missing.map((each) => packages[each]).join(' ')}`;
    super(`The benchmark compares with ${missing.join(' and ')}, not found here. Install with: ${command}`);
  }
}

/** The packages of those programs that are not on this machine. */
export function missingPackages(): readonly string[] {
  return missingPrograms().map((each) => packages[each]);
}

/** The absolute path of a program. @throws MissingPeer */
export function peerProgram(name: PeerProgram): string {
  const found = find(name);
  if (found === undefined) throw new MissingPeer([name]);
  return found;
}

/** @throws MissingPeer with all that are missing */
export function checkPeers(): void {
  const missing = missingPrograms();
  if (missing.length > 0) throw new MissingPeer(missing);
}

function missingPrograms(): readonly PeerProgram[] {
  return (Object.keys(packages) as PeerProgram[]).filter((name) => find(name) === undefined);
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
