import { equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpClient } from '../framework/http.ts';
import { useStore } from '../framework/store.ts';
import { leaveOut } from '../framework/target.ts';

const store = await useStore();

interface Health {
  readonly status: string;
  readonly checks?: Readonly<Record<string, unknown>>;
}

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
}

describe('health', () => {
  test('/healthz says that the process is alive', async () => {
    const answer = await store.request('GET', '/healthz');
    equal(answer.status, 200);
    equal(answer.mediaType, 'application/json');
    match((answer.json() as Health).status, /\S/);
  });

  test('/readyz names each dependency', async () => {
    const answer = await store.request('GET', '/readyz');
    equal(answer.status, 200);
    equal(answer.mediaType, 'application/json');
    const { status, checks } = answer.json() as Health;
    match(status, /\S/);
    ok(checks !== undefined && Object.keys(checks).length > 0, answer.text);
  });

  test('is of this moment: no cache may keep it', async () => {
    for (const path of ['/healthz', '/readyz']) {
      match((await store.request('GET', path)).header('cache-control') ?? '', /no-store/, path);
    }
  });
});

/** Reads the Prometheus text format strictly: a line that is neither a comment nor a sample is an error. */
function samplesOf(text: string): Sample[] {
  ok(text.endsWith('\n'), 'the last line ends');
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) [a-zA-Z_:][\w:]* \S/.test(line)) continue;
    const match = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/.exec(line);
    ok(match, `not a sample: ${line}`);
    const value = match[3] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[3]);
    ok(!Number.isNaN(value) || match[3] === 'Nan' || match[3] === 'NaN', line);
    samples.push({ name: match[1] ?? '', labels: match[2] ?? '', value });
  }
  return samples;
}

/** All pages of the store, one a service, past the contract checks: they are not part of the public API. */
async function metrics(): Promise<{ text: string; samples: readonly Sample[] }> {
  const texts = await Promise.all(
    store.target.metricsUrls.map(async (url) => {
      const answer = await new HttpClient(url).request('GET', new URL(url).pathname);
      equal(answer.status, 200, answer.describe());
      match(answer.header('content-type') ?? '', /^text\/plain; *version=0\.0\.4/);
      return answer.text;
    }),
  );
  return { text: texts.join(''), samples: texts.flatMap(samplesOf) };
}

function requestsCounted(samples: readonly Sample[]): number {
  return samples
    .filter(({ name }) => /http_.*request.*_(total|count)$/.test(name))
    .reduce((sum, { value }) => sum + value, 0);
}

if (store.target.metricsUrls.length === 0) leaveOut('metrics', 'KV_TARGET_METRICS_URLS is not set');
else {
  describe('metrics', () => {
    test('are in the Prometheus text format', async () => {
      const { text, samples } = await metrics();
      ok(samples.length > 10, `${samples.length} samples`);
      const typed = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map((found) => found[1] ?? ''));
      for (const { name } of samples) {
        ok(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} has no TYPE`);
      }
    });

    test('count the requests', async () => {
      const before = requestsCounted((await metrics()).samples);
      for (let n = 0; n < 20; n++) await store.get(store.key(`counted/${n}`));
      const after = requestsCounted((await metrics()).samples);
      ok(after >= before + 20, `${before} before, ${after} after 20 requests`);
    });

    test('have no label for a key, a value or an id: their number is bounded and nothing leaks', async () => {
      const key = store.key('very-secret-name');
      const answer = await store.put(key, 'very-secret-value');
      await store.settled(answer);
      await store.get(key);
      await store.request('GET', '/not-a-route-of-ours');
      const { text } = await metrics();
      for (const secret of ['very-secret', store.space.slice(0, -1), answer.header('sync-token'), 'not-a-route']) {
        equal(text.includes(secret ?? ''), false, `${secret} is in the metrics`);
      }
    });
  });
}
