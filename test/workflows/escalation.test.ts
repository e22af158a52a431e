/**
 * Who can decide changes while a request waits: a step begins, a shift ends. Steps are seconds here, not minutes, for the clock
 * of the policy is the computer's own and can't be skipped.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { msOf } from '../../contract/ids.js';
import type { Directory, Person } from '../../contract/ports.js';
import { directoryFrom } from '../../policy/people.js';
import { ada, everyone, grace, linus, mallory, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const STEP_MS = 6_000;
const approvedBy = (approve: string) => POLICY.replace('{ groups: [it], quorum: 1 }', approve);

/** Ada has as many Macs as the harness gives her: who is on call is all that is told here. */
function onCall(told: () => readonly Person[], untilMs: () => number | undefined): Directory {
  const macs = Array.from({ length: 20 }, (_, i) => ({
    ...(ada.macs[0] as NonNullable<(typeof ada.macs)[0]>),
    serial: `C02ADA${String(i).padStart(4, '0')}` as never,
  }));
  const base = directoryFrom(everyone.map((p) => (p === ada ? { ...ada, macs } : p)));
  return { ...base, onCall: async () => ({ members: told(), untilMs: untilMs() }) };
}

const calls = (h: Harness, e: Asked) =>
  h.sent.lines.filter((l) => l.kind === 'called' && l.view.request.requestId === e.requestId);
const types = async (h: Harness, e: Asked) => (await h.store.ledger.timeline(e.requestId)).map(({ type }) => type);

describe('a step of an escalation', () => {
  let h: Harness;
  beforeAll(async () => {
    const step = `{ groups: [it], escalate: [{ after: ${STEP_MS / 1000}s, people: [mallory, linus] }] }`;
    h = await startHarness(inject('temporalAddress'), { policy: approvedBy(step) });
  });
  afterAll(() => h?.close());

  describe.concurrent('is reached', () => {
    test('and its people are called once, those who were asked already are not; from then on they decide', async () => {
      const e = await h.ask();
      expect((await e.in('requested')).verdict.approvers).toEqual(['grace', 'linus']);
      const called = await e.sees((view) => view.calls, 'the call');
      expect(called.calls).toEqual([['mallory']]);
      expect(called.verdict.approvers).toEqual(['grace', 'linus', 'mallory']);
      const [event] = (await h.store.ledger.timeline(e.requestId)).filter(({ type }) => type === 'rejudged');
      if (event) expect(msOf(event.at) - msOf(e.request.askedAt)).toBeGreaterThanOrEqual(STEP_MS);
      await e.activate(mallory);
      await e.end(ada);
      expect(await e.finish()).toBe('ended');
      expect(calls(h, e).map(({ key }) => key)).toEqual(['called-1']);
      expect((await types(h, e)).filter((type) => type === 'rejudged')).toHaveLength(1);
    });

    test('and a vote of theirs from before, which gave nothing then, counts', async () => {
      const e = await h.ask();
      await e.approve(mallory);
      const early = await e.sees((view) => view.votes.length > 0, 'the vote judged');
      expect([early.state, early.verdict.approvedBy]).toEqual(['requested', []]);
      await e.in('granting');
      expect(Date.now() - msOf(e.request.askedAt)).toBeGreaterThanOrEqual(STEP_MS);
      await e.claim();
      await e.confirm();
      await e.end(ada);
      expect(await e.finish()).toBe('ended');
    });

    test('and called when the store is back, where it was down', async () => {
      const e = await h.ask();
      await e.in('requested');
      e.trouble.storeDown = true;
      await until(async () => Date.now() > msOf(e.request.askedAt) + STEP_MS + 2000, 'the step to have begun');
      expect((await e.view())?.calls).toBeUndefined();
      e.trouble.storeDown = false;
      await e.sees((view) => view.calls?.length === 1, 'the call');
      await e.deny(mallory);
      expect(await e.result()).toBe('denied');
    });

    test('by nobody whose request was decided before', async () => {
      const e = await h.ask();
      await e.deny(grace);
      expect(await e.result()).toBe('denied');
      expect(await types(h, e)).not.toContain('rejudged');
    });
  });
});

describe('a handoff while a request waits', () => {
  test('calls the next person once, and the one before decides no more', async () => {
    let shift = { who: grace, until: 0 };
    const directory = onCall(
      () => [shift.who],
      () => shift.until,
    );
    const h = await startHarness(inject('temporalAddress'), { policy: approvedBy('{ groups: ["oncall:primary"] }'), directory });
    try {
      shift = { who: grace, until: Date.now() + 2 * STEP_MS };
      const e = await h.ask();
      expect((await e.in('requested')).verdict.approvers).toEqual(['grace']);
      shift = { who: linus, until: shift.until + 60 * MIN };
      const after = await e.sees((view) => view.calls && view.calls.length > 1, 'the call');
      expect([after.calls, after.verdict.approvers]).toEqual([[['grace'], ['linus']], ['linus']]);
      await e.approve(grace);
      const late = await e.sees((view) => view.votes.length > 0, 'the vote of who was relieved');
      expect([late.state, late.verdict.approvedBy]).toEqual(['requested', []]);
      await e.activate(linus);
      await e.end(ada);
      expect(await e.finish()).toBe('ended');
      expect(calls(h, e)).toHaveLength(1);
    } finally {
      await h.close();
    }
  });
});

describe('a step of whoever is on call, who can’t be told', () => {
  test('says so on the card, holds up no ordinary approver, and is called once it can be told', async () => {
    const down = new Set<string>();
    const directory = onCall(
      () => {
        if (down.size > 0) throw new StintError('oncall-unavailable', 'PagerDuty does not answer.');
        return [mallory];
      },
      () => undefined,
    );
    const policy = approvedBy('{ groups: [it], escalate: [{ after: 2s, groups: ["oncall:primary"] }] }');
    const h = await startHarness(inject('temporalAddress'), { policy, directory });
    try {
      down.add('PagerDuty');
      const [waiting, decided] = [await h.ask(), await h.ask()];
      for (const e of [waiting, decided]) {
        const view = await e.sees(({ verdict }) => verdict.untold, 'what can’t be told');
        expect([view.verdict.untold, view.calls]).toEqual([['PagerDuty does not answer.'], undefined]);
      }
      await decided.activate(grace);
      await decided.end(ada);
      expect(await decided.finish()).toBe('ended');
      down.clear();
      await waiting.skip(2 * MIN + 1000);
      const told = await waiting.sees((view) => view.calls, 'the call');
      expect([told.calls, told.verdict.untold]).toEqual([[['mallory']], undefined]);
      await waiting.withdraw(ada);
      expect(await waiting.result()).toBe('withdrawn');
      expect(calls(h, waiting)).toHaveLength(1);
    } finally {
      await h.close();
    }
  });
});

describe('the next stage', () => {
  test('is called when the one before is satisfied', async () => {
    const policy = approvedBy('{ stages: [{ people: [grace] }, { people: [mallory] }] }');
    const h = await startHarness(inject('temporalAddress'), { policy });
    try {
      const e = await h.ask();
      await e.in('requested');
      await e.approve(grace);
      expect((await e.sees((view) => view.calls, 'the call')).calls).toEqual([['mallory']]);
      await e.activate(mallory);
      await e.end(ada);
      expect(await e.finish()).toBe('ended');
      expect(calls(h, e)).toHaveLength(1);
    } finally {
      await h.close();
    }
  });
});
