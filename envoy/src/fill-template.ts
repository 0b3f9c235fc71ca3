const placeholder = /\{\{([a-z][\w]*)\}\}/g;

/**
 * Puts values in the place of `{{name}}` in the text of a configuration file.
 *
 * @throws Error for a name without a value, and for a value no name asks for: one of the two is misspelt
 */
export function fillTemplate(template: string, values: Readonly<Record<string, string | number>>): string {
  const used = new Set<string>();
  const text = template.replace(placeholder, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`the template asks for {{${name}}}, which has no value`);
    used.add(name);
    return String(value);
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`the template does not ask for ${unused.join(', ')}`);
  return text;
}
