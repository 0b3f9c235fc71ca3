import { cacheFaults } from './cache-faults.ts';
import { clockFaults } from './clock-faults.ts';
import { connectionFaults } from './connection-faults.ts';
import { consumerFaults } from './consumer-faults.ts';
import { diskFaults } from './disk-faults.ts';
import { failpointFaults } from './failpoint-faults.ts';
import type { NativeFault } from './native-fault.ts';
import { processFaults } from './process-faults.ts';
import { queueFaults } from './queue-faults.ts';

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
