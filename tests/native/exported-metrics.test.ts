import { deepEqual, equal, ok } from 'node:assert/strict';
import { globSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../framework/eventually.ts';
import { nativeMode, readRunNote } from '../framework/native-target.ts';
import { startProcess } from '../framework/process-target.ts';
import { readMetricsPages, type SeenMetrics } from '../observability/metrics-page.ts';
import { type Matcher, readExpression } from '../observability/promql.ts';
import { questions, textOf } from '../observability/published.ts';

/*
 * Holds the rules and the dashboard against what real processes export: the whole native stack, after traffic in which
 * each kind of answer came. A metric, a label or a value that is misspelt gives an alert that never comes.
 */

const root = fileURLToPath(new URL('../..', import.meta.url));
const shared = process.env.KV_TARGET_STACK;
const own = shared === undefined ? await startProcess(nativeMode, {}) : undefined;
after(() => own?.close());
const { origin, processes } = readRunNote(shared ?? own?.dataDir ?? '');
const pages = processes.flatMap(({ kind, metricsUrl }) =>
  metricsUrl === undefined ? [] : [{ kind, url: metricsUrl }],
);

/** Made by Prometheus itself. */
const ofPrometheus = new Set(['up', 'ALERTS']);
/** Given by Prometheus to each sample it reads, or to each alert. */
const givenLabels = new Set(['job', 'instance', 'alertname', 'alertstate']);

const sources = ['gateway', 'storage-node', 'consumer', 'service-kit']
  .flatMap((workspace) => globSync(`${workspace}/src/**/*.ts`, { cwd: root }))
  .map((file) => textOf(file));

/** Sends what makes the values come that are asked for. */
async function exercise(): Promise<void> {
  const path = `/kv/metrics/${Date.now()}`;
  await ask('PUT', path, { Prefer: 'wait=10' });
  for (const level of ['no-cache', 'max-age=60', 'max-age=60']) await ask('GET', path, { 'Cache-Control': level });
  // A read that will not wait for a write just accepted.
  await eventually(async () => {
    const accepted = await ask('PUT', path, {});
    const token = accepted.headers.get('sync-token') ?? '';
    const { status } = await ask('GET', path, { 'Sync-Token': token, Prefer: 'wait=0' });
    equal(status, 503);
  });
}

async function ask(method: 'PUT' | 'GET', path: string, headers: Record<string, string>): Promise<Response> {
  const body = method === 'PUT' ? { body: 'x' } : {};
  const answer = await fetch(`${origin}${path}`, { method, headers, ...body });
  await answer.arrayBuffer();
  return answer;
}

async function scrape(): Promise<SeenMetrics> {
  const texts = await Promise.all(
    pages.map(async ({ url }) => {
      const answer = await fetch(url);
      equal(answer.status, 200, url);
      return await answer.text();
    }),
  );
  return readMetricsPages(texts);
}

await exercise();
const seen = await scrape();

/** Labels of a metric: those its samples have, or, while it has counted nothing, those its definition names. */
function hasLabel(metric: string, label: string): boolean {
  if (givenLabels.has(label)) return true;
  const { labels } = seen.get(metric) ?? { labels: new Map() };
  if (labels.size > 0) return labels.has(label);
  return sources.some((source) => {
    const at = source.indexOf(`'${metric}'`);
    return at >= 0 && source.slice(at, at + 250).includes(`'${label}'`);
  });
}

/** Whether a matcher can match: its value, or one of its alternatives, has been seen. */
function canMatch(metric: string, { label, op, value }: Matcher): boolean {
  if (givenLabels.has(label) || op.startsWith('!')) return true;
  const values = [...(seen.get(metric)?.labels.get(label) ?? [])];
  const pattern = new RegExp(`^(?:${value})$`);
  return values.some((each) => (op === '=' ? each === value : pattern.test(each)));
}

test('gateways, storage nodes, consumers and Envoys have a page', () => {
  const kinds = new Set(pages.map(({ kind }) => kind));
  deepEqual([...kinds].sort(), ['consumer', 'envoy', 'gateway', 'storage-node']);
});

describe('what is asked for is exported', () => {
  for (const { where, expr, labelled } of questions) {
    test(where, () => {
      const { selectors, grouping, made } = readExpression(expr);
      for (const { metric, matchers } of selectors) {
        if (ofPrometheus.has(metric)) continue;
        ok(seen.has(metric), `nobody exports ${metric}`);
        for (const matcher of matchers) {
          const { label, op, value } = matcher;
          ok(hasLabel(metric, label), `${metric} has no label ${label}`);
          ok(canMatch(metric, matcher), `${metric} was never seen with ${label}${op}"${value}"`);
        }
      }
      for (const label of grouping) {
        ok(label === 'le' || selectors.some(({ metric }) => hasLabel(metric, label)), `nothing has a label ${label}`);
      }
      for (const [, label = ''] of labelled.matchAll(/\{\{ *([a-z_]+) *\}\}/g)) {
        const isLeft = selectors.some(
          ({ metric, keeps }) => hasLabel(metric, label) && (keeps === undefined || keeps.has(label)),
        );
        ok(isLeft || made.includes(label), `the answer has no label ${label}`);
      }
    });
  }
});

test('the dashboard shows every metric of the services', () => {
  const asked = new Set(
    questions.flatMap(({ expr }) => readExpression(expr).selectors.map(({ metric }) => family(metric))),
  );
  const own = [...new Set([...seen.keys()].filter((name) => name.startsWith('kv_')).map(family))];
  ok(own.length > 40, own.join());
  deepEqual(
    own.filter((metric) => !asked.has(metric)),
    [],
  );
});

function family(metric: string): string {
  return metric.replace(/_(?:bucket|sum|count)$/, '');
}
