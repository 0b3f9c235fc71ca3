import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../faults/random.ts';
import {
  answerOf,
  type Call,
  isWrite,
  type ListRequest,
  type PutRequest,
  type Request,
  type WriteRequest,
} from '../history/call.ts';
import type { Board } from './board.ts';
import { chooseCondition, chooseLevel, chooseList, chooseValue, chooseWait, Impatience, patient } from './choices.ts';
import { type Keys, pickKey } from './keys.ts';
import type { Pace } from './pace.ts';
import type { RecordedClient } from './recorder.ts';

export interface ClientOptions {
  readonly http: RecordedClient;
  readonly keys: Keys;
  readonly board: Board;
  readonly random: Random;
  readonly pace: Pace;
}

/** What a write is to have besides its key. */
type Wanted = Pick<PutRequest, 'condition' | 'idempotencyKey' | 'ttlSeconds'>;

/** A client that has lost its connection comes back after this at most, milliseconds. */
const comesBackWithinMs = 250;
/** Attempts at one write under one Idempotency-Key. */
const mostAttempts = 6;

/** One client, which does one thing after the other. */
export class Client {
  readonly #options: ClientOptions;
  readonly #impatience: Impatience;
  /** The last version it saw of each key. */
  readonly #versions = new Map<string, number>();
  /** Operations of which nobody knows yet whether they were accepted. */
  readonly #unknown = new Set<string>();
  readonly #actions: readonly (readonly [weight: number, action: () => Promise<unknown>])[];
  #written = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#impatience = new Impatience(options.random);
    this.#actions = [
      [26, () => this.#write()],
      [12, () => this.#writeOnCondition()],
      [6, () => this.#writeAgain()],
      [8, () => this.#writeAndReadOwn()],
      [34, () => this.#read()],
      [4, () => this.#readOfOthers()],
      [4, () => this.#list()],
      [10, () => this.#expiring()],
      [5, () => this.#ask()],
    ];
  }

  /** Goes on until `isOver` says so. @throws UnreadableAnswer */
  async run(isOver: () => boolean): Promise<void> {
    const total = this.#actions.reduce((sum, [weight]) => sum + weight, 0);
    while (!isOver()) {
      let at = this.#options.random.below(total);
      for (const [weight, action] of this.#actions) {
        if (at < weight) {
          await action();
          break;
        }
        at -= weight;
      }
    }
  }

  /** Asks for each operation that is unknown until it has an outcome, or the time has come. */
  async settle(deadline: number): Promise<void> {
    for (const id of this.#unknown) {
      while (this.#unknown.has(id)) {
        if (performance.now() > deadline) return;
        await this.#call({ kind: 'operation', id, waitSeconds: 2 }, patient);
        if (this.#unknown.has(id)) await sleep(100);
      }
    }
  }

  close(): void {
    this.#options.http.close();
  }

  async #call<Sent extends Request>(request: Sent, patience = this.#impatience.choose()): Promise<Call<Sent>> {
    await this.#options.pace.wait();
    const call = await this.#options.http.send(request, patience);
    this.#learn(call);
    if (call.result.kind === 'lost' && call.result.how === 'reset') {
      await sleep(this.#options.random.below(comesBackWithinMs));
    }
    return call;
  }

  #learn(call: Call): void {
    const answer = answerOf(call);
    if (answer === undefined) return;
    const { request } = call;
    if ('key' in request && answer.version !== undefined) this.#versions.set(request.key, answer.version);
    if (request.kind === 'operation') {
      if (answer.receipt !== undefined && answer.receipt.status !== 'queued') this.#unknown.delete(request.id);
      return;
    }
    if (!isWrite(call) || answer.operation === undefined) return;
    this.#options.board.add({ key: call.request.key, id: answer.operation });
    if (answer.problem === 'outcome-unknown') this.#unknown.add(answer.operation);
  }

  #put(key: string): PutRequest {
    this.#written += 1;
    const value = chooseValue(this.#options.random, `${this.#options.http.name}-${this.#written}`);
    return { kind: 'put', key, value, waitSeconds: chooseWait(this.#options.random, 0.5) };
  }

  /** A put, or now and then a delete, which has no time to live. */
  #invent(key: string, { ttlSeconds, ...more }: Wanted = {}): WriteRequest {
    const { value, ...put } = this.#put(key);
    if (this.#options.random.chance(0.75)) return { ...put, ...more, value, ttlSeconds };
    return { ...put, ...more, kind: 'delete' };
  }

  async #write(): Promise<void> {
    await this.#call(this.#invent(pickKey(this.#options.keys, this.#options.random)));
  }

  async #writeOnCondition(): Promise<void> {
    const { keys, random } = this.#options;
    const key = pickKey(keys, random);
    // A read first, as who decides by what he saw does.
    if (random.chance(0.4))
      await this.#call({ kind: 'get', key, level: { kind: random.pick(['no-cache', 'cached']) } });
    const condition = chooseCondition(random, this.#versions.get(key));
    await this.#call(this.#invent(key, { condition }));
  }

  /** Sends a write under an Idempotency-Key until it is answered, and now and then once more. */
  async #writeAgain(): Promise<void> {
    const { keys, random, http } = this.#options;
    const key = pickKey(keys, random);
    const idempotencyKey = `${http.name}-again-${this.#written + 1}`;
    const condition = random.chance(0.2) ? chooseCondition(random, this.#versions.get(key)) : undefined;
    const request = this.#invent(key, { idempotencyKey, condition });
    let isKnown = false;
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const call = await this.#call({ ...request, waitSeconds: chooseWait(random, 0.5) });
      if (isKnown) return;
      const answer = answerOf(call);
      isKnown = answer !== undefined && answer.status < 500;
      if (isKnown && random.chance(0.5)) return;
    }
  }

  async #writeAndReadOwn(): Promise<void> {
    const { keys, random } = this.#options;
    const key = pickKey(keys, random);
    const links = 1 + random.below(3);
    for (let link = 0; link < links; link += 1) {
      const call = await this.#call({ ...this.#invent(key), waitSeconds: chooseWait(random, 0.1) });
      const id = answerOf(call)?.operation;
      if (id === undefined) return;
      const waitSeconds = chooseWait(random, 0.5);
      await this.#call({ kind: 'get', key, level: chooseLevel(random), syncTokens: [id], waitSeconds });
    }
  }

  async #read(): Promise<void> {
    const { keys, random } = this.#options;
    await this.#call({ kind: 'get', key: pickKey(keys, random), level: chooseLevel(random) });
  }

  /** A read with the tokens of others. */
  async #readOfOthers(): Promise<void> {
    const { random, board } = this.#options;
    const [one, other] = [board.pick(random), random.chance(0.3) ? board.pick(random) : undefined];
    if (one === undefined) return this.#read();
    const syncTokens = [one.id, ...(other === undefined ? [] : [other.id])];
    await this.#call({ kind: 'get', key: one.key, level: chooseLevel(random), syncTokens });
  }

  async #list(): Promise<void> {
    const { keys, random, board } = this.#options;
    const named = random.chance(0.15) ? board.pick(random) : undefined;
    let request: ListRequest = chooseList(keys, random);
    if (named !== undefined) request = { ...request, syncTokens: [named.id] };
    for (;;) {
      const page = answerOf(await this.#call(request))?.page;
      if (page?.next === undefined) return;
      request = { ...request, cursor: page.next };
    }
  }

  async #expiring(): Promise<void> {
    const { keys, random } = this.#options;
    const key = random.pick(keys.expiring);
    if (random.chance(0.6)) {
      await this.#call({ kind: 'get', key, level: chooseLevel(random) });
      return;
    }
    const condition = random.chance(0.3) ? chooseCondition(random, this.#versions.get(key)) : undefined;
    await this.#call(this.#invent(key, { ttlSeconds: 1 + random.below(2), condition }));
  }

  async #ask(): Promise<void> {
    const { random, board } = this.#options;
    const [unknown] = this.#unknown;
    const id = unknown !== undefined && random.chance(0.5) ? unknown : board.pick(random)?.id;
    if (id === undefined) return;
    await this.#call({ kind: 'operation', id, waitSeconds: chooseWait(random, 0.5) });
  }
}
