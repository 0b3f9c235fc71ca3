import type { CpuProfile, ProfileNode } from './inspector.ts';

export interface HotSpot {
  readonly name: string;
  /** Share of the time the process was at work, from 0 to 1: in it alone. */
  readonly self: number;
  /** The same, with all that it called. */
  readonly total: number;
}

export interface HotSpots {
  /** Share of the time in which the process did something. */
  readonly busy: number;
  readonly functions: readonly HotSpot[];
  /** By where the code lies: a workspace of the repository, a package, Node itself, V8. */
  readonly places: readonly HotSpot[];
}

const resting: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** Sums a profile by function and by place, most time of its own first. */
export function findHotSpots(profile: CpuProfile): HotSpots {
  const micros = microsByNode(profile);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const root = profile.nodes[0];
  const functions = new Sums();
  const places = new Sums();
  const visit = (node: ProfileNode, above: { functions: readonly string[]; places: readonly string[] }) => {
    const own = micros.get(node.id) ?? 0;
    const name = functionName(node);
    const place = placeOf(node);
    const path = { functions: [...above.functions, name], places: [...above.places, place] };
    if (!resting.has(node.callFrame.functionName)) {
      functions.add(name, own, new Set(path.functions));
      places.add(place, own, new Set(path.places));
    }
    for (const child of node.children ?? []) visit(nodes.get(child) as ProfileNode, path);
  };
  if (root !== undefined) visit(root, { functions: [], places: [] });
  const all = [...micros.values()].reduce((sum, each) => sum + each, 0);
  return { busy: functions.self / (all || 1), functions: functions.spots(), places: places.spots() };
}

function microsByNode({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const micros = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    // A delta says how long after the sample before it this one was taken.
    const lasted = timeDeltas[index + 1] ?? 0;
    micros.set(id, (micros.get(id) ?? 0) + Math.max(0, lasted));
  }
  return micros;
}

class Sums {
  /** Microseconds in all. */
  self = 0;
  readonly #self = new Map<string, number>();
  readonly #total = new Map<string, number>();

  add(name: string, micros: number, path: ReadonlySet<string>): void {
    this.self += micros;
    this.#self.set(name, (this.#self.get(name) ?? 0) + micros);
    for (const each of path) this.#total.set(each, (this.#total.get(each) ?? 0) + micros);
  }

  spots(): readonly HotSpot[] {
    const share = (micros: number | undefined) => (micros ?? 0) / (this.self || 1);
    return [...this.#total.keys()]
      .filter((name) => !resting.has(name))
      .map((name) => ({ name, self: share(this.#self.get(name)), total: share(this.#total.get(name)) }))
      .toSorted((one, other) => other.self - one.self);
  }
}

function functionName({ callFrame: { functionName: name, url, lineNumber } }: ProfileNode): string {
  if (url === '') return name || '(no name)';
  return `${name || '(anonymous)'} ${shortPath(url)}:${lineNumber + 1}`;
}

function placeOf({ callFrame: { functionName: name, url } }: ProfileNode): string {
  if (url === '') return resting.has(name) ? name : name === '(garbage collector)' ? 'garbage collector' : 'V8';
  if (url.startsWith('node:')) return 'node';
  const parts = shortPath(url).split('/');
  if (parts[0] === 'node_modules') return parts.slice(0, parts[1]?.startsWith('@') ? 3 : 2).join('/');
  return parts[0] === 'adapters' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

const root = new URL('../../../', import.meta.url).href;

function shortPath(url: string): string {
  return url.startsWith(root) ? url.slice(root.length) : url;
}
