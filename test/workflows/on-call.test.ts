/**
 * Whoever is on call is written to when something is asked that they may decide: once, whatever is lost on the way, and nobody who
 * may not decide. The real notices against a Slack that keeps what it was sent.
 */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { PersonId } from '../../contract/ids.js';
import type { Directory, Person } from '../../contract/ports.js';
import { directoryFrom } from '../../policy/people.js';
import { ada, everyone, grace, linus, mallory, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';
import { createRealSlack, type Workspace } from './real-slack.js';

const MIN = 60_000;
const approvedBy = (approve: string) => POLICY.replace('{ groups: [it], quorum: 1 }', approve);
/** Grace and Linus could decide anyway, and the card mentions them. */
const PRIMARY = approvedBy('{ groups: [it, "oncall:primary"] }');

let shift: { readonly on: readonly Person[]; readonly until?: number };
/** What whoever posts can't look up. */
let unknown: ReadonlySet<PersonId>;
/** How far the clocks of the activities were put ahead, with that of a workflow. */
let aheadMs = 0;

const macs = Array.from({ length: 60 }, (_, i) => ({
  ...(ada.macs[0] as NonNullable<(typeof ada.macs)[0]>),
  serial: `C02ADA${String(i).padStart(4, '0')}` as never,
}));
const staffOf = (people: readonly Person[]) => directoryFrom(people.map((one) => (one === ada ? { ...ada, macs } : one)));
const base = staffOf(everyone);
let staff: Directory = base;
/** How often it was asked who is on call. */
let looks = 0;
const judging: Directory = {
  ...base,
  person: (id) => staff.person(id),
  membersOf: (group) => staff.membersOf(group),
  onCall: async () => {
    looks += 1;
    return { members: shift.on, untilMs: shift.until };
  },
};
const posting: Directory = {
  ...base,
  person: async (id) => {
    if (unknown.has(id)) throw new StintError('bad-config', 'The people file has a mistake.');
    return base.person(id);
  },
};
const slack = createRealSlack(posting);

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), { slack: slack.duties, directory: judging, aheadMs: () => aheadMs });
});
beforeEach(() => {
  h.setPolicy(PRIMARY);
  shift = { on: [grace] };
  unknown = new Set();
  aheadMs = 0;
  staff = base;
});
afterAll(async () => {
  await h?.close();
  await slack.close();
});

interface Scene {
  readonly workspace: Workspace;
  ask(): Promise<Asked>;
}

async function scene(): Promise<Scene> {
  const request = h.request();
  return { workspace: await slack.workspace(request.requestId), ask: () => h.ask(request) };
}

/** Who was written to because they were called, by the key of the message, in order; twice where it stands twice. */
const called = ({ everPosted }: Workspace) => everPosted().flatMap((key) => /called-\d+\/\w+$/.exec(key)?.[0] ?? []);
const rejudged = async (e: Asked) => (await h.store.ledger.timeline(e.requestId)).filter(({ type }) => type === 'rejudged');

/** Until the message was tried, and is to be tried again. */
async function triesInVain(e: Asked): Promise<void> {
  await until(async () => {
    const { raw } = await e.handle.describe();
    return raw.pendingActivities?.some(({ activityType, attempt }) => activityType?.name === 'call' && (attempt ?? 0) > 1);
  }, 'the message tried in vain');
}

async function withdraw(e: Asked): Promise<void> {
  await e.withdraw(ada);
  expect(await e.result()).toBe('withdrawn');
}

test('they are, when it is asked, once, and for what they are on call; the card says so and nobody else is', async () => {
  const { workspace, ask } = await scene();
  const e = await ask();
  await until(async () => called(workspace).length > 0, 'the message');
  expect((await e.in('requested')).calls).toEqual([['grace']]);
  const [message] = workspace.sim.truth().messages.filter(({ text }) => text?.startsWith('You are on call'));
  expect(message?.text).toMatch(/^You are on call for primary, and can decide this\. Ada .* asks for 10 min of /);
  expect(workspace.card().says).toContain('On call, and called: ');
  expect(await rejudged(e)).toHaveLength(1);
  await e.activate(grace);
  await e.end(ada);
  expect(await e.finish()).toBe('ended');
  expect(called(workspace)).toEqual(['called-1/grace']);
  expect(workspace.everPosted().filter((key) => key.includes('/called'))).toHaveLength(1);
});

