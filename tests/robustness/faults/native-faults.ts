import { cacheFaults } from './native/cache-faults.ts';
import { clockFaults } from './native/clock-faults.ts';
import { connectionFaults } from './native/connection-faults.ts';
import { consumerFaults } from './native/consumer-faults.ts';
import { diskFaults } from './native/disk-faults.ts';
import { failpointFaults } from './native/failpoint-faults.ts';
import type { NativeFault } from './native/native-fault.ts';
import { processFaults } from './native/process-faults.ts';
import { queueFaults } from './native/queue-faults.ts';

/** Every fault of the native stack. */
export const nativeFaults: readonly NativeFault[] = [
  ...processFaults,
  ...connectionFaults,
  ...cacheFaults,
  ...queueFaults,
  ...consumerFaults,
  ...clockFaults,
  ...diskFaults,
  ...failpointFaults,
];

/** What a run of a few minutes has time for, of each part. */
const short: ReadonlySet<string> = new Set([
  'kill nginx',
  'kill envoy-1',
  'kill gateway-1',
  'kill storage-node-1',
  'kill consumer-1',
  'kill rabbitmq-1',
  'kill redis-1',
  'kill lock-1',
  'kill postgres',
  'cut gateway > rabbitmq',
  'cut consumer > postgres',
  'half-close storage-node > redis',
  'crash after-commit',
  'crash before-ack',
  'failover with lost writes',
  'delete a partition queue',
  'pause a consumer in its transaction',
]);

/** Those of a short run: about two minutes for all of them. */
export const shortNativeFaults: readonly NativeFault[] = nativeFaults.filter(({ name }) => short.has(name));
