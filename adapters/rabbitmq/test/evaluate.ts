import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestRabbitMq } from '@stratakv/native/testing';

const run = promisify(execFile);

/** Runs an Erlang expression in the broker. */
export async function evaluate(server: TestRabbitMq, expression: string): Promise<void> {
  const [node] = server.nodes;
  assert.ok(node);
  const { command, env = {} } = node.spec;
  const name = env.RABBITMQ_NODENAME ?? '';
  await run(join(dirname(command), 'rabbitmqctl'), ['-n', name, 'eval', expression], {
    env: { ...process.env, ...env },
  });
}