test.each(['drop-after', '500-after', 'html-after'] as const)('they are once, although each answer is lost: %s', async (kind) => {
  const { workspace, ask } = await scene();
  workspace.sim.fault({ kind, method: 'chat.postMessage' });
  workspace.sim.fault({ kind, method: 'conversations.open', times: 2 });
  const e = await ask();
  await until(async () => called(workspace).length > 0, 'the message');
  await withdraw(e);
  expect(called(workspace)).toEqual(['called-1/grace']);
});

test('they are once, although each process dies between a post and its record', async () => {
  const { workspace, ask } = await scene();
  workspace.diesBefore = (_, { ts }) => ts !== '';
  const e = await ask();
  await until(async () => workspace.deaths.some((key) => key.includes('called')), 'the death');
  await withdraw(e);
  expect(called(workspace)).toEqual(['called-1/grace']);
});

test('nobody is who asks themselves, or has left; and nothing is recorded of it', async () => {
  const gone = { ...linus, active: false };
  shift = { on: [ada, gone] };
  staff = staffOf(everyone.map((one) => (one === linus ? gone : one)));
  const { workspace, ask } = await scene();
  const e = await ask();
  expect((await e.in('requested')).verdict).toMatchObject({ approvers: ['grace'] });
  await withdraw(e);
  expect(called(workspace)).toEqual([]);
  expect(await rejudged(e)).toEqual([]);
});

test('at the handoff the next is called, whom the card mentioned before; who comes back is not called again', async () => {
  const { workspace, ask } = await scene();
  shift = { on: [grace], until: Date.now() + 4_000 };
  const e = await ask();
  await until(async () => called(workspace).length > 0, 'the first message');
  shift = { on: [linus], until: Date.now() + 12_000 };
  await until(async () => called(workspace).includes('called-2/linus'), 'the second message', 20_000);
  shift = { on: [grace] };
  const before = looks;
  await until(async () => looks > before, 'a look at who came back', 30_000);
  await e.rests();
  await withdraw(e);
  expect(called(workspace)).toEqual(['called-1/grace', 'called-2/linus']);
});

test('while it can’t be told where they are written to nobody is, card and requester are told all the same, and they are later', async () => {
  unknown = new Set([grace.personId]);
  const { workspace, ask } = await scene();
  const e = await ask();
  await until(async () => workspace.keys().includes(`dm/${e.requestId}/asked/ada`), 'the message to the requester');
  await triesInVain(e);
  expect(workspace.card().says).toContain('Waiting for approval.');
  expect(called(workspace)).toEqual([]);
  unknown = new Set();
  await until(async () => called(workspace).length > 0, 'the message', 20_000);
  await withdraw(e);
  expect(called(workspace)).toEqual(['called-1/grace']);
});

test('what was decided before they could be written to is not sent any more, and holds up nothing', async () => {
  unknown = new Set([grace.personId]);
  const { workspace, ask } = await scene();
  const e = await ask();
  await triesInVain(e);
  await e.activate(linus);
  await until(async () => workspace.keys().includes(`dm/${e.requestId}/started/ada`), 'the message to the holder');
  unknown = new Set();
  await e.end(ada);
  expect(await e.finish()).toBe('ended');
  expect(called(workspace)).toEqual([]);
});

/** Hours by the clock of Greenwich that began an hour ago and are over in an hour and a half. */
function openNow(): string {
  const text = (ms: number) => new Date(ms).toJSON().slice(11, 16);
  return `{ zone: UTC, from: "${text(Date.now() - 60 * MIN)}", to: "${text(Date.now() + 90 * MIN)}" }`;
}
const stepOutside = (hours: string) =>
  approvedBy(`{ groups: [it], escalate: [{ outside: ${hours}, groups: ["oncall:primary"] }] }`);

test('outside of hours they are called at once, and in hours when those are over', async () => {
  shift = { on: [mallory] };
  h.setPolicy(stepOutside(openNow()));
  const day = await scene();
  const e = await day.ask();
  expect((await e.in('requested')).verdict.approvers).toEqual(['grace', 'linus']);
  aheadMs = 91 * MIN;
  const night = await scene();
  const late = await night.ask();
  await until(async () => called(night.workspace).length > 0, 'the message at night');
  expect((await late.in('requested')).calls).toEqual([['mallory']]);
  expect(called(day.workspace)).toEqual([]);
  await e.skip(91 * MIN);
  await until(async () => called(day.workspace).length > 0, 'the message when they are over');
  expect(called(day.workspace)).toEqual(['called-1/mallory']);
  await late.deny(mallory);
  expect(await late.result()).toBe('denied');
  await withdraw(e);
  expect([called(night.workspace), called(day.workspace)]).toEqual([['called-1/mallory'], ['called-1/mallory']]);
});
