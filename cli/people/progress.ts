/** How a request is told of while somebody waits for it: which lines are new, and when there is nothing more to wait for. Pure. */
import { durationText } from '../../policy/duration.js';
import { plain } from './client.js';

/** How a request stands, as the server tells it. */
export interface Standing {
  readonly requestId: string;
  readonly display: string;
  readonly state: string;
  readonly outcome?: string | undefined;
  readonly approvedBy: readonly string[];
  readonly needed: number;
  /** How far each stage is, where there are several. */
  readonly stages?: readonly { readonly name: string; readonly approved: number; readonly needed: number }[] | undefined;
  /** Who can decide now. */
  readonly waitsFor?: readonly string[] | undefined;
  readonly windowMs: number;
  /** When it is to begin, where it was asked for later. */
  readonly startAt?: string | undefined;
  readonly confirmedAt?: string | undefined;
  readonly deadlineAt?: string | undefined;
  readonly goneAt?: string | undefined;
  readonly why: readonly string[];
}

/** `granted`: it was had, even if it has ended since. `drilled`: it was to be given nothing. */
export type Verdict = 'waiting' | 'granted' | 'drilled' | 'refused';

export function verdictOf({ state, outcome, confirmedAt }: Standing): Verdict {
  if (confirmedAt !== undefined) return 'granted';
  if (outcome === 'drilled') return 'drilled';
  return ['ending', 'collecting', 'closed'].includes(state) ? 'refused' : 'waiting';
}

/** All that can be said of it by now, oldest first: whoever waits prints what was not there before. */
export function linesOf(now: Standing): readonly string[] {
  const { state, approvedBy, needed, stages, windowMs, startAt, confirmedAt, deadlineAt, outcome, why } = now;
  // Of several stages the sum says little: how far each is stands in a line of its own.
  const count = (i: number) => (i + 1 < needed && !stages ? ` (${i + 1} of ${needed})` : '');
  const votes = approvedBy.map((name, i) => `approved by ${plain(name)}${count(i)}`);
  const ahead = state === 'approved' && startAt !== undefined;
  const later = ['approved', 'granting', 'active'].includes(state) || confirmedAt !== undefined;
  return [
    ...(state === 'handed-over' ? [] : [`requested: ${plain(now.display)}, elevation ${now.requestId.slice(0, 8)}`]),
    ...votes,
    ...waiting(now),
    ...(ahead ? [`starts at ${plain(startAt)}, for ${durationText(windowMs)}`] : []),
    ...(later && !ahead ? [`being granted, for ${durationText(windowMs)}`] : []),
    ...(confirmedAt ? [`granted at ${plain(confirmedAt)}`] : []),
    ...(deadlineAt ? [`ends at ${plain(deadlineAt)}`] : []),
    ...(['refused', 'drilled'].includes(verdictOf(now)) ? [[outcome ?? state, ...why.slice(0, 4).map(plain)].join(': ')] : []),
  ];
}

/** How far it is and whom it waits for: another line whenever that has changed. */
function waiting({ state, stages = [], waitsFor = [] }: Standing): readonly string[] {
  if (state !== 'requested') return [];
  const far = stages.map(({ name, approved, needed }) => `${plain(name)} ${approved} of ${needed}`).join(', ');
  const whom = waitsFor.length > 0 ? [`waits for ${waitsFor.map(plain).join(' or ')}`] : [];
  const parts = [...(far ? [`approvals: ${far}`] : []), ...whom];
  return parts.length > 0 ? [parts.join('; ')] : [];
}
