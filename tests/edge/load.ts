import { HttpClient } from '../framework/http.ts';
import type { Problem } from '../framework/problems.ts';
import type { Edge } from './edge.ts';

/** One request and what became of it. */
export interface Result {
  readonly id: string;
  readonly method: 'GET' | 'PUT';
  readonly status: number;
  /** Last part of the type of its problem; undefined when it went well. */
  readonly problem: string | undefined;
  readonly startedAt: number;
  readonly milliseconds: number;
}

const clients = 8;

/** Requests that go on until `stop`: half of them reads, half writes, each with an id of its own. */
export class Load {
  readonly results: Result[] = [];
  readonly #name: string;
  readonly #lanes: readonly Promise<void>[];
  #isStopped = false;
  #count = 0;

  constructor(edge: Edge, name: string) {
    this.#name = name;
    this.#lanes = Array.from({ length: clients }, () => this.#lane(new HttpClient(edge.url)));
  }

  /** Lets the requests under way end. */
  async stop(): Promise<readonly Result[]> {
    this.#isStopped = true;
    await Promise.all(this.#lanes);
    return this.results;
  }

  async #lane(client: HttpClient): Promise<void> {
    while (!this.#isStopped) {
      this.#count += 1;
      const id = `${this.#name}-${this.#count}`;
      const method = this.#count % 2 === 0 ? 'GET' : 'PUT';
      const startedAt = performance.now();
      const headers = { 'X-Request-Id': id, Do: 'delay=5' };
      const answer = await client.request(method, `/kv/${id}`, { headers, ...(method === 'PUT' ? { body: id } : {}) });
      const milliseconds = performance.now() - startedAt;
      const problem = answer.status === 200 ? undefined : problemType(answer.json() as Problem);
      this.results.push({ id, method, status: answer.status, problem, startedAt, milliseconds });
    }
  }
}

function problemType({ type }: Problem): string {
  return type.replace('urn:stratakv:problem:', '');
}

export function failed(results: readonly Result[]): readonly Result[] {
  return results.filter(({ status }) => status !== 200);
}

export function slowest(results: readonly Result[]): number {
  return Math.max(...results.map(({ milliseconds }) => milliseconds));
}

/** Ids of writes that more than one gateway got, or one of them twice. */
export function sentTwice(edge: Edge, name: string): readonly string[] {
  const times = new Map<string, number>();
  for (const { id, method } of edge.seen()) {
    if (method === 'PUT' && id.startsWith(`${name}-`)) times.set(id, (times.get(id) ?? 0) + 1);
  }
  return [...times].filter(([, count]) => count > 1).map(([id]) => id);
}
