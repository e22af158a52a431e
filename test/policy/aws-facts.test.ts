/** What is known of AWS for whoever asks and whoever judges: nothing of a request is believed that AWS does not say too. */
import { afterEach, describe, expect, it } from 'vitest';
import { createAwsFacts } from '../../activities/targets/aws-permission-set/facts.js';
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Grant } from '../../contract/ports.js';
import { type AwsPermissionSetTarget, type ElevationRequest, targetOf } from '../../contract/request.js';
import { decide } from '../../policy/decide.js';
import { gatherFacts } from '../../policy/facts.js';
import { createJudge } from '../../policy/judge.js';
import { parsePolicy } from '../../policy/load.js';
import { MACS } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { requestDigest } from '../../seal/canonical.js';
import { EXAMPLE } from '../../sim/identity-center/index.js';
import { ADA, ADMIN_KEY, type AwsWorld, awsWorld, bound, GRACE, LINUS, READER_KEY } from './aws-world.js';
import { GRACE as APPROVER_OF_IT, approval, MIN, NOW, person, requestOf, roundOf } from './world.js';

let world: AwsWorld;
afterEach(() => world.close());

const all = () => true;
const APPROVER = { ...APPROVER_OF_IT, personId: 'margaret' as PersonId, name: 'Margaret' };

describe('what is found', () => {
  it('is a pair of account and set with what rules are held against, where it is, and how long sessions last', async () => {
    world = await awsWorld();
    const [found, ...rest] = await world.facts.search(GRACE, 'production admin', 10, all);
    expect(rest).toEqual([]);
    expect(found).toEqual({
      key: ADMIN_KEY,
      about: {
        kind: 'aws-permission-set',
        accountId: EXAMPLE.production,
        accountName: 'production',
        ouNames: ['Production'],
        ouIds: ['ou-ab12-prod1111'],
        tags: { owner: 'payments', tier: '0' },
        set: 'AdministratorAccess',
      },
      display: 'AdministratorAccess in production',
      detail: `Production · ${EXAMPLE.production}`,
      notes: ['A session that was opened before the end can last up to 1 h from when it was opened.'],
    });
    expect(await world.facts.candidate(GRACE, ADMIN_KEY)).toEqual(found);
    expect(await world.facts.listed(GRACE)).toEqual([]);
  });

  it('holds no suspended account, and what AWS would refuse with the reason', async () => {
    world = await awsWorld({ settings: { caller: 'delegated' } });
    expect(await world.facts.search(GRACE, 'old-shop', 10, all)).toEqual([]);
    const [found] = await world.facts.search(GRACE, 'management admin', 10, all);
    expect(found?.barred).toMatch(/delegated administrator account, which cannot give access to the management account/);
    await expect(world.facts.pin(GRACE, `aws/${EXAMPLE.management}/ps-1111aaaa2222bbbb`)).rejects.toThrow(/management account/);
  });

  it('is nothing for a key of any other form, or of what there is not, and nothing is asked for the former', async () => {
    world = await awsWorld();
    const asked = () => world.rig.aws.truth.calls().length;
    const before = asked();
    for (const key of [
      '',
      'mac-admin/C02',
      `${ADMIN_KEY}/more`,
      ` ${ADMIN_KEY}`,
      'aws/3333/ps-1',
      `aws/${EXAMPLE.production}/../x`,
    ])
      expect(await world.facts.candidate(GRACE, key)).toBeUndefined();
    expect(asked()).toBe(before);
    expect(await world.facts.candidate(GRACE, 'aws/999999999999/ps-1111aaaa2222bbbb')).toBeUndefined();
    expect(await world.facts.candidate(GRACE, `aws/${EXAMPLE.suspended}/ps-1111aaaa2222bbbb`)).toBeUndefined();
  });

  it('waits for no load: whoever types hears that it is not there yet, and it is loaded meanwhile', async () => {
    world = await awsWorld({ cold: true });
    await expect(world.facts.search(GRACE, 'prod', 10, all)).rejects.toMatchObject({ code: 'aws-unavailable' });
    expect(world.facts.note?.()).toMatch(/cannot be searched yet.*still reading/);
    await expect
      .poll(() => world.facts.search(GRACE, 'prod admin', 10, all).catch(() => []), { timeout: 10_000 })
      .toHaveLength(1);
  });

  it('is not gone by once it could not be read anew for half an hour', async () => {
    world = await awsWorld();
    world.rig.aws.faults.add({ kind: 'denied' });
    await expect(world.aws.catalogue.refresh()).rejects.toThrow();
    expect(await world.facts.search(GRACE, 'production', 10, all)).not.toEqual([]);
    world.now += 31 * 60_000;
    await expect(world.facts.search(GRACE, 'production', 10, all)).rejects.toThrow(/too old to go by/);
    expect(world.facts.note?.()).toMatch(/too old to go by/);
  });
});

