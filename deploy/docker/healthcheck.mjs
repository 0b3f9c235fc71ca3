// Whether the service of this container is ready, for Docker. The argument is its port.

import { get } from 'node:http';

const request = get({ host: '127.0.0.1', port: process.argv[2], path: '/readyz', timeout: 4000 }, (answer) => {
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
  // `docker inspect` shows what a check wrote: here, which dependency is missing.
  answer.pipe(process.stdout);
});
request.on('timeout', () => request.destroy(new Error('/readyz did not answer in 4 s')));
request.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
