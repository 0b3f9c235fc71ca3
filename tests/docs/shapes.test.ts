import { equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPage, writePage } from './console.ts';
import { Bindings } from './shapes.ts';

const idA = 'AaH-V58YAAwR94jea4_yKSxmzov4CVFw';
const idB = 'AaH-V59oAAwNhArVUgIRI3zfBbYMs3DK';

describe('comparing a written answer with a new one', () => {
  test('other ids, versions and times are the same answer', () => {
    const bindings = new Bindings();
    const written = `etag: "1795268517713000"\nsync-token: ${idA}\nlast-modified: Sat, 21 Nov 2026 13:41:57 GMT`;
    const actual = `etag: "1795268517999001"\nsync-token: ${idB}\nlast-modified: Sun, 22 Nov 2026 03:00:00 GMT`;
    equal(bindings.bind(written, actual), undefined);
    equal(bindings.toActual(`curl localhost:8080/operations/${idA}`), `curl localhost:8080/operations/${idB}`);
    equal(bindings.recent('id', 0), idA);
  });

  test('an id that is one in the text must be one in the answer', () => {
    match(new Bindings().bind(`${idA} ${idA}`, `${idA} ${idB}`) ?? '', /written/);
    match(new Bindings().bind(`${idA} ${idB}`, `${idA} ${idA}`) ?? '', /written/);
    const bindings = new Bindings();
    equal(bindings.bind(idA, idB), undefined);
    match(bindings.bind(idA, idA) ?? '', /written/);
  });

  test('what a wrong answer says is not bound', () => {
    const bindings = new Bindings();
    match(bindings.bind(`${idA} applied`, `${idB} failed`) ?? '', /applied.*failed/);
    equal(bindings.toActual(idA), idA);
  });

  test('an answer that has changed still says which id is which', () => {
    const bindings = new Bindings();
    bindings.rebind(`HTTP/1.1 200 OK\nsync-token: ${idA}`, `HTTP/1.1 202 Accepted\nsync-token: ${idB}`);
    equal(bindings.toActual(`curl localhost:8080/operations/${idA}`), `curl localhost:8080/operations/${idB}`);
    equal(bindings.recent('id', 0), idB);
  });

  for (const [written, actual] of [
    ['HTTP/1.1 204 No Content', 'HTTP/1.1 201 Created'],
    ['etag: "1795268517713000"', 'etag: "179526851771300"'],
    ['etag: "1795268517713000"\nkv-expires: x', 'etag: "1795268517713000"'],
    ['content-length: 6', 'content-length: 7'],
    ['{"size":1}', '{"size":2}'],
    ['cache-status: StrataKV; hit; ttl=60', 'cache-status: StrataKV; fwd=miss; stored'],
  ]) {
    test(`${JSON.stringify(actual)} is not ${JSON.stringify(written)}`, () => {
      match(new Bindings().bind(written ?? '', actual ?? '') ?? '', /written/);
    });
  }

  test('the length of a problem depends on the length of its request id, of others it counts', () => {
    const answer = (type: string, length: number) => `content-type: ${type}\nx-a: b\ncontent-length: ${length}\n\n{}`;
    equal(
      new Bindings().bind(answer('application/problem+json', 190), answer('application/problem+json', 191)),
      undefined,
    );
    match(new Bindings().bind(answer('text/plain', 190), answer('text/plain', 191)) ?? '', /written/);
  });
});

test('a page is written back as it was read', () => {
  const page =
    'Text\n\n```console\n$ curl -i a \\\n    b\nHTTP/1.1 200 OK\n\nc\n$ true\n```\n\nMore $ text\n\n```sh\n$ not run\n```\n';
  equal(writePage(readPage(page)), page);
  equal(readPage(page).filter((part) => typeof part !== 'string').length, 2);
});