describe('what is known of AWS', () => {
  it('is not gone by when it is older than half an hour, though no load has failed, and is read anew', async () => {
    world = await awsWorld();
    const { loadedAt } = world.aws.catalogue.state();
    world.now += 31 * 60_000;
    await expect(world.facts.search(GRACE, 'production', 10, all)).rejects.toThrow(/too old to go by.*being read anew/);
    await expect(world.facts.candidate(GRACE, ADMIN_KEY)).rejects.toMatchObject({ retryable: true });
    await expect.poll(() => world.aws.catalogue.state().loadedAt, { timeout: 10_000 }).not.toBe(loadedAt);
  });

  it('names the missing right where Stint may not read tags, and a verdict says so too', async () => {
    world = await awsWorld({ cold: true });
    world.rig.aws.faults.add({ kind: 'denied', operation: 'ListTagsForResource' });
    await world.aws.catalogue.loaded();
    const right = /organizations:ListTagsForResource/;
    await expect.poll(() => world.facts.note?.(), { timeout: 10_000 }).toMatch(right);
    expect(world.facts.note?.()).not.toMatch(/still being read/);
    const found = await world.facts.candidate(GRACE, ADMIN_KEY);
    expect(found?.about).toMatchObject({ untold: expect.stringMatching(right) });
    expect(found?.about).not.toHaveProperty('tags');
  });

  it('says in the picker when AWS does not tell which sets are out of reach, and the rest can be asked for', async () => {
    world = await awsWorld({ settings: { caller: 'delegated' }, cold: true });
    world.rig.aws.faults.add({ kind: 'denied', operation: 'ListPermissionSetsProvisionedToAccount' });
    await world.aws.catalogue.loaded();
    expect(world.facts.note?.()).toMatch(/management account\. .*sso:ListPermissionSetsProvisionedToAccount/);
    await expect(world.facts.pin(GRACE, ADMIN_KEY)).resolves.toMatchObject({ accountId: EXAMPLE.production });
  });
});

