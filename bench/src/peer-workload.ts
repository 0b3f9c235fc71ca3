import { expectLength, expectStatus, expectValue, requestHead, sampleEvery } from './answer-checks.ts';
import { createPicker, entryKey, entryValue } from './dataset.ts';
import type { Client, Workload } from './workload.ts';

/* The same requests in the words of the peers. */

export function createEtcdClients(
  { kind, entries, distribution, valueBytes }: Extract<Workload, { kind: 'etcd-range' | 'etcd-put' }>,
  host: string,
  seed: number,
) {
  const pick = createPicker(distribution, entries, seed);
  const isRange = kind === 'etcd-range';
  const line = isRange ? 'POST /v3/kv/range' : 'POST /v3/kv/put';
  let asked = 0;
  return (): Client => () => {
    const index = pick();
    const isSampled = asked++ % sampleEvery === 0;
    const key = base64(entryKey(index));
    const value = base64(entryValue(index, valueBytes));
    const body = isRange ? `{"key":"${key}"}` : `{"key":"${key}","value":"${value}"}`;
    return {
      head: requestHead(line, host, `content-length: ${body.length}\r\n`) + body,
      body: undefined,
      findMistake: ({ status, body: answered }) =>
        expectStatus(status, 200) ??
        (isRange && isSampled && !answered.includes(`"value":"${value}"`)
          ? `no value or another one under ${entryKey(index)}`
          : undefined),
    };
  };
}

export function createWebdisClients(
  { entries, distribution, valueBytes }: Extract<Workload, { kind: 'webdis-get' }>,
  host: string,
  seed: number,
) {
  const pick = createPicker(distribution, entries, seed);
  const rest = requestHead('', host);
  let asked = 0;
  return (): Client => () => {
    const index = pick();
    const isSampled = asked++ % sampleEvery === 0;
    return {
      head: `GET /GET/${encodeURIComponent(entryKey(index))}.txt${rest}`,
      body: undefined,
      findMistake: ({ status, body }) =>
        expectStatus(status, 200) ??
        expectLength(body, valueBytes) ??
        (isSampled ? expectValue(body, index, valueBytes) : undefined),
    };
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}
