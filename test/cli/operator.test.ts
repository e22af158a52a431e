/** `stint freeze`, `unfreeze`, `revoke` and what `list` and `show` say then: the built program, with no Temporal at all. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HOUSE, instant, type PersonId, type SlackUserId } from '../../contract/ids.js';
import { serveAdmin } from '../../workers/admin-socket.js';
import { build, stint } from '../e2e/built.js';
import { type EndingBench, endingBench, someone } from '../workers/ending-bench.js';

const dir = mkdtempSync(join(tmpdir(), 'stint-operator-'));
/** A port that nobody listens on. */
const env = { STINT_HOME: dir, TEMPORAL_ADDRESS: '127.0.0.1:9' };
let b: EndingBench;
let served: Awaited<ReturnType<typeof serveAdmin>>;
beforeAll(async () => {
  await build();
  b = await endingBench();
  const { driverOf, sleep, watchMs } = b.deps;
  served = await serveAdmin(dir, b.store, { clock: b.clock, targets: () => ({ driverOf, sleep, ...(watchMs && { watchMs }) }) });
}, 120_000);
afterAll(async () => {
  await served.close();
  await b.store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('a freeze wants a reason, is said everywhere, and is lifted once', async () => {
  expect(await stint(['freeze'], env)).toMatchObject({ code: 2, err: expect.stringContaining('Say why') });
  expect(await b.store.freeze.now()).toBeUndefined();
  const set = await stint(['freeze', '--reason', 'INC-417\nlines'], env);
  expect(set.out).toMatch(/^Frozen since .* by \S+: INC-417 lines\n/);
  expect((await stint(['freeze', '--reason', 'again'], env)).out).toContain('Already so. Frozen since');
  expect((await stint(['list'], env)).out).toContain('INC-417 lines');
  const status = JSON.parse((await stint(['freeze', '--status', '--json'], env)).out);
  expect(status).toMatchObject({ frozen: { reason: 'INC-417 lines' } });
  expect((await stint(['unfreeze', '--reason', 'false alarm'], env)).out).toMatch(/^Lifted\./);
  expect((await stint(['unfreeze', '--reason', 'false alarm'], env)).out).toBe('There was no freeze.\n');
});

test('without Temporal and without a key, one is revoked to its proof, and list and show tell who did it', async () => {
  const e = await b.elevation('active');
  const id = e.request.requestId;
  const ran = await stint(['revoke', id.slice(0, 10), '--wait', '60'], env);
  expect(ran.err).toBe('');
  expect(ran.out).toMatch(/cancelled instead[\s\S]*cannot be reached; ending it directly[\s\S]*gone at/);
  expect(ran.code).toBe(0);
  expect(b.macs.admins.has(e.request.target.serial)).toBe(false);
  const shown = (await stint(['show', id], env)).out;
  expect(shown).toMatch(/ended {7}by an operator/);
  expect(shown).toMatch(/fence {7}ended .*, gone /);
  expect((await stint(['list', '--target', e.request.target.key], env)).out).toMatch(/revoked.*by an operator\n$/);
});

test('--all asks first, and where nobody can be asked does nothing without --yes; one silent Mac stops none of the others', async () => {
  const [waits, runs, silent] = [await b.elevation('requested'), await b.elevation('active'), await b.elevation('active')];
  b.macs.silent.add(silent.request.target.serial);
  const asked = await stint(['revoke', '--all'], env);
  expect(asked).toMatchObject({ code: 2, out: '' });
  expect(asked.err).toMatch(/would end 3 elevations of 1 people. Say --yes/);
  // A terminal whose input ends (Ctrl-D) says no.
  const terminal = { NODE_OPTIONS: '--import=data:text/javascript,process.stdin.isTTY=true' };
  const ended = await stint(['revoke', '--all'], { ...env, ...terminal });
  expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/Type yes: \nstint: Nothing was revoked\.\n$/) });
  expect(await b.view(runs)).toMatchObject({ state: 'active' });

  const ran = await stint(['revoke', '--all', '--yes', '--wait', '1', '--json'], env);
  expect(ran.code).toBe(1);
  const { ok, elevations } = JSON.parse(ran.out) as { ok: boolean; elevations: { requestId: string; gone: boolean }[] };
  expect(ok).toBe(false);
  const gone = Object.fromEntries(elevations.map((one) => [one.requestId, one.gone]));
  expect(gone).toEqual({ [waits.request.requestId]: true, [runs.request.requestId]: true, [silent.request.requestId]: false });
  expect(ran.err).toContain('not proved gone');
  expect(await b.armable(waits)).toBe('fenced');
});

