/** `stint policy apply` as it is typed, against a process that holds the store: what it says first, what it does, and what it refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runLine } from '../../cli/program.js';
import { instant } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { parsePolicy } from '../../policy/load.js';
import { serveAdmin } from '../../workers/admin-socket.js';
import { type MemoryPolicies, memoryPolicies } from '../fixtures/policies.js';
import { ROOT } from '../tooling/compile.js';

const text = (name: string) => readFileSync(join(ROOT, 'examples', name), 'utf8');
const OLD = text('policy.yaml');
const WIDER = OLD.replace('quorum: 2', 'quorum: 1');
let home: string;
let policies: MemoryPolicies;
let served: Awaited<ReturnType<typeof serveAdmin>>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'stint-apply-'));
  policies = memoryPolicies();
  served = await serveAdmin(home, { policies } as unknown as Store);
  writeFileSync(join(home, 'policy.yaml'), OLD);
  writeFileSync(join(home, 'people.yaml'), text('people.yaml'));
  vi.stubEnv('STINT_HOME', home);
  vi.stubEnv('STINT_POLICY', join(home, 'policy.yaml'));
  vi.stubEnv('STINT_PEOPLE', join(home, 'people.yaml'));
  vi.stubEnv('DATABASE_URL', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined; // the runner's own, too
  await served.close();
  rmSync(home, { recursive: true, force: true });
});

async function apply(...args: string[]) {
  const said = { out: '', err: '' };
  const hear = (stream: 'out' | 'err') => (line: unknown) => {
    said[stream] += String(line);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(hear('out'));
  const failed = await runLine(['node', 'stint', 'policy', 'apply', ...args], { out: hear('out'), err: hear('err') });
  vi.restoreAllMocks();
  const code = failed ?? process.exitCode ?? 0;
  process.exitCode = undefined;
  return { code, ...said };
}
const edit = (to: string) => writeFileSync(join(home, 'policy.yaml'), to);
const inForce = async () => (await policies.inForce())?.hash;
const hashOf = (of: string) => parsePolicy(of, 'p').hash;

it('puts the file of the configuration in force, and says what it changes for whom; again it is the same', async () => {
  expect(await apply()).toMatchObject({
    code: 0,
    out: expect.stringMatching(/is in force from now on.*before it was no policy/),
  });
  edit(WIDER);
  const second = await apply();
  expect(second.code).toBe(0);
  expect(second.out).toMatch(/WIDER[\s\S]*1 approval needed, was 2[\s\S]*in force from now on/);
  expect(await inForce()).toBe(hashOf(WIDER));
  edit(`# only a comment\n${WIDER}`);
  expect(await apply()).toMatchObject({ code: 0, out: expect.stringContaining('in force already') });
  expect(policies.orders.map(({ via }) => via)).toEqual(['cli', 'cli']);
});

it('with --dry-run says the same and changes nothing; --json is for a script', async () => {
  await apply();
  edit(WIDER);
  const { code, out } = await apply('--dry-run', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    outcome: 'not-applied',
    hash: hashOf(WIDER),
    was: { hash: hashOf(OLD) },
    findings: [],
    changes: { groups: [{ widened: [expect.stringContaining('1 approval needed')] }] },
  });
  expect(await inForce()).toBe(hashOf(OLD));
});

it('refuses a mistake with line and column, and the old one goes on', async () => {
  await apply();
  edit(OLD.replace('windows:', 'windws:'));
  const { code, err } = await apply('--anyway');
  expect(code).toBe(1);
  expect(err).toMatch(/policy\.yaml:\d+:\d+ .*"windws" is not known here; did you mean "windows"/);
  const script = await apply('--json');
  expect(script.code).toBe(1);
  expect(JSON.parse(script.out)).toMatchObject({ outcome: 'not-applied', hash: null, changes: null });
  expect(JSON.parse(script.out).findings.join()).toMatch(/policy\.yaml:\d+:\d+ .*"windws" is not known here/);
  expect(await inForce()).toBe(hashOf(OLD));
});

it('refuses what does not fit the people with line and column, unless it is wanted anyway', async () => {
  await apply();
  const odd = OLD.replace('[it, security]', '[ti, security]');
  edit(odd);
  const refused = await apply();
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(
    /policy\.yaml:\d+:\d+ .*the group ti has no members; did you mean "it"\?[\s\S]*Nothing was applied/,
  );
  expect(await inForce()).toBe(hashOf(OLD));
  expect((await apply('--anyway')).code).toBe(0);
  expect(await inForce()).toBe(hashOf(odd));
});

it('finds what a check finds: rotas and managers of the people file, too; whoever may ever be on call is compared', async () => {
  await apply();
  const everybody = text('people.yaml');
  const rotas = 'rotas:\n  - { name: night, zone: UTC, from: 2026-01-05, handoff: "09:00", people: [katherine, mallory] }\n';
  const onCall = OLD.replace('[it, security]', '[it, security, "oncall:night"]');
  edit(onCall);
  expect(await apply()).toMatchObject({
    code: 1,
    out: expect.stringMatching(/policy\.yaml:\d+:\d+ .*nobody is ever on call for night/),
  });
  const people = (more: string) => writeFileSync(join(home, 'people.yaml'), `${everybody}${more}`);
  people(`\n  - { id: eve, name: Eve, manager: phantom }\n${rotas}`);
  expect(await apply()).toMatchObject({
    code: 1,
    out: expect.stringMatching(/people\.yaml:\d+:\d+ eve: the manager phantom is not in the people file/),
  });
  expect(await inForce()).toBe(hashOf(OLD));
  people(`\n${rotas}`);
  const applied = await apply();
  expect(applied).toMatchObject({ code: 0, out: expect.stringMatching(/WIDER[\s\S]*mallory/) });
  expect(await inForce()).toBe(hashOf(onCall));
});

it('applies nothing over another than the one that it was compared with', async () => {
  await apply();
  edit(WIDER);
  const other = OLD.replace('max: 10m', 'max: 15m');
  const { inForce: asked } = policies;
  // Between the look and the order somebody else applies theirs.
  policies.inForce = async () => {
    policies.inForce = asked;
    const now = await asked();
    await policies.apply({ hash: hashOf(other), text: other, by: 'eve', via: 'cli' }, instant(0));
    return now;
  };
  expect(await apply()).toMatchObject({ code: 1, err: expect.stringContaining('Somebody else put another policy in force') });
  expect(await inForce()).toBe(hashOf(other));
});

it('without a process to ask says so, and is called wrongly with two files', async () => {
  await served.close();
  expect(await apply()).toMatchObject({ code: 1, err: expect.stringContaining('No Stint runs in') });
  expect((await apply('a.yaml', 'b.yaml')).code).toBe(2);
});
