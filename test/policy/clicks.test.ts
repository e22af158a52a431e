/** Clicks of whom only some of what is known lets decide: managers, later stages, rules that came to be called like an old one. */
import { describe, expect, it } from 'vitest';
import type { Directory, Person } from '../../contract/ports.js';
import type { ClickKind } from '../../contract/preview.js';
import type { Round, Verdict, Vote } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { judgeClick } from '../../policy/click.js';
import { decide, decideBoth } from '../../policy/decide.js';
import { createCheckLimits } from '../../policy/entrance.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { ONLY_MACS } from '../../policy/targets.js';
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

const question = { request: requestOf(), round: roundOf(requestOf()) };
const verdictOf = (policy: Policy, votes: readonly Vote[] = []): Verdict => decide(policy, question, factsOf(), votes, NOW);
const running = (verdict: Verdict, change: Partial<ElevationView> = {}): ElevationView =>
  viewOf({ ...verdict, approvers: [] }, { state: 'active', confirmedAt: at(0), deadlineAt: at(10 * MIN), ...change });

async function click(kind: ClickKind, who: Person, view: ElevationView, policy: Policy, people = EVERYBODY): Promise<string> {
  const directory = directoryFrom(people);
  const answer = await judgeClick(kind, {
    policy,
    directory,
    targets: ONLY_MACS,
    view,
    person: who,
    windowMs: 10 * MIN,
    now: NOW,
  });
  return answer.ok ? 'ok' : answer.sentence;
}
const led = (...changes: readonly [Person, Partial<Person>][]) =>
  EVERYBODY.map((one) => ({ ...one, ...changes.find(([who]) => who === one)?.[1] }));

describe('where a manager decides', () => {
  const policy = policyOf({ approve: '{ manager: true }', revoke: '{ groups: [security] }' });
  const view = running(verdictOf(policy));
  const away = { from: at(-MIN), until: at(MIN) };

  it('theirs is the click that takes away, and nobody else has it for being a manager', async () => {
    const people = led([ADA, { manager: GRACE.personId }], [GRACE, { manager: LINUS.personId }]);
    for (const kind of ['revoke', 'deny', 'close-unproven'] as const) {
      expect(await click(kind, GRACE, view, policy, people)).toBe('ok');
      expect(await click(kind, LINUS, view, policy, people)).toMatch(/does not let you/);
    }
  });

  it('whoever asked stands in for none: it is the next one above', async () => {
    const asked = running(verdictOf(policy), {
      request: requestOf({ requester: { personId: MARGARET.personId, name: 'Margaret' } }),
    });
    const grace = { manager: LINUS.personId, away: { ...away, delegate: MARGARET.personId } };
    const people = led([ADA, { manager: GRACE.personId }], [GRACE, grace]);
    expect(await click('deny', LINUS, asked, policy, people)).toBe('ok');
  });

  it('nobody is the manager of a holder who is in the people file no more, or has none', async () => {
    for (const people of [EVERYBODY, EVERYBODY.filter((one) => one !== ADA)])
      expect(await click('revoke', MALLORY, view, policy, people)).toMatch(/does not let you/);
  });

  it('by no rule, nobody is looked for', async () => {
    const plain = policyOf();
    const people = led([ADA, { manager: MALLORY.personId }]);
    expect(await click('revoke', MALLORY, running(verdictOf(plain)), plain, people)).toMatch(/does not let you/);
  });
});

