import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { closeHttpServer, createHttpServer, createLogger, listenOnSocket } from '../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'stratakv-socket-'));
after(() => rmSync(folder, { recursive: true }));

function serverWith(path: string) {
  const app = createHttpServer({ logger: createLogger({ service: 'test', level: 'silent' }) });
  const release = Promise.withResolvers<void>();
  app.get('/quick', async () => 'quick');
  app.get('/slow', async () => {
    await release.promise;
    return 'slow';
  });
  const listening = app.listen({ port: 0, host: '127.0.0.1' }).then(() => listenOnSocket(app, path));
  return { app, release: release.resolve, listening };
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path }, (answer) => {
      let text = `${answer.statusCode} `;
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('a server answers on its socket too, also where a dead process has left one', async () => {
  const path = join(folder, 'left.sock');
  writeFileSync(path, '');
  const { app, listening } = serverWith(path);
  await listening;
  assert.equal(await get(path, '/quick'), '200 quick');
  assert.equal(await get(path, '/none').then((text) => text.slice(0, 3)), '404');
  await closeHttpServer(app);
  await assert.rejects(get(path, '/quick'));
});

test('a request under way on the socket is answered before the server is closed', async () => {
  const path = join(folder, 'slow.sock');
  const { app, release, listening } = serverWith(path);
  await listening;
  const answer = get(path, '/slow');
  await get(path, '/quick');
  let isClosed = false;
  const closing = closeHttpServer(app).then(() => {
    isClosed = true;
  });
  await assert.rejects(get(path, '/quick'), 'it takes no more connections');
  assert.equal(isClosed, false);
  release();
  assert.equal(await answer, '200 slow');
  await closing;
});
