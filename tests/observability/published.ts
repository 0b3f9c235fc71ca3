import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat?: string }[];
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string; readonly titleFormat: string }[] };
}

export interface ScrapeJob {
  readonly job_name: string;
  readonly dns_sd_configs?: readonly {
    readonly names: readonly string[];
    readonly type: string;
    readonly port: number;
  }[];
  readonly static_configs?: readonly { readonly targets: readonly string[] }[];
  readonly file_sd_configs?: readonly { readonly files: readonly string[] }[];
  readonly metric_relabel_configs?: readonly { readonly regex: string; readonly action: string }[];
}

export interface PrometheusConfig {
  readonly global: Readonly<Record<string, string>>;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeJob[];
}

/** A file of the repository. */
export function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(path, root)), 'utf8');
}

export function yamlOf(path: string): unknown {
  // docker-compose.yml says many things once.
  return parse(textOf(path), { merge: true, maxAliasCount: -1 });
}

export const alertGroups = (
  yamlOf('deploy/observability/alerts.yml') as {
    groups: readonly { readonly name: string; readonly rules: readonly AlertRule[] }[];
  }
).groups;

export const alerts: readonly AlertRule[] = alertGroups.flatMap(({ rules }) => rules);

export const dashboard = JSON.parse(textOf('deploy/observability/dashboard.json')) as Dashboard;

export const clusterConfig = yamlOf('deploy/observability/prometheus.yml') as PrometheusConfig;

export const nativeConfig = yamlOf('deploy/observability/prometheus.native.yml') as PrometheusConfig;

/** What Grafana puts in for its own variables. */
export function withGrafanaVariables(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll('$__interval', '15s');
}

/** An expression that Prometheus will be asked, and where it stands. */
export interface Question {
  readonly where: string;
  readonly expr: string;
  /** Text that is filled in from the labels of the answer. */
  readonly labelled: string;
}

/** All expressions of the rules and of the dashboard. */
export const questions: readonly Question[] = [
  ...alerts.map(({ alert, expr, annotations }) => ({
    where: `alert ${alert}`,
    expr,
    labelled: (annotations.summary ?? '').replaceAll('$labels.', ''),
  })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr, legendFormat = '' }) => ({
      where: `panel ${title}, ${refId}`,
      expr: withGrafanaVariables(expr),
      labelled: legendFormat,
    })),
  ),
  ...dashboard.annotations.list.map(({ expr, titleFormat }, index) => ({
    where: `annotation ${index}`,
    expr: withGrafanaVariables(expr),
    labelled: titleFormat,
  })),
];
