import { Random } from '../../faults/random.ts';
import type { Call, Request, Result } from '../history/call.ts';
import type { FaultWindow, FinalKey, FinalState } from '../history/final-state.ts';
import type { History } from '../history/history.ts';
import { Agenda } from './agenda.ts';
import { SimulatedClient } from './simulated-client.ts';
import { SimulatedQueue } from './simulated-queue.ts';
import { type Mistake, SimulatedStore, wallOffsetMs } from './simulated-store.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly clients: number;
  readonly callsOfClient: number;
  readonly cacheTtlMs: number;
  readonly mistake?: Mistake | undefined;
}

/** A whole run in time that is only counted: what clients noted, and what is there after quiet. */
export interface SimulatedRun {
  readonly history: History;
  readonly final: FinalState;
}

/** Plays a run. The same options give the same run. */
export function simulateRun({ seed, clients, callsOfClient, cacheTtlMs, mistake }: SimulationOptions): SimulatedRun {
  const random = new Random(seed);
  const agenda = new Agenda();
  const store = new SimulatedStore(cacheTtlMs, mistake);
  const queue = new SimulatedQueue({ agenda, random, store, mistake });
  const calls: Call[] = [];
  const note = (client: string, request: Request, startedAt: number, result: Result): void => {
    calls.push({ number: calls.length + 1, client, request, startedAt, endedAt: agenda.now, result });
  };
  const fault: FaultWindow = {
    name: 'cache away',
    // Milliseconds: a client makes a call in ten or so.
    from: callsOfClient * 3,
    to: callsOfClient * 5,
    mayStaleCache: true,
    mayFailDatabase: false,
  };
  agenda.in(fault.from, () => {
    store.isCacheAway = true;
  });
  agenda.in(fault.to, () => {
    store.isCacheAway = false;
  });
  for (let number = 0; number < clients; number += 1) {
    new SimulatedClient({ name: `client ${number}`, agenda, random, store, queue, note, mistake }).start(callsOfClient);
  }
  agenda.run();
  const history = { header: { wallOffsetMs, seed }, calls };
  return { history, final: finalState(history, store, agenda.now + cacheTtlMs * 4, fault) };
}

function finalState({ calls }: History, store: SimulatedStore, readAt: number, fault: FaultWindow): FinalState {
  const keys = new Set(calls.flatMap(({ request }) => ('key' in request ? [request.key] : [])));
  return {
    keys: [...keys].map((key): FinalKey => {
      const { view: cache } = store.readCached(key, { kind: 'cached' }, readAt);
      return { key, database: store.read(key, readAt), cache, readAt };
    }),
    log: { isWhole: true, rows: [...store.rows.values()] },
    deadLetters: { found: 0, planted: 0 },
    faults: { planned: [fault.name], happened: [fault] },
  };
}
