import type { FastifyInstance } from 'fastify';

/** A failed `required` check makes the service not ready, a failed `degrading` one only degraded. */
export type CheckKind = 'required' | 'degrading';

export interface CheckReport {
  readonly status: 'ok' | 'failed';
  readonly kind: CheckKind;
  readonly detail?: string;
}

/** The body of /readyz. */
export interface HealthReport {
  readonly status: 'ready' | 'degraded' | 'not-ready';
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/**
 * Asks one dependency. Resolves when it is well, with a detail for people if there is one; rejects when it is not. The
 * message of the error becomes the detail, so it must hold no secret. The signal aborts at the time-out.
 */
export type Check = (signal: AbortSignal) => Promise<string | undefined>;

export interface CheckOptions {
  readonly name: string;
  readonly kind: CheckKind;
  readonly check: Check;
  /** 1,000 by default. */
  readonly timeoutMs?: number;
}

interface RegisteredCheck extends Required<CheckOptions> {
  running: Promise<CheckReport> | undefined;
}

/** The named checks of a process. Reports are shared for 250 ms, so a flood of probes costs nothing. */
export class HealthChecks {
  readonly #checks = new Map<string, RegisteredCheck>();
  readonly #cacheMs: number;
  #report: Promise<HealthReport> | undefined;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #isDraining = false;

  constructor({ cacheMs = 250 }: { readonly cacheMs?: number } = {}) {
    this.#cacheMs = cacheMs;
  }

  /**
   * Adds a check.
   * @returns a function that removes it again
   * @throws {Error} when the name is taken
   */
  register({ name, kind, check, timeoutMs = 1000 }: CheckOptions): () => void {
    if (this.#checks.has(name)) throw new Error(`health check ${name} is registered twice`);
    this.#checks.set(name, { name, kind, check, timeoutMs, running: undefined });
    this.#report = undefined;
    return () => {
      this.#checks.delete(name);
      this.#report = undefined;
    };
  }

  /** Not ready from now on: load balancers look elsewhere while requests under way are finished. */
  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Never rejects. */
  report(): Promise<HealthReport> {
    if (this.#isDraining) return Promise.resolve(drainingReport);
    if (this.#report !== undefined && performance.now() - this.#reportedAt < this.#cacheMs) return this.#report;
    const report = this.#runAll();
    this.#report = report;
    // Infinity while it runs: everyone who asks meanwhile joins it.
    this.#reportedAt = Number.POSITIVE_INFINITY;
    void report.then(() => {
      if (this.#report === report) this.#reportedAt = performance.now();
    });
    return report;
  }

  async #runAll(): Promise<HealthReport> {
    const checks: Record<string, CheckReport> = {};
    const registered = [...this.#checks.values()];
    const reports = await Promise.all(registered.map(runCheck));
    let status: HealthReport['status'] = 'ready';
    for (const [index, { name, kind }] of registered.entries()) {
      const report = reports[index];
      if (report === undefined) continue;
      checks[name] = report;
      if (report.status === 'failed' && status !== 'not-ready') status = kind === 'required' ? 'not-ready' : 'degraded';
    }
    return { status, checks };
  }
}

const drainingReport: HealthReport = {
  status: 'not-ready',
  checks: { draining: { status: 'failed', kind: 'required', detail: 'the service is closing' } },
};

function runCheck(registered: RegisteredCheck): Promise<CheckReport> {
  const { kind, check, timeoutMs } = registered;
  const abort = new AbortController();
  // A check that hangs is waited for again instead of being started once more: probes must not pile up.
  registered.running ??= Promise.resolve()
    .then(() => check(abort.signal))
    .then(
      (detail): CheckReport => ({ status: 'ok', kind, ...(detail === undefined ? {} : { detail }) }),
      (error: unknown): CheckReport => ({ status: 'failed', kind, detail: failureDetail(error) }),
    )
    .finally(() => {
      registered.running = undefined;
    });
  const { promise: late, resolve } = Promise.withResolvers<CheckReport>();
  const timer = setTimeout(() => {
    resolve({ status: 'failed', kind, detail: `no answer within ${timeoutMs} ms` });
    abort.abort();
  }, timeoutMs);
  return Promise.race([registered.running, late]).finally(() => clearTimeout(timer));
}

function failureDetail(error: unknown): string {
  // A refused connection to several addresses is an AggregateError without a message.
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  const message = error instanceof Error ? error.message : String(error);
  return (message === '' ? code : message).slice(0, 200);
}

/**
 * Serves GET and HEAD /healthz (the process answers) and /readyz (it can do its work; 503 with `Retry-After` when it
 * cannot). Neither may be cached.
 */
export function registerHealth(app: FastifyInstance, health: HealthChecks): void {
  app.get('/healthz', (_request, reply) => {
    reply.header('cache-control', 'no-store').type('application/json').send('{"status":"alive"}\n');
  });
  app.get('/readyz', async (_request, reply) => {
    const report = await health.report();
    if (report.status === 'not-ready') reply.code(503).header('retry-after', '1');
    return reply
      .header('cache-control', 'no-store')
      .type('application/json')
      .send(`${JSON.stringify(report)}\n`);
  });
}
