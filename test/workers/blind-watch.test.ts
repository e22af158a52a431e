/** A reconciler that cannot see: said, once it lasts, for each thing that it cannot read. */
import { expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { createBlindWatch } from '../../workers/blind-watch.js';

const MIN = 60_000;
const file = { what: 'the people file', sentence: 'people.yaml:3:1 is wrong.', wide: true } as const;

function watching() {
  const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
  const said: Alarm[] = [];
  const told = createBlindWatch({ alarms: { raise: (alarm) => void said.push(alarm) }, clock: () => time.now });
  return { said, told, time };
}

test('what the reconciler could not read at one run after the other is an alarm that says what to do', () => {
  const { said, told, time } = watching();
  told({ failures: [file] });
  expect(said).toEqual([]);
  time.now += 5 * MIN;
  told({ failures: [file] });
  expect(said).toMatchObject([
    {
      key: 'reconciler-blind/the people file/2026-03-02T09:00:00.000Z',
      severity: 'error',
      step: 5,
      sentence: expect.stringMatching(/the people file for 5 min: people\.yaml:3:1 is wrong\./),
      todo: expect.stringContaining('stint doctor'),
    },
  ]);
});

test('a run that could read it ends that, and one target that does not answer is no blindness', () => {
  const { said, told, time } = watching();
  told({ failures: [file] });
  time.now += 5 * MIN;
  told({ failures: [{ what: 'mac-admin/C02XK0AAJG5H', sentence: 'silence' }] });
  time.now += 5 * MIN;
  told({ failures: [file, { what: 'mac-admin/C02XK0AAJG5H', sentence: 'silence' }] });
  expect(said).toEqual([]);
});
