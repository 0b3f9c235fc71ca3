import {
  type EdgeProblem,
  edgeDocument,
  edgeProblems,
  mayRetryLater,
  retryAfterSeconds,
} from '../../envoy/src/edge-problems.ts';

interface Answer {
  /** A status instead is answered by the location of that status. */
  readonly answer: EdgeProblem | number;
  /** Variable that has to be 1; the last answer of a location has none. */
  readonly when?: string;
}

/** What nginx itself can run into, by the name of the location that answers it. */
const locations: Readonly<Record<string, readonly Answer[]>> = {
  400: [
    {
      when: '$edge_is_key',
      answer: {
        status: 400,
        code: 'invalid-key',
        detail: 'The path is not valid percent-encoding, or leads above its root.',
      },
    },
    { answer: edgeProblems.malformed },
  ],
  404: [{ answer: { status: 404, code: 'not-found', detail: 'There is no such path.' } }],
  408: [{ answer: edgeProblems.tooSlow }],
  411: [
    {
      answer: {
        status: 411,
        code: 'length-required',
        detail: 'Send Content-Length or a chunked body; --data-binary "" for an empty one.',
      },
    },
  ],
  413: [{ answer: edgeProblems.valueTooLarge }],
  417: [{ answer: { status: 417, code: 'invalid-header', detail: 'Expect may only be 100-continue.' } }],
  431: [{ answer: edgeProblems.headersTooLarge }],
  415: [
    { when: '$edge_is_uncoded', answer: 400 },
    {
      answer: {
        status: 415,
        code: 'unsupported-encoding',
        detail: 'Transfer-Encoding may only be chunked: nothing is decoded here.',
      },
    },
  ],
  500: [{ answer: edgeProblems.internal }],
  503: [{ when: '$edge_may_be_taken', answer: edgeProblems.outcomeUnknown }, { answer: edgeProblems.unavailable }],
};

/** One internal location for each error, answering with a problem document. */
export function problemLocations(): string {
  return Object.entries(locations)
    .map(([name, answers]) => location(name, answers))
    .join('\n');
}

function location(name: string, answers: readonly Answer[]): string {
  const headers = [
    'X-Request-Id $edge_problem_id',
    'Cache-Control no-store',
    'X-Content-Type-Options nosniff',
    ...(answers.some(({ answer }) => typeof answer === 'object' && mayRetryLater(answer))
      ? [`Retry-After ${retryAfterSeconds}`]
      : []),
  ];
  const lines = [
    'internal;',
    'default_type application/problem+json;',
    ...headers.map((header) => `add_header ${header} always;`),
    ...answers.map(answerLine),
  ];
  return [`        location = /-/${name} {`, ...lines.map((line) => `            ${line}`), '        }'].join('\n');
}

function answerLine({ answer, when }: Answer): string {
  const line = `return ${typeof answer === 'number' ? answer : problemText(answer)};`;
  return when === undefined ? line : `if (${when}) { ${line} }`;
}

function problemText(problem: EdgeProblem): string {
  return `${problem.status} ${quoted(`${JSON.stringify(edgeDocument(problem, '$edge_problem_id'))}\n`)}`;
}

/** A string in nginx's notation. Variables in it are filled in. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
}
