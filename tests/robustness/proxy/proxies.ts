import { TcpProxy } from './tcp-proxy.ts';

/** A way from one process to another, with a proxy on it. */
export interface Passage {
  /** Process that connects, such as `consumer-1`. */
  readonly from: string;
  /** Process that is connected to, such as `postgres`. */
  readonly to: string;
  readonly proxy: TcpProxy;
}

/** The proxies between the services of a native stack and those they talk to. */
export class Proxies {
  readonly passages: readonly Passage[];

  private constructor(passages: readonly Passage[]) {
    this.passages = passages;
  }

  /**
   * @param ways who talks to whom
   * @param portOf where a process listens, asked when a connection comes
   */
  static async open(
    ways: readonly { readonly from: string; readonly to: string }[],
    portOf: (name: string) => number,
  ): Promise<Proxies> {
    const passages: Passage[] = [];
    for (const { from, to } of ways) passages.push({ from, to, proxy: await TcpProxy.listen(() => portOf(to)) });
    return new Proxies(passages);
  }

  /** Ports by process and by the one it talks to. */
  get ports(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const byProcess = Map.groupBy(this.passages, ({ from }) => from);
    return Object.fromEntries(
      [...byProcess].map(([from, own]) => [from, Object.fromEntries(own.map(({ to, proxy }) => [to, proxy.port]))]),
    );
  }

  /** Those from a process or kind of process to another: `between('consumer', 'rabbitmq-2')`. @throws Error when there is none */
  between(from: string, to: string): readonly Passage[] {
    const found = this.passages.filter((passage) => isOf(passage.from, from) && isOf(passage.to, to));
    if (found.length === 0) throw new Error(`there is no proxy from ${from} to ${to}`);
    return found;
  }

  heal(): void {
    for (const { proxy } of this.passages) proxy.heal();
  }

  async close(): Promise<void> {
    await Promise.all(this.passages.map(({ proxy }) => proxy.close()));
  }
}

function isOf(process: string, named: string): boolean {
  return process === named || process.replace(/-\d+$/, '') === named;
}
