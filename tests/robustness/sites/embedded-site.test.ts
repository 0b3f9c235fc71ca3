import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, test } from 'node:test';
import { frozen, killed, killedWhileFrozen } from '../faults/process-faults.ts';
import type { Call } from '../history/call.ts';
import { answerOf } from '../history/call.ts';
import { patient } from '../traffic/choices.ts';
import { Recorder } from '../traffic/recorder.ts';
import { EmbeddedSite } from './embedded-site.ts';

const site = await EmbeddedSite.start();
const calls: Call[] = [];
const client = new Recorder(site.url, (call) => calls.push(call)).client('c');
after(async () => {
  client.close();
  await site.close();
});

test('the log is what the store tells of its operations', async () => {
  const put = await client.send({ kind: 'put', key: 'é/k', value: 'v', ttlSeconds: 60, waitSeconds: 5 }, patient);
  const rejected = await client.send(
    { kind: 'put', key: 'é/k', value: 'w', condition: { kind: 'absent' }, waitSeconds: 5 },
    patient,
  );
  await client.send({ kind: 'delete', key: 'absent', waitSeconds: 5 }, patient);
  const { isWhole, rows } = await site.operationsLog();
  equal(isWhole, true);
  equal(rows.length, 3);
  for (const call of [put, rejected]) {
    const id = answerOf(call)?.operation ?? '';
    const { receipt } = answerOf(await client.send({ kind: 'operation', id, waitSeconds: 5 }, patient)) ?? {};
    deepEqual(plain(rows.find((row) => row.id === id)), plain(receipt));
  }
  equal(answerOf(put)?.status, 201);
  equal(await site.deadLetters(), 0);
});

test('it comes back with its data however often it is killed, and answers again when it is thawed', async () => {
  for (const fault of [killed('embedded', 3), frozen('embedded', 50), killedWhileFrozen('embedded', 50)]) {
    let hasBegun = false;
    await fault.run(site, () => {
      hasBegun = true;
    });
    ok(hasBegun);
    let read = await client.send({ kind: 'get', key: 'é/k', level: { kind: 'no-cache' } }, patient);
    // The connection of before is gone.
    if (read.result.kind === 'lost') read = await client.send(read.request, patient);
    equal(answerOf(read)?.value, 'v', fault.name);
  }
});

function plain(told: unknown): unknown {
  return JSON.parse(JSON.stringify(told));
}
