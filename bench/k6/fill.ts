import { fail, sleep } from 'k6';
import http from 'k6/http';
import { isShed } from './client.ts';
import type { Entries } from './entries.ts';
import { fillAtOnce } from './options.ts';
import type { Settings } from './settings.ts';

const attempts = 20;
const waitSeconds = 30;
const pageLimit = 1000;

/** Writes all entries; they are applied when it returns. Ends the run when the store does not take one. */
export function fillIn({ url }: Settings, entries: Entries): void {
  const headers = { 'Content-Type': 'text/plain', Prefer: `wait=${waitSeconds}` };
  for (let first = 0; first < entries.count; first += fillAtOnce) {
    const length = Math.min(fillAtOnce, entries.count - first);
    const indexes = Array.from({ length }, (_, at) => first + at);
    sendAll(
      indexes.map((index) => put(url, entries, index, headers)),
      [201, 204],
    );
  }
}

function put(url: string, entries: Entries, index: number, headers: Record<string, string>): Sent {
  const params = { headers, tags: { name: 'fill' } };
  return { method: 'PUT', url: `${url}/kv/${entries.key(index)}`, body: entries.value(index), params };
}

/** Deletes everything that this run has written. */
export function cleanUp({ url, space }: Settings): void {
  const params = { tags: { name: 'clean up' } };
  for (
    let path: string | undefined = `/kv?prefix=${encodeURIComponent(space)}&limit=${pageLimit}`;
    path !== undefined;
  ) {
    const answer = http.get(url + path, params);
    if (answer.status !== 200) fail(`The entries under ${space} were not removed: ${answer.status} ${answer.error}`);
    const page = answer.json() as unknown as { entries: { key: string }[]; next?: string };
    const deletes = page.entries.map(({ key }) => ({ method: 'DELETE', url: `${url}/kv/${key}`, body: null, params }));
    while (deletes.length > 0) sendAll(deletes.splice(0, fillAtOnce), [202]);
    path = page.next;
  }
}

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
  readonly params: { readonly headers?: Record<string, string>; readonly tags: Record<string, string> };
}

/** Sends requests side by side, and again those that the store has no time for. */
function sendAll(requests: readonly Sent[], statuses: readonly number[]): void {
  let left = requests;
  for (let attempt = 0; left.length > 0; attempt += 1) {
    const answers = http.batch([...left]);
    const refused = left.filter((_, at) => {
      const answer = answers[at];
      if (answer !== undefined && statuses.includes(answer.status)) return false;
      if (answer !== undefined && isShed(answer) && attempt < attempts) return true;
      const said = answer === undefined ? 'nothing' : `${answer.status} ${answer.error} ${answer.body ?? ''}`;
      return fail(`${left[at]?.method} ${left[at]?.url} was answered with ${said.slice(0, 300)}`);
    });
    if (refused.length > 0) sleep(Math.min(1, 0.1 * (attempt + 1)));
    left = refused;
  }
}
