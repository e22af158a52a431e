/**
 * The promise against a model of a few lines, by thousands of random sequences: whatever people click, lose, repeat, kill,
 * reset or come too late with, access exists only inside an approved window of a decision that was not spent.
 *
 * `STINT_SEED` and `STINT_MODEL_PATH` repeat a failure, `STINT_MODEL_RUNS` makes it more or fewer.
 */
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { live, settings } from './live.js';
import { PLAIN } from './rule.js';
import { MIN } from './rules.js';
import { HUNG_WORKER, type Step, steps } from './steps.js';

vi.mock('@temporalio/workflow', () => import('./temporal.js'));

const { STINT_SEED, STINT_MODEL_PATH, STINT_MODEL_RUNS } = process.env;
const seed = Number(STINT_SEED);
const numRuns = Number(STINT_MODEL_RUNS ?? 5_000);

test(`no sequence of ${numRuns} breaks a rule`, { timeout: Math.max(600_000, numRuns * 120) }, async () => {
  process.stdout.write(`model: seed ${seed}, ${numRuns} sequences (repeat with STINT_SEED=${seed})\n`);
  const { user } = process.cpuUsage();
  const met = new Map<string, number>();
  const property = fc.asyncProperty(settings, steps, async (setting, path) => {
    expect(await live(setting, path, (what) => met.set(what, (met.get(what) ?? 0) + 1))).toEqual([]);
  });
  await fc.assert(property, { numRuns, seed, ...(STINT_MODEL_PATH && { path: STINT_MODEL_PATH }) });
  const told = [...met].map(([what, count]) => `${what} ${count}`).join(', ');
  process.stdout.write(`model: ${told}; ${((process.cpuUsage().user - user) / 1e6).toFixed(1)} s of CPU\n`);
  // A search that comes upon none of these says nothing of them.
  const all = ['people', 'policy', 'glass', 'later start', 'review', 'extension'];
  if (numRuns >= 5_000) expect(all.filter((what) => (met.get(what) ?? 0) < 10)).toEqual([]);
});

/** Sequences that once broke a rule, or nearly. */
const KNOWN: { readonly [what: string]: readonly Step[] } = {
  'an ordinary one, revoked': [
    ['activate', 0, 10],
    ['wait', 0, MIN],
    ['revoke', 0, 'grace'],
  ],
  'an extension, and its end': [
    ['activate', 0, 5],
    ['extend', 0, 5],
    ['approveExtension', 0, 'grace'],
    ['wait', 0, 6 * MIN],
  ],
  'a call that lands after the revoke': [
    ['slowGrant', 0, 9_000],
    ['approve', 0, 'grace'],
    ['wait', 0, 1_000],
    ['revoke', 0, 'linus'],
  ],
  'a call of the run before a reset that lands late': [
    ['slowGrant', 0, 9_000],
    ['approve', 0, 'grace'],
    ['wait', 0, 1_000],
    ['reset', 0, 'with signals'],
  ],
  'terminated, with nobody left but the sweep': [
    ['activate', 0, 10],
    ['terminate', 0],
  ],
  'begun again by a thief of the start': [
    ['activate', 0, 10],
    ['terminate', 0],
    ['startAgain', 0],
    ['approve', 0, 'linus'],
  ],
  'two for one Mac': [
    ['approve', 0, 'grace'],
    ['approve', 1, 'grace'],
    ['wait', 0, MIN],
    ['claim', 1],
    ['confirm', 1],
  ],
  'the store is down while it is revoked': [['activate', 0, 10], ['storeDown'], ['revoke', 0, 'grace'], ['wait', 0, 3 * MIN]],
  'a worker that hung sends what was given up, while the store does not know of the end': HUNG_WORKER,
  'an answer of arm that is lost': [
    ['loseReply', 0, 'arm'],
    ['activate', 0, 10],
  ],
};

describe.each(['claimed', 'called'] as const)('a target that is %s', (manner) => {
  test.each(Object.keys(KNOWN))('%s', async (what) => {
    expect(await live({ rule: PLAIN, asks: [], manner }, KNOWN[what] ?? [])).toEqual([]);
  });
});
