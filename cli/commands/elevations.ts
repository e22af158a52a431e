/** `stint list` and `stint show`: the truth from the store. */
import type { Command } from 'commander';
import { StintError } from '../../contract/errors.js';
import { type Instant, msOf, shortId } from '../../contract/ids.js';
import type { ElevationRow } from '../../contract/ports.js';
import type { Shown } from '../../workers/questions.js';

/** Adds both commands. */
export function addElevations(stint: Command): void {
  stint
    .command('list')
    .description('Lists elevations, newest first.')
    .option('--live', 'only those that are not closed')
    .option('--person <id>', 'only those of this person')
    .option('--limit <n>', 'at most this many', '50')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExamples:\n  $ stint list --live\n  $ stint list --person ada --json')
    .action(list);
  stint
    .command('show')
    .description('Shows one elevation with everything that was recorded of it.')
    .argument('<id>', 'the id, or its first characters (6 or more)')
    .option('--json', 'as JSON, for a script')
    .addHelpText('after', '\nExamples:\n  $ stint show 3kq7mzv2\n  $ stint show 3kq7mzv2 --json | jq .timeline')
    .action(show);
}

async function list({
  live,
  person,
  limit,
  json,
}: {
  live?: boolean;
  person?: string;
  limit: string;
  json?: boolean;
}): Promise<void> {
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1 || count > 500)
    throw new StintError('bad-input', `--limit must be a whole number from 1 to 500, not ${limit}.`);
  const { print, withStore } = await import('../ask.js');
  const rows = await withStore((ask) =>
    ask<readonly ElevationRow[]>({ ask: 'list', ...(live && { live }), ...(person && { personId: person }), limit: count }),
  );
  print(json, rows, () => (rows.length === 0 ? 'No elevations.' : rows.map(row).join('\n')));
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
  ];
  return cells.join('  ');
}

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

function text({ row: { view }, timeline }: Shown): string {
  const { request } = view;
  const head = [
    `elevation   ${request.requestId}`,
    `state       ${view.state}${view.outcome ? ` (${view.outcome})` : ''}`,
    `who         ${request.subject.name} (${request.subject.personId})`,
    `what        ${request.target.key}, account ${request.target.localUser} on ${request.target.display}`,
    `window      asked ${request.windowMs / 1000} s, approved ${view.approvedWindowMs ? `${view.approvedWindowMs / 1000} s` : 'not'}`,
    ...(view.confirmedAt && view.goneAt
      ? [`held        ${seconds(view.confirmedAt, view.goneAt)} s, from ${view.confirmedAt} to ${view.goneAt}`]
      : []),
    `digest      ${view.digest}`,
    '',
  ];
  const lines = timeline.map(
    (event) => `${event.at}  ${event.type.padEnd(18)} ${event.actor.personId ?? event.actor.serial ?? event.actor.via}`,
  );
  return [...head, ...lines].join('\n');
}

function seconds(from: Instant, to: Instant): string {
  return ((msOf(to) - msOf(from)) / 1000).toFixed(1);
}
