const probeWithinMs = 1_000;

/** Whether a GET is answered with 200 within a second. An address that stands for all of the machine's is asked at its own. Never rejects. */
export async function answersOk(host: string, port: number, path: string): Promise<boolean> {
  const asked = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const url = `http://${asked.includes(':') ? `[${asked}]` : asked}:${port}${path}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(probeWithinMs), headers: { connection: 'close' } });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}
