import { readFileSync } from 'node:fs';

/** As proc(5) tells it: `T` is stopped, `S` and `R` run. Undefined: there is none. */
export function processState(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  } catch {
    return undefined;
  }
}
