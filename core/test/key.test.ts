import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareKeys, type Key, keyPath, type ProblemCode, parseKey, parseKeyPath, StrataError } from '../src/index.ts';
import { anyKey } from './arbitraries.ts';

/** The path in which each byte of a key is written raw (0), as %XX (1) or as %xx (2), as the choices say. */
function pathOf(key: string, choices: readonly number[]): string {
  let path = '';
  for (const [index, byte] of Buffer.from(key).entries()) {
    const choice = byte === 0x25 ? 1 + (index % 2) : (choices[index % choices.length] ?? 0);
    const hex = byte.toString(16).padStart(2, '0');
    path += choice === 0 ? String.fromCharCode(byte) : `%${choice === 1 ? hex.toUpperCase() : hex}`;
  }
  return path;
}

/** The bytes a path stands for, decoded one by one; undefined for a stray percent sign. */
function bytesOf(path: string): Buffer | undefined {
  const bytes: number[] = [];
  for (let at = 0; at < path.length; at += 1) {
    if (path[at] !== '%') {
      bytes.push(path.charCodeAt(at));
      continue;
    }
    const hex = path.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) return undefined;
    bytes.push(Number.parseInt(hex, 16));
    at += 2;
  }
  return Buffer.from(bytes);
}

function refused(code: ProblemCode) {
  return (error: unknown) => error instanceof StrataError && error.code === code;
}

function attempt(parse: (text: string) => Key, text: string): Key | undefined {
  try {
    return parse(text);
  } catch (error) {
    assert.ok(error instanceof StrataError && (error.code === 'invalid-key' || error.code === 'key-too-long'));
    return undefined;
  }
}

const choices = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 20 });

test('whatever way its bytes are written in the path, a key is that key', () => {
  fc.assert(
    fc.property(anyKey, choices, (key, choices) => {
      assert.equal(parseKeyPath(pathOf(key, choices)), key);
    }),
    { numRuns: 2000 },
  );
});

test('raw UTF-8 and percent-encoded form agree, also within one character', () => {
  for (const path of ['\xc3\xa9', '%C3%A9', '%c3%a9', '\xc3%a9', '%C3\xa9']) assert.equal(parseKeyPath(path), 'é');
});

test('a key is its text: what parses is unchanged, so two texts are never one key', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), anyKey), (text) => {
      const key = attempt(parseKey, text);
      assert.ok(key === undefined || key === text);
    }),
    { numRuns: 2000 },
  );
});

test('texts that look alike stay two keys', () => {
  const pairs = [
    ['é', 'e\u0301'],
    ['\ufeffa', 'a'],
    ['A', 'a'],
    ['a/b', 'a%2Fb'],
    ['a+b', 'a b'],
    ['a', 'a '],
    ['ﬁ', 'fi'],
  ];
  for (const [one = '', other = ''] of pairs) assert.notEqual(parseKey(one), parseKey(other));
  assert.notEqual(parseKeyPath('a%252Fb'), parseKeyPath('a%2Fb'));
  assert.equal(parseKeyPath('a%252Fb'), 'a%2Fb');
  assert.equal(parseKeyPath('a%2Fb'), parseKeyPath('a/b'));
  assert.equal(parseKeyPath('a+b'), 'a+b');
});

