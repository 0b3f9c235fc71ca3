/**
 * A reporter for Node's test runner that tells of tests that failed, and of nothing else: for the end of a long run, where
 * their place in the output is far above. A test that failed because one inside it did is left out.
 */
// biome-ignore lint/style/noDefaultExport: that is how Node takes a reporter.
export default async function* failureReporter(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:fail') continue;
    const { error } = data.details;
    if (error.failureType === 'subtestsFailed') continue;
    yield `${data.name} (${data.file ?? 'no file'}:${data.line ?? '?'})\n${indented(error.cause?.stack ?? error.message)}\n`;
  }
}

function indented(text) {
  return String(text)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