describe('pinning', () => {
  it('looks last in line whether somebody has it already, and waits for that no longer than a person does', async () => {
    world = await awsWorld();
    const ranks: unknown[] = [];
    const { catalogue, identity } = world.aws;
    const facts = createAwsFacts({
      catalogue,
      identity,
      bindings: world.bindings,
      directory: directoryFrom([]),
      fence: { live: async () => undefined },
      now: () => world.now,
      held: (_target, { rank, signal }) => {
        ranks.push(rank);
        return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    await expect(facts.pin(GRACE, READER_KEY)).resolves.toMatchObject({ principalId: EXAMPLE.grace });
    expect(ranks).toEqual(['background']);
  });

  it('binds the one user of the exact address at the first time, and goes by the bound id from then on', async () => {
    world = await awsWorld();
    const target = await world.facts.pin(GRACE, ADMIN_KEY);
    expect(target).toEqual({
      kind: 'aws-permission-set',
      key: `${ADMIN_KEY}/${EXAMPLE.grace}`,
      instanceArn: 'arn:aws:sso:::instance/ssoins-7223a1b2c3d4e5f6',
      accountId: EXAMPLE.production,
      permissionSetArn: EXAMPLE.admin,
      principalId: EXAMPLE.grace,
      accountName: 'production',
      setName: 'AdministratorAccess',
      display: 'AdministratorAccess in production',
      sessionMs: 3_600_000,
    });
    const now = await world.facts.pin({ ...GRACE, email: 'linus@example.com' }, ADMIN_KEY);
    expect(now.principalId).toBe(EXAMPLE.grace);
    expect(world.bindings.rows).toHaveLength(1);
  });

  it.each([
    ['whose address two users have', ADA, 'person-unknown', /2 users with the address/],
    ['whose address nobody has', { ...GRACE, email: 'grace@example.co' }, 'person-unknown', /no user with the address/],
    ['of whom the people file has no address', { ...GRACE, email: undefined }, 'person-unknown', /has no e-mail address for you/],
  ])('binds nobody %s, and says what to do', async (_who, { email, ...person }, code, sentence) => {
    world = await awsWorld();
    const asking = world.facts.pin(email === undefined ? person : { ...person, email }, ADMIN_KEY);
    await expect(asking).rejects.toMatchObject({ code, sentence: expect.stringMatching(sentence) });
    expect(world.bindings.rows).toEqual([]);
  });

  it('refuses a user who is bound to somebody else, who is gone, or who is disabled', async () => {
    world = await awsWorld();
    world.bindings.rows.push(bound(LINUS, EXAMPLE.grace));
    await expect(world.facts.pin(GRACE, ADMIN_KEY)).rejects.toMatchObject({ code: 'state-conflict' });
    world.rig.aws.world.users.delete(EXAMPLE.grace);
    await expect(world.facts.pin(LINUS, ADMIN_KEY)).rejects.toMatchObject({ code: 'person-unknown' });
  });

  it('goes by the user that the people file names, before any address and any binding', async () => {
    world = await awsWorld();
    world.bindings.rows.push(bound(ADA, EXAMPLE.twin));
    const named = { ...ADA, awsUserId: EXAMPLE.ada };
    const target = await world.facts.pin(named, ADMIN_KEY);
    expect(target.principalId).toBe(EXAMPLE.ada);
    expect((await world.facts.look(target, named)).refusal).toBeUndefined();
    expect((await world.facts.look(target, ADA)).refusal).toMatch(/who is not Ada/);
  });

  it('answers who has it already, and not from us; what is ours is left to the elevation that holds it', async () => {
    world = await awsWorld();
    await expect(world.facts.pin(GRACE, READER_KEY)).rejects.toMatchObject({ code: 'have-already' });
    world.live = { targetKey: 'held' } as Grant;
    await expect(world.facts.pin(GRACE, READER_KEY)).resolves.toMatchObject({ principalId: EXAMPLE.grace });
  });
});

describe('the whole way', () => {
  const POLICY = parsePolicy(
    `version: 1
targets:
  - id: aws-labs
    kind: aws-permission-set
    match: { ous: [Labs], sets: [ReadOnly] }
    tier: 2
    channel: C0LABS
    ask: { groups: [platform] }
    approve: { groups: [it] }
    windows: [10m]
    max: 30m
`,
    'policy.yaml',
  );

  it('goes from typing to a verdict by the same facts, and no further for a forged user', async () => {
    world = await awsWorld();
    const directory = directoryFrom([LINUS, GRACE, APPROVER]);
    const sources = { directory, targets: [MACS, world.facts], policy: async () => POLICY, clock: () => NOW };
    const preview = createPreview(sources);
    const judge = createJudge({ ...sources, policies: { get: async () => undefined } });
    const judged = (target: AwsPermissionSetTarget) => {
      const request: ElevationRequest = { ...requestOf({}, person('linus')), target };
      const digest = requestDigest(request);
      return judge({ request, digest, round: roundOf(request), votes: [approval(APPROVER, 10 * MIN, digest)] });
    };
    expect(await preview.search(GRACE, 'sandbox', 100)).toEqual([]);
    const [offer, ...rest] = await preview.search(LINUS, 'sandbox', 100);
    expect(rest).toEqual([]);
    expect(offer).toMatchObject({ key: READER_KEY, rule: 'aws-labs', tier: 2, channel: 'C0LABS' });
    const { target } = await preview.pin(LINUS, READER_KEY);
    const pinned = targetOf('aws-permission-set', target);
    if (!pinned) throw new Error('another kind was pinned');
    expect(await judged(pinned)).toMatchObject({ outcome: 'satisfied', rule: 'aws-labs', tier: 2, channel: 'C0LABS' });
    const forged = { ...pinned, principalId: EXAMPLE.grace, key: `${READER_KEY}/${EXAMPLE.grace}` };
    expect(await judged(forged)).toMatchObject({
      outcome: 'deny',
      sentences: expect.arrayContaining(['The request names a user of Identity Center who is not Linus.']),
    });
  });

  it('ends in a denial where AWS is not set up', async () => {
    world = await awsWorld();
    const target = await world.facts.pin(LINUS, READER_KEY);
    const request: ElevationRequest = { ...requestOf({}, person('linus')), target };
    const facts = await gatherFacts({ directory: directoryFrom([LINUS]) }, POLICY, request, []);
    const { outcome, sentences } = decide(POLICY, { request, round: roundOf(request) }, facts, [], NOW);
    expect([outcome, sentences[0]]).toEqual(['deny', expect.stringMatching(/not set up for AWS here.*STINT_AWS_REGION/)]);
  });
});

describe('judging a target', () => {
  const asked = async (change: Partial<AwsPermissionSetTarget> = {}) => {
    world = await awsWorld();
    world.bindings.rows.push(bound(LINUS, EXAMPLE.linus));
    return { ...(await world.facts.pin(LINUS, READER_KEY)), ...change };
  };

  it('finds what was pinned, with what rules are held against', async () => {
    const look = await lookAt(await asked());
    expect(look).toMatchObject({ about: { accountName: 'sandbox', set: 'ReadOnly', ouNames: ['Labs'] } });
    expect(look.refusal).toBeUndefined();
  });

  const lookAt = (target: AwsPermissionSetTarget, holder = LINUS) => world.facts.look(target, holder);

  it('waits for a people file that can’t be read just now, instead of finding a ground for a no in it', async () => {
    const target = await asked();
    world.unreadable = new StintError('bad-config', 'The people file is cut off.');
    await expect(lookAt(target)).rejects.toMatchObject({ code: 'bad-config' });
    world.unreadable = undefined;
    expect((await lookAt(target)).refusal).toBeUndefined();
  });

  const FORGED: readonly [string, Partial<AwsPermissionSetTarget>, RegExp][] = [
    ['another user', { principalId: EXAMPLE.grace, key: `${READER_KEY}/${EXAMPLE.grace}` }, /who is not Linus/],
    ['a key that is not of its ids', { key: `${ADMIN_KEY}/${EXAMPLE.linus}` }, /key of the request does not fit/],
    ['another name than AWS has', { display: 'ReadOnly in nowhere' }, /AWS calls it "ReadOnly in sandbox"/],
    ['another account name than AWS has', { accountName: 'nowhere' }, /AWS calls it "sandbox"/],
    ['another name of the set', { setName: 'AdministratorAccess' }, /AWS calls it "ReadOnly" now/],
    ['shorter sessions than there are', { sessionMs: 1 }, /last longer than the request says/],
    ['another instance', { instanceArn: 'arn:aws:sso:::instance/ssoins-0000000000000000' }, /another instance/],
    ['an unknown account', { accountId: '999999999999' }, /no account 999999999999 in use/],
    ['a suspended account', { accountId: EXAMPLE.suspended }, /no account 555555555555 in use/],
    ['a set that there is not', { permissionSetArn: `${EXAMPLE.admin}0` }, /not the permission set/],
    ['no set at all', { permissionSetArn: 'ps' }, /not the permission set/],
  ];

  it('refuses a request that names anything else than AWS and the binding do', async () => {
    const target = await asked();
    for (const [what, change, sentence] of FORGED)
      expect((await lookAt({ ...target, ...change })).refusal, what).toMatch(sentence);
  });

  it('refuses a holder to whom nobody is bound, or whose user is no more', async () => {
    const target = await asked();
    expect((await lookAt(target, GRACE)).refusal).toMatch(/No user of Identity Center is bound to Grace/);
    world.rig.aws.world.users.delete(EXAMPLE.linus);
    expect((await lookAt(target)).refusal).toMatch(/The user of Linus in Identity Center .* is no more/);
  });

  it('is an error that may pass while AWS does not answer, and neither a yes nor a no', async () => {
    const target = await asked();
    world.rig.aws.faults.add({ kind: 'down' });
    const error = await lookAt(target).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StintError);
    expect(error).toMatchObject({ retryable: true });
  });

  it('knows from memory alone what is asked about for taking it away', async () => {
    const target = await asked();
    const calls = world.rig.aws.truth.calls().length;
    expect(world.facts.known(target)).toMatchObject({ accountName: 'sandbox' });
    expect(world.facts.known({ ...target, accountId: '999999999999' })).toBeUndefined();
    expect(world.rig.aws.truth.calls()).toHaveLength(calls);
  });
});
