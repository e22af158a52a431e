/** What a process says of itself at its start: a clock that is off, a policy that is broken; and what it then does not do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { POLICY_YAML, peopleYaml } from '../../cli/demo/world.js';
import { fitClock } from '../../cli/fit-clock.js';
import { StintError } from '../../contract/errors.js';
import { openStore } from '../../ledger/store.js';
import { type AskClock, aheadBy, offBy, type Reading } from '../../workers/checks/clock.js';
import { keepTrying } from '../../workers/keep-trying.js';
import { insistFreePorts, portError } from '../../workers/ports.js';
import { NEEDS } from '../../workers/processes.js';
import { type SelfWatch, startSelfWatch, withFitClock } from '../../workers/self-watch.js';
import { toolsOf } from '../../workers/tools.js';
import { Elevation } from '../ledger/events.js';

const HOUR = 3_600_000;
let folder: string;
let said: { level: number; msg: string }[];
let watch: SelfWatch | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-self-'));
  said = [];
  writeFileSync(join(folder, 'policy.yaml'), POLICY_YAML);
  writeFileSync(join(folder, 'people.yaml'), peopleYaml());
});
afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const log = pino({ level: 'trace' }, { write: (line: string) => void said.push(JSON.parse(line)) });
const ERROR = 50;

/** A clock that runs this much behind ours, or does not answer. */
const clockBehind =
  (ms: number | undefined, source = 'the store'): AskClock =>
  async () => {
    if (ms === undefined) throw new Error('no answer');
    return { source, theirs: Date.now() - ms, resolutionMs: 0, before: Date.now(), after: Date.now() };
  };

const watching = (...clocks: AskClock[]) => watchingEvery(() => new Promise(() => {}), ...clocks);

async function watchingEvery(wait: () => Promise<void>, ...clocks: AskClock[]): Promise<SelfWatch> {
  const policy = { policyFile: join(folder, 'policy.yaml'), peopleFile: join(folder, 'people.yaml') };
  const started = startSelfWatch({ policy, clocks, log, wait });
  watch = started;
  await started.looked();
  return started;
}

const granting = async (one: SelfWatch) => {
  let granted = 0;
  const grant = async () => {
    granted += 1;
    return { sendBefore: 'x' } as never;
  };
  const answer = await withFitClock({ grant } as never, one)
    .grant({} as never)
    .catch((error: unknown) => error);
  return { granted, answer };
};

