/** `stint list` and `stint show`: the truth from the store. */
import type { Command } from 'commander';
import { isReviewOpen } from '../../contract/break-glass.js';
import { StintError } from '../../contract/errors.js';
import { type Instant, msOf, shortId } from '../../contract/ids.js';
import type { ElevationRow, Frozen, Grant } from '../../contract/ports.js';
import { holderWords } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import type { Shown } from '../../workers/questions.js';
import { named } from '../named.js';
import { plainLine, recordedLines } from '../recorded.js';

/** The most that one question to the store is answered with. */
const MOST = 500;

/** Adds both commands. */
export function addElevations(stint: Command): void {
  stint
    .command('list')
    .description('Lists elevations, newest first.')
    .option('--live', 'only those that are not closed')
    .option('--review', 'only those of break-glass whose review is open')
    .option('--person <id>', 'only those of this person', named)
    .option('--target <key>', 'only those of this target, such as mac-admin/C02XK0AAJG5H', named)
    .option('--limit <n>', 'at most this many, up to 500; what is left out is said', '50')
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      '\nExamples:\n  $ stint list --live\n  $ stint list --review\n  $ stint list --person ada --json\n  $ stint list --target mac-admin/C02XK0AAJG5H',
    )
    .action(list);
  stint
    .command('show')
    .description('Shows one elevation with everything that was recorded of it.')
    .argument('<id>', 'the id, or its first characters (6 or more)')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExamples:\n  $ stint show 3kq7mzv2\n  $ stint show 3kq7mzv2 --json | jq .timeline')
    .action(show);
}

interface ListOptions {
  readonly live?: boolean;
  readonly review?: boolean;
  readonly person?: string;
  readonly target?: string;
  readonly limit: string;
  readonly json?: boolean;
}

async function list({ live, review, person, target, limit, json }: ListOptions): Promise<void> {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new StintError('bad-input', `--limit must be a whole number from 1 to ${MOST}, not ${limit}.`);
  const [{ print, withStore }, { frozenLine }] = await Promise.all([import('../ask.js'), import('./freeze.js')]);
  const filter = {
    ...(live && { live }),
    ...(review && { review: 'open' as const }),
    ...(person && { personId: person }),
    ...(target && { targetKey: target }),
  };
  const [rows, frozen, total] = await withStore((ask) =>
    Promise.all([
      ask<readonly ElevationRow[]>({ ask: 'list', ...filter, limit: count }),
      ask<Frozen | undefined>({ ask: 'frozen' }),
      ask<number>({ ask: 'count', ...filter }),
    ]),
  );
  const head = frozen ? [`${frozenLine(frozen)}`, ''] : [];
  print(json, rows, () => [...head, ...(rows.length === 0 ? ['No elevations.'] : rows.map(row))].join('\n'));
  // For a script the list stays a list, and what is left out is said beside it.
  if (rows.length < total) (json ? process.stderr : process.stdout).write(`${json ? '' : '\n'}${leftOut(rows.length, total)}\n`);
}

/** What a list of so many does not show, of which there are more. */
export function leftOut(shown: number, total: number): string {
  const here = `${shown} of ${total} are shown, the newest`;
  if (total <= MOST) return `${here}; --limit ${total} shows all.`;
  return `${here}; ${shown < MOST ? `--limit ${MOST} shows more, and ` : ''}--person, --target or --live narrow it down.`;
}

function row({ view }: ElevationRow): string {
  const { requestId, subject, target } = view.request;
  const cells = [
    shortId(requestId),
    view.state.padEnd(10),
    (view.outcome ?? '').padEnd(12),
    subject.personId.padEnd(12),
    target.key.padEnd(26),
    view.deadlineAt ?? view.request.askedAt,
    endedBy(view),
    isReviewOpen(view) ? 'REVIEW OPEN' : '',
  ];
  return cells.join('  ').trimEnd();
}

/** Who or what ended it, in a word or two; empty while nobody did. */
function endedBy({ outcome, endedBy: by, revokeCause }: ElevationView): string {
  if (by) return `by ${by}`;
  if (outcome !== 'revoked') return '';
  return revokeCause ? BY[revokeCause] : '';
}

const BY: { readonly [C in NonNullable<ElevationView['revokeCause']>]: string } = {
  approver: 'by an approver',
  operator: 'by an operator',
  cancel: 'cancelled in Temporal',
  left: 'the person left',
};

async function show(id: string, { json }: { json?: boolean }): Promise<void> {
  if (!/^[a-z2-7]{6,26}$/.test(id))
    throw new StintError(
      'bad-input',
      `${id} is no id of an elevation: give 6 to 26 of its letters and digits, as in "stint list".`,
    );
  const { print, withStore } = await import('../ask.js');
  const shown = await withStore((ask) => ask<Shown>({ ask: 'show', id }));
  print(json, shown, () => text(shown));
}

function text(shown: Shown): string {
  const { row, grant } = shown;
  const { view } = row;
  const { request } = view;
  const by = endedBy(view);
  const head = [
    `elevation   ${request.requestId}`,
    `state       ${view.state}${view.outcome ? ` (${view.outcome})` : ''}`,
    ...(by ? [`ended       ${by}${view.endingAt ? ` at ${view.endingAt}` : ''}`] : []),
    ...(view.failure ? [`failure     ${view.failure}${view.failureReason ? `: ${plainLine(view.failureReason)}` : ''}`] : []),
    `who         ${request.subject.name} (${request.subject.personId})`,
    `what        ${request.target.key}, ${holderWords(request.target)} on ${request.target.display}`,
    `window      asked ${request.windowMs / 1000} s, approved ${view.approvedWindowMs ? `${view.approvedWindowMs / 1000} s` : 'not'}`,
    ...(request.startAt
      ? [`start       asked for ${request.startAt}${view.startBy ? `, by ${view.startBy} or not at all` : ''}`]
      : []),
    ...(view.confirmedAt && view.goneAt
      ? [`held        ${seconds(view.confirmedAt, view.goneAt)} s, from ${view.confirmedAt} to ${view.goneAt}`]
      : []),
    `fence       ${fenceLine(grant)}`,
    ...(view.request.breakGlass ? [`break-glass ${glassLine(view)}`] : []),
    `digest      ${view.digest}`,
    '',
  ];
  return [...head, ...recordedLines(shown)].join('\n');
}

function glassLine(view: ElevationView): string {
  const { incident, drill } = view.request.breakGlass ?? {};
  const { review } = view;
  const reviewed = review
    ? `reviewed by ${review.by} at ${review.at}`
    : isReviewOpen(view)
      ? 'its review is open'
      : 'nothing to review';
  return `${drill ? 'a drill, ' : ''}incident ${incident}; ${reviewed}`;
}

/** What the fence has: the row that decides whether anything of it can still be granted. */
function fenceLine(grant: Grant | undefined): string {
  if (!grant) return 'never taken';
  // The tombstone of what was never armed: all three instants are that of its end.
  if (grant.goneAt === grant.endedAt && grant.notAfter === grant.endedAt)
    return `closed at ${grant.endedAt}, before anything was granted`;
  const ended = grant.endedAt ? `ended ${grant.endedAt}` : `open until ${grant.notAfter} at the latest`;
  return `${ended}, ${grant.goneAt ? `gone ${grant.goneAt}` : 'not proved gone'}`;
}

function seconds(from: Instant, to: Instant): string {
  return ((msOf(to) - msOf(from)) / 1000).toFixed(1);
}
