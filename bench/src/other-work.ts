import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { cpuByKind } from './usage.ts';

/** Ticks a second in /proc/stat; 100 on every Linux that Node supports. */
const ticksPerSecond = 100;

/** How much of the machine goes to work that is not this benchmark's: what others do beside it makes figures worse. */
export class OtherWork {
  readonly #startedAt = performance.now();
  readonly #before = otherSeconds();
  readonly #busyBefore = busySeconds();

  /** Share of the CPU time of all cores since this was made, 0 to 1. What a hypervisor gave to others counts. */
  share(): number {
    const seconds = ((performance.now() - this.#startedAt) / 1000) * availableParallelism();
    return Math.min(1, Math.max(0, (otherSeconds() - this.#before) / seconds));
  }

  /** CPU seconds of all cores since this was made, this benchmark's work included. */
  allSeconds(): number {
    return busySeconds() - this.#busyBefore;
  }
}

/** CPU seconds of all that does not descend from this process, since the machine was started. */
function otherSeconds(): number {
  const own = cpuByKind([{ kind: 'own', pid: process.pid }]).get('own') ?? 0;
  return busySeconds() - own;
}

/** user, nice, system, irq, softirq and steal of proc(5), without idle and iowait; guest is in user. */
function busySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'latin1')
    .slice(0, 200)
    .split('\n', 1)
    .flatMap((line) => line.trim().split(/\s+/).slice(1).map(Number));
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond;
}
