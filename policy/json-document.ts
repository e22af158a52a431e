/**
 * A JSON file that is too long for the YAML parser, read so that its problems can be shown with line and column all the same.
 * It refuses what `document.ts` refuses: a key that stands twice, and one that would change what objects are.
 */
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { LineCounter } from 'yaml';
import { type Document, PROTO, type Problem, TOO_DEEP, twice } from './document.js';

/** Reads a text of any length. Never throws on its content. */
export function readJson(text: string, name: string): Document {
  const lines = linesOf(text);
  const where = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const failed = (at: string, what: string): Document => ({ value: undefined, problems: [{ at, path: '', what }], at: () => at });
  const errors: ParseError[] = [];
  try {
    const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
    const [first] = errors;
    // What follows the first is read as nobody meant it.
    if (!root || first) return failed(where(first?.offset ?? 0), `this is no JSON: ${first ? wordsOf(first) : OTHERWISE}`);
    const problems = badKeys(root, where);
    return {
      value: problems.length === 0 ? JSON.parse(text) : undefined,
      problems,
      at: (path, key) => where(placeOf(root, path, key)),
    };
  } catch (error) {
    // The parser recurses: a file of nothing but brackets exhausts the stack.
    if (error instanceof RangeError) return failed(`${name}:1:1`, TOO_DEEP);
    // What the one parser lets pass and the other does not.
    if (error instanceof SyntaxError) return failed(`${name}:1:1`, `this is no JSON: ${error.message}`);
    throw error;
  }
}

const OTHERWISE = 'something is wrong here';
const WORDS: { readonly [code: string]: string } = {
  InvalidSymbol: 'a text has to stand in double quotes',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: 'a key in double quotes has to stand here',
  ValueExpected: 'a value has to stand here',
  ColonExpected: 'a colon is missing before this',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a } is missing before this',
  CloseBracketExpected: 'a ] is missing before this',
  EndOfFileExpected: 'the file should have ended before this',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'this text has no closing quote',
  UnexpectedEndOfNumber: 'this is no number',
  InvalidUnicode: 'after \\u four hexadecimal digits have to stand',
  InvalidEscapeCharacter: 'after this backslash no such letter may stand',
  InvalidCharacter: 'such a character has to be escaped',
};

function wordsOf({ error }: ParseError): string {
  return WORDS[printParseErrorCode(error)] ?? OTHERWISE;
}

function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function badKeys(root: Node, where: (offset: number) => string): Problem[] {
  const problems: Problem[] = [];
  const say = ({ offset }: Node, what: string) => problems.push({ at: where(offset), path: '', what });
  const walk = ({ type, children = [] }: Node): void => {
    const seen = new Map<string, Node>();
    for (const child of children) {
      const [key] = type === 'object' ? (child.children ?? []) : [];
      if (key) {
        const first = seen.get(key.value);
        if (key.value === '__proto__') say(key, PROTO);
        else if (first) say(key, twice(key.value, where(first.offset)));
        else seen.set(key.value, key);
      }
      walk(child);
    }
  };
  walk(root);
  return problems;
}

/** Where the value of a path begins, or the key in it; where the nearest enclosing one does, if there is none. */
function placeOf(root: Node, path: readonly PropertyKey[], key: string | undefined): number {
  const steps = path.filter((step) => typeof step !== 'symbol');
  const [last] = key === undefined ? [] : [findNodeAtLocation(root, [...steps, key])];
  // A value's parent is its property, which begins with the key.
  if (last?.parent) return last.parent.offset;
  for (let length = steps.length; length > 0; length--) {
    const node = findNodeAtLocation(root, steps.slice(0, length));
    if (node) return node.offset;
  }
  return root.offset;
}
