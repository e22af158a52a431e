/** `stint revoke`: takes access back now, whichever part of Stint is down. */
import type { Command } from 'commander';
import { isStintError, StintError } from '../../contract/errors.js';
import { isRequestId } from '../../contract/ids.js';
import type { Ask } from '../../workers/questions.js';
import type { Choice, Revocable } from '../../workers/revocable.js';
import type { TakenBack } from '../../workers/take-back.js';
import { named } from '../named.js';
import { saysYes } from '../yes.js';

interface Options {
  readonly request?: string;
  readonly all?: boolean;
  readonly person?: string;
  readonly target?: string;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly wait?: boolean | string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addRevoke(stint: Command): void {
  stint
    .command('revoke')
    .description(
      'Takes access back now, and calls off what only waits. Works while Slack is down; where Temporal or the workflow is not there, it ends the access directly.',
    )
    .argument('[id]', 'the id of one elevation, or its first characters (6 or more)')
    .option('--request <id>', 'the same, by name')
    .option('--person <id>', 'everything of this person', named)
    .option('--target <key>', 'whatever holds this target, such as mac-admin/C02XK0AAJG5H', named)
    .option('--all', 'everything; asks first, and revokes nothing unless the answer is yes (exit code 1 then)')
    .option('--reason <text>', 'why; goes with the sealed message')
    .option('--yes', 'with --all: do not ask')
    .option('--wait [seconds]', 'until the access is proved gone (120 s if not said); exit code 1 where it is not')
    .option('--json', 'as JSON, for a script; the steps go to standard error')
    .addHelpText(
      'after',
      `
Examples:
  $ stint revoke 3kq7mzv2 --wait
  $ stint revoke --person ada --reason "left the company"
  $ stint freeze --reason INC-417 && stint revoke --all --yes --wait 300`,
    )
    .action(revoke);
}

const WIDTH = 8;
const WAIT_S = 120;

async function revoke(id: string | undefined, options: Options): Promise<void> {
  const choice = choiceOf(id, options);
  const waitMs = waitOf(options.wait);
  const [{ print, withStore }, { handOf, targetsFromHere }, { sideBySide }, { takeBack }] = await Promise.all([
    import('../ask.js'),
    import('../operator.js'),
    import('../../workers/side-by-side.js'),
    import('../../workers/take-back.js'),
  ]);
  const say = (line: string) => (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  const clock = () => Date.now();
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  let storeThere = false;
  const past = async (ask: Ask): Promise<readonly Told[] | undefined> => {
    const found = await ask<readonly Revocable[]>({ ask: 'revocable', ...defined(choice) });
    storeThere = true;
    if (options.all && found.length > 0 && !options.yes && !(await confirmed(found))) return undefined;
    if (found.length === 0) say('There is nothing to take back. What there is shows "stint list --live".');
    const { hand, close } = await handOf(ask, options.reason, say);
    const settled = await sideBySide(found, WIDTH, (one) =>
      takeBack({ ask, hand, say, clock, sleep, ...(waitMs !== undefined && { waitMs }) }, one),
    );
    await close();
    return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  };
  const results = await withStore(past, targetsFromHere).catch(async (why: unknown) => {
    if (storeThere) throw why;
    return [await cancelBlind(choice, why, say)];
  });
  if (!results) return refuse('Nothing was revoked.');
  const failed = results.filter((one) => (waitMs === undefined ? one.problem !== undefined : !one.gone));
  if (options.json) print(true, { ok: failed.length === 0, elevations: results }, () => '');
  else if (results.length > 1) say(summary(results, failed, waitMs));
  if (failed.length > 0) process.exitCode = 1;
}

/** What became of one; of one that was never read no more is known. */
type Told = Pick<TakenBack, 'requestId' | 'gone' | 'problem'> & Partial<TakenBack>;

function summary(results: readonly Told[], failed: readonly Told[], waitMs: number | undefined): string {
  if (failed.length > 0)
    return `${failed.length} of ${results.length} could not be ${waitMs === undefined ? 'ended' : 'proved gone'}.`;
  return waitMs === undefined ? `${results.length} told.` : `All ${results.length} are proved gone.`;
}

/** Exactly one way to say which. */
function choiceOf(id: string | undefined, { request, all, person, target }: Options): Choice {
  const ways = [id, request, person, target, all ? '' : undefined].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw new StintError('bad-input', 'Say which: one id, or one of --person, --target and --all. See "stint list --live".');
  const one = id ?? request;
  if (one !== undefined && !/^[a-z2-7]{6,26}$/.test(one))
    throw new StintError('bad-input', `${one} is no id of an elevation: give 6 to 26 of its letters and digits.`);
  return { id: one, personId: person, targetKey: target };
}

function waitOf(wait: Options['wait']): number | undefined {
  if (wait === undefined || wait === false) return undefined;
  const seconds = wait === true ? WAIT_S : Number(wait);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 86_400) return seconds * 1000;
  throw new StintError('bad-input', `--wait must be a whole number of seconds from 1 to 86400, not ${wait}.`);
}

function defined({ id, personId, targetKey }: Choice) {
  return { ...(id && { id }), ...(personId && { personId }), ...(targetKey && { targetKey }) };
}

/** With the store down, one elevation that is named in full can still be cancelled. Throws `why` where that is not so. */
async function cancelBlind({ id }: Choice, why: unknown, say: (line: string) => void): Promise<Told> {
  if (!isStintError(why) || why.code !== 'store-unavailable' || id === undefined || !isRequestId(id)) throw why;
  const { handOf } = await import('../operator.js');
  const { hand, close } = await handOf(undefined, undefined, say);
  try {
    const heard = await hand.cancel(id).catch((cause: unknown) => {
      throw new StintError('temporal-unavailable', `${why.sentence} ${NEITHER}`, { cause });
    });
    if (heard === 'over') throw new StintError('store-unavailable', `${why.sentence} And no workflow of ${id} runs.`);
    const problem = `${heard === 'kept' ? PAUSED : CANCELLED} Nothing can be proved here. ${why.sentence}`;
    say(`${id}  ${problem}`);
    return { requestId: id, way: 'workflow', gone: false, problem };
  } finally {
    await close();
  }
}

const CANCELLED = 'Cancelled in Temporal.';
const PAUSED = 'Its workflow is paused: it was cancelled, and ends once it goes on.';
const NEITHER =
  'Temporal cannot be reached either, so nothing was ended. A Mac ends by itself at its deadline, or now with "stint-agent end" on it.';

function refuse(sentence: string): void {
  process.stderr.write(`stint: ${sentence}\n`);
  process.exitCode = 1;
}

async function confirmed(found: readonly Revocable[]): Promise<boolean> {
  const people = new Set(found.map(({ personId }) => personId)).size;
  if (!process.stdin.isTTY)
    throw new StintError(
      'bad-input',
      `This would end ${found.length} elevations of ${people} people. Say --yes, for nobody can be asked here.`,
    );
  return saysYes(`End ${found.length} elevations of ${people} people?`, process.stdin, process.stderr);
}
