import { parseArgs } from 'node:util';
import { fullLayerPlan, type LayerPlan, quickLayerPlan, shortLayerPlan, withEntries } from './layer-plan.ts';
import type { Scenario } from './scenario.ts';

/** What the benchmark was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  /** Write the pages from the results that are there. */
  | { readonly kind: 'report' }
  | { readonly kind: 'embedded'; readonly isQuick: boolean }
  | {
      readonly kind: 'layers';
      readonly plan: LayerPlan;
      /** Of the scenarios to run, in the order of `known`. */
      readonly names: readonly string[];
      /** Whether results are written, and not only printed. */
      readonly isKept: boolean;
    };

/** What the command line has to know of a scenario. */
export type Choice = Pick<Scenario, 'name' | 'title' | 'isLong'>;

export function usageText(scenarios: readonly Choice[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  const lines = scenarios.map(
    ({ name, title, isLong }) => `  ${name.padEnd(width)}  ${title}${isLong ? ' (when named, and in full runs)' : ''}`,
  );
  return `Usage: npm run bench [-- [full] [SCENARIO...] [--quick] [--print] [--entries=N]]
       npm run bench -- embedded [--quick]
       npm run bench -- report

Measures the layered store on this machine beside etcd, Webdis and a constant route, and writes bench/results/layers.json,
layers.md and plots, and docs/load-tests.md. A scenario that is run alone replaces its own results only.
  full          longer rounds, ten million entries
  --quick       a first look; only prints
  --print       only prints
  --entries=N   most entries of "costs", "misses", "mixed" and "growth"

Scenarios:
${lines.join('\n')}

embedded: the store as one process; writes bench/results/embedded.json and embedded.md.
report: writes the pages and plots from the results that are there.
`;
}

/**
 * Understands the words of the command line.
 *
 * @param known the scenarios
 * @returns undefined when the words mean nothing
 */
export function readCommand(words: readonly string[], known: readonly Choice[]): Command | undefined {
  const parsed = parse(words);
  if (parsed === undefined) return undefined;
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const [first] = positionals;
  if (first === 'embedded' || first === 'report') {
    const allowed = first === 'embedded' ? ['quick'] : [];
    if (positionals.length > 1 || Object.keys(values).some((name) => !allowed.includes(name))) return undefined;
    return first === 'report' ? { kind: 'report' } : { kind: 'embedded', isQuick: values.quick === true };
  }
  return layersCommand(positionals, values, known);
}

interface Options {
  readonly quick?: boolean;
  readonly print?: boolean;
  readonly help?: boolean;
  readonly entries?: string;
}

function parse(words: readonly string[]): { values: Options; positionals: readonly string[] } | undefined {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean' },
        print: { type: 'boolean' },
        help: { type: 'boolean' },
        entries: { type: 'string' },
      },
    });
  } catch {
    return undefined;
  }
}

function layersCommand(words: readonly string[], options: Options, known: readonly Choice[]): Command | undefined {
  const isFull = words.includes('full');
  const asked = words.filter((word) => word !== 'full');
  if (asked.some((word) => !known.some(({ name }) => name === word)) || (isFull && options.quick)) return undefined;
  const entries = options.entries === undefined ? undefined : Number(options.entries);
  if (entries !== undefined && !(Number.isInteger(entries) && entries >= 1000)) return undefined;
  const plan = options.quick ? quickLayerPlan : isFull ? fullLayerPlan : shortLayerPlan;
  return {
    kind: 'layers',
    plan: entries === undefined ? plan : withEntries(plan, entries),
    names: known
      .filter(({ name, isLong }) => (asked.length === 0 ? isFull || !isLong : asked.includes(name)))
      .map(({ name }) => name),
    isKept: !options.quick && !options.print,
  };
}