const roughPath = fc
  .array(
    fc.oneof(
      fc.constantFrom('%', '%2', '%zz', '/', '.', '..', '%2e', '%2F', '%00', '%C0%80', '%ED%A0%80', '%EF%BB%BF', 'a'),
      fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
      fc.integer({ min: 0, max: 255 }).map((byte) => `%${byte.toString(16).padStart(2, '0')}`),
      anyKey.map((key) => pathOf(key, [0, 1])),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('a path is the key of exactly the bytes it stands for, or refused', () => {
  let parsed = 0;
  fc.assert(
    fc.property(roughPath, (path) => {
      const key = attempt(parseKeyPath, path);
      if (key === undefined) return;
      parsed += 1;
      assert.deepEqual(Buffer.from(key), bytesOf(path));
    }),
    { numRuns: 3000 },
  );
  // Far below what comes up (about 315), so that chance alone never fails it.
  assert.ok(parsed > 150, `${parsed} of 3,000 paths were keys`);
});

test('a path that is no key as text is no key', () => {
  const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(roughPath, (path) => {
      const bytes = bytesOf(path);
      let expected: Key | undefined;
      try {
        expected = bytes && attempt(parseKey, strictUtf8.decode(bytes));
      } catch {
        expected = undefined;
      }
      assert.equal(attempt(parseKeyPath, path), expected);
    }),
    { numRuns: 3000 },
  );
});

test('the path of a key leads back to it and holds nothing but unreserved characters, slashes and percents', () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const path = keyPath(key);
      assert.match(path, /^\/kv\/[A-Za-z0-9\-._~!*'()%/]+$/);
      assert.equal(parseKeyPath(path.slice('/kv/'.length)), key);
    }),
    { numRuns: 1000 },
  );
});

const wide = [
  ['ASCII', 'x', 1],
  ['two bytes', 'é', 2],
  ['three bytes', '€', 3],
  ['four bytes', '\u{1f30a}', 4],
] as const;

for (const [what, character, size] of wide) {
  test(`512 bytes are a key and 513 are too long: ${what}`, () => {
    const whole = Math.floor(512 / size);
    const longest = character.repeat(whole) + 'x'.repeat(512 - whole * size);
    assert.equal(Buffer.byteLength(longest), 512);
    assert.equal(parseKey(longest), longest);
    for (const choices of [[0], [1], [0, 1, 2]]) {
      assert.equal(parseKeyPath(pathOf(longest, choices)), longest);
      assert.throws(() => parseKeyPath(pathOf(`${longest}x`, choices)), refused('key-too-long'));
    }
    assert.throws(() => parseKey(`${longest}x`), refused('key-too-long'));
  });
}

test('a path of any length is refused without being decoded', () => {
  assert.throws(() => parseKeyPath('%'.repeat(1_000_000)), refused('key-too-long'));
});

const invalidTexts = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  './a',
  'a/.',
  'a/..',
  'a/../b',
  'a/./b',
  '\0',
  'a\nb',
  '\x7f',
  '\x85',
  '\ud800',
  'a\udc00b',
];
for (const text of invalidTexts) {
  test(`no key: ${JSON.stringify(text)}`, () => assert.throws(() => parseKey(text), refused('invalid-key')));
}

const invalidPaths = [
  '',
  '%',
  '%2',
  '%zz',
  'a%',
  '%00',
  '%C0%80',
  '%C0%AF',
  '\xc0\xaf',
  '%ED%A0%80',
  '%F4%90%80%80',
  '%FF',
  '\xff',
  '\xc3',
  '%C3',
  '%2e',
  '%2E%2e',
  'a%2F',
  '%2Fa',
  'a/%2e%2e/b',
  '%C2%85',
  '\u0161',
  '\u4e2d',
];
for (const path of invalidPaths) {
  test(`no path of a key: ${JSON.stringify(path)}`, () => {
    assert.throws(() => parseKeyPath(path), refused('invalid-key'));
  });
}

test('keys hold what looks dangerous but is not', () => {
  for (const text of [
    '...',
    '.a',
    'a..',
    '__proto__',
    'constructor',
    '%00',
    '?',
    '#',
    ' ',
    '\u{1f30a}',
    '\ufffd',
    'a\\b',
  ]) {
    assert.equal(parseKey(text), text);
  }
});

test('keys are ordered by their bytes, not by UTF-16', () => {
  assert.ok(compareKeys('\uffee', '\u{1f30a}') < 0);
  fc.assert(
    fc.property(anyKey, anyKey, (one, other) => {
      assert.equal(Math.sign(compareKeys(one, other)), Math.sign(Buffer.from(one).compare(Buffer.from(other))));
      assert.equal(compareKeys(one, other) === 0, one === other);
    }),
  );
});
