/** The part of redlock 4.2.0 that is used here; the package comes without types. */
declare module 'redlock' {
  export interface HeldLock {
    /** When it runs out, by the wall clock; the package extends none that seems to have run out. */
    expiration: number;
    readonly value: string;
  }

  /** What the package needs of a Redis client. Each calls back once, with the error or null. */
  export interface ScriptRunner {
    /** @param args count of keys, keys, values */
    evalsha(hash: string, args: readonly (string | number)[], answered: Answered): void;
    /** @param args script, count of keys, keys, values */
    eval(args: readonly (string | number)[], answered: Answered): void;
  }

  export type Answered = (error: Error | null, answer?: unknown) => void;

  export interface RedlockOptions {
    /** Part of the term that clocks may drift apart. */
    readonly driftFactor: number;
    /** Attempts after the first one. */
    readonly retryCount: number;
    /** Make another script of the package's own. */
    readonly extendScript?: (script: string) => string;
    readonly unlockScript?: (script: string) => string;
  }

  class LockError extends Error {
    readonly attempts: number;
  }

  class Redlock {
    static readonly LockError: typeof LockError;
    constructor(nodes: readonly ScriptRunner[], options: RedlockOptions);
    lock(resource: string, termMs: number): Promise<HeldLock>;
    unlock(lock: HeldLock): Promise<void>;
    extend(lock: HeldLock, termMs: number): Promise<HeldLock>;
  }

  // biome-ignore lint/style/noDefaultExport: it is what the package gives
  export { Redlock as default };
}
