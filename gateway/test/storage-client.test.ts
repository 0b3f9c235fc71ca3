import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { systemClock } from '@stratakv/adapter-in-process';
import { cachedLevel, type LeveledAnswer, type PendingAnswer, parseKey, StrataError } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import { createLogger } from '@stratakv/service-kit';
import { StorageClient } from '../src/storage/storage-client.ts';
import { echo, found, WireNode } from './wire-node.ts';

let opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  const closing = opened.reverse();
  opened = [];
  for (const each of closing) await each.close();
});

async function nodes(count: number): Promise<WireNode[]> {
  const started = await Promise.all(Array.from({ length: count }, () => new WireNode().listen()));
  opened.push(...started);
  return started;
}

async function clientOf(urls: readonly string[]): Promise<StorageClient> {
  const client = await StorageClient.open({
    urls,
    clock: systemClock,
    logger: createLogger({ service: 'gateway', level: 'silent' }),
    maxConnections: 4,
    connectTimeoutMs: 500,
    lookupEveryMs: 500,
    probeEveryMs: 100,
    timeoutMs: 1000,
    firstAnswerMs: 300,
    observe: () => {},
  });
  opened.push(client);
  return client;
}

const readsOf = (...names: string[]) => names.map((name) => ({ key: parseKey(name), level: cachedLevel }));

function textOf(answer: LeveledAnswer): string {
  if (answer.kind === 'problem') return answer.code;
  return Buffer.from(answer.entry?.value ?? []).toString();
}

async function textsOf(pending: Promise<readonly PendingAnswer[]>): Promise<string[]> {
  return (await Promise.all(await pending)).map(textOf);
}

const soon = () => Date.now() + 2000;

