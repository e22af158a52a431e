/** Break-glass as it is lived: at once, without a vote, as short as it was said, and its own waiting request taken back. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ada, grace, linus, POLICY } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const GLASS = `${POLICY.trimEnd()}
    breakGlass: { ask: { people: [ada] }, max: 10m, incident: "^INC-[0-9]+$", review: { groups: [it] } }
`;
const incident = { breakGlass: { incident: 'INC-417' } };

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'), { policy: GLASS });
});
afterAll(() => h?.close());

describe.concurrent('break-glass', () => {
  test('is granted at once; its entry names the incident and who took it, and its review stays open past the end', async () => {
    const e = await h.ask(incident);
    await h.granted(e);
    await e.claim();
    expect((await e.confirm()).ok).toBe(true);
    expect(await e.in('active')).toMatchObject({ votes: [], verdict: { outcome: 'auto', breakGlass: true, rule: 'macs' } });
    // No signal closes a review, whoever seals it and whatever it is called.
    const seal = h.seals['slack-app'](
      'closeUnproven',
      e.requestId,
      e.digest,
      { findingDigest: e.digest },
      { personId: grace.personId },
      'slack',
    );
    for (const name of ['review', 'review-closed', 'reviewClosed']) await e.handle.signal(name, seal);
    await e.skip(10 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    expect(e.isAdmin).toBe(false);
    const timeline = await h.store.ledger.timeline(e.requestId);
    expect(timeline.map(({ type }) => type).slice(0, 4)).toEqual(['requested', 'glass-broken', 'approved', 'armed']);
    expect(timeline[1]).toMatchObject({ data: { incident: 'INC-417' }, actor: { personId: 'ada', via: 'slack' } });
    expect(timeline[2]).toMatchObject({ actor: { personId: 'ada' }, data: { verdict: { breakGlass: true, approvedBy: [] } } });
    const open = await h.store.ledger.list({ review: 'open' });
    expect(open.map(({ view }) => view.request.requestId)).toContain(e.requestId);
    // It does not count as one of those that the policy itself approved.
    expect((await h.store.fence.grant(e.requestId))?.automaticAt).toBeUndefined();
  });

  test('is not extended, whoever would approve it', async () => {
    const e = await h.ask({ ...incident, windowMs: 5 * MIN });
    await h.granted(e);
    await e.claim();
    await e.confirm();
    const { deadlineAt } = await e.in('active');
    await e.extend(ada, 5 * MIN);
    const asked = await e.sees((view) => view.extension?.state === 'waiting', 'the extension');
    await e.approve(grace, 5 * MIN, asked.extension?.roundDigest);
    const decided = await e.sees(
      (view) => view.extension?.state !== 'waiting' || (view.extension?.votes.length ?? 0) > 0,
      'the vote',
    );
    expect(decided.extension?.state).not.toBe('granted');
    expect(decided.deadlineAt).toBe(deadlineAt);
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
  });

  test('is refused past its cap, without its incident, and to whom it does not name: nothing is granted', async () => {
    const [long, other] = [
      await h.ask({ ...incident, windowMs: 15 * MIN }),
      await h.ask({ breakGlass: { incident: 'nothing-of-the-kind' } }),
    ];
    for (const e of [long, other]) {
      expect(await e.result()).toBe('denied');
      expect(e.calls('grant')).toBe(0);
    }
  });

  test('may be revoked by those who were passed over', async () => {
    const e = await h.ask(incident);
    await h.granted(e);
    await e.claim();
    await e.confirm();
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });

  test('a drill goes through all of it and grants nothing: its outcome, its entries and its review say so', async () => {
    const e = await h.ask({ breakGlass: { incident: 'INC-417', drill: true } });
    expect(await e.result()).toBe('drilled');
    expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
    // The fence has but the mark that it is closed for good: it was open at no instant.
    const fenced = await h.store.fence.grant(e.requestId);
    expect(fenced?.notAfter).toBe(fenced?.endedAt);
    const timeline = await h.store.ledger.timeline(e.requestId);
    expect(timeline.map(({ type }) => type)).toEqual(['requested', 'glass-broken', 'drilled', 'closed']);
    expect(timeline[1]).toMatchObject({ data: { incident: 'INC-417', drill: true }, actor: { personId: 'ada' } });
    const open = await h.store.ledger.list({ review: 'open' });
    expect(open.map(({ view }) => view.request.requestId)).toContain(e.requestId);
    // Nobody is let practise who may not take it.
    expect(await (await h.ask({ windowMs: 15 * MIN, breakGlass: { incident: 'INC-417', drill: true } })).result()).toBe('denied');
  });

  test('with the ordinary request for the same approved in the same moment: one of the two is granted, never both', async () => {
    const waiting = await h.ask();
    await waiting.in('requested');
    const withdraw = h.seals['device-api']('withdraw', waiting.requestId, waiting.digest, {}, { personId: ada.personId }, 'cli');
    const [glass] = await Promise.all([
      h.ask({ ...incident, target: waiting.request.target }),
      waiting.approve(grace),
      waiting.handle.signal('withdraw', withdraw).catch(() => undefined),
    ]);
    const settled = async () => {
      const views = await Promise.all([waiting.view(), glass.view()]);
      return views.every((view) => view && !['requested', 'approved'].includes(view.state)) ? views : undefined;
    };
    const views = await until(settled, 'both to be decided');
    expect(views.filter((view) => view?.armedAt)).toHaveLength(1);
    expect([waiting.calls('grant') > 0, glass.calls('grant') > 0].filter(Boolean).length).toBeLessThanOrEqual(1);
    for (const e of [waiting, glass]) if ((await e.view())?.state !== 'closed') await e.revoke(grace);
    await Promise.all([waiting.result(), glass.result()]);
  });

  test('its own waiting request is taken back by the word of the command line’s process', async () => {
    const waiting = await h.ask();
    await waiting.in('requested');
    const withdraw = h.seals['device-api']('withdraw', waiting.requestId, waiting.digest, {}, { personId: ada.personId }, 'cli');
    await waiting.handle.signal('withdraw', withdraw);
    expect(await waiting.result()).toBe('withdrawn');
  });

  test('nobody else’s is, by that word', async () => {
    const waiting = await h.ask();
    await waiting.in('requested');
    const forged = h.seals['device-api']('withdraw', waiting.requestId, waiting.digest, {}, { personId: grace.personId }, 'cli');
    await waiting.handle.signal('withdraw', forged);
    await until(async () => h.refused('not-yours', waiting.requestId), 'the refusal');
    expect((await waiting.view())?.state).toBe('requested');
    await waiting.withdraw(ada);
    await waiting.result();
  });
});
