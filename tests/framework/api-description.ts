import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The request methods an OpenAPI path item may describe. */
export const describedMethods = ['get', 'head', 'put', 'post', 'delete', 'options', 'patch', 'trace'] as const;

/** What the description says about an answer. */
export type Described =
  | { readonly kind: 'unknown-path' }
  | { readonly kind: 'unknown-method'; readonly template: string }
  | { readonly kind: 'unknown-status'; readonly template: string }
  | { readonly kind: 'described'; readonly template: string; readonly response: JsonObject };

interface Route {
  readonly template: string;
  readonly pattern: RegExp;
  readonly item: JsonObject;
}

/** The OpenAPI document of a store, asked the way the contract checks need it. */
export class ApiDescription {
  readonly document: JsonObject;
  readonly #routes: readonly Route[];
  readonly #ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    // RFC 3339 with an offset of zero: every time in an answer is UTC.
    formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, int64: true, byte: true, uri: true },
  });
  readonly #validators = new Map<JsonObject, ValidateFunction>();

  constructor(document: JsonObject) {
    this.document = document;
    this.#routes = Object.entries(asObject(document.paths))
      .map(([template, item]) => ({ template, pattern: templatePattern(template), item: this.resolve(item) }))
      // A template without parameters wins over one with (OpenAPI 3.1, "Path Templating Matching").
      .toSorted((a, b) => parameterCount(a.template) - parameterCount(b.template));
  }

  /** Finds what is said about this status of this request. A HEAD that is not described is its GET. */
  find(method: string, path: string, status: number): Described {
    const pathname = path.split('?', 1)[0] ?? '';
    const route = this.#routes.find(({ pattern }) => pattern.test(pathname));
    if (route === undefined) return { kind: 'unknown-path' };
    const { template, item } = route;
    const operation = item[method.toLowerCase()] ?? (method === 'HEAD' ? item.get : undefined);
    if (operation === undefined) return { kind: 'unknown-method', template };
    const response = asObject(this.resolve(operation).responses)[String(status)];
    if (response === undefined) return { kind: 'unknown-status', template };
    return { kind: 'described', template, response: this.resolve(response) };
  }

  /**
   * Validates a JSON body against the schema of its media type.
   *
   * @returns what is wrong, undefined when nothing is
   */
  mistakes(response: JsonObject, mediaType: string, body: unknown): string | undefined {
    const media = asObject(response.content)[mediaType];
    if (media === undefined) return `${mediaType} is not described for this answer`;
    const schema = asObject(media).schema;
    if (schema === undefined) return `${mediaType} is described without a schema`;
    const validate = this.#validator(asObject(schema));
    return validate(body) ? undefined : this.#ajv.errorsText(validate.errors);
  }

  /** Follows `$ref` inside the document. @throws Error when it leads nowhere */
  resolve(value: unknown): JsonObject {
    const object = asObject(value);
    if (typeof object.$ref !== 'string') return object;
    let target: unknown = this.document;
    for (const part of object.$ref.replace(/^#\//, '').split('/')) {
      target = asObject(target)[decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')];
    }
    if (target === undefined) throw new Error(`${object.$ref} leads nowhere`);
    return this.resolve(target);
  }

  #validator(schema: JsonObject): ValidateFunction {
    const known = this.#validators.get(schema);
    if (known !== undefined) return known;
    // References in the schema point into the document, so what they point at has to be part of the schema.
    const validate = this.#ajv.compile({ ...schema, components: this.document.components ?? {} });
    this.#validators.set(schema, validate);
    return validate;
  }
}

export function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function parameterCount(template: string): number {
  return template.split('{').length - 1;
}

function templatePattern(template: string): RegExp {
  const source = template.split(/(\{[^}]*\})/).map((part) => {
    // A key takes the rest of the path, slashes included, also when that makes it an invalid one.
    if (part === '{key}') return '.*';
    if (part.startsWith('{')) return '[^/]*';
    return part.replace(/[.*+?^$|()[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${source.join('')}$`, 's');
}
