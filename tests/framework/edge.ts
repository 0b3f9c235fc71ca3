import { HttpClient } from './http.ts';

/*
 * What Nginx decides before the store sees a request, and in which it differs (docs/http-api.md, "Behind Nginx"). Bad
 * requests are refused either way; only who refuses them, and with which type, is not the same. Nothing here is about
 * requests that are good.
 */

/** Whether the store is reached through Nginx. */
export async function isBehindNginx(url: string): Promise<boolean> {
  const http = new HttpClient(url);
  try {
    return (await http.request('GET', '/healthz')).header('server')?.startsWith('nginx') === true;
  } finally {
    http.forgetConnections();
  }
}
