/** The policy file of a process: what a start, SIGHUP and an edit in between make of it, good or bad; what is in force goes on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { followPolicy } from '../../cli/demo/follow-policy.js';
import { POLICY_YAML, peopleYaml } from '../../cli/demo/world.js';
import type { Alarm } from '../../contract/alarms.js';
import type { PolicyOrder, Store } from '../../contract/ports.js';
import { policyInForce } from '../../policy/live.js';
import { parsePolicy } from '../../policy/load.js';
import { type PolicyFile, startPolicyFile } from '../../workers/policy-file.js';
import { askStore } from '../../workers/questions.js';
import { type MemoryPolicies, memoryPolicies } from '../fixtures/policies.js';

const hashOf = (text: string) => parsePolicy(text, 'p').hash;
const STRICTER = POLICY_YAML.replace('[30s, 5m, 10m, 15m, 30m]', '[30s, 5m]');
const BROKEN = POLICY_YAML.replace('windows', 'windws');
let folder: string;
let kept: MemoryPolicies;
let elevations: number;
let said: { level: number; msg: string }[];
let raised: Alarm[];
let running: PolicyFile | undefined;
/** Ends the wait of the loop. */
let tick: () => void;

beforeAll(() => {
  expect(new Set([hashOf(POLICY_YAML), hashOf(STRICTER)]).size).toBe(2);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stint-policy-file-'));
  [said, raised, elevations, kept] = [[], [], 0, memoryPolicies()];
  write(POLICY_YAML);
  writeFileSync(join(folder, 'people.yaml'), peopleYaml());
});
afterEach(() => {
  running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const log = pino({ level: 'trace' }, { write: (line: string) => void said.push(JSON.parse(line)) });
const write = (text: string) => writeFileSync(join(folder, 'policy.yaml'), text);
const inForce = async () => (await kept.inForce())?.hash;
const applyNow = (text: string) =>
  askStore({ policies: kept } as unknown as Store)({ ask: 'apply-policy', text, name: 'p', operator: 'grace' });

async function start(name = 'worker on host-1'): Promise<PolicyFile> {
  running?.stop();
  const wait = () =>
    new Promise<void>((resolve) => {
      tick = resolve;
    });
  const policy = { policyFile: join(folder, 'policy.yaml'), peopleFile: join(folder, 'people.yaml') };
  const alarms = { raise: (alarm: Alarm) => void raised.push(alarm) };
  running = await startPolicyFile({
    policy,
    store: { policies: kept, ledger: { count: async () => elevations } },
    name,
    clock: Date.now,
    log,
    alarms,
    wait,
  });
  return running;
}

describe('a start', () => {
  test('puts the file in force, by its own name; a second one finds it so', async () => {
    const file = await start();
    expect(await kept.inForce()).toMatchObject({ hash: hashOf(POLICY_YAML), by: 'the start of worker on host-1' });
    expect(file.trouble()).toBeUndefined();
    await start('slack-app on host-1');
    expect(kept.orders).toMatchObject([{ via: 'system', text: POLICY_YAML }]);
  });

  test('takes a file that was edited meanwhile', async () => {
    await start();
    write(STRICTER);
    await start();
    expect(await inForce()).toBe(hashOf(STRICTER));
  });

  test('with an old file does not bring back what was replaced since, and says so', async () => {
    await start();
    await applyNow(STRICTER);
    const file = await start();
    expect(await inForce()).toBe(hashOf(STRICTER));
    expect(file.trouble()).toMatch(
      /policy\.yaml differs from the policy in force: .*applied by grace, goes on\..*stint policy apply/,
    );
  });

  test('with a broken file keeps what was in force, and alarms with line and column', async () => {
    await start();
    write(BROKEN);
    const file = await start();
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
    expect(raised).toMatchObject([{ severity: 'error', sentence: expect.stringMatching(/policy\.yaml:\d+:\d+.*windws/) }]);
    expect(file.trouble()).toMatch(/policy\.yaml:\d+:\d+[\s\S]*goes on\./);
  });

  test('with a file that does not fit the people keeps what was in force, and alarms as SIGHUP does', async () => {
    await start();
    for (const edit of [
      STRICTER.replace('groups: [it]', 'groups: [itt]'),
      STRICTER.replace('{ groups: [it], quorum: 1 }', '{ groups: [it], people: [ghost], quorum: 1 }'),
      STRICTER.replace('quorum: 1', 'quorum: 9'),
    ]) {
      write(edit);
      await (await start()).reload();
      const [atStart, bySignal] = raised.splice(0);
      expect(atStart).toMatchObject({ key: 'policy-file', sentence: expect.stringMatching(/policy\.yaml:\d+:\d+ /) });
      expect(bySignal).toEqual(atStart);
    }
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
    expect(said.filter(({ level }) => level === 50)).toHaveLength(6);
    writeFileSync(join(folder, 'people.yaml'), 'people: 1');
    write(STRICTER);
    await start();
    expect(raised).toMatchObject([{ sentence: expect.stringContaining('people.yaml') }]);
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
  });

  test('with the file that is in force goes on when people have left, with a warning and no alarm', async () => {
    await start();
    const all = JSON.parse(peopleYaml().replace(/^#.*\n/, '')) as { people: { id: string; groups?: string[] }[] };
    const people = all.people.map((one) => ({ ...one, groups: one.groups?.filter((group) => group !== 'it') }));
    writeFileSync(join(folder, 'people.yaml'), JSON.stringify({ people }));
    const file = await start();
    expect(raised).toEqual([]);
    expect(said).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining('the group it has no members') }),
    );
    expect(file.trouble()).toBeUndefined();
    // As a version that reads the same text to another hash: its own start puts it in force again.
    kept.orders[0] = { ...(kept.orders[0] as PolicyOrder), hash: hashOf(STRICTER) };
    await start();
    expect(raised).toEqual([]);
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
  });

  test('with nothing in force yet takes a valid file, and warns of what does not fit the people', async () => {
    const text = POLICY_YAML.replace('groups: [it]', 'groups: [itt]');
    write(text);
    await start();
    expect(await inForce()).toBe(hashOf(text));
    expect(raised).toEqual([]);
    expect(said).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining('the group itt has no members') }),
    );
  });

  test('with a broken file and an empty store fails with the mistake', async () => {
    write(BROKEN);
    await expect(start()).rejects.toMatchObject({ code: 'bad-policy', sentence: expect.stringMatching(/policy\.yaml:\d+:\d+/) });
    rmSync(join(folder, 'policy.yaml'));
    await expect(start()).rejects.toMatchObject({ code: 'bad-config', sentence: expect.stringContaining('STINT_POLICY') });
  });

  test('with a broken file where elevations are known runs on, for they have to end, and grants nothing', async () => {
    elevations = 1;
    write(BROKEN);
    const file = await start();
    expect(file.trouble()).toContain('No policy is in force: nothing is granted.');
    await expect(policyInForce(kept)()).rejects.toMatchObject({ code: 'bad-policy' });
  });
});

