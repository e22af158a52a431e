import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { Digest } from '../../contract/ids.js';
import type { Directory, Person, Store } from '../../contract/ports.js';
import { CLICK_KINDS, type ClickKind } from '../../contract/preview.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { ElevationView } from '../../contract/view.js';
import { mayRevoke } from '../../policy/click.js';
import { decide } from '../../policy/decide.js';
import { gatherFacts } from '../../policy/facts.js';
import { createJudge } from '../../policy/judge.js';
import { aboutMac } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy, Rule } from '../../policy/rules.js';
import { sha256 } from '../../seal/canonical.js';
import {
  ADA,
  approval,
  at,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MALLORY,
  MARGARET,
  MIN,
  NOW,
  policyOf,
  requestOf,
  roundOf,
  viewOf,
} from './world.js';

const directory = directoryFrom(EVERYBODY);
const failing: Directory = {
  ...directory,
  person: async () => {
    throw new StintError('store-unavailable', 'The directory is down.');
  },
  membersOf: async () => {
    throw new StintError('store-unavailable', 'The directory is down.');
  },
};
const verdict = decide(policyOf(), { request: requestOf(), round: roundOf(requestOf()) }, factsOf(), [], NOW);
const waiting = viewOf(verdict);
const extension = {
  roundDigest: sha256('an extension'),
  windowMs: 5 * MIN,
  askedAt: at(0),
  state: 'waiting',
  votes: [],
} as const;
const active = viewOf(verdict, { state: 'active', confirmedAt: at(0), deadlineAt: at(10 * MIN), extension });

async function click(
  kind: ClickKind,
  person: Person,
  view: ElevationView = waiting,
  windowMs?: number,
  policy: Policy = policyOf(),
) {
  const preview = createPreview({ policy: async () => policy, directory, clock: () => NOW });
  const answer = await preview.judgeClick(view, person, kind, windowMs);
  return answer.ok ? 'ok' : answer.sentence;
}

describe('facts', () => {
  it('are what the directory says now, and nobody whom it does not know', async () => {
    const votes = [approval(GRACE), approval(GRACE), approval({ ...MALLORY, personId: 'nobody' as never })];
    const facts = await gatherFacts({ directory }, policyOf(), requestOf(), votes);
    expect(facts.requester).toEqual(ADA);
    expect(facts.voters).toEqual([GRACE]);
    expect(facts.approverPool).toEqual([GRACE, LINUS]);
  });

  it('are not had when the directory fails: its error passes through', async () => {
    await expect(gatherFacts({ directory: failing }, policyOf(), requestOf(), [])).rejects.toThrow('The directory is down');
  });

  it('have another digest when a group changed, and the same when a name did', () => {
    const digest = (people: readonly Person[]) =>
      decide(policyOf(), { request: requestOf(), round: roundOf(requestOf()) }, factsOf(people), [], NOW).factsDigest;
    expect(digest([ADA, GRACE])).toBe(digest([{ ...GRACE, name: 'G.' }, ADA]));
    expect(digest([ADA, GRACE])).not.toBe(digest([ADA, { ...GRACE, groups: ['it'] }]));
  });
});

