import type { TestSchema } from './test-database.ts';

const columns = `
  SELECT table_name AS "table", column_name || ' ' || udt_name || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || column_default, '') AS line
  FROM information_schema.columns
  WHERE table_schema = current_schema()
  ORDER BY table_name, ordinal_position`;

const constraints = `
  SELECT conrelid::regclass::text AS "table", pg_get_constraintdef(oid) AS line
  FROM pg_constraint
  WHERE connamespace = current_schema()::regnamespace
  ORDER BY 1, 2`;

const indexes = `
  SELECT tablename AS "table", replace(indexdef, schemaname || '.', '') AS line
  FROM pg_indexes
  WHERE schemaname = current_schema()
  ORDER BY tablename, indexname`;

/** The tables of a schema as text, in an order of its own. */
export async function describeTables(schema: TestSchema): Promise<string> {
  const lines: { table: string; line: string }[] = [];
  for (const statement of [columns, constraints, indexes])
    lines.push(...(await schema.query<(typeof lines)[0]>(statement)));
  const tables = [...Map.groupBy(lines, ({ table }) => table)].sort(([a], [b]) => (a < b ? -1 : 1));
  return tables.map(([table, own]) => `${table}\n${own.map(({ line }) => `  ${line}\n`).join('')}`).join('\n');
}