test.each([
  ['--person', ''],
  ['--target', ' '],
])('%s with an empty name ends nothing, rather than everything', async (...which) => {
  const e = await b.elevation('active');
  const ran = await stint(['revoke', ...which], env);
  expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining('must not be empty') });
  expect(await b.view(e)).toMatchObject({ state: 'active' });
  await stint(['revoke', e.request.requestId], env);
});

test('of a person only theirs end; with nothing to end it says so', async () => {
  const [theirs, other] = [await b.elevation('active', { subject: someone('linus') }), await b.elevation('active')];
  expect((await stint(['revoke', '--person', 'linus', '--reason', 'left'], env)).code).toBe(0);
  expect(await b.view(theirs)).toMatchObject({ state: 'closed', outcome: 'revoked' });
  expect(await b.view(other)).toMatchObject({ state: 'active' });
  expect((await stint(['revoke', '--person', 'linus'], env)).out).toContain('nothing to take back');
});

test('a list that leaves some out says how many there are, beside the JSON of a script as well, and says nothing when all are shown', async () => {
  for (let n = 0; n < 3; n++) await b.elevation('requested', { subject: someone('margaret') });
  const two = await stint(['list', '--person', 'margaret', '--limit', '2'], env);
  expect(two.out).toMatch(/^(\S{8} {2}requested.*\n){2}\n2 of 3 are shown, the newest; --limit 3 shows all\.\n$/);
  const json = await stint(['list', '--person', 'margaret', '--limit', '2', '--json'], env);
  expect(JSON.parse(json.out)).toHaveLength(2);
  expect(json.err).toBe('2 of 3 are shown, the newest; --limit 3 shows all.\n');
  const all = await stint(['list', '--person', 'margaret', '--limit', '3'], env);
  expect([all.out, all.err].join()).not.toContain('are shown');
});

