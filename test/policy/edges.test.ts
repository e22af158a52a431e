/** Where a decision turns: the last instant that counts, the shorter of two deadlines, the fact that makes another digest. */
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { Person, Store } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import type { Round, Vote } from '../../contract/verdict.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { createJudge, recalled } from '../../policy/judge.js';
import { directoryFrom } from '../../policy/people.js';
import { includes, type Policy, type Rule, ruleFor } from '../../policy/rules.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import {
  ADA,
  approval,
  at,
  denial,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MARGARET,
  MIN,
  NOW,
  person,
  policyOf,
  requestOf,
  roundOf,
} from './world.js';

const HOUR = 60 * MIN;
const question = { request: requestOf(), round: roundOf(requestOf()) };
const judged = (votes: readonly Vote[], policy = policyOf(), people: readonly Person[] = EVERYBODY, now = NOW) =>
  decide(policy, question, factsOf(people), votes, now);
const both = (then: Policy, now: Policy, votes: readonly Vote[] = []) => decideBoth(then, now, question, factsOf(), votes, NOW);
const WAITS = 'deadlines: { pending: 1h, start: 30m, evidence: 10m }';
const LONGER = 'deadlines: { pending: 2h, start: 10m, evidence: 20m }';
const line = (more: string) => policyOf({ more: `    ${more}` });

describe('a vote', () => {
  it('from a clock that is a minute ahead counts, and one that is further ahead does not', () => {
    expect(judged([{ ...approval(GRACE), at: at(60_000) }]).outcome).toBe('satisfied');
    expect(judged([{ ...approval(GRACE), at: at(60_001) }]).outcome).toBe('needs-approval');
  });

  it('against is heard whatever its date says, and needs no length', () => {
    expect(judged([approval(GRACE), { ...denial(LINUS), at: at(HOUR) }]).outcome).toBe('deny');
    expect(judged([{ ...denial(LINUS), at: 'soon' as never }]).outcome).toBe('deny');
  });

  it('against over another round, by the requester or by somebody who left ends nothing', () => {
    const gone = EVERYBODY.map((one) => (one === LINUS ? { ...LINUS, active: false } : one));
    expect(judged([approval(GRACE), denial(LINUS, sha256('another'))]).outcome).toBe('satisfied');
    expect(judged([approval(GRACE), denial(ADA)]).outcome).toBe('satisfied');
    expect(judged([approval(GRACE), denial(LINUS)], policyOf(), gone).outcome).toBe('satisfied');
  });

  it('of several, in whatever order, is told under the names of who cast it, each once and sorted', () => {
    const two = policyOf({ approve: '{ groups: [it], quorum: 2 }' });
    const { approvedBy } = judged([approval(LINUS), approval(GRACE), approval(LINUS, 5 * MIN)], two);
    expect(approvedBy).toEqual(['grace', 'linus']);
  });
});

describe('the age of a request', () => {
  const policy = line(WAITS);
  const life = 24 * HOUR + HOUR + 30 * MIN;
  const of = (round: Round, now: number) => decide(policy, { request: requestOf(), round }, factsOf(), [], now).outcome;
  const extension: Round = { digest: sha256('an extension'), kind: 'extension', windowMs: 10 * MIN };

  it('may be a day and what it may wait for decision and start, to the millisecond', () => {
    expect(of(roundOf(requestOf()), NOW + life)).toBe('needs-approval');
    expect(of(roundOf(requestOf()), NOW + life + 1)).toBe('deny');
  });

  it('may be longer for an extension, by the longest that it can run', () => {
    expect(of(extension, NOW + life + 30 * MIN)).toBe('needs-approval');
    expect(of(extension, NOW + life + 30 * MIN + 1)).toBe('deny');
  });

  it('that is none is no age at all', () => {
    const request = requestOf({ askedAt: 'soon' as never });
    expect(decide(policy, { request, round: roundOf(request) }, factsOf(), [], NOW).outcome).toBe('deny');
  });
});

