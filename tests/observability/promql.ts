import { parser } from '@prometheus-io/lezer-promql';

type Node = ReturnType<typeof parser.parse>['topNode'];

/** `label op "value"` in the braces of a selector. */
export interface Matcher {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** A metric that an expression asks for. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What the aggregations around it leave of its labels; undefined: all of them. */
  readonly keeps: ReadonlySet<string> | undefined;
}

export interface Expression {
  /** Where the grammar of Prometheus does not go along; empty when the expression is well formed. */
  readonly mistakes: readonly string[];
  readonly selectors: readonly Selector[];
  /** Labels that `by` and `on` name. */
  readonly grouping: readonly string[];
  /** Labels that label_replace makes. */
  readonly made: readonly string[];
}

/** Reads a PromQL expression with the grammar that Prometheus's own editor uses. */
export function readExpression(text: string): Expression {
  const mistakes: string[] = [];
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  const made: string[] = [];
  const textOf = ({ from, to }: Node) => text.slice(from, to);
  parser.parse(text).iterate({
    enter: ({ node }) => {
      if (node.type.isError)
        mistakes.push(`at ${node.from}: ${text.slice(Math.max(0, node.from - 20), node.from + 20)}`);
      else if (node.name === 'VectorSelector') selectors.push(readSelector(node, textOf));
      else if (node.name === 'GroupingLabels') grouping.push(...node.getChildren('LabelName').map(textOf));
      else if (node.name === 'FunctionCall' && node.firstChild && textOf(node.firstChild) === 'label_replace') {
        made.push(...madeLabels(node, textOf));
      }
    },
  });
  return { mistakes, selectors, grouping, made };
}

function readSelector(node: Node, textOf: (node: Node) => string): Selector {
  const [name] = node.getChildren('Identifier');
  const matchers = node.getChildren('LabelMatchers').flatMap((braces) =>
    braces.getChildren('UnquotedLabelMatcher').map((matcher) => {
      const [label = '', op = '', value = ''] = childrenOf(matcher).map(textOf);
      return { label, op: op as Matcher['op'], value: unquoted(value) };
    }),
  );
  return { metric: name === undefined ? '' : textOf(name), matchers, keeps: keptLabels(node, textOf) };
}

/** Only `by` is understood: it says what stays. */
function keptLabels(selector: Node, textOf: (node: Node) => string): ReadonlySet<string> | undefined {
  let kept: ReadonlySet<string> | undefined;
  for (let node = selector.parent; node !== null; node = node.parent) {
    if (node.name !== 'AggregateExpr') continue;
    const [modifier] = node.getChildren('AggregateModifier');
    const labels = new Set(modifier?.getChild('GroupingLabels')?.getChildren('LabelName').map(textOf) ?? []);
    const outer = kept;
    kept = outer === undefined ? labels : new Set([...labels].filter((label) => outer.has(label)));
  }
  return kept;
}

function madeLabels(call: Node, textOf: (node: Node) => string): readonly string[] {
  const [body] = call.getChildren('FunctionCallBody');
  const [destination] = body?.getChildren('StringLiteral') ?? [];
  return destination === undefined ? [] : [unquoted(textOf(destination))];
}

function childrenOf(node: Node): readonly Node[] {
  const children: Node[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll('\\\\', '\\');
}
