/* What the JSON Schemas of the files are put together from. */

export const text = { type: 'string' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const moment = { type: 'number' } as const;
export const flag = { type: 'boolean' } as const;
export const texts = { type: 'array', items: text } as const;

type Members = Readonly<Record<string, object>>;

/** An object with these members and no others. */
export function object(required: Members, optional: Members = {}): object {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** One of these texts. */
export function kind(...names: readonly string[]): object {
  return { enum: names };
}
