/** App Home end to end: Slack's own SDK on our side, the stand-in's events, views and presses on the other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatAction } from '../../cards/actions.js';
import { type Instant, instant } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { CHANNEL, MINUTE, place, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

let h: Harness;
beforeEach(async () => {
  h = await start();
});
afterEach(() => h.stop());

const live = (more: Partial<ElevationView> = {}, key = 'one') => {
  const at = instant(Date.now()) as Instant;
  return view({ state: 'active', confirmedAt: at, deadlineAt: instant(Date.now() + 10 * MINUTE), ...more }, key);
};
const homes = (user: string) => h.sim.truth().views.filter((v) => v.userId === user && v.type === 'home');
const shown = (user: string): string => JSON.stringify(homes(user).map((v) => v.body));
const says = (user: string, words: string | RegExp) =>
  until(`the Home of ${user} says ${String(words)}`, () =>
    typeof words === 'string' ? shown(user).includes(words) : words.test(shown(user)),
  );

async function open(user: string): Promise<string> {
  await h.sim.act.openHome({ user });
  return until(`the Home of ${user}`, () => homes(user)[0]?.id);
}

/** A press in Home that the Home may not even have. */
async function forged(user: string, kind: 'end' | 'approve' | 'extend', v: ElevationView, windowMs?: number) {
  const viewId = await open(user);
  const { requestId } = v.request;
  const { actionId, value } = formatAction({ kind, requestId, roundDigest: v.digest, ...(windowMs ? { windowMs } : {}) });
  return h.sim.act.click({ user, viewId, actionId, forge: { actionId, value } });
}

describe('App Home', () => {
  it('shows what runs with its end, and End sends the end of it, once, and says so', async () => {
    const one = place(h.store, live());
    const viewId = await open('U0BOB');
    expect(shown('U0BOB')).toContain(`"timestamp":${Math.floor(Date.parse(one.deadlineAt ?? '') / 1000)}`);
    const result = await h.sim.act.click({ user: 'U0BOB', viewId, actionId: 'end' });
    expect(result.ack).toBe('ok');
    expect(h.gate.sent).toMatchObject([{ kind: 'end', requestId: one.request.requestId, actor: { personId: 'bob' } }]);
    await says('U0BOB', 'Your click was handed over.');
    await h.sim.act.click({ user: 'U0BOB', viewId, actionId: 'end' });
    await says('U0BOB', 'Your click was already received');
    expect(h.gate.sent).toHaveLength(1);
  });

  it('lets nobody end what is not theirs, and says so there', async () => {
    const one = place(h.store, live());
    expect((await forged('U0CAROL', 'end', one)).ack).toBe('ok');
    await says('U0CAROL', 'Only the person who holds this elevation');
    expect(h.gate.sent).toEqual([]);
  });

  it('takes nothing that adds access: not of an approver, and not of the holder', async () => {
    const asked = place(h.store, view());
    const running = place(h.store, live({}, 'two'));
    await forged('U0ALICE', 'approve', asked, 10 * MINUTE);
    await says('U0ALICE', 'This cannot be pressed here.');
    await forged('U0BOB', 'extend', running, 5 * MINUTE);
    await says('U0BOB', 'This cannot be pressed here.');
    expect(h.gate.sent).toEqual([]);
  });

  it('opens the form', async () => {
    const viewId = await open('U0BOB');
    const { ack } = await h.sim.act.click({ user: 'U0BOB', viewId, actionId: 'home-ask' });
    expect(ack).toBe('ok');
    await until('the form', () =>
      h.sim.truth().views.some((v) => v.type === 'modal' && JSON.stringify(v.body).includes('C02BOB')),
    );
  });

  it('is drawn anew by Refresh', async () => {
    const one = place(h.store, live());
    const viewId = await open('U0BOB');
    place(h.store, { ...one, state: 'closed', outcome: 'ended' });
    await h.sim.act.click({ user: 'U0BOB', viewId, actionId: 'home-refresh' });
    await says('U0BOB', 'closed, ended');
    expect(shown('U0BOB')).toContain('Nothing runs');
  });

  it('shows an approver what waits for them with a link to its card, and nobody else', async () => {
    await h.post(view());
    await open('U0ALICE');
    expect(shown('U0ALICE')).toContain('asks for 10 min of ');
    expect(shown('U0ALICE')).toContain(`/archives/${CHANNEL}/p`);
    for (const other of ['U0CAROL', 'U0BOB', 'U0BOBTWO']) {
      await open(other);
      expect(shown(other)).toContain('Nothing waits for your decision.');
    }
  });

  it('shows nothing of others to whom the policy would refuse by now, and owns up to what it could not judge', async () => {
    await h.post(view());
    const { judgeClick } = h.preview;
    h.preview.judgeClick = async () => ({ ok: false, sentence: 'Not you.' });
    await open('U0ALICE');
    expect(shown('U0ALICE')).toContain('Nothing waits for your decision.');
    h.preview.judgeClick = () => Promise.reject(new Error('the directory is down'));
    await open('U0ALICE');
    await says('U0ALICE', 'Not everything could be looked up');
    expect(shown('U0ALICE')).not.toContain('mac-c02bob');
    h.preview.judgeClick = judgeClick;
  });

  it('tells a stranger to the people file so, and a store that is down, with where to end things then', async () => {
    await open('U0NOBODY');
    expect(shown('U0NOBODY')).toContain('Stint does not know you yet');
    place(h.store, live());
    h.store.mode = 'down';
    await open('U0BOB');
    expect(shown('U0BOB')).toMatch(/store cannot be reached.*direct message/);
  });

  it('draws nothing for a guest', async () => {
    await h.sim.act.openHome({ user: 'U0GUEST' });
    await until('the refusal in the log', () => h.logger.lines.some((l) => l.message === 'Home was not drawn'));
    expect(homes('U0GUEST')).toEqual([]);
  });
});
