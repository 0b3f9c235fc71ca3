import type { Clock } from '../ports/clock.ts';

/** What goes wrong with a call. */
export type Fault =
  /** Rejects; the port is not called. */
  | { readonly kind: 'fail'; readonly error: Error }
  /** The port does as asked, then the call rejects: the answer was lost. */
  | { readonly kind: 'fail-after'; readonly error: Error }
  /** The port is called `ms` milliseconds later. */
  | { readonly kind: 'delay'; readonly ms: number; readonly clock: Clock }
  /** The port is not called until `release`. */
  | { readonly kind: 'hang' }
  /** The port is called twice, one after the other; the second answer counts. */
  | { readonly kind: 'twice' };

/** The methods of a port that answer with a promise: those a network can get at. */
export type AsyncMethod<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: never[]) => Promise<unknown> ? Name : never;
}[keyof Port] &
  string;

interface Planned {
  readonly fault: Fault;
  left: number;
}

type Call = () => Promise<unknown>;

/** Says which calls of a port go wrong. */
export class Faults<Port extends object> {
  readonly #planned = new Map<string, Planned>();
  readonly #calls = new Map<string, number>();
  #hanging: (() => void)[] = [];

  /** From now on, calls of this method go wrong; the next `times` of them, or all until `clear`. */
  plan(method: AsyncMethod<Port>, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#planned.set(method, { fault, left: times });
  }

  /** Takes the faults away, of one method or of all. What hangs goes on hanging. */
  clear(method?: AsyncMethod<Port>): void {
    if (method === undefined) this.#planned.clear();
    else this.#planned.delete(method);
  }

  /** Lets the calls that hang go on. */
  release(): void {
    for (const resume of this.#hanging.splice(0)) resume();
  }

  /** How many calls hang now. */
  get hanging(): number {
    return this.#hanging.length;
  }

  /** How often a method was called, whatever became of it. */
  calls(method: AsyncMethod<Port>): number {
    return this.#calls.get(method) ?? 0;
  }

  /** Makes a call as planned. For the wrapper. */
  run(method: string, call: Call): unknown {
    this.#calls.set(method, (this.#calls.get(method) ?? 0) + 1);
    const planned = this.#planned.get(method);
    if (planned === undefined || planned.left <= 0) return call();
    planned.left -= 1;
    return this.#suffer(planned.fault, call);
  }

  async #suffer(fault: Fault, call: Call): Promise<unknown> {
    switch (fault.kind) {
      case 'fail':
        throw fault.error;
      case 'fail-after':
        await call();
        throw fault.error;
      case 'delay':
        await fault.clock.sleep(fault.ms);
        return call();
      case 'hang':
        await new Promise<void>((resume) => this.#hanging.push(resume));
        return call();
      case 'twice':
        await call();
        return call();
    }
  }
}

/**
 * Wraps a port so that its calls can be made to fail, wait, hang or happen twice. Without a planned fault a call goes
 * straight through, the answer unchanged.
 */
export function faulty<Port extends object>(port: Port): { readonly port: Port; readonly faults: Faults<Port> } {
  const faults = new Faults<Port>();
  const wrapped = new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...args: unknown[]) => faults.run(name, () => Reflect.apply(member, target, args));
    },
  });
  return { port: wrapped, faults };
}