describe('a gateway asks storage nodes', () => {
  test('a batch comes back in the order asked', async () => {
    const [node] = await nodes(1);
    const client = await clientOf([node?.url ?? '']);
    assert.deepEqual(await textsOf(client.readEach(readsOf('a', 'b', 'c'), soon())), ['a', 'b', 'c']);
  });

  test('what comes in the first frame does not wait for the rest', async () => {
    const [node] = await nodes(1);
    assert.ok(node);
    const rest = Promise.withResolvers<void>();
    node.behaviour = async (_reads, answer) => {
      answer.send([{ index: 1, answer: found('quick') }]);
      await rest.promise;
      answer.send([{ index: 0, answer: found('slow') }]);
      answer.end();
    };
    const client = await clientOf([node.url]);
    const [slow, quick] = await client.readEach(readsOf('slow', 'quick'), soon());
    assert.ok(quick !== undefined && !(quick instanceof Promise) && textOf(quick) === 'quick');
    assert.ok(slow instanceof Promise);
    rest.resolve();
    assert.equal(textOf(await slow), 'slow');
  });

  test('a node that is cut off in the middle: another one is asked for what is missing, once', async () => {
    const [bad, good] = await nodes(2);
    assert.ok(bad && good);
    bad.behaviour = (_reads, answer) => {
      answer.send([{ index: 0, answer: found('from the first') }]);
      setTimeout(() => answer.cut(), 50);
    };
    const client = await clientOf([bad.url, good.url]);
    // Which of the two is asked first is left to chance.
    for (let round = 0; bad.batches.length < 1; round += 1) {
      const answers = await textsOf(client.readEach(readsOf('a', 'b'), soon()));
      if (bad.batches.length > 0) assert.deepEqual(answers, ['from the first', 'b']);
      assert.ok(round < 100);
    }
    assert.deepEqual(good.batches.at(-1), ['b']);
  });

  test('a node that hangs costs a moment, then is left alone until it answers again', async () => {
    const [frozen, good] = await nodes(2);
    assert.ok(frozen && good);
    frozen.behaviour = () => {};
    const client = await clientOf([frozen.url, good.url]);
    for (let round = 0; frozen.batches.length === 0; round += 1) {
      assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['a']);
      assert.ok(round < 100);
    }
    // Its /healthz still answers, so the probe takes it back.
    frozen.behaviour = echo;
    await eventually('it is back', () => client.nodes.suspect === 0);
    await eventually('it is asked again', async () => {
      await textsOf(client.readEach(readsOf('b'), soon()));
      return frozen.batches.length > 1;
    });
  });

  test('a node that is gone is passed over; with all gone the answer is unavailable, in time', async () => {
    const [gone, good] = await nodes(2);
    assert.ok(gone && good);
    const client = await clientOf([gone.url, good.url]);
    await gone.close();
    opened = opened.filter((each) => each !== gone);
    for (let round = 0; round < 10; round += 1) {
      assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['a']);
    }
    await good.close();
    opened = opened.filter((each) => each !== good);
    const startedAt = Date.now();
    assert.deepEqual(await textsOf(client.readEach(readsOf('a', 'b'), soon())), ['unavailable', 'unavailable']);
    assert.ok(Date.now() - startedAt < 1500);
    await assert.rejects(
      client.operations([]),
      (error) => error instanceof StrataError && error.code === 'unavailable',
    );
    await assert.rejects(client.check());
  });

  test('a node alone that resets a kept-alive connection is asked once more', async () => {
    const [node] = await nodes(1);
    assert.ok(node);
    const client = await clientOf([node.url]);
    let batches = 0;
    node.behaviour = (reads, answer) => {
      batches += 1;
      if (batches === 1) answer.cut();
      else return echo(reads, answer);
    };
    assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['a']);
  });

  test('reads a node left out, to bound its answer, are asked for anew', async () => {
    const [node] = await nodes(1);
    assert.ok(node);
    node.behaviour = (reads, answer) => {
      answer.send(reads.slice(0, 2).map(({ key }, index) => ({ index, answer: found(key) })));
      answer.end();
    };
    const client = await clientOf([node.url]);
    assert.deepEqual(await textsOf(client.readEach(readsOf('a', 'b', 'c', 'd', 'e'), soon())), [
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    assert.deepEqual(node.batches, [['a', 'b', 'c', 'd', 'e'], ['c', 'd', 'e'], ['e']]);
  });

  test('reads past the cache that hang take no connection away from those of the cache', async () => {
    const [node] = await nodes(1);
    assert.ok(node);
    const client = await clientOf([node.url]);
    node.behaviour = (reads, answer) => {
      if (!reads.some(({ level }) => level.noCache)) return echo(reads, answer);
      // Alive, and waits for its database.
      answer.send([]);
    };
    // More of them than there are connections.
    const hanging = Array.from({ length: 12 }, () => {
      const level = { ...cachedLevel, noCache: true };
      return textsOf(client.readEach([{ key: parseKey('x'), level }], Date.now() + 600));
    });
    assert.deepEqual(await textsOf(client.readEach(readsOf('a', 'b'), soon())), ['a', 'b']);
    const mixed = [...readsOf('c'), { key: parseKey('x'), level: { ...cachedLevel, noCache: true } }, ...readsOf('d')];
    const [c, x, d] = await client.readEach(mixed, Date.now() + 600);
    assert.deepEqual(
      [c, d].map((answer) => !(answer instanceof Promise) && answer && textOf(answer)),
      ['c', 'd'],
    );
    assert.ok(x instanceof Promise);
    assert.equal(textOf(await x), 'unavailable');
    assert.deepEqual(new Set((await Promise.all(hanging)).flat()), new Set(['unavailable']));
  });

  test('a problem keeps its code; a message that makes no sense is a failed node', async () => {
    const [node] = await nodes(1);
    assert.ok(node);
    const client = await clientOf([node.url]);
    node.behaviour = (_reads, answer) => answer.problem(503, 'overloaded');
    assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['overloaded']);
    node.behaviour = (_reads, answer) => {
      answer.send([{ index: 7, answer: found('not asked') }]);
      answer.end();
    };
    assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['unavailable']);
  });

  test('idle nodes share the work; readiness needs one node that is ready', async () => {
    const pair = await nodes(2);
    const client = await clientOf(pair.map(({ url }) => url));
    for (let round = 0; round < 60; round += 1) await textsOf(client.readEach(readsOf('a'), soon()));
    assert.ok(pair.every(({ batches }) => batches.length >= 10));
    await client.check();
    for (const node of pair) node.isReady = false;
    await assert.rejects(client.check(), /not ready: database/);
  });

  test('a name stands for all its addresses; one that is not known yet is no error', async () => {
    const [node] = await nodes(1);
    const client = await clientOf([`http://localhost:${node?.port}`, 'http://no-such-host.invalid:1']);
    assert.ok(client.nodes.known >= 1);
    assert.deepEqual(await textsOf(client.readEach(readsOf('a'), soon())), ['a']);
  });
});