describe('of two policies', () => {
  it('the shorter deadlines for deciding and starting count, from whichever, and the others of now', () => {
    for (const [then, now, evidenceMs] of [
      [line(WAITS), line(LONGER), 20 * MIN],
      [line(LONGER), line(WAITS), 10 * MIN],
    ] as const) {
      expect(both(then, now).deadlines).toMatchObject({ pendingMs: HOUR, startMs: 10 * MIN, evidenceMs });
    }
  });

  it('the graver tier counts, from whichever, and one is graver than none', () => {
    const [grave, mild, none] = [line('tier: 1'), line('tier: 3'), policyOf()];
    for (const [then, now] of [
      [grave, mild],
      [mild, grave],
      [grave, none],
      [none, grave],
    ] as const)
      expect(both(then, now).tier).toBe(1);
    expect(both(none, policyOf({ max: '1h' })).tier).toBeUndefined();
  });

  it('the channel is the one of then, where the card stands, also where that was none', () => {
    const [one, other] = [line('channel: C0FIRST'), line('channel: C0OTHER')];
    expect(both(one, other).channel).toBe('C0FIRST');
    expect(both(one, policyOf()).channel).toBe('C0FIRST');
    expect(both(policyOf(), other).channel).toBeUndefined();
    expect(judged([], other).channel).toBe('C0OTHER');
  });

  it('a reason for a no that both have is said once', () => {
    const closed = (max: string) => policyOf({ ask: '{ groups: [executives] }', max });
    expect(both(closed('30m'), closed('1h')).sentences).toHaveLength(1);
  });

  it('a length that only one offers is not offered, and a length beyond either maximum is not granted', () => {
    const short = policyOf({ windows: '[5m, 15m]', max: '15m' });
    for (const verdict of [both(short, policyOf()), both(policyOf(), short)])
      expect(verdict).toMatchObject({ windowsMs: [5 * MIN, 15 * MIN], maxWindowMs: 15 * MIN });
  });

  it('whoever approves has to be an approver by both', () => {
    const security = policyOf({ approve: '{ groups: [it, security] }' });
    for (const [then, now] of [
      [policyOf(), security],
      [security, policyOf()],
    ] as const) {
      expect(both(then, now, [approval(MARGARET)]).outcome).toBe('needs-approval');
      expect(both(then, now, [approval(GRACE)]).outcome).toBe('satisfied');
    }
  });
});

describe('the digest of the facts', () => {
  const digest = (people: readonly Person[], request: ElevationRequest = requestOf()) =>
    decide(policyOf(), { request, round: roundOf(request) }, factsOf(people, request), [], NOW).factsDigest;
  const plain = () => digest(EVERYBODY);

  it.each<[string, Partial<Person>]>([
    ['whether somebody is active', { active: false }],
    ['their groups', { groups: ['it'] }],
    ['their Macs', { macs: [] }],
  ])('changes with %s', (_what, change) => {
    for (const who of [ADA, GRACE])
      expect(digest(EVERYBODY.map((one) => (one === who ? { ...one, ...change } : one)))).not.toBe(plain());
  });

  it('changes with who asks, who holds and what for', () => {
    const linus = { personId: LINUS.personId, name: 'Linus' };
    expect(digest(EVERYBODY, requestOf({ requester: linus }))).not.toBe(plain());
    const held = digest(EVERYBODY, requestOf({ subject: linus, target: requestOf({}, LINUS).target }));
    expect(held).not.toBe(plain());
    expect(digest(EVERYBODY, requestOf({}, LINUS))).not.toBe(held);
    expect(digest(EVERYBODY.filter((one) => one !== ADA))).not.toBe(plain());
  });

  it('changes with no name, no e-mail address, no Slack account and no order', () => {
    const other = EVERYBODY.map((one) => ({
      ...one,
      name: 'X',
      email: 'x@example.com',
      slack: [],
      groups: [...one.groups].reverse(),
    }));
    expect(digest([...other].reverse())).toBe(plain());
  });
});

