/*
 * What is different each time a store answers, told by its shape. Ids, versions and cursors are bound: one that stands
 * in two places of a page must be one in the answers too. Of the others only the shape counts.
 */

/** Kinds whose texts are bound. */
export const boundKinds = ['id', 'version', 'cursor', 'request'] as const;
export type BoundKind = (typeof boundKinds)[number];

interface Part {
  /** `literal`, a bound kind, or a kind of which only the shape counts. */
  readonly kind: string;
  readonly text: string;
}

const wordBefore = '(?<![A-Za-z0-9_-])';
const wordAfter = '(?![A-Za-z0-9_-])';

const shapes: readonly (readonly [kind: string, pattern: string])[] = [
  ['cursor', '(?<=cursor=)[A-Za-z0-9_-]+'],
  ['request', `${wordBefore}[A-Za-z0-9_-]{12}-[0-9a-z]{1,6}${wordAfter}(?=\\n|$|")`],
  // What Nginx makes: request ids, trace ids.
  ['hexadecimal', `${wordBefore}[0-9a-f]{32}${wordAfter}`],
  ['id', `${wordBefore}[A-Za-z0-9_-]{32}${wordAfter}`],
  ['version', `${wordBefore}[0-9]{16}${wordAfter}`],
  ['time', '[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z'],
  ['date', '[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT'],
  ['duration', '(?<=dur=)[0-9.]+'],
  ['age', '(?<=^age: )[0-9]+$'],
  ['ttl', '(?<=ttl=)[0-9]+'],
  // A request id has as many characters as requests came before it.
  ['length', '(?<=^content-type: application/problem\\+json\\n(?:.+\\n)*content-length: )[0-9]+$'],
];

const anyShape = new RegExp(shapes.map(([, pattern], index) => `(?<k${index}>${pattern})`).join('|'), 'gm');

/** Cuts a text into what stays the same and what does not. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(anyShape)) {
    if (match.index > end) parts.push({ kind: 'literal', text: text.slice(end, match.index) });
    const found = shapes.findIndex((_, index) => match.groups?.[`k${index}`] !== undefined);
    parts.push({ kind: shapes[found]?.[0] ?? 'literal', text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ kind: 'literal', text: text.slice(end) });
  return parts;
}

/** Which text of a page stands for which text of the running store. */
export class Bindings {
  readonly #actual = new Map<string, string>();
  readonly #written = new Map<string, string>();
  /** Bound texts of the page, by kind, the newest last. */
  readonly #seen: Record<BoundKind, string[]> = { id: [], version: [], cursor: [], request: [] };

  /** A command of the page as it has to be run: its ids, versions and cursors become those of the store. */
  toActual(command: string): string {
    return translate(command, this.#actual);
  }

  /** An answer as the page writes it. What is new in it stays as it is. */
  toWritten(answer: string): string {
    return translate(answer, this.#written);
  }

  /** The bound text of a kind that came `back` before the newest; undefined when there is none. */
  recent(kind: BoundKind, back: number): string | undefined {
    return this.#seen[kind].at(-1 - back);
  }

  /**
   * Binds what a written answer says to what the store answered.
   *
   * @returns what differs; undefined when nothing does, and only then anything is bound
   */
  bind(written: string, actual: string): string | undefined {
    const left = partsOf(written);
    const right = partsOf(actual);
    const fresh: [Part, Part][] = [];
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      const one = left[index] ?? { kind: 'literal', text: '' };
      const other = right[index] ?? { kind: 'literal', text: '' };
      if (one.kind !== other.kind) return difference(one.text, other.text);
      if (one.kind === 'literal' && one.text !== other.text) return difference(one.text, other.text);
      if (isBound(one.kind)) fresh.push([one, other]);
    }
    const conflict = fresh.find(([one, other], index) => !this.#agrees(one.text, other.text, fresh.slice(0, index)));
    if (conflict !== undefined) return difference(conflict[0].text, this.toWritten(conflict[1].text));
    for (const [one, other] of fresh) this.#add(one, other);
    return undefined;
  }

  /** Binds what can be paired, kind by kind in order, of a written answer that is no longer what the store answers. */
  rebind(written: string, actual: string): void {
    const before = Map.groupBy(partsOf(written), ({ kind }) => kind);
    const now = Map.groupBy(partsOf(actual), ({ kind }) => kind);
    for (const kind of boundKinds) {
      const parts = now.get(kind) ?? [];
      for (const [index, part] of (before.get(kind) ?? []).entries()) {
        const other = parts[index];
        if (other !== undefined) this.#actual.set(part.text, other.text);
      }
      for (const part of parts) if (!this.#written.has(part.text)) this.#add(part, part);
    }
  }

  #agrees(written: string, actual: string, before: readonly [Part, Part][]): boolean {
    const known = this.#actual.get(written) ?? before.find(([one]) => one.text === written)?.[1].text;
    const knownBack = this.#written.get(actual) ?? before.find(([, other]) => other.text === actual)?.[0].text;
    return (known ?? actual) === actual && (knownBack ?? written) === written;
  }

  #add(written: Part, actual: Part): void {
    if (this.#actual.has(written.text)) return;
    this.#actual.set(written.text, actual.text);
    this.#written.set(actual.text, written.text);
    if (isBound(written.kind)) this.#seen[written.kind].push(written.text);
  }
}

function isBound(kind: string): kind is BoundKind {
  return (boundKinds as readonly string[]).includes(kind);
}

function translate(text: string, words: ReadonlyMap<string, string>): string {
  return partsOf(text)
    .map((part) => (isBound(part.kind) ? (words.get(part.text) ?? part.text) : part.text))
    .join('');
}

/** Where two texts begin to differ, with the line before it. */
function difference(written: string, actual: string): string {
  const left = written.split('\n');
  const right = actual.split('\n');
  const at = Math.max(
    0,
    left.findIndex((line, index) => line !== right[index]),
  );
  const show = (lines: readonly string[]) => JSON.stringify(lines.slice(at, at + 3).join('\n'));
  return `written ${show(left)}, answered ${show(right)}`;
}
