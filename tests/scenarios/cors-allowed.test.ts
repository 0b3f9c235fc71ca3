import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';
import { leaveOut } from '../framework/target.ts';

const origin = 'https://console.example';

if (process.env.KV_TARGET_URL !== undefined)
  leaveOut('CORS for one origin', 'the settings of a running store are its own');
else {
  const store = await useStore({ KV_CORS_ORIGIN: origin });
  const key = store.key('entry');
  await store.write(key, 'value');

  test('a page of the origin may read, and sees the headers that carry promises', async () => {
    const answer = await store.get(key, { Origin: origin });
    equal(answer.header('access-control-allow-origin'), origin);
    match(answer.header('access-control-expose-headers') ?? '', /\bETag\b.*\bSync-Token\b/);
  });

  test('its preflight is answered, with Allow as by any OPTIONS', async () => {
    const headers = {
      Origin: origin,
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'kv-ttl',
    };
    const answer = await store.request('OPTIONS', `/kv/${key}`, { headers });
    equal(answer.status, 204);
    match(answer.header('access-control-allow-methods') ?? '', /PUT/);
    match(answer.header('allow') ?? '', /PUT/);
  });

  test('an OPTIONS that is no preflight is answered too', async () => {
    const answer = await store.request('OPTIONS', `/kv/${key}`);
    equal(answer.status, 204);
    match(answer.header('allow') ?? '', /PUT/);
  });

  test('a page of another origin is not named', async () => {
    equal((await store.get(key, { Origin: 'https://other.example' })).header('access-control-allow-origin'), origin);
  });

  test('errors are problems, readable by the page', async () => {
    const answer = await store.get(store.key('absent'), { Origin: origin });
    assertProblem(answer, 'not-found', 404);
    equal(answer.header('access-control-allow-origin'), origin);
  });
}
