import { ownKeys } from '../../sites/native-site.ts';

/** What a fault's own request was answered. */
export interface OwnAnswer {
  /** 0: it was lost. */
  readonly status: number;
  /** Last part of the problem's type. */
  readonly problem: string | undefined;
}

/** Writes a key that no client of a run has. Never rejects. */
export async function putOwn(
  url: string,
  key: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OwnAnswer> {
  try {
    const answer = await fetch(`${url}/kv/${ownKeys}${key}`, {
      method: 'PUT',
      headers,
      body,
      signal: AbortSignal.timeout(20_000),
    });
    const text = await answer.text();
    const [, problem] = /urn:stratakv:problem:([\w-]+)/.exec(text) ?? [];
    return { status: answer.status, problem };
  } catch {
    return { status: 0, problem: undefined };
  }
}

/** Takes away what `putOwn` left. */
export async function removeOwn(url: string, key: string): Promise<void> {
  const answer = await fetch(`${url}/kv/${ownKeys}${key}`, {
    method: 'DELETE',
    headers: { Prefer: 'wait=30' },
    signal: AbortSignal.timeout(40_000),
  });
  await answer.arrayBuffer();
  if (answer.status !== 204) throw new Error(`a key of the fault's own was not removed: ${answer.status}`);
}
