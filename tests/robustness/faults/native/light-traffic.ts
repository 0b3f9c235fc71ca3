import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 100;
const keys = 40;

/** A few puts and reads a second, whether or not those before were answered. */
export class LightTraffic {
  readonly #url: string;
  readonly #running: Promise<void>;
  readonly #open = new Set<Promise<void>>();
  #counts = new Map<string, number>();
  #slowestMs = 0;
  #isOver = false;

  constructor(url: string) {
    this.#url = url;
    this.#running = this.#run();
  }

  /** How often each answer came since the last time, in words. */
  takeAnswers(): string {
    const counts = [...this.#counts].sort().map(([answer, count]) => `${answer} x${count}`);
    const text = `${counts.join(', ')}; slowest ${this.#slowestMs} ms`;
    this.#counts = new Map();
    this.#slowestMs = 0;
    return text;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await Promise.all(this.#open);
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#isOver; number += 1) {
      const path = `/kv/light/${number % keys}`;
      this.#send('put', path, {
        method: 'PUT',
        body: `value ${number}`,
        headers: number % 2 ? { Prefer: 'wait=5' } : {},
      });
      this.#send('get', path, number % 2 ? {} : { headers: { 'Cache-Control': 'no-cache' } });
      // What the cache has never heard of.
      if (number % 5 === 0) this.#send('get', `/kv/light/absent/${number}`, {});
      await sleep(everyMs);
    }
  }

  #send(kind: string, path: string, init: RequestInit): void {
    const sent = this.#ask(kind, path, init);
    this.#open.add(sent);
    void sent.then(() => this.#open.delete(sent));
  }

  async #ask(kind: string, path: string, init: RequestInit): Promise<void> {
    const startedAt = Date.now();
    const answer = await fetch(`${this.#url}${path}`, { ...init, signal: AbortSignal.timeout(20_000) }).then(
      async (response) => {
        const text = await response.text();
        const [, problem] = (response.status >= 400 && /urn:stratakv:problem:([\w-]+)/.exec(text)) || [];
        return problem === undefined ? `${response.status}` : `${response.status} ${problem}`;
      },
      () => 'lost',
    );
    const name = `${kind} ${answer}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#slowestMs = Math.max(this.#slowestMs, Date.now() - startedAt);
  }
}
