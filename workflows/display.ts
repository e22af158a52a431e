/** What an operator sees in the Temporal Web UI: current details in short lists, and search attributes for display only. */
import { defineSearchAttributeKey } from '@temporalio/common';
import { condition, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { ElevationView } from '../contract/view.js';
import type { Book } from './book.js';

const STATE = defineSearchAttributeKey('StintState', 'KEYWORD');
const PERSON = defineSearchAttributeKey('StintPerson', 'KEYWORD');
const TARGET = defineSearchAttributeKey('StintTarget', 'KEYWORD');
const OUTCOME = defineSearchAttributeKey('StintOutcome', 'KEYWORD');
const RULE = defineSearchAttributeKey('StintRule', 'KEYWORD');

const NEXT: { readonly [S in ElevationView['state']]: string } = {
  requested: 'an approver decides in Slack',
  approved: 'the target is taken for this elevation',
  granting: 'the target confirms that the access is there',
  active: 'the window ends, or someone ends it',
  ending: 'the target shows that the access is gone',
  collecting: 'the evidence arrives, or its deadline',
  closed: 'nothing: this is over',
};

/** Markdown, short lists: the UI runs the cells of tables together. */
export function details(view: ElevationView): string {
  const { request } = view;
  const lines = [
    `**${view.state}**${view.outcome ? ` (${view.outcome})` : ''}`,
    '', // without an empty line between them the UI shows the list as one paragraph of hyphens
    `- who: ${request.subject.personId}`,
    `- what: ${request.target.key} (${request.category})`,
    `- asked: ${minutes(request.windowMs)}, approved: ${view.approvedWindowMs ? minutes(view.approvedWindowMs) : 'not yet'}`,
    `- decided by: ${view.votes.map((v) => `${v.personId} (${v.decision})`).join(', ') || nobody(view)}`,
    ...(request.startAt && !view.confirmedAt ? [`- to start at: ${request.startAt}`] : []),
    ...(view.startBy && !view.confirmedAt ? [`- must start by: ${view.startBy}`] : []),
    ...(view.deadlineAt ? [`- deadline: ${view.deadlineAt}`] : []),
    ...(view.goneAt ? [`- observed gone: ${view.goneAt}`] : []),
    ...(view.alarmMinutes && !view.goneAt ? [`- **ALARM: not proved gone for ${view.alarmMinutes} min**`] : []),
    ...(view.refusals ? [`- messages refused: ${view.refusals}`] : []),
    `- next: ${view.state === 'approved' && request.startAt ? 'its start comes' : NEXT[view.state]}`,
  ];
  return lines.join('\n');
}

function nobody({ verdict }: ElevationView): string {
  if (verdict.breakGlass) return 'nobody: taken by break-glass';
  return verdict.outcome === 'auto' ? `the policy itself (rule ${verdict.rule ?? 'none'})` : 'nobody yet';
}

function minutes(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

/** The states that are worth an entry of the history: the others pass in moments, or allow no risk (`ending`). */
const WORTH: { readonly [S in ElevationView['state']]: boolean } = {
  requested: true,
  approved: false,
  granting: true,
  active: true,
  ending: false,
  collecting: false,
  closed: true,
};

/** Keeps the details current for as long as the run lives, and the attributes wherever that is no risk. */
export function show(book: Book): void {
  const loop = async () => {
    let attributes = '';
    for (;;) {
      const text = details(book.view);
      setCurrentDetails(text);
      attributes = upsert(book, attributes);
      if (book.is('closed')) return;
      await condition(() => !book.hush && details(book.view) !== text);
    }
  };
  void loop();
}

/**
 * An upsert is a command, and one that the server refuses (an attribute that somebody removed) fails the workflow task: so
 * there is none between the revoke and its proof.
 */
function upsert(book: Book, before: string): string {
  const { state, outcome, request, verdict } = book.view;
  const now = JSON.stringify([state, outcome, verdict.rule]);
  if (now === before || !WORTH[state]) return before;
  upsertSearchAttributes([
    { key: STATE, value: state },
    { key: PERSON, value: request.subject.personId },
    { key: TARGET, value: request.target.key },
    { key: OUTCOME, value: outcome ?? null },
    { key: RULE, value: verdict.rule ?? null },
  ]);
  return now;
}
