/** `stint reconcile`: what targets show against what the store says, now. */
import type { Command } from 'commander';
import { HOUSE, shortId } from '../../contract/ids.js';
import { holderOf } from '../../contract/request.js';
import type { Found, Reconciled } from '../../workers/reconcile.js';

interface Options {
  readonly once?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Exit codes: something was found; nothing was, but not everything could be asked, which is no "nothing wrong". */
const FOUND = 3;
const UNASKED = 1;

/** Adds the command. */
export function addReconcile(stint: Command): void {
  stint
    .command('reconcile')
    .description(
      'Compares what all targets show with what the store says. What is ours and should be gone is removed and recorded; everything else is told and never touched. Works while Temporal and Slack are down.',
    )
    .option('--once', 'one run as the workers make it: at most 500 targets, those first that were looked at longest ago')
    .option('--dry-run', 'only look: remove nothing, record nothing')
    .option('--json', 'as JSON, for a script')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing was found, 1 it or a part of it could not be done, 3 something was found. Access that is not of Stint and was told
before is listed, but is nothing new.

Examples:
  $ stint reconcile --dry-run
  $ stint reconcile --once --json | jq '.found[] | {what, did}'`,
    )
    .action(reconcile);
}

async function reconcile({ once = false, dryRun = false, json }: Options): Promise<void> {
  const [{ print, withStore }, { targetsFromHere }] = await Promise.all([import('../ask.js'), import('../operator.js')]);
  const result = await withStore((ask) => ask<Reconciled>({ ask: 'reconcile', dryRun, all: !once }), targetsFromHere);
  print(json, result, () => tableOf(result));
  if (isNews(result)) process.exitCode = FOUND;
  else if (result.failures.length > 0) process.exitCode = UNASKED;
}

function isNews({ found, swept }: Reconciled): boolean {
  return swept > 0 || found.some(({ what, did }) => what !== 'foreign' || did !== 'known');
}

const DID: { readonly [D in Found['did']]: string } = {
  removed: 'removed, seen gone',
  told: 'told',
  known: 'told before',
  failed: 'NOT REMOVED',
  later: 'at a later run',
  untouched: 'untouched',
};

function tableOf(result: Reconciled): string {
  const { found, failures, looked, unseen, later, swept, dryRun } = result;
  const rows = found.flatMap(rowsOf);
  const failed = failures.map(({ what, sentence }) => `could not be asked: ${what}: ${sentence}`);
  const counts = [
    `${looked} looked at`,
    `${found.length} found`,
    ...(unseen > 0 ? [`${unseen} not heard of lately`] : []),
    ...(swept > 0 ? [`${swept} overdue and now proved gone`] : []),
    ...(later > 0 ? [`${later} at the next run`] : []),
    ...(dryRun ? ['dry run: nothing was changed'] : []),
  ];
  return [...rows, ...failed, `${counts.join(', ')}.`].join('\n');
}

function rowsOf({ what, target, holder, requestId, did, how, likely, why }: Found): readonly string[] {
  const cells = [
    what.padEnd(11),
    DID[did].padEnd(18),
    target.key.padEnd(26),
    (holder ?? (holderOf(target) || '-')).padEnd(12),
    requestId === HOUSE ? '-' : shortId(requestId),
  ];
  return [cells.join('  '), `             ${how}`, `             likely: ${likely}`, ...(why ? [`             ${why}`] : [])];
}
