import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProfileCommand } from '../../src/profile/command-line.ts';
import { findHotSpots } from '../../src/profile/hot-spots.ts';
import type { CpuProfile, ProfileNode } from '../../src/profile/inspector.ts';

const root = new URL('../../../', import.meta.url).href;
const node = (id: number, functionName: string, file: string, children: readonly number[] = []): ProfileNode => ({
  id,
  callFrame: { functionName, url: file === '' || file.startsWith('node:') ? file : root + file, lineNumber: 0 },
  children,
});

test('time is summed by function and by place, a recursion once, and rest is no work', () => {
  const profile: CpuProfile = {
    nodes: [
      node(1, '(root)', '', [2, 3]),
      node(2, '(idle)', ''),
      node(3, 'answer', 'gateway/src/a.ts', [4]),
      node(4, 'answer', 'gateway/src/a.ts', [5]),
      node(5, 'send', 'node_modules/@scope/package/b.js'),
    ],
    startTime: 0,
    endTime: 100,
    samples: [2, 3, 4, 5],
    timeDeltas: [0, 60, 10, 10, 20],
  };
  const { busy, functions, places } = findHotSpots(profile);
  assert.equal(busy, 0.4);
  assert.deepEqual(functions, [
    { name: 'answer gateway/src/a.ts:1', self: 0.5, total: 1 },
    { name: 'send node_modules/@scope/package/b.js:1', self: 0.5, total: 0.5 },
  ]);
  assert.deepEqual(
    places.map(({ name, total }) => [name, total]),
    [
      ['gateway', 1],
      ['node_modules/@scope/package', 0.5],
    ],
  );
});

test('the command names a process, and a load if another one than usual', () => {
  assert.deepEqual(readProfileCommand(['gateway']), { kind: 'gateway', load: 'get', isKept: false });
  assert.deepEqual(readProfileCommand(['consumer']), { kind: 'consumer', load: 'put', isKept: false });
  assert.deepEqual(readProfileCommand(['gateway', 'waited-put']), {
    kind: 'gateway',
    load: 'waited-put',
    isKept: false,
  });
  assert.deepEqual(readProfileCommand(['embedded', 'put', '--keep']), { kind: 'embedded', load: 'put', isKept: true });
  assert.equal(readProfileCommand(['--help']), 'help');
  for (const wrong of [[], ['nginx'], ['gateway', 'delete'], ['gateway', 'get', 'more'], ['--keep']])
    assert.equal(readProfileCommand(wrong), undefined);
});