describe('a clock', () => {
  test('that agrees is not spoken of, and grants go out', async () => {
    const one = await watching(clockBehind(200), clockBehind(-300));
    expect(one.troubles()).toEqual([]);
    expect(said).toEqual([]);
    expect(await granting(one)).toMatchObject({ granted: 1 });
  });

  test.each([HOUR, -HOUR])('that is off by %i ms is said loudly, and nothing is granted by it', async (ms) => {
    const one = await watching(clockBehind(ms), clockBehind(ms + 900, 'Slack'), clockBehind(undefined, 'the MDM'));
    expect(Math.abs(one.clockOffMs() - ms)).toBeLessThan(2000);
    expect(said).toMatchObject([{ level: ERROR, msg: expect.stringMatching(/grants nothing until it is right.*NTP/) }]);
    expect(one.troubles()).toHaveLength(1);
    const { granted, answer } = await granting(one);
    expect(granted).toBe(0);
    expect(answer).toMatchObject({ retryable: true, sentence: expect.stringContaining("This worker's clock is off") });
  });

  test.each([HOUR, -HOUR])('that is off by %i ms dates nothing that an operator ends at this process', async (ms) => {
    const store = await openStore({ memory: true, clock: () => Date.now() });
    const { target, requestId } = new Elevation().request;
    const mdm = { url: 'http://127.0.0.1:9', token: { reveal: () => 'x' }, tags: { elevate: 'a', collect: 'b' } };
    const alarms = { reconcileEveryMs: HOUR };
    try {
      const tools = toolsOf(NEEDS.worker, { mdm, alarms, contactGraceMs: HOUR } as never, store, log, { clockOffMs: () => ms });
      expect(Math.abs(tools.clock() - (Date.now() - ms))).toBeLessThan(2000);
      const revoked = tools.targets?.().driverOf('mac-admin').revoke(requestId, target, new AbortController().signal);
      await expect(revoked).rejects.toMatchObject({ code: 'mdm-unavailable' });
      const [order] = await store.devices.openOrders([target.serial]);
      expect(Math.abs(Date.parse(order?.createdAt ?? '') - (Date.now() - ms))).toBeLessThan(20_000);
    } finally {
      await store.close();
    }
  });

  describe('that is set while the process runs', () => {
    const truth = Date.now;
    const setBy = (ms: number) => vi.spyOn(Date, 'now').mockImplementation(() => truth() + ms);
    afterEach(() => void vi.restoreAllMocks());
    let asked = 0;
    const right: AskClock = async () => {
      asked += 1;
      return { source: 'the store', theirs: truth(), resolutionMs: 0, before: Date.now(), after: Date.now() };
    };

    test.each([HOUR, -HOUR])('by %i ms grants nothing from then on, and again once it is right', async (ms) => {
      const one = await watching(right);
      asked = 0;
      expect(await granting(one)).toMatchObject({ granted: 1 });
      expect(asked).toBe(0); // no grant asks for the time while nobody sets the clock
      setBy(ms);
      expect(await granting(one)).toMatchObject({ granted: 0, answer: { retryable: true } });
      expect(Math.abs(one.clockOffMs() - ms)).toBeLessThan(2000);
      setBy(0);
      expect(await granting(one)).toMatchObject({ granted: 1 });
      expect([one.clockOffMs(), asked]).toEqual([0, 2]);
    });

    test('is noticed within moments though nothing is granted, so that the sweep goes by the others', async () => {
      let turn: (() => void) | undefined;
      const turns = () =>
        new Promise<void>((resolve) => {
          turn = resolve;
        });
      const one = await watchingEvery(turns, right);
      await vi.waitFor(() => expect(turn).toBeDefined());
      setBy(HOUR);
      expect(one.clockOffMs()).toBe(0);
      turn?.();
      await vi.waitFor(() => expect(Math.abs(one.clockOffMs() - HOUR)).toBeLessThan(2000));
      expect(said).toMatchObject([{ level: ERROR }]);
    });
  });

  test('of the computer of a command is set right by the store’s, and it is said', async () => {
    const lines: string[] = [];
    const clock = await fitClock([clockBehind(HOUR)], (line) => lines.push(line));
    expect(Math.abs(clock() - (Date.now() - HOUR))).toBeLessThan(2000);
    expect(lines).toEqual([expect.stringMatching(/3600\.0 s ahead of the store's.*NTP/)]);
    const right = await fitClock([clockBehind(10_000)], (line) => lines.push(line));
    expect(Math.abs(right() - Date.now())).toBeLessThan(2000);
    expect(lines).toHaveLength(1);
  });

  test('of somebody else that is off, while another agrees with ours, stops nothing', async () => {
    const one = await watching(clockBehind(HOUR, 'the MDM'), clockBehind(0));
    expect(one.clockOffMs()).toBe(0);
    expect(await granting(one)).toMatchObject({ granted: 1 });
  });

  test('that nobody can be asked about stops nothing', async () => {
    const one = await watching(clockBehind(undefined));
    expect(one.clockOffMs()).toBe(0);
    expect(await granting(one)).toMatchObject({ granted: 1 });
  });

  test('that is off by ten seconds is a warning, and is used', async () => {
    const one = await watching(clockBehind(10_000));
    expect(said).toMatchObject([{ level: 40 }]);
    expect(one.clockOffMs()).toBe(0);
    expect(await granting(one)).toMatchObject({ granted: 1 });
  });

  test('is off only by what no slow answer and no rounding can explain', () => {
    const reading = (theirs: number, resolutionMs: number): Reading => ({
      source: 'x',
      theirs,
      resolutionMs,
      before: 1000,
      after: 3000,
    });
    expect(aheadBy(reading(2000, 0))).toBe(0);
    expect(aheadBy(reading(500, 1000))).toBe(0);
    expect(aheadBy(reading(-500, 1000))).toBe(500);
    expect(aheadBy(reading(4000, 1000))).toBe(-1000);
    expect(offBy([])).toBe(0);
    expect(offBy([reading(-500, 1000), reading(-9000, 1000)])).toBe(500);
    expect(offBy([reading(-9000, 1000), reading(9000, 1000)])).toBe(0);
  });
});

test('a people file that cannot be read does not keep a process from starting, but is said', async () => {
  rmSync(join(folder, 'people.yaml'));
  const one = await watching();
  expect(said.map(({ level }) => level)).toEqual([ERROR]);
  expect(one.troubles()).toMatchObject([
    expect.stringMatching(/Nothing is granted until this is mended: .*people\.yaml cannot be read \(ENOENT\)/),
  ]);
});

describe('ports', () => {
  test('that are taken are all named with their variables, before anything is started', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const config = { healthPort: port, device: { host: '127.0.0.1', port }, slack: { mode: 'socket', host: 'x', port } };
    const insist = (parts: readonly ('device' | 'slack')[], change = {}) =>
      insistFreePorts({ ...config, ...change } as never, parts);
    try {
      await expect(insist(['device', 'slack'])).rejects.toMatchObject({
        code: 'port-used',
        sentence: expect.stringMatching(new RegExp(`Port ${port} \\(STINT_HEALTH_PORT\\).*\nPort ${port} \\(DEVICE_API_PORT\\)`)),
      });
      await insist([], { healthPort: 0 });
      await expect(insist([], { healthPort: undefined, device: {} })).resolves.toBeUndefined();
      await expect(insist(['device'], { healthPort: 0, device: { host: '192.0.2.1', port: 1 } })).rejects.toMatchObject({
        sentence: expect.stringMatching(/192\.0\.2\.1 is no address of this computer|may not be listened on/),
      });
    } finally {
      server.close();
    }
  });

  test('one that was taken since is a sentence, too; other errors stay as they are', () => {
    const used = Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port: 8443 });
    expect(portError(used)).toMatchObject({ code: 'port-used', sentence: expect.stringContaining('8443') });
    const other = new Error('x');
    expect(portError(other)).toBe(other);
  });
});

describe('a part that cannot start', () => {
  test('because of a mistake that shows at once ends the start', async () => {
    const start = async () => {
      throw new StintError('bad-config', 'Wrong token.');
    };
    await expect(keepTrying('A part', start, log)).rejects.toMatchObject({ sentence: 'Wrong token.' });
  });

  test('because the other end is down is tried again, and says so meanwhile', async () => {
    const start = async () => {
      throw new StintError('slack-unavailable', 'Slack is down.');
    };
    const part = await keepTrying('A part', start, log);
    expect(part.trouble?.()).toBe('A part does not run: Slack is down.');
    await part.stop();
  });
});
