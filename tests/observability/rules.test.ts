import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readExpression } from './promql.ts';
import { alertGroups, alerts, clusterConfig, dashboard, type Panel, questions, textOf } from './published.ts';

const duration = /^(?:\d+(?:ms|s|m|h|d|w|y))+$/;

describe('expressions', () => {
  for (const { where, expr } of questions) {
    test(where, () => {
      const { mistakes, selectors } = readExpression(expr);
      deepEqual(mistakes, [], expr);
      ok(selectors.length > 0 && selectors.every(({ metric }) => metric !== ''), `asks for no metric: ${expr}`);
    });
  }

  test('name the jobs that are scraped', () => {
    const jobs = new Set([...clusterConfig.scrape_configs.map(({ job_name }) => job_name), 'embedded']);
    const named = questions.flatMap(({ expr }) =>
      readExpression(expr).selectors.flatMap(({ matchers }) =>
        matchers.filter(({ label }) => label === 'job').flatMap(({ value }) => value.split('|')),
      ),
    );
    deepEqual(
      named.filter((job) => !jobs.has(job)),
      [],
    );
  });

  test('what is wrong is found', () => {
    for (const wrong of ['sum(rate(a[5m]) > 1', 'frobnicate(a)', 'a[5m', 'sum by (x (a)', 'rate(a{b="c}[5m])']) {
      ok(readExpression(wrong).mistakes.length > 0, wrong);
    }
  });
});

describe('alerts', () => {
  test('have names of their own', () => {
    const names = alerts.map(({ alert }) => alert);
    equal(new Set(names).size, names.length);
    equal(new Set(alertGroups.map(({ name }) => name)).size, alertGroups.length);
  });

  for (const { alert, for: pending, labels, annotations, expr } of alerts) {
    test(alert, () => {
      match(alert, /^[A-Z][A-Za-z]+$/);
      if (pending !== undefined) match(pending, duration);
      deepEqual(Object.keys(labels), ['severity']);
      match(labels.severity ?? '', /^(?:page|ticket)$/);
      match(annotations.summary ?? '', /^(?:[A-Z]|\{\{)[^\n]{15,120}$/, 'a sentence for a person');
      equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
      match(expr, /[<>=]|changes|absent/, 'says when');
    });
  }

  test('each has its part in docs/operations.md, and each part its alert', () => {
    const operations = textOf('docs/operations.md');
    const [, part = ''] = /^## What each alert means\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(operations) ?? [];
    const explained = [...part.matchAll(/^#### (\w+)$/gm)].map(([, name = '']) => name);
    deepEqual(
      explained,
      alerts.map(({ alert }) => alert),
    );
  });
});

describe('dashboard', () => {
  const { panels } = dashboard;

  test('panels have ids and titles of their own', () => {
    for (const member of ['id', 'title'] as const) {
      equal(new Set(panels.map((panel) => panel[member])).size, panels.length, member);
    }
  });

  test('panels lie side by side, on 24 columns', () => {
    for (const [index, panel] of panels.entries()) {
      const { x, w, h } = panel.gridPos;
      ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, panel.title);
      const overlapped = panels.slice(index + 1).filter((other) => overlaps(panel, other));
      deepEqual(
        overlapped.map(({ title }) => title),
        [],
        `below ${panel.title}`,
      );
    }
  });

  for (const { title, type, targets = [], description } of panels) {
    if (type === 'row') continue;
    test(title, () => {
      ok(targets.length > 0);
      equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
      ok(description !== undefined);
    });
  }
});

function overlaps({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
