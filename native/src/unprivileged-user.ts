import { readFileSync } from 'node:fs';

/** Who runs the servers that refuse root. */
export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

const names = ['postgres', 'nobody'];

/** The first of `postgres` and `nobody` that this machine has; undefined when this process is not root and stays who it is. */
export function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of names) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  // The numbers of `nobody` on Linux, where /etc/passwd is not the only list of accounts.
  return { uid: 65_534, gid: 65_534 };
}
