/**
 * Patterns over text that somebody else wrote, in time that grows with the text and no faster. The runtime's own regular
 * expressions go back and try again: `(a|a)*b`, or twenty harmless looking `.*`, can hold a process for hours on a text that was
 * made for it. Here all ways through a pattern are followed at once, and no character is looked at twice (Thompson, 1968). What can't be done
 * so (looking around, references to groups) is refused (`docs/decisions/0022`).
 */
import { StintError } from '../contract/errors.js';

/** Somewhere in a pattern: what is asked of the next character or of the place, and where it goes on. No test: further at once. */
interface State {
  readonly id: number;
  readonly takes?: RegExp;
  readonly holds?: (before: string | undefined, after: string | undefined) => boolean;
  next: readonly State[];
}

/** A part of a pattern, built in front of what comes after it. */
type Part = (next: State) => State;

/** Whether a pattern is found anywhere in a text. */
export type Finds = (text: string) => boolean;

const STATES_MAX = 1000;
const PLACES: { readonly [sign: string]: NonNullable<State['holds']> } = {
  '^': (before) => before === undefined,
  $: (_before, after) => after === undefined,
  '\\b': (before, after) => isWord(before) !== isWord(after),
  '\\B': (before, after) => isWord(before) === isWord(after),
};
const isWord = (character: string | undefined): boolean => character !== undefined && /^\w$/.test(character);

/** What stands for one character: a class, one of the known escapes, or itself. */
const ONE = /\[(?:\\.|[^\]\\])*\]|\\(?:[dDwWsSnt^$\\.*+?()[\]{}|/]|[pP]\{[^}]*\})|[^\\^$*+?()[\]{}|]/suy;
const TIMES = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/uy;

/** What a pattern takes of a text, from left to right, each as long as it can be: at most so many, and nothing that is empty. */
export type Matches = (text: string, most: number) => readonly string[];

/**
 * Means what `new RegExp(source, 'u')` means. Throws `bad-input`; the sentence is a part of one, such as `must be …`.
 */
export function linearPattern(source: string): Finds {
  const machine = compile(source);
  return (text) => firstMatch(machine, [...text], 0) !== undefined;
}

/** The same for what it finds. Throws `bad-input`. */
export function linearMatches(source: string): Matches {
  const machine = compile(source);
  return (text, most) => {
    const characters = [...text];
    const found: string[] = [];
    let from = 0;
    // An empty one counts as looked for, too: so the text is gone through so many times at most.
    for (let i = 0; i < most; i++) {
      const match = firstMatch(machine, characters, from);
      if (!match) break;
      if (match.to > match.from) found.push(characters.slice(match.from, match.to).join(''));
      from = Math.max(match.to, match.from + 1);
    }
    return found;
  };
}

/** A pattern as states, of which there are so many. */
interface Machine {
  readonly start: State;
  readonly end: State;
  readonly count: number;
}

function compile(source: string): Machine {
  try {
    new RegExp(source, 'u');
  } catch (error) {
    // `Invalid regular expression: /(/u: Unterminated group`
    const [why] = /[^/:]*$/.exec(error instanceof Error ? error.message : '') ?? [];
    throw refusal(`must be a regular expression${why ? `:${why}` : ''}`);
  }
  const { state, count } = counter();
  const parser = { source, at: 0, state };
  const whole = alternatives(parser);
  const end = state({});
  const start = whole(end);
  return { start, end, count: count() };
}

const refusal = (sentence: string): StintError => new StintError('bad-input', sentence);

function counter() {
  let made = 0;
  const state = (what: Omit<State, 'id' | 'next'>, next: readonly State[] = []): State => {
    if (made === STATES_MAX) throw refusal(`must be smaller: repeats written out it has more than ${STATES_MAX} parts`);
    made += 1;
    return { id: made - 1, ...what, next };
  };
  return { state, count: () => made };
}

interface Parser {
  readonly source: string;
  at: number;
  readonly state: ReturnType<typeof counter>['state'];
}

function alternatives(parser: Parser): Part {
  const all = [sequence(parser)];
  while (eat(parser, '|')) all.push(sequence(parser));
  const [only] = all;
  return only && all.length === 1
    ? only
    : (next) =>
        parser.state(
          {},
          all.map((one) => one(next)),
        );
}

