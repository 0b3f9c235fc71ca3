import type { FastifyInstance } from 'fastify';

interface KnownPath {
  readonly matcher: RegExp;
  readonly methods: Set<string>;
}

/**
 * Watches the routes of an app as they are added.
 *
 * @returns the methods of a path (percent-encoded, no query), sorted; undefined when no route is there
 */
export function watchAllowedMethods(app: FastifyInstance): (path: string) => readonly string[] | undefined {
  const paths = new Map<string, KnownPath>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { matcher: patternMatcher(url), methods: new Set<string>() };
    for (const each of [method].flat()) known.methods.add(each);
    paths.set(url, known);
  });
  return (path) => {
    const methods = new Set<string>();
    for (const known of paths.values()) {
      if (known.matcher.test(path)) for (const method of known.methods) methods.add(method);
    }
    return methods.size === 0 ? undefined : [...methods].sort();
  };
}

/** `*` is the rest of the path, `:name` one segment, `::` a colon (find-my-way's patterns, the parts we use). */
function patternMatcher(pattern: string): RegExp {
  const source = pattern.replace(/::|:\w+|\*|[^\w/]/g, (part) => {
    if (part === '::') return ':';
    if (part === '*') return '.*';
    return part.length > 1 ? '[^/]+' : `\\${part}`;
  });
  return new RegExp(`^${source}$`, 's');
}