describe('who is meant', () => {
  const named = (change: Partial<Rule['ask']>) => ({ groups: [], people: [], ...change });

  it('is whom a group or a name says, and nobody where nothing is said', () => {
    expect(includes(named({ groups: ['it'] }), GRACE)).toBe(true);
    expect(includes(named({ people: [GRACE.personId] }), GRACE)).toBe(true);
    expect(includes(named({ groups: ['security'], people: [LINUS.personId] }), GRACE)).toBe(false);
    expect(includes(named({}), GRACE)).toBe(false);
  });

  it('has to be all who ask: a rule that lets one of two ask does not apply', () => {
    const policy = policyOf({ ask: '{ groups: [it] }' });
    const about = { kind: 'mac-admin', serial: 'C02ADA01' as never } as const;
    expect(ruleFor(policy, about, [GRACE, LINUS])?.id).toBe('macs');
    expect(ruleFor(policy, about, [GRACE, ADA])).toBeUndefined();
    expect(ruleFor(policy, undefined, [GRACE])).toBeUndefined();
  });
});

describe('the policy of then', () => {
  const current = policyOf();
  const other = policyOf({ max: '1h' });
  const shelf = (text: string | undefined) => ({ get: async () => text });

  it('is what stands under its hash, and nothing where that is another policy, unreadable or not there', async () => {
    expect(await recalled(shelf(other.source), other.hash)).toEqual(other);
    expect(await recalled(shelf(other.source), current.hash)).toBeUndefined();
    expect(await recalled(shelf('version: 7'), current.hash)).toBeUndefined();
    expect(await recalled(shelf(undefined), current.hash)).toBeUndefined();
  });

  it('is an error while the store does not answer', async () => {
    const down: Pick<Store['policies'], 'get'> = {
      get: async () => {
        throw new StintError('store-unavailable');
      },
    };
    await expect(recalled(down, current.hash)).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  it('that can not be found denies under its own hash, with nothing granted', async () => {
    const policies: Pick<Store['policies'], 'get'> = { get: async () => undefined };
    const judge = createJudge({ policy: async () => current, policies, directory: directoryFrom(EVERYBODY), clock: () => NOW });
    const input = { request: requestOf(), digest: requestDigest(requestOf()), round: question.round, votes: [approval(GRACE)] };
    expect(await judge({ ...input, policyThen: current.hash })).toMatchObject({ outcome: 'satisfied', windowMs: 10 * MIN });
    const lost = await judge({ ...input, policyThen: other.hash });
    expect(lost).toMatchObject({ outcome: 'deny', policyHash: other.hash });
    expect(lost.windowMs).toBeUndefined();
    expect(lost.sentences[0]).toMatch(/can't|cannot be found/);
    const changed = await judge({ ...input, digest: sha256('another') });
    expect(changed).toMatchObject({ outcome: 'deny', policyHash: current.hash });
    expect(changed.sentences[0]).toMatch(/not the one that was asked/);
  });
});

describe('what a verdict says', () => {
  it('counts what is missing, and who could still give it', () => {
    const three = policyOf({ approve: '{ groups: [it, security], quorum: 3 }' });
    expect(judged([], three).sentences).toEqual(['3 more approvals are needed, from: Grace, Linus, Margaret.']);
    expect(judged([approval(GRACE), approval(LINUS)], three).sentences.at(-1)).toBe(
      'One more approval is needed, from: Margaret.',
    );
    const few = EVERYBODY.filter((one) => one !== LINUS);
    expect(judged([], three, few).sentences[0]).toMatch(/3 more approvals are needed, but only Grace, Margaret could give them/);
    const crowd = [ADA, ...Array.from({ length: 7 }, (_, n) => person(`p${n}`, { groups: ['it'] }))];
    expect(judged([], policyOf(), crowd).sentences[0]).toMatch(/from: P0, P1, P2, P3, P4 and 2 more\.$/);
    expect(judged([], policyOf(), crowd.slice(0, 6)).sentences[0]).toMatch(/from: P0, P1, P2, P3, P4\.$/);
  });
});