describe('the judgement that counts', () => {
  const stored = (texts: Record<string, string> = {}) => {
    const kept = new Map(Object.entries(texts));
    return { get: async (hash: Digest) => kept.get(hash) };
  };
  const input = (change: object = {}) => ({
    request: requestOf(),
    digest: roundOf(requestOf()).digest,
    round: roundOf(requestOf()),
    votes: [approval(GRACE)],
    ...change,
  });
  const judge = (policy: Policy, policies: Pick<Store['policies'], 'get'> = stored(), people: Directory = directory) =>
    createJudge({ policy: async () => policy, policies, directory: people, clock: () => NOW });

  it('asks for no policy but that of then: the one of now came out of the store', async () => {
    const asked: Digest[] = [];
    const policies = { get: async (hash: Digest) => void asked.push(hash) };
    expect(await judge(policyOf(), policies)(input())).toMatchObject({ outcome: 'satisfied', windowMs: 10 * MIN });
    await judge(policyOf(), policies)(input({ policyThen: policyOf().hash }));
    expect(asked).toEqual([]);
  });

  it('is by the stricter of then and now', async () => {
    const then = policyOf({ approve: '{ groups: [it], quorum: 2 }' });
    const policies = stored({ [then.hash]: then.source });
    const answer = await judge(policyOf(), policies)(input({ policyThen: then.hash }));
    expect(answer).toMatchObject({ outcome: 'needs-approval', quorum: 2, policyHash: then.hash, policyNow: policyOf().hash });
    expect(await judge(policyOf(), policies)(input())).not.toHaveProperty('policyNow');
  });

  it('asks who may approve each time: a vote counts no more once its approver was moved, or left, before the grant', async () => {
    const people = new Map(EVERYBODY.map((one) => [one.personId, one]));
    const now = (): Directory => directoryFrom([...people.values()]);
    const asked: Directory = { ...directory, person: (id) => now().person(id), membersOf: (group) => now().membersOf(group) };
    const judging = judge(policyOf(), stored(), asked);
    expect(await judging(input())).toMatchObject({ outcome: 'satisfied', approvedBy: ['grace'] });
    for (const change of [{ groups: ['staff'] }, { active: false }]) {
      people.set(GRACE.personId, { ...GRACE, ...change });
      expect(await judging(input())).toMatchObject({ outcome: 'needs-approval', approvedBy: [], approvers: ['linus'] });
    }
    people.set(MARGARET.personId, { ...MARGARET, groups: ['it'] });
    expect(await judging(input({ votes: [approval(MARGARET)] }))).toMatchObject({ outcome: 'satisfied' });
  });

  it('denies when the policy of then is lost, changed or no longer readable', async () => {
    const then = policyOf({ windows: '[10m]' });
    for (const texts of [{}, { [then.hash]: policyOf().source }, { [then.hash]: 'version: 0' }]) {
      const answer = await judge(policyOf(), stored(texts))(input({ policyThen: then.hash }));
      expect(answer).toMatchObject({ outcome: 'deny', policyHash: then.hash });
      expect(answer.windowMs).toBeUndefined();
      expect(answer.sentences[0]).toMatch(/cannot be found any more/);
    }
  });

  it('denies a request that is not the one that was asked, in an extension too', async () => {
    const other = requestOf({ windowMs: 30 * MIN });
    const round = { digest: extension.roundDigest, kind: 'extension', windowMs: 5 * MIN } as const;
    expect(await judge(policyOf())(input({ request: other, round, votes: [] }))).toMatchObject({ outcome: 'deny' });
    expect(await judge(policyOf())(input({ round, votes: [] }))).toMatchObject({ outcome: 'needs-approval' });
  });

  it('holds the round against the request itself, not against what it is said to be named by', async () => {
    const { sentences } = await judge(policyOf())(input({ request: requestOf({ category: 'other' }) }));
    expect(sentences).toContain('The request is not the one that was asked.');
    expect(sentences).toContain('The round that was voted on is not this request.');
  });

  it('is an error, and no approval, when policy, store or directory fail', async () => {
    const down = { get: () => Promise.reject(new StintError('store-unavailable')) };
    const before = input({ policyThen: sha256('another') });
    await expect(judge(policyOf(), down)(before)).rejects.toThrow(/store-unavailable/);
    await expect(judge(policyOf(), stored(), failing)(input())).rejects.toThrow('The directory is down');
    const broken = createJudge({
      policy: () => Promise.reject(new StintError('bad-policy')),
      policies: stored(),
      directory,
      clock: () => NOW,
    });
    await expect(broken(input())).rejects.toThrow(/bad-policy/);
  });
});

describe('an offer', () => {
  const preview = (policy = policyOf()) => createPreview({ policy: async () => policy, directory, clock: () => NOW });
  const offers = async (person: Person) => (await preview().offersFor(person)).offers;

  it('is made for each own Mac that a rule covers, with who could approve it other than oneself', async () => {
    expect(await offers(GRACE)).toEqual([
      {
        key: 'mac-admin/C02GRACE01',
        kind: 'mac-admin',
        display: 'grace-mac',
        confirmBy: 'grace-mac',
        windowsMs: [5, 10, 15, 30].map((m) => m * MIN),
        approverNames: ['Linus'],
        rule: 'macs',
        notes: [],
      },
    ]);
  });

  it('is not made to whom no rule lets ask, nor to who is not active', async () => {
    expect(await offers(MALLORY)).toEqual([]);
    expect(await offers({ ...ADA, active: false })).toEqual([]);
  });

  it('is what a request may then really ask for', async () => {
    for (const person of EVERYBODY) {
      for (const { key, windowsMs, rule } of await offers(person)) {
        const { target } = await preview().pin(person, key);
        for (const windowMs of windowsMs) {
          const request: ElevationRequest = { ...requestOf({ windowMs }, person), target };
          const facts = await gatherFacts({ directory }, policyOf(), request, []);
          const answer = decide(policyOf(), { request, round: roundOf(request) }, facts, [], NOW);
          expect(answer).toMatchObject({ outcome: 'needs-approval', rule });
        }
      }
    }
  });
});

