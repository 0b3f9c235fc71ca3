import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs of the peers, and the packages of Debian and Ubuntu they come in. */
const packages = { etcd: 'etcd-server', webdis: 'webdis' } as const;

export type PeerProgram = keyof typeof packages;

/** A program of a peer is not on this machine. The message names the command that installs it. */
export class MissingPeer extends Error {
  override name = 'MissingPeer';

  constructor(absent: readonly PeerProgram[]) {
    const command = `sudo apt-get install --no-install-recommends ${absent.map((each) => packages[each]).join(' ')}`;
    super(`The benchmark compares with ${absent.join(' and ')}, not found here. Install with: ${command}`);
  }
}

/** The packages of those of the programs that are not on this machine. */
export function missingPackages(programs: readonly PeerProgram[]): readonly string[] {
  return missing(programs).map((each) => packages[each]);
}

/** The absolute path of a program. @throws MissingPeer */
export function peerProgram(name: PeerProgram): string {
  const found = find(name);
  if (found === undefined) throw new MissingPeer([name]);
  return found;
}

/** @throws MissingPeer with all that are missing */
export function checkPeers(programs: readonly PeerProgram[]): void {
  const absent = missing(programs);
  if (absent.length > 0) throw new MissingPeer(absent);
}

function missing(programs: readonly PeerProgram[]): readonly PeerProgram[] {
  return programs.filter((name) => find(name) === undefined);
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