describe('an edit', () => {
  test('counts for nothing until it is applied, also while half of it is written, and is told', async () => {
    const file = await start();
    const policy = policyInForce(kept);
    for (const text of ['', STRICTER.slice(0, 200), STRICTER]) {
      write(text);
      expect((await policy()).hash).toBe(hashOf(POLICY_YAML));
    }
    tick();
    await expect.poll(() => file.trouble()).toMatch(/differs from the policy in force/);
    await file.reload();
    expect((await policy()).hash).toBe(hashOf(STRICTER));
    expect(file.trouble()).toBeUndefined();
  });

  test('counts for every process from the answer on', async () => {
    await start();
    const all = [1, 2, 3].map(() => policyInForce(kept));
    for (const one of all) expect((await one()).hash).toBe(hashOf(POLICY_YAML));
    await applyNow(STRICTER);
    for (const one of all) expect((await one()).hash).toBe(hashOf(STRICTER));
  });
});

describe('SIGHUP', () => {
  const MISTAKES: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['an unknown key', () => BROKEN, /policy\.yaml:\d+:\d+ .*"windws" is not known here; did you mean "windows"/],
    [
      'a group that nobody is in',
      (text) => text.replace('groups: [it]', 'groups: [itt]'),
      /policy\.yaml:\d+:\d+ .*the group itt has no members; did you mean "it"\?/,
    ],
    [
      'a pool that never reaches its quorum',
      (text) => text.replace('quorum: 1', 'quorum: 9'),
      /policy\.yaml:\d+:\d+ .*too few people could approve/,
    ],
    ['ten megabytes', (text) => `${text}\n# ${'x'.repeat(10 * 1024 * 1024)}`, /policy\.yaml:1:1 the file has \d+ bytes; at most/],
  ];
  const MORE: typeof MISTAKES = [
    ['an id that stands twice', (text) => text.replace('id: aws-labs', 'id: macs'), /policy\.yaml:\d+:\d+ .*macs is used twice/],
    [
      'a window longer than the maximum',
      (text) => text.replace('max: 30m', 'max: 5m'),
      /policy\.yaml:\d+:\d+ .*must not be longer than max/,
    ],
    [
      'a zone that there is not',
      (text) => text.replace('max: 30m', 'max: 30m\n    hours: { zone: Europe/Berln }'),
      /policy\.yaml:\d+:\d+ .*must be the IANA name of a time zone; did you mean "Europe\/Berlin"/,
    ],
    [
      'hours that are none',
      (text) => text.replace('max: 30m', 'max: 30m\n    hours: { zone: UTC, from: "10:00", to: "10:00" }'),
      /policy\.yaml:\d+:\d+ .*hours: must not be empty/,
    ],
    [
      'people who approve their own requests',
      (text) => text.replace('quorum: 1', 'self: true'),
      /policy\.yaml:\d+:\d+ .*approve\.self: lets people approve their own requests, which needs a step-up with a passkey/,
    ],
    [
      'somebody who is not there',
      (text) => text.replace('{ groups: [it], quorum: 1 }', '{ groups: [it], people: [ghost], quorum: 1 }'),
      /policy\.yaml:\d+:\d+ macs\.approve: ghost is not in the people file/,
    ],
    [
      'a rule that an earlier one hides',
      (text) =>
        text
          .replace('match: { sets: [Billing] }', 'match: { ous: [Labs], sets: [Billing] }')
          .replace('ask: { groups: [it] }', 'ask: { groups: [staff] }'),
      /policy\.yaml:\d+:\d+ .*this rule can never apply: the rule aws-labs stands before it/,
    ],
    [
      'aliases that unfold into something huge',
      (text) => `${text}\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`,
      /policy\.yaml:\d+:\d+ .*anchors and aliases are not allowed/,
    ],
  ];
  test.each([...MISTAKES, ...MORE])('with %s keeps what is in force, and alarms with line and column', async (_, edit, why) => {
    const file = await start();
    write(edit(POLICY_YAML));
    await file.reload();
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
    expect(kept.orders).toHaveLength(1);
    expect(raised).toMatchObject([
      { key: 'policy-file', sentence: expect.stringMatching(why), todo: expect.stringContaining('stint policy apply') },
    ]);
  });

  test('finds what a check finds: rotas and managers of the people file, too', async () => {
    const file = await start();
    const onCall = POLICY_YAML.replace('approve: { groups: [it], quorum: 1 }', 'approve: { groups: ["oncall:primary"] }');
    const all = JSON.parse(peopleYaml().replace(/^#.*\n/, '')) as { people: { id: string }[] };
    const primary = { name: 'primary', zone: 'Europe/Berlin', from: '2026-01-05', handoff: '09:00' };
    const people = (turns: readonly string[], manager: string) => {
      const [first, ...others] = all.people;
      const rotas = [{ ...primary, people: turns }];
      writeFileSync(join(folder, 'people.yaml'), JSON.stringify({ people: [{ ...first, manager }, ...others], rotas }));
    };
    write(onCall);
    await file.reload();
    expect(raised.at(-1)?.sentence).toMatch(/policy\.yaml:\d+:\d+ macs\.approve: nobody is ever on call for primary/);
    people(['grace', 'linus'], 'phantom');
    await file.reload();
    expect(raised.at(-1)?.sentence).toMatch(/people\.yaml:\d+:\d+ \w+: the manager phantom is not in the people file/);
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
    people(['grace', 'linus'], 'grace');
    await file.reload();
    expect(await inForce()).toBe(hashOf(onCall));
  });

  test('with a file that is not UTF-8 keeps what is in force: its names would be others', async () => {
    const file = await start();
    const text = STRICTER.replace('match: { sets: [Billing] }', 'match: { sets: ["Büro*"] }');
    writeFileSync(join(folder, 'policy.yaml'), Buffer.from(text, 'latin1'));
    await file.reload();
    expect(await inForce()).toBe(hashOf(POLICY_YAML));
    expect(raised).toMatchObject([{ sentence: expect.stringMatching(/policy\.yaml:\d+:\d+ .*not UTF-8; save it as UTF-8/) }]);
    expect(file.trouble()).toMatch(/not UTF-8[\s\S]*goes on\./);
    const people = peopleYaml().replace(/"name": ?"/, '$&ü');
    writeFileSync(join(folder, 'people.yaml'), Buffer.from(people, 'latin1'));
    write(STRICTER);
    await file.reload();
    expect(raised.at(-1)?.sentence).toMatch(/people\.yaml:\d+:\d+ .*not UTF-8/);
  });

  test('brings an older policy back: that is an order', async () => {
    const file = await start();
    await applyNow(STRICTER);
    await file.reload();
    expect(await kept.inForce()).toMatchObject({ hash: hashOf(POLICY_YAML), by: 'SIGHUP to worker on host-1' });
  });

  test('while the store is down throws nothing, and is said', async () => {
    const file = await start();
    write(STRICTER);
    kept.down = true;
    await file.reload();
    expect(said.at(-1)).toMatchObject({ level: 50, msg: expect.stringContaining('could not be put in force') });
  });
});

test('the demo follows its file: an edit is in force by itself, and a mistake is said and keeps the one before', async () => {
  await start();
  const lines: string[] = [];
  const file = join(folder, 'policy.yaml');
  const stop = followPolicy({
    file,
    ask: askStore({ policies: kept } as unknown as Store),
    operator: 'ada',
    say: (line) => lines.push(line),
    everyMs: 5,
  });
  try {
    write(STRICTER);
    await expect.poll(inForce, { timeout: 10_000 }).toBe(hashOf(STRICTER));
    write(BROKEN);
    await expect.poll(() => lines.at(-1), { timeout: 10_000 }).toMatch(/the one before goes on: .*\n.*policy\.yaml:\d+:\d+/);
    expect(await inForce()).toBe(hashOf(STRICTER));
    expect(readFileSync(file, 'utf8')).toBe(BROKEN);
  } finally {
    stop();
  }
});
