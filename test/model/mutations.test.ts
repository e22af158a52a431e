/** The model can fail: each rule that the product keeps is broken in turn, and some sequence must find out. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { live, settings } from './live.js';
import { HUNG_WORKER, type Step, steps } from './steps.js';
import type { Broken, Setting } from './world.js';

vi.mock('@temporalio/workflow', () => import('./temporal.js'));

/** Fixed, so that this test says the same every time; the search itself has a seed of its own at every run. */
const SEED = 20_260_302;
const RUNS = 2_000;

/** What is broken, and by which rule it must be found. */
const BROKEN: { readonly [B in Broken]: RegExp } = {
  'another run may arm': /I16/,
  'two may have a target': /two elevations/,
  'nothing is overdue': /I15|I5/,
  'a revoke removes standing access': /I12/,
  'unknown is taken for absent': /I6/,
  'a call that was given up is sent': /I6/,
  'a proof counts before the last call could land': /I6/,
  'the requester counts': /I1/,
  'a window is doubled': /I7/,
  'nonces are not remembered': /I11/,
  'a revoke waits for the store': /I5/,
  'gone is recorded without a proof': /I6/,
};

/** Sequences to begin with, where chance needs tens of thousands to come upon one. */
const RARE: { readonly [B in Broken]?: [Setting, readonly Step[]][] } = {
  'a call that was given up is sent': [[{ quorum: 1, manner: 'called' }, HUNG_WORKER]],
};

test.each(Object.keys(BROKEN) as Broken[])('it is found when %s', { timeout: 300_000 }, async (broken) => {
  const found = new Set<string>();
  let lived = 0;
  const property = fc.asyncProperty(settings, steps, async (setting, path) => {
    lived += 1;
    for (const rule of await live({ ...setting, broken }, path)) found.add(rule);
    return ![...found].some((rule) => BROKEN[broken].test(rule));
  });
  const { failed } = await fc.check(property, { seed: SEED, numRuns: RUNS, examples: RARE[broken] ?? [], endOnFailure: true });
  if (process.env.STINT_MODEL_VERBOSE) process.stdout.write(`${broken}: ${lived}, ${[...found].join('; ')}\n`);
  expect([broken, failed, [...found]]).toEqual([broken, true, expect.arrayContaining([expect.stringMatching(BROKEN[broken])])]);
});
