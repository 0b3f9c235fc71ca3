import fc from 'fast-check';
import type { WriteCondition } from '../history/call.ts';
import { HistoryBuilder, type Span, type WriteOptions } from './history-builder.ts';

/*
 * A register that is linearizable because it is one variable: clients call it at the same time, each call takes effect at
 * one moment, and what it is told follows from that. The times of all that are arbitrary.
 */

/** What a client does, before it is known what it will be told. */
export interface Step {
  readonly client: number;
  readonly kind: 'put' | 'delete' | 'get';
  /** Time from the client's last call to this one, from its start to its effect, and from that to its end. */
  readonly pause: number;
  readonly before: number;
  readonly after: number;
  /** How a write ends for its sender; `never` is lost without taking effect. */
  readonly answer: 'outcome' | 'accepted' | 'lost' | 'never';
  /** How much later than its end a write takes effect whose outcome the sender was not told. */
  readonly delay: number;
  readonly condition: 'none' | 'absent' | 'present' | 'current' | 'older';
  /** How far the version grows. */
  readonly growth: number;
  /** Whether the log has forgotten its row. */
  readonly isForgotten: boolean;
}

const short = fc.integer({ min: 0, max: 6 });

export const anyStep: fc.Arbitrary<Step> = fc.record({
  client: fc.integer({ min: 0, max: 3 }),
  kind: fc.constantFrom('put', 'put', 'delete', 'get', 'get', 'get'),
  pause: short,
  before: short,
  after: short,
  answer: fc.constantFrom('outcome', 'outcome', 'outcome', 'accepted', 'lost', 'never'),
  delay: fc.integer({ min: 0, max: 12 }),
  condition: fc.constantFrom('none', 'none', 'absent', 'present', 'current', 'older'),
  growth: fc.integer({ min: 1, max: 3 }),
  isForgotten: fc.boolean(),
});

export const anySteps = fc.array(anyStep, { minLength: 5, maxLength: 40 });

interface Planned {
  readonly step: Step;
  readonly span: Span;
  readonly effectAt: number;
}

/** What the register went through. */
export interface Simulated {
  readonly run: HistoryBuilder;
  /** After every start, end and effect. */
  readonly endsAt: number;
  /** The last version given to anything. */
  readonly version: number;
  /** What is there in the end. */
  readonly held: number | undefined;
}

/** @param isLogWhole false: only rows of operations that a sender was named, and not all of those */
export function simulate(steps: readonly Step[], isLogWhole: boolean): Simulated {
  const register = new Register(isLogWhole);
  const planned = plan(steps);
  for (const one of planned.toSorted((a, b) => a.effectAt - b.effectAt)) register.take(one);
  const endsAt = planned.reduce((latest, { span, effectAt }) => Math.max(latest, span[1], effectAt), 0);
  const { run, version, held } = register;
  if (!isLogWhole) {
    // What is there may be of a write that has no row any more.
    const database = held === undefined ? {} : { version: held, value: `k=${held}` };
    run.readFinally('k', { database, cache: database });
    run.forgetLog();
  }
  return { run, endsAt, version, held };
}

function plan(steps: readonly Step[]): Planned[] {
  const freeAt = new Map<number, number>();
  return steps.map((step) => {
    const start = (freeAt.get(step.client) ?? 0) + step.pause;
    const isTold = step.kind === 'get' || step.answer === 'outcome';
    const effect = start + step.before;
    const end = effect + step.after;
    freeAt.set(step.client, end + 1);
    return { step, span: [start, end], effectAt: isTold ? effect : effect + step.delay };
  });
}

class Register {
  readonly run = new HistoryBuilder();
  readonly #isLogWhole: boolean;
  held: number | undefined;
  version = 0;
  #before = 0;

  constructor(isLogWhole: boolean) {
    this.#isLogWhole = isLogWhole;
  }

  take({ step, span }: Planned): void {
    if (step.kind === 'get') this.run.get('k', this.held, span);
    else if (step.answer === 'never') this.#lose(step.kind, span);
    else this.#write(step, step.kind, span, step.answer);
  }

  #lose(kind: 'put' | 'delete', span: Span): void {
    const value = `never ${this.run.calls.length}`;
    const request = kind === 'put' ? ({ kind, key: 'k', value } as const) : ({ kind, key: 'k' } as const);
    this.run.call(request, span, { kind: 'lost', how: 'timeout' });
  }

  #write(step: Step, kind: 'put' | 'delete', span: Span, answer: 'outcome' | 'accepted' | 'lost'): void {
    const condition = this.#condition(step.condition);
    const row = !this.#isLogWhole && step.isForgotten ? ({ row: false } as const) : {};
    const options: WriteOptions = { answer, ...row, ...(condition === undefined ? {} : { condition }) };
    if (condition !== undefined && !this.#meets(condition)) {
      if (answer === 'lost') this.#lose(kind, span);
      else this.run.reject('k', this.held, span, options);
      return;
    }
    const created = this.held === undefined;
    if (kind === 'delete' && created) {
      if (answer === 'lost') this.#lose(kind, span);
      else this.run.delete('k', undefined, span, options);
      return;
    }
    this.#before = this.version;
    this.version += step.growth;
    this.held = kind === 'put' ? this.version : undefined;
    if (kind === 'put') this.run.put('k', this.version, span, { ...options, created });
    else this.run.delete('k', this.version, span, options);
  }

  #condition(kind: Step['condition']): WriteCondition | undefined {
    if (kind === 'none') return undefined;
    if (kind === 'absent' || kind === 'present') return { kind };
    return { kind: 'version', version: kind === 'current' ? (this.held ?? 1) : Math.max(1, this.#before) };
  }

  #meets(condition: WriteCondition): boolean {
    if (condition.kind === 'version') return this.held === condition.version;
    return (this.held === undefined) === (condition.kind === 'absent');
  }
}
