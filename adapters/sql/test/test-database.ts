import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPartitionCount } from '@stratakv/core';
import { eventually } from '@stratakv/core/testing';
import { startPostgres, type TestPostgres } from '@stratakv/native/testing';
import { Client } from 'pg';
import { openSqlStore, type SqlStore, type SqlStoreOptions } from '../src/index.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const weekMs = 7 * 24 * 3600 * 1000;

/** One PostgreSQL for a file of tests; each test gets a schema of its own in it. */
export class TestServer {
  readonly postgres: TestPostgres;
  #schemas = 0;

  private constructor(postgres: TestPostgres) {
    this.postgres = postgres;
  }

  static async start(): Promise<TestServer> {
    return new TestServer(await startPostgres());
  }

  get port(): number {
    return Number(new URL(this.postgres.url).port);
  }

  /** An empty schema. */
  async createSchema(): Promise<TestSchema> {
    this.#schemas += 1;
    const name = `test_${this.#schemas}`;
    const schema = new TestSchema(this.postgres.url, name);
    await schema.query(`CREATE SCHEMA ${name}`);
    return schema;
  }

  /** Sets what only an operator may set, in place of what was set before; in force when this resolves. */
  async configure(settings: Record<string, string>): Promise<void> {
    const { folder } = this.postgres.process.spec;
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(join(folder ?? '', 'postgresql.auto.conf'), lines.join(''));
    const client = new Client({ connectionString: this.postgres.url });
    await client.connect();
    const loadedAt = async () => (await client.query('SELECT pg_conf_load_time()::text AS at')).rows[0].at as string;
    const before = await loadedAt();
    process.kill(this.postgres.process.pid ?? 0, 'SIGHUP');
    await eventually('the server has read its settings', async () => (await loadedAt()) !== before);
    await client.end();
  }

  close(): Promise<void> {
    return this.postgres.close();
  }
}

/** An empty place for the tables of one store, and a way past the adapter to look at them. */
export class TestSchema {
  readonly #serverUrl: string;
  readonly name: string;

  constructor(serverUrl: string, name: string) {
    this.#serverUrl = serverUrl;
    this.name = name;
  }

  /** The URL of the schema, through other ports if some are given. */
  url(ports: readonly number[] = [], parameters: Record<string, string> = {}, options = ''): string {
    const url = new URL(this.#serverUrl);
    const hosts = ports.length === 0 ? url.host : ports.map((port) => `127.0.0.1:${port}`).join(',');
    const query = new URLSearchParams({ ...parameters, options: `-csearch_path=${this.name} ${options}` });
    return `postgresql://${url.username}:${url.password}@${hosts}${url.pathname}?${query}`;
  }

  /** A connection past the adapter, in this schema. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.#serverUrl, options: `-csearch_path=${this.name}` });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** Runs a statement past the adapter. */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = await this.connect();
    try {
      return (await client.query(text, [...values])).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Opens a store here, and sets it up. */
  async open(options: Partial<SqlStoreOptions> = {}): Promise<SqlStore> {
    const database = openSqlStore({ url: this.url(), retentionMs: weekMs, queueMarginMs: 0, ...options });
    await database.ensureInstallation(defaultPartitionCount);
    return database;
  }

  /** A network between a store and the server. */
  proxy(): Promise<TcpProxy> {
    return TcpProxy.start(Number(new URL(this.#serverUrl).port));
  }
}
