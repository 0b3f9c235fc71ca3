import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../framework/eventually.ts';
import { namesOf } from '../../sites/cluster.ts';
import type { NativeSite } from '../../sites/native-site.ts';
import { partitionQueueName } from '../../sites/store-broker.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';
import { putOwn, removeOwn } from './own-client.ts';

/** So that messages are sent that no node confirms any more. */
const heldUpMs = 500;

/** All nodes of the broker are killed while they have messages that they have not confirmed. */
const restartWithUnconfirmed: NativeFault = {
  name: 'restart rabbitmq with unconfirmed messages',
  part: 'queue',
  mayStaleCache: false,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    const nodes = namesOf('rabbitmq').map((name) => site.stack.process(name));
    onBegun();
    for (const { name } of nodes) site.freeze(name);
    const sent = Array.from({ length: 8 }, (_, number) => putOwn(site.url, `unconfirmed/${number}`, 'x'));
    await sleep(heldUpMs);
    await Promise.all(nodes.map(({ name }) => site.kill(name)));
    await Promise.all(nodes.map(({ name, restarts }) => site.isBack(name, restarts, 60_000)));
    const answers = await Promise.all(sent);
    await site.isWell(wellWithinMs);
    for (let number = 0; number < sent.length; number += 1) await removeOwn(site.url, `unconfirmed/${number}`);
    if (!answers.some(({ problem }) => problem === 'outcome-unknown'))
      throw new Error(`no write was left unconfirmed: ${JSON.stringify(answers)}`);
  },
};

const partition = 7;
const queue = partitionQueueName(partition);
const emptyForMs = 2_000;
/** For clients to notice, before a consumer may. */
const missingForMs = 2_000;

/** The queue of a partition is deleted, empty, and made again by a consumer when it notices. */
const queueDeleted: NativeFault = {
  name: 'delete a partition queue',
  part: 'queue',
  mayStaleCache: false,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    onBegun();
    // What is accepted stays accepted: nobody sends while it is deleted.
    for (const name of namesOf('gateway')) site.freeze(name);
    try {
      await drained(site);
      for (const name of namesOf('consumer')) site.freeze(name);
      const lost = await site.broker.delete(queue);
      if (lost > 0) throw new Error(`the queue had ${lost} messages, which are lost`);
      for (const name of namesOf('gateway')) site.thaw(name);
      await sleep(missingForMs);
      if (await site.broker.has(queue)) throw new Error(`${queue} was not missing`);
    } finally {
      for (const name of [...namesOf('gateway'), ...namesOf('consumer')]) site.thaw(name);
    }
    await eventually(async () => {
      if (!(await site.broker.has(queue))) throw new Error(`${queue} is not made again`);
    }, 30_000);
    await site.isWell(wellWithinMs);
  },
};

/** Resolves when the queue has had nothing for two seconds, and nobody can put anything in. */
async function drained(site: NativeSite): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (let emptySince = Date.now(); Date.now() - emptySince < emptyForMs; await sleep(100)) {
    if ((await site.broker.waiting(queue)) > 0) emptySince = Date.now();
    if (Date.now() > deadline) throw new Error(`${queue} does not get empty`);
  }
}

const valueBytes = 512 * 1024;
const mostValues = 64;
const fullForMs = 2_000;

/** No consumer gets to the queues, until one is full. */
const queueFull: NativeFault = {
  name: 'fill a partition queue',
  part: 'queue',
  isAlone: true,
  mayStaleCache: false,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    onBegun();
    const passages = site.proxies.between('consumer', 'rabbitmq');
    // One that is frozen would be handed a thousand messages more.
    for (const { proxy } of passages) proxy.trouble({ kind: 'cut' });
    try {
      let answer = await putOwn(site.url, 'filling', 'x'.repeat(valueBytes));
      for (let sent = 1; answer.status === 202; sent += 1) {
        if (sent > mostValues) throw new Error(`the queue took ${sent} values of ${valueBytes} bytes`);
        answer = await putOwn(site.url, 'filling', 'x'.repeat(valueBytes));
      }
      if (answer.problem !== 'overloaded') throw new Error(`full is not overloaded: ${JSON.stringify(answer)}`);
      await sleep(fullForMs);
    } finally {
      for (const { proxy } of passages) proxy.heal();
    }
    await site.isWell(wellWithinMs);
    await removeOwn(site.url, 'filling');
  },
};

export const queueFaults: readonly NativeFault[] = [restartWithUnconfirmed, queueDeleted, queueFull];
