import type { Fault } from './cluster.ts';
import { asUsual, type Promises } from './promises.ts';

/** One stop of the tour: which processes fail together, how, and what holds meanwhile. */
export interface TourStop {
  readonly processes: readonly string[];
  readonly fault: Fault;
  readonly promises: Promises;
  /** How long a frozen process stays so, milliseconds. One that ended is started again by the stack, whenever that is. */
  readonly frozenMs: number;
  /** How long after its return everything is as before, milliseconds. */
  readonly backWithinMs: number;
  /** Whether it belongs to `npm test`. */
  readonly isShort: boolean;
}

const nothing: Promises = { puts: 'nothing', gets: 'nothing', latest: 'nothing', afterMs: 0 };

/** Reads that one more try elsewhere answers, writes that take a moment to find another way. */
const after = (afterMs: number): Promises => ({ ...asUsual, afterMs });

const databaseAway: Promises = { puts: 'as usual', gets: 'as usual', latest: 'unavailable', afterMs: 1000 };
const queueAway: Promises = { puts: 'shed', gets: 'as usual', latest: 'as usual', afterMs: 6_000 };

interface Kind {
  readonly processes: readonly string[];
  /** While one of them is down, and while one is frozen. */
  readonly ended: Promises;
  readonly frozen: Promises;
  readonly frozenMs: number;
  readonly backWithinMs?: number;
}

const kinds: readonly Kind[] = [
  // The only way in.
  { processes: ['nginx'], ended: nothing, frozen: nothing, frozenMs: 3000 },
  { processes: ['envoy-1', 'envoy-2'], ended: after(2000), frozen: after(8000), frozenMs: 14_000 },
  { processes: ['gateway-1', 'gateway-2'], ended: after(3000), frozen: after(6000), frozenMs: 10_000 },
  { processes: ['storage-node-1', 'storage-node-2'], ended: asUsual, frozen: asUsual, frozenMs: 5000 },
  { processes: ['consumer-1', 'consumer-2'], ended: asUsual, frozen: asUsual, frozenMs: 14_000, backWithinMs: 25_000 },
  {
    processes: ['rabbitmq-1', 'rabbitmq-2', 'rabbitmq-3'],
    ended: after(12_000),
    frozen: after(25_000),
    frozenMs: 35_000,
    backWithinMs: 60_000,
  },
  { processes: ['epmd'], ended: asUsual, frozen: asUsual, frozenMs: 2000 },
  { processes: ['redis-1', 'redis-2', 'redis-3'], ended: asUsual, frozen: asUsual, frozenMs: 8000 },
  { processes: ['sentinel-1', 'sentinel-2', 'sentinel-3'], ended: asUsual, frozen: asUsual, frozenMs: 3000 },
  { processes: ['lock-1', 'lock-2', 'lock-3'], ended: asUsual, frozen: asUsual, frozenMs: 5000 },
  { processes: ['postgres'], ended: databaseAway, frozen: databaseAway, frozenMs: 12_000, backWithinMs: 30_000 },
];

const defaultBackWithinMs = 20_000;
const faults: readonly Fault[] = ['stop', 'kill', 'freeze'];

const alone = kinds.flatMap(({ processes, ended, frozen, frozenMs, backWithinMs = defaultBackWithinMs }) =>
  processes.flatMap((name, index) =>
    faults.map((fault): TourStop => {
      const promises = fault === 'freeze' ? frozen : ended;
      const isShort = index === 0 && fault !== 'stop';
      return { processes: [name], fault, promises, frozenMs, backWithinMs, isShort };
    }),
  ),
);

const together: readonly TourStop[] = [
  {
    processes: ['rabbitmq-2', 'rabbitmq-3'],
    fault: 'freeze',
    promises: queueAway,
    frozenMs: 25_000,
    backWithinMs: 90_000,
    isShort: false,
  },
  ...[
    ['lock-1', 'lock-2'],
    ['lock-1', 'lock-2', 'lock-3'],
  ].map(
    (processes): TourStop => ({
      processes,
      fault: 'freeze',
      promises: asUsual,
      frozenMs: 15_000,
      backWithinMs: 30_000,
      isShort: false,
    }),
  ),
  {
    processes: ['redis-1', 'redis-2', 'redis-3'],
    fault: 'freeze',
    promises: asUsual,
    frozenMs: 8000,
    backWithinMs: 30_000,
    isShort: false,
  },
  {
    processes: ['sentinel-1', 'sentinel-2', 'sentinel-3'],
    fault: 'freeze',
    promises: asUsual,
    frozenMs: 5000,
    backWithinMs: 20_000,
    isShort: false,
  },
  {
    processes: ['storage-node-1', 'storage-node-2'],
    fault: 'freeze',
    promises: { puts: 'as usual', gets: 'unavailable', latest: 'unavailable', afterMs: 500 },
    frozenMs: 12_000,
    backWithinMs: 20_000,
    isShort: false,
  },
  {
    processes: ['consumer-1', 'consumer-2'],
    fault: 'freeze',
    promises: asUsual,
    frozenMs: 10_000,
    backWithinMs: 30_000,
    isShort: false,
  },
];

/** All stops, or those of `npm test`. */
export function tourStops(isWhole: boolean): readonly TourStop[] {
  return [...alone, ...together].filter(({ isShort }) => isWhole || isShort);
}