describe('a click', () => {
  it('to approve is for approvers, with a length that is offered', async () => {
    expect(await click('approve', GRACE, waiting, 15 * MIN)).toBe('ok');
    expect(await click('approve', MALLORY, waiting, 15 * MIN)).toBe(
      "Mallory's vote does not count: not an approver of this request. Missing: 1 approval. Who could approve: Grace, Linus.",
    );
    expect(await click('approve', GRACE, waiting, 7 * MIN)).toMatch(/does not offer that length/);
    expect(await click('approve', GRACE, waiting)).toMatch(/names no length/);
    expect(await click('approve', ADA, waiting, 5 * MIN)).toMatch(/nobody decides their own request/);
  });

  it('to approve what can no longer be approved says why', async () => {
    const closed = policyOf({ ask: '{ groups: [executives] }' });
    expect(await click('approve', GRACE, waiting, 15 * MIN, closed)).toMatch(/^Ada may not ask for this/);
  });

  it('to deny, or to close without proof, is for approvers and revokers, never for the own request', async () => {
    for (const kind of ['deny', 'ext-deny', 'close-unproven'] as const) {
      expect(await click(kind, GRACE)).toBe('ok');
      expect(await click(kind, MARGARET)).toBe('ok');
      expect(await click(kind, MALLORY)).toMatch(/does not let you do that; it lets Grace, Linus, Margaret/);
      expect(await click(kind, ADA)).toMatch(/your own request/);
    }
  });

  it('to revoke is for revokers, approvers and the holder, although the policy has changed since', async () => {
    const closed = policyOf({ approve: '{ groups: [executives] }', revoke: '{ groups: [executives] }' });
    for (const person of [GRACE, MARGARET, ADA]) expect(await click('revoke', person, active)).toBe('ok');
    expect(await click('revoke', GRACE, active, undefined, closed)).toBe('ok');
    expect(await click('revoke', MARGARET, active, undefined, closed)).toMatch(/does not let you/);
    expect(await click('revoke', MALLORY, active)).toMatch(/does not let you/);
    expect(mayRevoke(policyOf(), active, aboutMac(requestOf().target), { ...GRACE, active: false })).toBe(false);
  });

  it('to revoke goes by the rule that was judged by, where nothing is known of the target now', () => {
    const unknown = (policy: Policy, person: Person, view = active) => mayRevoke(policy, view, undefined, person);
    for (const person of [GRACE, MARGARET, ADA]) expect(unknown(policyOf(), person)).toBe(true);
    expect(unknown(policyOf(), MALLORY)).toBe(false);
    const other = { ...active, verdict: { ...verdict, rule: 'another' } };
    expect(unknown(policyOf(), MARGARET, other)).toBe(false);
    expect(mayRevoke(policyOf(), other, aboutMac(requestOf().target), MARGARET)).toBe(true);
  });

  it('to revoke stays with those whom the rule names that it was judged by, although that covers the target no more', async () => {
    const moved = policyOf();
    const rules = moved.rules.map((rule) => ({ ...rule, match: { serials: ['C99*'] } }) as Rule);
    for (const kind of ['revoke', 'deny', 'ext-deny'] as const)
      expect(await click(kind, MARGARET, active, undefined, { ...moved, rules })).toBe('ok');
    expect(await click('revoke', MALLORY, active, undefined, { ...moved, rules })).toMatch(/does not let you/);
    // To give up the proof takes nothing away: that goes by the rules as they are.
    expect(await click('close-unproven', MARGARET, active, undefined, { ...moved, rules })).toMatch(/does not let you/);
    expect(await click('approve', GRACE, waiting, 5 * MIN, { ...moved, rules })).not.toBe('ok');
  });

  it('to end or withdraw is for the holder', async () => {
    for (const kind of ['end', 'withdraw'] as const) {
      expect(await click(kind, ADA, active)).toBe('ok');
      expect(await click(kind, GRACE, active)).toBe("This elevation is Ada's.");
    }
  });

  it('to extend is for the holder of a running elevation, for an offered length, while the maximum leaves room', async () => {
    expect(await click('extend', ADA, active, 5 * MIN)).toBe('ok');
    expect(await click('extend', GRACE, active, 5 * MIN)).toMatch(/Ada's/);
    expect(await click('extend', ADA, waiting, 5 * MIN)).toMatch(/Only a running/);
    expect(await click('extend', ADA, active, 7 * MIN)).toMatch(/does not offer 7m/);
    expect(await click('extend', ADA, { ...active, deadlineAt: at(30 * MIN) }, 5 * MIN)).toMatch(/longest time.*used up/);
  });

  it('to approve an extension is for approvers, while one waits', async () => {
    expect(await click('ext-approve', GRACE, active, 5 * MIN)).toBe('ok');
    expect(await click('ext-approve', ADA, active, 5 * MIN)).toMatch(/nobody decides their own/);
    expect(await click('ext-approve', MARGARET, active, 5 * MIN)).toMatch(/not an approver/);
    expect(await click('ext-approve', GRACE, { ...active, extension: { ...extension, state: 'lapsed' } }, 5 * MIN)).toMatch(
      /No extension/,
    );
  });

  it.each(CLICK_KINDS)('of kind %s by somebody who left is refused', async (kind) => {
    for (const person of [ADA, GRACE])
      expect(await click(kind, { ...person, active: false }, active, 5 * MIN)).toMatch(/not active/);
  });

  it('is no yes when the directory or the policy fails', async () => {
    const preview = createPreview({ policy: async () => policyOf(), directory: failing, clock: () => NOW });
    await expect(preview.judgeClick(waiting, GRACE, 'approve', 5 * MIN)).rejects.toThrow('The directory is down');
    const lost = createPreview({ policy: () => Promise.reject(new StintError('bad-policy')), directory, clock: () => NOW });
    await expect(lost.judgeClick(waiting, GRACE, 'approve', 5 * MIN)).rejects.toThrow(/bad-policy/);
  });

  it('that takes away is judged by the last valid people where none are valid now, and one that adds is not', async () => {
    const deps = { policy: async () => policyOf(), directory: failing, clock: () => NOW };
    const preview = createPreview({ ...deps, lastGood: directory });
    const stranger = { ...GRACE, personId: 'zoe' as typeof GRACE.personId, groups: [] };
    expect(await preview.judgeClick(active, stranger, 'revoke')).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(/it lets .*Linus/),
    });
    await expect(createPreview(deps).judgeClick(active, stranger, 'revoke')).rejects.toThrow('The directory is down');
    await expect(preview.judgeClick(waiting, GRACE, 'approve', 5 * MIN)).rejects.toThrow('The directory is down');
  });

  it('that takes away needs no policy file: who is named by the verdict on record may, and by the policy of that time', async () => {
    const lost = (policies?: Pick<Store['policies'], 'get'>) =>
      createPreview({
        policy: () => Promise.reject(new StintError('bad-policy')),
        directory,
        clock: () => NOW,
        ...(policies && { policies }),
      });
    const said = async (kind: ClickKind, person: Person, policies?: Pick<Store['policies'], 'get'>) => {
      const answer = await lost(policies).judgeClick(active, person, kind, 5 * MIN);
      return answer.ok ? 'ok' : answer.sentence;
    };
    const kept: Pick<Store['policies'], 'get'> = {
      get: async (hash) => (hash === verdict.policyHash ? policyOf().source : undefined),
    };
    const down: typeof kept = { ...kept, get: () => Promise.reject(new StintError('store-unavailable')) };
    for (const policies of [undefined, kept, down]) {
      for (const kind of ['revoke', 'deny', 'ext-deny'] as const) expect(await said(kind, GRACE, policies)).toBe('ok');
      for (const kind of ['revoke', 'end', 'withdraw'] as const) expect(await said(kind, ADA, policies)).toBe('ok');
      expect(await said('end', GRACE, policies)).toBe("This elevation is Ada's.");
      expect(await said('revoke', MALLORY, policies)).toMatch(/does not let you/);
      expect(await said('revoke', MARGARET, policies)).toMatch(policies === kept ? 'ok' : /does not let you/);
      for (const kind of ['approve', 'extend', 'ext-approve', 'close-unproven'] as const)
        await expect(said(kind, kind === 'extend' ? ADA : GRACE, policies)).rejects.toThrow(/bad-policy/);
    }
  });

  it('that is allowed is one whose vote then counts', async () => {
    for (const person of EVERYBODY) {
      const allowed = (await click('approve', person, waiting, 5 * MIN)) === 'ok';
      const vote = approval(person, 5 * MIN);
      const answer = decide(policyOf(), { request: requestOf(), round: roundOf(requestOf()) }, factsOf(), [vote], NOW);
      expect(allowed).toBe(answer.outcome === 'satisfied');
    }
  });
});