describe('a click that is refused', () => {
  it('names those who may and are still active', async () => {
    const people = led([LINUS, { active: false }]);
    const said = await click('revoke', MALLORY, running(verdictOf(policyOf())), policyOf(), people);
    expect(said).toBe('The policy does not let you do that; it lets Grace, Margaret.');
    const nobody = policyOf({ revoke: '{ groups: [executives] }' });
    expect(await click('revoke', MALLORY, running(verdictOf(nobody)), nobody)).toBe('The policy does not let you do that.');
  });

  it('names who could approve at the stage that waits: of the request by its votes, of an extension by its own', async () => {
    const policy = policyOf({ approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }' });
    const round: Round = { digest: sha256('an extension'), kind: 'extension', windowMs: 10 * MIN };
    const [first, later] = [approval(GRACE), approval(GRACE, 10 * MIN, round.digest)];
    const who = async (kind: ClickKind, view: ElevationView) =>
      /Who could approve: (.*)\.$/.exec(await click(kind, MALLORY, view, policy))?.[1];
    const waiting = (votes: readonly Vote[]) => viewOf(verdictOf(policy), { votes });
    expect([await who('approve', waiting([])), await who('approve', waiting([first]))]).toEqual(['Grace, Linus', 'Margaret']);
    const extending = (votes: readonly Vote[]) => {
      const extension = { roundDigest: round.digest, windowMs: round.windowMs, askedAt: at(0), state: 'waiting', votes } as const;
      return running(verdictOf(policy), { votes: [first, approval(MARGARET)], extension });
    };
    expect([await who('ext-approve', extending([])), await who('ext-approve', extending([later]))]).toEqual([
      'Grace, Linus',
      'Margaret',
    ]);
  });
});

describe('to extend', () => {
  const policy = policyOf();
  const view = running(verdictOf(policy));
  const { deadlineAt: _, ...endless } = view;
  const { confirmedAt: __, ...unconfirmed } = view;

  it('there has to be access that is there, is known since when and until when, and a length', async () => {
    expect(await click('extend', ADA, view, policy)).toBe('ok');
    const others = [{ ...view, state: 'ending' } as const, { ...view, state: 'granting' } as const, endless, unconfirmed];
    for (const other of others)
      expect(await click('extend', ADA, other, policy)).toBe('Only a running elevation can be extended.');
    for (const kind of ['extend', 'approve'] as const)
      expect(await judgedWithout(kind, kind === 'extend' ? ADA : GRACE)).toMatch(/names no length/);
  });

  it('the maximum of then and the one of now both have to leave room', async () => {
    const later = running(verdictOf(policy), { deadlineAt: at(30 * MIN) });
    const longer = policyOf({ max: '1h' });
    const longerThen = running(verdictOf(longer), { deadlineAt: at(30 * MIN) });
    expect(await click('extend', ADA, later, longer)).toMatch(/used up/);
    expect(await click('extend', ADA, longerThen, policy)).toMatch(/used up/);
    expect(await click('extend', ADA, longerThen, longer)).toBe('ok');
    expect(await click('extend', ADA, running(verdictOf(policy), { deadlineAt: at(30 * MIN - 1) }), policy)).toBe('ok');
  });

  it('nobody decides where no extension was asked for', async () => {
    expect(await click('ext-approve', GRACE, view, policy)).toBe('No extension waits for a decision.');
  });

  const judgedWithout = async (kind: ClickKind, who: Person): Promise<string> => {
    const directory = directoryFrom(EVERYBODY);
    const answer = await judgeClick(kind, { policy, directory, targets: ONLY_MACS, view, person: who, now: NOW });
    return answer.ok ? 'ok' : answer.sentence;
  };
});

it('a rule of another kind that is called like the one of then gives nobody a say', async () => {
  const view = running(verdictOf(policyOf()));
  const accounts = policyOf()
    .source.replace('kind: mac-admin', 'kind: aws-permission-set')
    .replace('serials: ["*"]', 'sets: ["*"]');
  const policy = parsePolicy(accounts, 'policy.yaml');
  expect(policy.rules.map(({ id }) => id)).toEqual([view.verdict.rule]);
  expect(await click('revoke', MARGARET, view, policyOf())).toBe('ok');
  expect(await click('revoke', MARGARET, view, policy)).toMatch(/does not let you/);
});

describe('the entrance', () => {
  const unknown = () => Promise.reject(new Error('asked'));
  const directory: Directory = { ...directoryFrom(EVERYBODY), person: unknown, membersOf: unknown };
  const check = (policy: Policy) => createCheckLimits({ policy: async () => policy, clock: () => NOW, directory })(requestOf());

  it('asks nobody anything where no rule has a limit, and asks where one of several has', async () => {
    const limited = policyOf({ more: '    limits: { live: 1 }' });
    const both = { ...limited, rules: [...policyOf().rules, ...limited.rules] };
    await expect(check(policyOf())).resolves.toBeUndefined();
    for (const policy of [limited, both]) await expect(check(policy)).rejects.toThrow('asked');
  });
});

describe('of two policies with stages', () => {
  const ONE = policyOf({ approve: '{ groups: [it, security] }' });
  const TWO = policyOf({ approve: '{ stages: [{ groups: [it] }, { groups: [security] }] }' });
  const OTHER = policyOf({ approve: '{ stages: [{ groups: [security] }, { groups: [it] }] }' });
  const shown = (then: Policy, now: Policy, ...votes: readonly Vote[]) =>
    decideBoth(then, now, question, factsOf(), votes, NOW).stages?.map(({ name, approved }) => `${name} ${approved}`);

  it('the one with most is shown, the first of such as are alike, and one that is not satisfied before one that is', () => {
    expect(shown(TWO, ONE)).toEqual(['it 0', 'security 0']);
    expect(shown(ONE, TWO)).toEqual(['it 0', 'security 0']);
    expect(shown(OTHER, TWO)).toEqual(['security 0', 'it 0']);
    const three = policyOf({ approve: '{ groups: [it, security], quorum: 3 }' });
    expect(shown(TWO, three, approval(GRACE), approval(MARGARET))).toBeUndefined();
    expect(shown(TWO, three, approval(GRACE))).toEqual(['it 1', 'security 0']);
    expect(shown(TWO, ONE, approval(GRACE), approval(MARGARET))).toEqual(['it 1', 'security 1']);
  });
});
