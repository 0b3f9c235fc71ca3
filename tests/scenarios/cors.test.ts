import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from '../framework/answer.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const key = store.key('entry');
await store.write(key, 'value');

function corsHeaders(answer: Answer): string[] {
  return [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
}

describe('pages of other sites get no permission by default', () => {
  for (const origin of ['https://example.org', 'null', 'http://localhost:3000']) {
    for (const [method, path] of [
      ['GET', `/kv/${key}`],
      ['GET', '/kv'],
      ['GET', `/kv/${store.key('absent')}`],
      ['DELETE', `/kv/${store.key('absent')}`],
      ['GET', '/healthz'],
      ['GET', '/openapi.json'],
    ] as const) {
      test(`${method} ${path.replace(store.space, '')} from ${origin}`, async () => {
        deepEqual(corsHeaders(await store.request(method, path, { headers: { Origin: origin } })), []);
      });
    }
  }

  test('and a preflight is an ordinary OPTIONS', async () => {
    const headers = {
      Origin: 'https://example.org',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'kv-ttl',
    };
    const answer = await store.request('OPTIONS', `/kv/${key}`, { headers });
    equal(answer.status, 204);
    deepEqual(corsHeaders(answer), []);
  });
});
