/**
 * A short storm on every change: at least forty elevations and twenty SIGKILLs, judged by the far ends' own truth. The long
 * one is run by hand: docs/storm.md.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Result } from '../storm/report.js';
import { build, ROOT } from './built.js';

beforeAll(build, 120_000);

function storm(args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const command = ['--import', 'tsx', join(ROOT, 'test', 'storm', 'main.ts'), ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: ROOT, timeout: 280_000, maxBuffer: 8 * 1024 * 1024 }, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err }),
    );
  });
}

test('forty elevations and twenty kills: nobody is an administrator outside of an approved window', async () => {
  // What Temporal's terminate and reset leave takes the sweep minutes: the long storm has them. Gusts are longer than there, so
  // that a slow machine has its twenty kills in time as well.
  const seed = String(Number(process.env.STINT_SEED));
  const args = [
    '--kills',
    '20',
    '--elevations',
    '40',
    '--macs',
    '38',
    '--minutes',
    '2.4',
    '--calm',
    '1.8',
    '--fury',
    '2',
    '--without',
    'temporal-terminate,temporal-reset-first,temporal-reset-last',
    '--seed',
    seed,
    '--json',
  ];
  const { code, out, err } = await storm(args);
  const result = JSON.parse(out || '{}') as Partial<Result>;
  expect(result.violations, `seed ${seed}\n${err}`).toEqual([]);
  expect(result.short, err).toEqual([]);
  expect(result.totalKills).toBeGreaterThanOrEqual(20);
  expect(result.elevations).toBeGreaterThanOrEqual(40);
  expect(result.granted, 'a storm in which nobody got anything proves nothing').toBeGreaterThanOrEqual(10);
  expect(result.aws?.granted, 'nor does one in which nobody got anything in AWS').toBeGreaterThanOrEqual(1);
  expect(code).toBe(0);
}, 300_000);

test('what it does not understand it says, and help has examples', async () => {
  expect(await storm(['--kills', 'many'])).toMatchObject({ code: 2, err: expect.stringContaining('--kills is a number') });
  expect(await storm(['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('npm run -s storm -- --kills 1000') });
});
