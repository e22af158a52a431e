/** Asking for somebody else: for whom somebody may, what there is then, and what of theirs is not told. */
import { expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { SlackUserId } from '../../contract/ids.js';
import type { Directory, Person, TargetFacts } from '../../contract/ports.js';
import { decide } from '../../policy/decide.js';
import { parsePolicy } from '../../policy/load.js';
import { MACS } from '../../policy/macs.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import type { Policy } from '../../policy/rules.js';
import { subjectNamed } from '../../policy/subject.js';
import {
  ADA,
  approval,
  EVERYBODY,
  factsOf,
  GRACE,
  LINUS,
  MALLORY,
  MARGARET,
  MIN,
  NOW,
  person,
  policyOf,
  requestOf,
  roundOf,
  viewOf,
} from './world.js';

const shop = (
  policy: Policy,
  people: readonly Person[] = EVERYBODY,
  more: { targets?: readonly TargetFacts[]; directory?: Directory } = {},
) => createPreview({ policy: async () => policy, directory: directoryFrom(people), clock: () => NOW, ...more });
const STAFF = policyOf();

it('is possible for whom the same rule lets ask, by name, and never for oneself, who left, or has nothing to ask for', async () => {
  const people = [...EVERYBODY, person('zoe', { macs: [] }), person('yves', { active: false })];
  const found = async (asker: Person, text = '', limit = 100) =>
    (await shop(STAFF, people).others(asker, text, limit)).map(({ name }) => name);
  expect(await found(ADA)).toEqual(['Grace', 'Linus', 'Margaret']);
  expect(await found(ADA, 'GRA')).toEqual(['Grace']);
  expect(await found(ADA, 'a r')).toEqual(['Grace', 'Margaret']);
  expect(await found(ADA, '', 1)).toEqual(['Grace']);
  expect(await found(ADA, 'zoe')).toEqual([]);
  expect(await found(MALLORY)).toEqual([]);
  expect(await found({ ...ADA, active: false })).toEqual([]);
  const alone = policyOf({ ask: '{ people: [ada] }' });
  expect(await shop(alone).others(ADA, '', 100)).toEqual([]);
});

it('offers what is theirs, to be decided by neither of the two', async () => {
  const { offers } = await shop(STAFF).offersFor(GRACE, ADA);
  expect(offers.map(({ display }) => display)).toEqual(['ada-mac']);
  expect(offers[0]?.approverNames).toEqual(['Linus']);
  expect((await shop(STAFF).search(GRACE, 'ada', 10, ADA)).map(({ display }) => display)).toEqual(['ada-mac']);
  expect(await shop(STAFF).pin(GRACE, 'mac-admin/C02ADA01', ADA)).toMatchObject({ target: { localUser: 'ada' } });
});

it('is refused for whom no rule lets both ask, and for a Mac that is not theirs', async () => {
  const preview = shop(STAFF);
  for (const [asker, subject] of [
    [ADA, MALLORY],
    [MALLORY, ADA],
  ] as const) {
    expect((await preview.offersFor(asker, subject)).offers).toEqual([]);
    const key = `mac-admin/${subject.macs[0]?.serial}`;
    await expect(preview.pin(asker, key, subject)).rejects.toThrow(/does not let you ask for this for/);
  }
  await expect(preview.pin(GRACE, 'mac-admin/C02GRACE01', ADA)).rejects.toThrow(/unknown-target/);
  await expect(preview.pin(GRACE, 'mac-admin/C02ADA01', { ...ADA, active: false })).rejects.toThrow(/Ada is not active/);
});

it('tells nobody else what is wrong with an account, nor its address; that a far end is down it does', async () => {
  let error = new StintError('person-unknown', 'Identity Center has no user with the address ada@example.com.');
  const facts: TargetFacts = {
    ...(MACS as TargetFacts),
    pin: async () => {
      throw error;
    },
  };
  const preview = shop(STAFF, EVERYBODY, { targets: [facts] });
  const key = 'mac-admin/C02ADA01';
  await expect(preview.pin(ADA, key)).rejects.toThrow('ada@example.com');
  await expect(preview.pin(GRACE, key, ADA)).rejects.toThrow(/^person-unknown: ada-mac can't be had for Ada\. They are told why/);
  error = new StintError('aws-unavailable');
  await expect(preview.pin(GRACE, key, ADA)).rejects.toThrow(/AWS cannot be reached/);
});

it('goes by who is on call, and without that look-up by everybody else', async () => {
  const policy = policyOf({ ask: '{ groups: [security, "oncall:cloud"] }' });
  const on = (onCall: NonNullable<Directory['onCall']>) =>
    shop(policy, EVERYBODY, { directory: { ...directoryFrom(EVERYBODY), onCall } });
  const duty = on(async () => ({ members: [LINUS] }));
  expect((await duty.others(LINUS, '', 9)).map(({ name }) => name)).toEqual(['Margaret']);
  expect((await duty.others(MARGARET, '', 9)).map(({ name }) => name)).toEqual(['Linus']);
  expect((await duty.offersFor(MARGARET, LINUS)).offers).toHaveLength(1);
  const down = on(async () => {
    throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
  });
  expect(await down.others(LINUS, '', 9)).toEqual([]);
  await expect(down.pin(MARGARET, 'mac-admin/C02LINUS01', LINUS)).rejects.toThrow('PagerDuty does not answer.');
});

/** The policy of one rule, with others before it or without `for: others`. */
const written = (change: (rule: string) => string) => parsePolicy(change(STAFF.source), 'policy.yaml');
const forAda = 'mac-admin/C02ADA01';

it('is possible by no rule that does not say so', async () => {
  const own = shop(written((text) => text.replace('    for: others\n', '')));
  expect(await own.others(GRACE, '', 100)).toEqual([]);
  expect((await own.offersFor(GRACE)).offers).toHaveLength(1);
  expect(await own.offersFor(GRACE, ADA)).toMatchObject({ offers: [], searchable: false });
  expect(await own.search(GRACE, '', 10, ADA)).toEqual([]);
  await expect(own.pin(GRACE, forAda, ADA)).rejects.toThrow('does not let you ask for this for Ada');
  expect(await own.pin(ADA, forAda, ADA)).toMatchObject({ target: { localUser: 'ada' } });
});

it('is possible by no later rule where an earlier one decides about either of the two, or one denies it to either', async () => {
  const first = (rule: string) => written((text) => text.replace('targets:\n', `targets:\n${rule}`));
  const strict = (asks: string, whom = '') =>
    first(`  - { id: strict, kind: mac-admin, match: { serials: ["*"] }, ask: { people: [${asks}] }, ${whom}approve: { groups: [it] }, windows: [5m], max: 5m }
`);
  const hidden = [strict('ada'), strict('grace'), strict('ada', 'for: others, '), strict('ada, grace')];
  for (const policy of hidden) {
    expect((await shop(policy).offersFor(GRACE, ADA)).offers).toEqual([]);
    await expect(shop(policy).pin(GRACE, forAda, ADA)).rejects.toThrow('does not let you ask for this for Ada');
  }
  expect((await shop(strict('linus')).offersFor(GRACE, ADA)).offers).toMatchObject([{ rule: 'macs' }]);
  for (const kept of ['ada', 'grace']) {
    const fence = `  - { id: fence, effect: deny, kind: mac-admin, match: { serials: ["*"] }, ask: { people: [${kept}] }, say: "Not theirs." }
`;
    expect((await shop(first(fence)).offersFor(GRACE, ADA)).offers).toEqual([]);
    await expect(shop(first(fence)).pin(GRACE, forAda, ADA)).rejects.toThrow('Not theirs.');
  }
});

it('is decided by neither of the two, though a rule names both, nor from their second accounts', async () => {
  const ken = person('ken', { groups: ['it'] });
  const two = { teamId: 'T0001', userId: 'U0GRACETWO' as SlackUserId };
  const grace = { ...GRACE, slack: [...GRACE.slack, two] };
  const people = [ADA, grace, LINUS, ken];
  const request = requestOf({ requester: { personId: GRACE.personId, name: GRACE.name } }, LINUS);
  const round = roundOf(request);
  const judged = (...by: Person[]) =>
    decide(
      STAFF,
      { request, round },
      factsOf(people, request),
      by.map((one) => approval(one, 10 * MIN, round.digest)),
      NOW,
    );
  expect(judged()).toMatchObject({ outcome: 'needs-approval', approvers: ['ken'] });
  expect(judged(grace, LINUS, grace)).toMatchObject({ outcome: 'needs-approval', approvedBy: [] });
  expect(judged(grace, ken)).toMatchObject({ outcome: 'satisfied', approvedBy: ['ken'] });
  const view = viewOf(judged(), { request, digest: round.digest });
  const preview = shop(STAFF, people);
  for (const [one, ok] of [
    [grace, false],
    [LINUS, false],
    [ken, true],
  ] as const)
    expect(await preview.judgeClick(view, one, 'approve', 10 * MIN)).toMatchObject({ ok });
});

it('an entrance takes whoever asks where nobody else is named, and refuses whoever is not there', async () => {
  const asked: string[] = [];
  const left = person('left', { active: false });
  const directory = {
    person: async (id: string) => {
      asked.push(id);
      return [GRACE, left].find(({ personId }) => personId === id);
    },
  };
  expect(await subjectNamed(directory, ADA, undefined)).toBe(ADA);
  expect(await subjectNamed(directory, ADA, 'ada')).toBe(ADA);
  expect(asked).toEqual([]);
  expect(await subjectNamed(directory, ADA, 'grace')).toBe(GRACE);
  for (const none of ['left', 'nobody'])
    await expect(subjectNamed(directory, ADA, none)).rejects.toMatchObject({
      code: 'bad-input',
      sentence: 'Whoever it is for is not in the people file, or not active. Name somebody else.',
    });
});
