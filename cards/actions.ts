/**
 * What a button says when it is clicked. The value holds opaque ids only, and everything that comes back is
 * attacker-controlled: Slack promises nowhere that a value is the one that was posted. So it is read strictly here,
 * and judged again by the gate, the policy and the workflow.
 */
import { type Digest, isRequestId, type RequestId } from '../contract/ids.js';

/** Clicks without a length, and clicks that carry one. */
const PLAIN = ['deny', 'revoke', 'ext-deny', 'close-unproven', 'end', 'withdraw', 'review'] as const;
const TIMED = ['approve', 'ext-approve', 'extend'] as const;
type PlainKind = (typeof PLAIN)[number];
type TimedKind = (typeof TIMED)[number];
export type ActionKind = PlainKind | TimedKind;

export interface ParsedAction {
  readonly kind: ActionKind;
  readonly requestId: RequestId;
  /** The round that the click is about: the request's digest, or an extension's. */
  readonly roundDigest: Digest;
  /** Present exactly for `approve`, `ext-approve` and `extend`. */
  readonly windowMs?: number;
  /** Whether a form opens first, for words that go with it. */
  readonly words?: true;
}

/** Matches every action id that `parseAction` may know; for registering the listener. */
export const ACTION_PATTERN =
  /^(?:deny|revoke|revoke-with|ext-deny|close-unproven|end|withdraw|review|(?:approve|approve-with|ext-approve|extend):[1-9]\d{0,9})$/;
/** Behind the kind of a click that has words with it. */
const WITH = '-with';
/** What App Home has beside the buttons of elevations. */
export const HOME_ACTIONS = { ask: 'home-ask', refresh: 'home-refresh' } as const;
/** Has the approvers reminded; its value is a target, as `formatTarget` writes it. */
export const REMIND_ACTION = 'remind';
export const PAGE_PATTERN = /^status-page:(?:0|[1-9]\d{0,5})$/;

const MAX_WINDOW_MS = 7 * 24 * 3_600_000;

/** The action id and value of a button. */
export function formatAction(action: ParsedAction): { readonly actionId: string; readonly value: string } {
  const { kind, requestId, roundDigest, windowMs, words } = action;
  const name = words ? `${kind}${WITH}` : kind;
  const actionId = windowMs === undefined ? name : `${name}:${windowMs}`;
  return { actionId, value: formatTarget({ requestId, roundDigest, ...(windowMs === undefined ? {} : { windowMs }) }) };
}

/** What a click says, or undefined unless it has exactly the form that `formatAction` writes. */
export function parseAction(actionId: unknown, value: unknown): ParsedAction | undefined {
  if (typeof actionId !== 'string' || !ACTION_PATTERN.test(actionId)) return undefined;
  const [name = '', length] = actionId.split(':');
  const words = name.endsWith(WITH);
  const kind = (words ? name.slice(0, -WITH.length) : name) as ActionKind;
  const target = parseTarget(value);
  if (!target || (length === undefined) !== (target.windowMs === undefined)) return undefined;
  if (length !== undefined && Number(length) !== target.windowMs) return undefined;
  return { kind, ...target, ...(words ? { words } : {}) };
}

/** Which elevation and round a button or a modal (its `private_metadata`) is about. */
export type ActionTarget = Omit<ParsedAction, 'kind' | 'words'>;

export function formatTarget(target: ActionTarget): string {
  const { requestId: r, roundDigest: d, windowMs: w } = target;
  return JSON.stringify(w === undefined ? { r, d } : { r, d, w });
}

/** Strict: only the exact bytes that `formatTarget` writes are read, so nothing can hide in them. */
export function parseTarget(value: unknown): ActionTarget | undefined {
  if (typeof value !== 'string' || value.length > 200) return undefined;
  const read = parseJson(value);
  if (typeof read !== 'object' || read === null) return undefined;
  const { r, d, w } = read as { r?: unknown; d?: unknown; w?: unknown };
  if (!isRequestId(r) || !isDigest(d) || !(w === undefined || isWindow(w))) return undefined;
  const target: ActionTarget = { requestId: r, roundDigest: d, ...(w === undefined ? {} : { windowMs: w }) };
  return formatTarget(target) === value ? target : undefined;
}

export function formatPage(page: number): string {
  return `status-page:${page}`;
}

/** The page (from 0) that a status button leads to. */
export function parsePage(actionId: unknown): number | undefined {
  return typeof actionId === 'string' && PAGE_PATTERN.test(actionId) ? Number(actionId.slice('status-page:'.length)) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

function isWindow(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_WINDOW_MS;
}