test('keys of a Mac are listed and withdrawn, with what it still has and holds, and the ledger has who did it', async () => {
  const pem = () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const e = await b.elevation('active');
  const { serial } = e.request.target;
  const file = join(dir, 'mac.pub.pem');
  const register = async () => {
    const { out } = await stint(['device', 'register', '--serial', serial, '--public-key', file, '--json'], env);
    return (JSON.parse(out) as { keyId: string }).keyId;
  };
  writeFileSync(file, pem());
  const old = await register();
  writeFileSync(file, pem());
  const next = await register();
  const wrong = await stint(['device', 'withdraw', '--serial', serial, '--key', '0000'], env);
  expect(wrong).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`${serial} has no key 0000`) });
  expect(wrong.err).toContain(old);
  const one = await stint(['device', 'withdraw', '--serial', serial, '--key', old], env);
  expect(one.out).toBe(`${old} of ${serial} works no more, within 30 seconds.\nIt still has ${next}.\n`);
  const listed = (await stint(['device', 'keys', '--serial', serial], env)).out;
  expect(listed).toMatch(new RegExp(`^${serial} {2}${old} {2}withdrawn at \\S+Z$`, 'm'));
  expect(listed).toMatch(new RegExp(`^${serial} {2}${next} {2}works$`, 'm'));
  const all = await stint(['device', 'withdraw', '--serial', serial], env);
  expect(all.out).toContain(
    `${serial} has no key that works now.\nIt holds ${e.request.requestId.slice(0, 8)}, which ends by itself.`,
  );
  expect((await stint(['device', 'withdraw', '--serial', serial], env)).out).toMatch(/^Nothing was changed/);
  const again = await stint(['device', 'register', '--serial', serial, '--public-key', file], env);
  expect(again).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringMatching(/was withdrawn at .*, and stays so\. Make a new one/),
  });
  const json = JSON.parse((await stint(['device', 'withdraw', '--serial', serial, '--json'], env)).out);
  expect(json).toEqual({ serial, keyIds: [], left: [], held: [e.request.requestId] });
  const taken = (await b.store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'device-keys-withdrawn');
  expect(taken.map(({ actor, data }) => [actor.via, data])).toEqual([
    ['cli', expect.objectContaining({ serial, keyIds: [old] })],
    ['cli', expect.objectContaining({ serial, keyIds: [next] })],
  ]);
  const house = await stint(['ledger', 'house'], env);
  const line = (what: string, detail: string) =>
    new RegExp(`^\\S+Z  ${what.padEnd(21)} cli  ${detail}  serial=${serial}\n {26}"${userInfo().username}"$`, 'm');
  for (const keyId of [old, next]) expect(house.out).toMatch(line('device-registered', `keyId=${keyId}`));
  for (const keyId of [old, next]) expect(house.out).toMatch(line('device-keys-withdrawn', `keyIds=\\["${keyId}"\\]`));
  expect(house.out).not.toMatch(/BEGIN|[0-9a-f]{64}/);
  const newest = await stint(['ledger', 'house', '--limit', '1'], env);
  expect(newest.out).toMatch(/^\S+Z {2}device-keys-withdrawn .*\n.*\n\n1 of \d+ are shown, the newest\.\n$/);
  expect(JSON.parse((await stint(['ledger', 'house', '--json'], env)).out).timeline.length).toBeGreaterThanOrEqual(4);
  expect(await stint(['ledger', 'house', '--limit', '0'], env)).toMatchObject({
    code: 2,
    err: expect.stringContaining('--limit'),
  });
  expect((await stint(['ledger', 'verify'], env)).out).toMatch(/entries fit/);
  await stint(['revoke', e.request.requestId], env);
});

test('an id that no elevation has is refused with its fix', async () => {
  const ran = await stint(['revoke', 'zzzzzzzz'], env);
  expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('begin with zzzzzzzz') });
});

test('who people are at AWS and their keys are listed and taken from them, and the ledger has who did it', async () => {
  const [personId, at] = ['barbara' as PersonId, instant(b.clock())];
  const key = { personId, keyId: 'person-0b', publicKey: 'b', enrolledAt: at };
  await b.store.personKeys.enroll(key, { personId, slackUserId: 'U0B' as SlackUserId });
  await b.store.bindings.bind(personId, 'aws-permission-set', 'user-b', at);
  expect((await stint(['people', 'keys', '--person', 'barbara'], env)).out).toBe(`barbara  person-0b  since ${at}\n`);
  expect((await stint(['people', 'bindings'], env)).out).toBe(`barbara  user-b  since ${at}\n`);
  expect((await stint(['people', 'revoke-keys', '--person', 'barbara'], env)).out).toBe('person-0b works no more.\n');
  expect((await stint(['people', 'unbind', '--person', 'barbara'], env)).out).toMatch(/user-b of Identity Center no more/);
  expect((await stint(['people', 'keys'], env)).out).toBe('Nobody has a key that works.\n');
  const taken = (await b.store.ledger.timeline(HOUSE)).filter(({ type }) => type === 'keys-revoked' || type === 'unbound');
  expect(taken.map(({ type, actor, data }) => [type, actor.via, data])).toEqual([
    ['keys-revoked', 'cli', expect.objectContaining({ personId, cause: 'operator', keyIds: ['person-0b'] })],
    ['unbound', 'cli', expect.objectContaining({ personId, cause: 'operator', farId: 'user-b' })],
  ]);
});
