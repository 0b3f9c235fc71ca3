import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatEtag, nextVersion, parseEtag } from '../src/index.ts';
import { anyVersion } from './arbitraries.ts';

test('a new version exceeds the one before and the floor, and is not behind the clock', () => {
  assert.equal(nextVersion(undefined, 0, 1000), 1000);
  assert.equal(nextVersion(999, 0, 1000), 1000);
  assert.equal(nextVersion(1000, 0, 1000), 1001);
  assert.equal(nextVersion(5000, 0, 1000), 5001);
  assert.equal(nextVersion(undefined, 5000, 1000), 5001);
  assert.equal(nextVersion(6000, 5000, 1000), 6001);
  assert.equal(nextVersion(undefined, 0, 0), 1);
});

test('a version as an entity tag comes back', () => {
  fc.assert(
    fc.property(anyVersion, (version) => {
      assert.equal(formatEtag(version), `"${version}"`);
      assert.equal(parseEtag(formatEtag(version)), version);
    }),
  );
});

test('two tags are never one version', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^"[0-9]{0,18}"$/)), (tag) => {
      const version = parseEtag(tag);
      assert.ok(version === undefined || formatEtag(version) === tag);
    }),
    { numRuns: 1000 },
  );
});

const notOurs = [
  '',
  '7',
  '"7',
  '7"',
  'W/"7"',
  '"0"',
  '"07"',
  '"-7"',
  '"7.0"',
  '"1e3"',
  '" 7"',
  '""',
  '"*"',
  '*',
  '"7","8"',
  '"9007199254740992"',
  '"99999999999999999"',
  '"7"\n',
  '"٧"',
];
for (const tag of notOurs) {
  test(`no version in the tag ${JSON.stringify(tag)}`, () => assert.equal(parseEtag(tag), undefined));
}