function sequence(parser: Parser): Part {
  const parts: Part[] = [];
  while (parser.at < parser.source.length && !'|)'.includes(parser.source[parser.at] ?? '')) parts.push(repeated(parser));
  return (next) => parts.reduceRight((after, part) => part(after), next);
}

function repeated(parser: Parser): Part {
  const part = single(parser);
  const times = match(parser, TIMES);
  if (!times) return part;
  if (parser.source[parser.at] === '?') throw refusal('must not have a ? after a repeat: only whether it is found counts');
  const [sign, least, comma, most] = times;
  if (sign === '*') return any(parser, part);
  if (sign === '+') return (next) => part(any(parser, part)(next));
  if (sign === '?') return perhaps(parser, part);
  const fewest = Number(least);
  const required: Part = (next) => Array.from({ length: fewest }).reduce<State>((after) => part(after), next);
  if (comma === undefined) return required;
  if (!most) return (next) => required(any(parser, part)(next));
  const more = (next: State) =>
    Array.from({ length: Number(most) - fewest }).reduce<State>((after) => parser.state({}, [part(after), next]), next);
  return (next) => required(more(next));
}

function any({ state }: Parser, part: Part): Part {
  return (next) => {
    const loop = state({});
    loop.next = [part(loop), next];
    return loop;
  };
}

function perhaps({ state }: Parser, part: Part): Part {
  return (next) => state({}, [part(next), next]);
}

function single(parser: Parser): Part {
  if (eat(parser, '(')) return group(parser);
  const place = Object.keys(PLACES).find((sign) => eat(parser, sign));
  const holds = place === undefined ? undefined : PLACES[place];
  if (holds) return (next) => parser.state({ holds }, [next]);
  const [one] = match(parser, ONE) ?? [];
  if (one === undefined)
    throw refusal(`must not have ${JSON.stringify(parser.source.slice(parser.at, parser.at + 2))}, which is not known here`);
  const takes = new RegExp(`^${one}$`, 'u');
  return (next) => parser.state({ takes }, [next]);
}

function group(parser: Parser): Part {
  if (!eat(parser, '?:') && parser.source[parser.at] === '?')
    throw refusal('must not look around, nor name its groups: write (…) or (?:…)');
  const inner = alternatives(parser);
  eat(parser, ')');
  return inner;
}

function eat(parser: Parser, sign: string): boolean {
  const found = parser.source.startsWith(sign, parser.at);
  if (found) parser.at += sign.length;
  return found;
}

function match(parser: Parser, sticky: RegExp): RegExpExecArray | undefined {
  sticky.lastIndex = parser.at;
  const found = sticky.exec(parser.source) ?? undefined;
  if (found) parser.at += found[0].length;
  return found;
}

/** A way through the pattern: where it is now, and at which character it began. */
interface Way {
  readonly state: State;
  readonly at: number;
}

/** Follows all ways at once, and from every character a new one until something is found. The leftmost, and of it the longest. */
function firstMatch(
  { start, end, count }: Machine,
  characters: readonly string[],
  first: number,
): { readonly from: number; readonly to: number } | undefined {
  let here: Way[] = [];
  let best: { readonly from: number; readonly to: number } | undefined;
  for (let i = first; i <= characters.length; i++) {
    const [before, after] = [characters[i - 1], characters[i]];
    const ways = best ? here : [...here, { state: start, at: i }];
    const reached = reach(ways, count, before, after);
    const done = reached.find(({ state }) => state === end);
    if (done) best = { from: done.at, to: i };
    const latest = best?.from ?? i;
    here = reached
      .filter(({ state, at }) => at <= latest && after !== undefined && state.takes?.test(after))
      .flatMap(({ state, at }) => state.next.map((next) => ({ state: next, at })));
    if (best && here.length === 0) break;
  }
  return best;
}

/** All states that are reached from these without a character, each once, by the way that began first: they come in that order. */
function reach(from: readonly Way[], count: number, before: string | undefined, after: string | undefined): Way[] {
  const seen = new Uint8Array(count);
  const reached: Way[] = [];
  for (const { state: first, at } of from) {
    const open = [first];
    for (let state = open.pop(); state; state = open.pop()) {
      if (seen[state.id] === 1) continue;
      seen[state.id] = 1;
      reached.push({ state, at });
      if (state.takes === undefined && (state.holds?.(before, after) ?? true)) open.push(...state.next);
    }
  }
  return reached;
}
