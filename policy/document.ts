/**
 * A YAML or JSON file that people write, read so that every problem can be shown with its line and column. The text is
 * not trusted: it is capped, and anchors, aliases, tags and duplicate keys are refused, so a small file can't unfold
 * into a large one and can't say two things at once.
 */
import { isMap, isScalar, LineCounter, type Node, parseDocument, visit, type YAMLError } from 'yaml';

export interface Problem {
  /** `file:line:column`. */
  readonly at: string;
  /** Where in the document, such as `targets[0].windows`; empty for the whole. */
  readonly path: string;
  readonly what: string;
}

export interface Document {
  readonly value: unknown;
  /** What is wrong with the file before its content is looked at. */
  readonly problems: readonly Problem[];
  /** `file:line:column` of a value, of its key when `key` is given, or of what encloses them. */
  at(path: readonly PropertyKey[], key?: string): string;
}

/** Reads a file of at most `capBytes` bytes. Never throws on its content. */
export function readDocument(text: string, name: string, capBytes: number): Document {
  const size = Buffer.byteLength(text);
  const start = `${name}:1:1`;
  const failed = (what: string): Document => ({
    value: undefined,
    problems: [{ at: start, path: '', what }],
    at: () => start,
  });
  if (size > capBytes)
    return failed(`the file has ${size} bytes; at most ${capBytes} are allowed. Is it the file that is meant?`);
  try {
    return parsed(text, name);
  } catch (error) {
    // The parser recurses: a file of nothing but brackets exhausts the stack.
    if (error instanceof RangeError) return failed(TOO_DEEP);
    throw error;
  }
}

export const TOO_DEEP = 'the file is nested too deeply';
export const PROTO = '"__proto__" is not known here, and can be no key';

/** What is said of a key that stands twice; `first` is where it stood before, as far as that is known. */
export function twice(key: string, first: string | undefined): string {
  return `${JSON.stringify(key)} stands twice in this block${first === undefined ? '' : `, first at ${first}`}; keep one of them`;
}

function parsed(text: string, name: string): Document {
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    stringKeys: true,
    merge: false,
    schema: 'core',
    // NB: 'silent' would also silence the error about a second document, whose rules would be left out unsaid.
    logLevel: 'error',
  });
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  // A warning is, for one, an unknown tag: its value would be taken for something that the author did not mean.
  const errors = [...doc.errors, ...doc.warnings];
  // Where blanks and tabs are mixed nothing that follows is read as it was meant.
  const tabs = errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  const said = tabs.length > 0 ? tabs : errors;
  const problems: Problem[] = said.map((e) => ({ at: where(e.pos[0]), path: '', what: wordsOf(e, text, doc, where) }));
  const refuse = (node: Node | null): void => {
    const what = 'anchors and aliases are not allowed; write the value out';
    problems.push({ at: where(node?.range?.[0] ?? 0), path: '', what });
  };
  visit(doc, {
    Pair: (_key, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      // Where keys are free, such as of tags, the schema would leave this one out unsaid, and what it asks for with it.
      problems.push({ at: where(key.range?.[0] ?? 0), path: '', what: PROTO });
    },
    Alias: (_key, node) => refuse(node),
    Value: (_key, node) => (node.anchor === undefined ? undefined : refuse(node)),
  });
  const at = (path: readonly PropertyKey[], key?: string): string => where(offsetOf(doc.contents, path, key));
  return { value: problems.length === 0 ? doc.toJS({ maxAliasCount: 0 }) : undefined, problems, at };
}

/** What the parser found, for whoever writes the file: its own words are partly for whoever calls it. */
function wordsOf(
  { code, message, pos: [start] }: YAMLError,
  text: string,
  doc: ReturnType<typeof parseDocument>,
  where: (offset: number) => string,
): string {
  const [, key = ''] = /^["']?([^\s"':]{1,60})/.exec(text.slice(start, start + 100)) ?? [];
  switch (code) {
    case 'DUPLICATE_KEY': {
      const first = firstOf(doc, start);
      return twice(key, first === undefined ? undefined : where(first));
    }
    case 'MULTIPLE_DOCS':
      return 'a second document begins here, and a file is one: take out the line "---"';
    case 'TAB_AS_INDENT':
      return 'a tab indents this line: use blanks';
    case 'BAD_INDENT': {
      const end = / and end with a (\S)$/.exec(message)?.[1];
      return end === undefined
        ? message
        : `the list or block in brackets is not closed before this line: end it with ${end}, or indent it further`;
    }
    case 'MISSING_CHAR':
      return message === 'Sequence item without - indicator'
        ? 'this line begins no entry of the list with "- ", and is not indented as what the entry above it holds'
        : message;
    default:
      // Where the parser itself ran out of stack it says so in the runtime's words.
      return /call stack/i.test(message) ? TOO_DEEP : message;
  }
}

/** Where the same key stands for the first time in the block of the key that begins here. */
function firstOf(doc: ReturnType<typeof parseDocument>, start: number): number | undefined {
  let first: number | undefined;
  visit(doc, {
    Map: (_key, { items }) => {
      const keys = items.flatMap(({ key }) => (isScalar(key) && key.range ? [{ value: key.value, from: key.range[0] }] : []));
      const again = keys.find(({ from }) => from === start);
      if (!again) return undefined;
      first = keys.find(({ value }) => value === again.value)?.from;
      return visit.BREAK;
    },
  });
  return first;
}

/** Where the value of a path begins; where the nearest enclosing one does, if there is none. */
function offsetOf(root: Node | null, path: readonly PropertyKey[], key: string | undefined): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    node = isCollectionLike(node) ? node.get(step, true) : undefined;
    if (!hasRange(node)) return offset;
    offset = node.range[0];
  }
  if (key === undefined || !isMap(node)) return offset;
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  return pair && hasRange(pair.key) ? pair.key.range[0] : offset;
}

function isCollectionLike(node: unknown): node is { get(key: unknown, keepScalar: true): unknown } {
  return typeof node === 'object' && node !== null && 'get' in node && typeof node.get === 'function';
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}
