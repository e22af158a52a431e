/** Closing the review of a break-glass from its card: judged like any click, and written once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PersonId } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import { ALICE, BOB, CAROL, verdict, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const FINDING = 'Looked at the trail: only the queue was restarted.';

let h: Harness;
let over: ElevationView;
let ts: string;

beforeEach(async () => {
  h = await start();
  const glass = verdict({ outcome: 'auto', breakGlass: true, approvers: [ALICE.personId, CAROL.personId] });
  const { request } = view();
  const broken = { ...request, breakGlass: { incident: 'INC-417' } };
  over = view({ request: broken, state: 'closed', outcome: 'expired', verdict: glass, armedAt: request.askedAt });
  ts = await h.post(over);
});
afterEach(() => h.stop());

async function formOf(user: string): Promise<void> {
  await h.click(user, ts, 'review');
  await until('the form', () => h.sim.truth().views.length > 0);
}
const submit = (user: string, finding = FINDING) => h.sim.act.submit({ user, values: { finding } });
const inForm = (result: object): string => JSON.stringify(result);

describe('the review on the card', () => {
  it('asks for a finding, and is an entry of whoever closed it; no workflow hears of it, and the card is drawn anew', async () => {
    await formOf('U0ALICE');
    expect(await submit('U0ALICE')).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.store.appended).toMatchObject([
      {
        id: `${over.request.requestId}/review-closed`,
        type: 'review-closed',
        requestDigest: over.digest,
        actor: { via: 'slack', personId: 'alice', slackUserId: 'U0ALICE' },
        data: { findingDigest: sha256(FINDING) },
      },
    ]);
    expect(h.store.texts.get(sha256(FINDING))).toBe(FINDING);
    expect(h.gate.sent).toEqual([]);
    expect(h.repaired).toContain(over.request.requestId);
  });

  it('is nobody’s whose access it was, by neither of their accounts, nor whom the policy does not name', async () => {
    await h.click('U0BOB', ts, 'review');
    await h.click('U0BOBTWO', ts, 'review');
    for (const user of ['U0BOB', 'U0BOBTWO'])
      await until('a refusal', () => h.told(user).some((words) => /your own/i.test(words)));
    const { verdict: glass } = over;
    h.store.views.set(over.request.requestId, { ...over, verdict: { ...glass, approvers: [ALICE.personId] } });
    await h.click('U0CAROL', ts, 'review');
    await until('a refusal', () => h.told('U0CAROL').some((words) => words.includes('Alice is')));
    expect(h.sim.truth().views).toEqual([]);
    expect(h.store.appended).toEqual([]);
  });

  it('is judged once more when the form is sent: by then they may be out, or it may be theirs', async () => {
    await formOf('U0ALICE');
    const { request } = over;
    h.store.views.set(request.requestId, {
      ...over,
      request: { ...request, subject: { ...request.subject, personId: ALICE.personId } },
    });
    expect(inForm(await submit('U0ALICE'))).toMatch(/own/);
    expect(h.store.appended).toEqual([]);
  });

  it('closes once: whoever comes second is told, and a word alone is no finding', async () => {
    await formOf('U0ALICE');
    expect(inForm(await submit('U0ALICE', 'fine'))).toMatch(/10/);
    expect(h.store.appended).toEqual([]);
    await submit('U0ALICE');
    await h.click('U0CAROL', ts, 'review');
    await until('a refusal', () => h.told('U0CAROL').some((words) => words.includes('closed before')));
    expect(h.store.appended).toHaveLength(1);
  });

  it('of two at the same moment one closes it, and the other hears so in the form', async () => {
    await formOf('U0ALICE');
    const stale = over;
    await submit('U0ALICE');
    h.store.views.set(over.request.requestId, stale);
    await h.click('U0CAROL', ts, 'review');
    await until('the form', () => h.sim.truth().views.length > 0);
    expect(inForm(await submit('U0CAROL'))).toMatch(/closed before/);
    expect(h.store.appended.map(({ actor }) => actor.personId)).toEqual(['alice' as PersonId]);
  });

  it('is not there before the end, nor for what was approved; with the store down nothing is written', async () => {
    const put = (change: Partial<ElevationView>) => h.store.views.set(over.request.requestId, { ...over, ...change });
    put({ state: 'active' });
    await h.click('U0ALICE', ts, 'review');
    await until('a refusal', () => h.told('U0ALICE').some((words) => words.includes('when it is over')));
    const { breakGlass: _, ...ordinary } = over.request;
    put({ request: ordinary });
    await h.click('U0ALICE', ts, 'review');
    await until('a refusal', () => h.told('U0ALICE').some((words) => words.includes('no break-glass')));
    put({});
    await formOf('U0ALICE');
    h.store.mode = 'down';
    expect(inForm(await submit('U0ALICE'))).toMatch(/store/i);
    h.store.mode = 'up';
    expect(h.store.appended).toEqual([]);
    expect(BOB.personId).toBe(over.request.subject.personId);
  });
});
