import { StrataError } from '@stratakv/core';

/** What a query parameter may be: a JSON Schema, also shown in the OpenAPI document. */
export type ParameterSchema =
  | { readonly type: 'string'; readonly minLength?: number; readonly maxLength?: number; readonly default?: string }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number; readonly default?: number };

export interface Parameter {
  readonly schema: ParameterSchema;
  readonly description: string;
}

export type Parameters = Readonly<Record<string, Parameter>>;

type ValueOf<P extends Parameter> = P['schema'] extends { type: 'integer' } ? number : string;

/** Parameters that were sent or have a default; the others are undefined. */
export type Query<P extends Parameters> = { readonly [Name in keyof P]: ValueOf<P[Name]> | undefined };

/**
 * Reads a query string strictly: unknown and repeated parameters, bad percent-encoding and values outside their schema
 * are refused. `+` is a space, as forms send it.
 *
 * @param url path with or without a query
 * @throws StrataError `invalid-query`
 */
export function parseQuery<const P extends Parameters>(url: string, parameters: P): Query<P> {
  const query = Object.fromEntries(
    Object.entries(parameters).map(([name, { schema }]) => [name, schema.default]),
  ) as Record<string, string | number | undefined>;
  const at = url.indexOf('?');
  const seen = new Set<string>();
  for (const part of at < 0 ? [] : url.slice(at + 1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (parameter === undefined) throw invalid(`There is no parameter ${JSON.stringify(name.slice(0, 40))} here.`);
    if (seen.has(name)) throw invalid(`The parameter ${name} is given twice.`);
    seen.add(name);
    query[name] = readValue(name, equals < 0 ? '' : decode(part.slice(equals + 1)), parameter.schema);
  }
  return query as Query<P>;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new StrataError('invalid-query', 'The percent-encoding of the query is not valid UTF-8.', { cause });
  }
}

function readValue(name: string, text: string, schema: ParameterSchema): string | number {
  if (schema.type === 'integer') {
    const value = Number(text);
    if (!/^[0-9]{1,15}$/.test(text) || value < schema.minimum || value > schema.maximum) {
      throw invalid(`${name} is a whole number from ${schema.minimum} to ${schema.maximum}.`);
    }
    return value;
  }
  const bytes = Buffer.byteLength(text);
  const least = schema.minLength ?? 0;
  const most = schema.maxLength ?? Number.POSITIVE_INFINITY;
  if (bytes < least || bytes > most || !text.isWellFormed()) {
    throw invalid(`${name} is UTF-8 text of ${least} to ${most} bytes.`);
  }
  return text;
}

function invalid(detail: string): StrataError {
  return new StrataError('invalid-query', detail);
}
