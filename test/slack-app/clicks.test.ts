/** Buttons end to end: Slack's own SDK on our side, the stand-in's Socket Mode on the other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatAction } from '../../cards/actions.js';
import { instant } from '../../contract/ids.js';
import type { ElevationView } from '../../contract/view.js';
import { sha256 } from '../../seal/canonical.js';
import { MINUTE, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

const APPROVE = `approve:${10 * MINUTE}`;

let h: Harness;
let one: ElevationView;
let ts: string;

beforeEach(async () => {
  h = await start();
  one = view();
  ts = await h.post(one);
});
afterEach(() => h.stop());

/** The click was acknowledged in time, exactly once, nothing was sent, and the person heard why. */
async function refused(result: { ack: string; delivery?: string | undefined }, user: string, why: RegExp): Promise<void> {
  expect(result.ack).toBe('ok');
  expect(acksOf(result.delivery)).toBe(1);
  await until(`${user} is told ${why}`, () => h.told(user).some((words) => why.test(words)));
  expect(h.gate.sent).toEqual([]);
}
const acksOf = (delivery: string | undefined) => h.sim.truth().deliveries.find((d) => d.id === delivery)?.acks.length;

describe('a click that is in order', () => {
  it('an approval reaches the workflow before it is acknowledged, under the approver, with the chosen length', async () => {
    const result = await h.click('U0ALICE', ts, APPROVE);
    expect(result.ack).toBe('ok');
    expect(h.gate.sent).toEqual([
      {
        kind: 'approve',
        requestId: one.request.requestId,
        roundDigest: one.digest,
        body: { windowMs: 10 * MINUTE },
        actor: { personId: 'alice', slackTeamId: 'T0STINT', slackUserId: 'U0ALICE' },
      },
    ]);
    expect(h.told('U0ALICE')).toEqual([]);
  });

  it('a revoke on an active card is sent', async () => {
    const ts2 = await h.post(view({ state: 'active', deadlineAt: instant(Date.now() + MINUTE) }, 'two'));
    expect((await h.click('U0ALICE', ts2, 'revoke')).ack).toBe('ok');
    expect(h.gate.sent.map((s) => s.kind)).toEqual(['revoke']);
  });

  it('a deny asks for a comment, and sends its digest', async () => {
    expect((await h.click('U0ALICE', ts, 'deny')).ack).toBe('ok');
    expect(h.gate.sent).toEqual([]);
    await until('the form', () => h.sim.truth().views.length === 1);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { comment: 'Not today' } });
    expect(result).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.sent).toMatchObject([{ kind: 'deny', body: { commentDigest: sha256('Not today') } }]);
    expect([...h.store.texts.values()]).toEqual(['Not today']);
  });

  it('a deny without a comment carries none', async () => {
    await h.click('U0ALICE', ts, 'deny');
    await until('the form', () => h.sim.truth().views.length === 1);
    await h.sim.act.submit({ user: 'U0ALICE', values: {} });
    expect(h.gate.sent).toMatchObject([{ kind: 'deny', body: {} }]);
    expect(h.store.texts.size).toBe(0);
  });

  it('an approval with a comment asks for both in a form, and sends the length that is chosen there', async () => {
    expect((await h.click('U0ALICE', ts, `approve-with:${10 * MINUTE}`)).ack).toBe('ok');
    expect(h.gate.sent).toEqual([]);
    await until('the form', () => h.sim.truth().views.length === 1);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { window: `${5 * MINUTE}`, comment: 'Only the driver' } });
    expect(result).toMatchObject({ ack: 'ok', modals: [] });
    const body = { windowMs: 5 * MINUTE, commentDigest: sha256('Only the driver') };
    expect(h.gate.sent).toMatchObject([{ kind: 'approve', roundDigest: one.digest, body, actor: { personId: 'alice' } }]);
    expect([...h.store.texts.values()]).toEqual(['Only the driver']);
  });

  it('an approval in a form that names a length of its own making is refused in the form', async () => {
    await h.click('U0ALICE', ts, `approve-with:${10 * MINUTE}`);
    await until('the form', () => h.sim.truth().views.length === 1);
    for (const value of [`${7 * MINUTE}`, '1e9', '-5', '']) {
      const window = { type: 'static_select', selected_option: value ? { value } : null };
      const forged = { values: { window: { window }, comment: { comment: { type: 'plain_text_input', value: 'x' } } } };
      const result = await h.sim.act.submit({ user: 'U0ALICE', values: {}, forge: forged });
      expect(JSON.stringify(result)).toMatch(/does not offer this length|Choose for how long/);
    }
    expect(h.gate.sent).toEqual([]);
  });

  it('a revoke with a reason asks for it, and sends its digest', async () => {
    const ts2 = await h.post(view({ state: 'active', deadlineAt: instant(Date.now() + MINUTE) }, 'two'));
    expect((await h.click('U0ALICE', ts2, 'revoke-with')).ack).toBe('ok');
    expect(h.gate.sent).toEqual([]);
    await until('the form', () => h.sim.truth().views.length === 1);
    await h.sim.act.submit({ user: 'U0ALICE', values: { comment: 'The laptop is lost' } });
    expect(h.gate.sent).toMatchObject([{ kind: 'revoke', body: { commentDigest: sha256('The laptop is lost') } }]);
  });

  it('closing without proof asks for a finding', async () => {
    const stuck = view({ state: 'ending', alarmMinutes: 15 }, 'three');
    const ts3 = await h.post(stuck);
    await h.click('U0ALICE', ts3, 'close-unproven');
    await until('the form', () => h.sim.truth().views.length === 1);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { finding: 'The Mac was wiped by hand' } });
    expect(result).toMatchObject({ ack: 'ok', modals: [] });
    expect(h.gate.sent).toMatchObject([{ kind: 'closeUnproven', body: { findingDigest: sha256('The Mac was wiped by hand') } }]);
  });
});

describe('a click that is not', () => {
  it('a forged app id is refused', async () => {
    await refused(await h.click('U0ALICE', ts, APPROVE, { apiAppId: 'A0EVIL' }), 'U0ALICE', /another Slack app/);
  });

  it('a forged team id is refused', async () => {
    await refused(await h.click('U0ALICE', ts, APPROVE, { team: 'T0EVIL' }), 'U0ALICE', /workspace that Stint is installed in/);
  });

  it('a member of another organisation who shares the channel is refused', async () => {
    await refused(await h.click('U0STRANGER', ts, APPROVE), 'U0STRANGER', /workspace that Stint is installed in/);
  });

  it('an external member whose payload claims our workspace is refused by what Slack says of them', async () => {
    await refused(
      await h.click('U0STRANGER', ts, APPROVE, { userTeam: 'T0STINT' }),
      'U0STRANGER',
      /workspace that Stint is installed in/,
    );
  });

  it('a guest is refused', async () => {
    await refused(await h.click('U0GUEST', ts, APPROVE), 'U0GUEST', /Guests, bots and deactivated/);
  });

  it('an account that was deactivated meanwhile is refused', async () => {
    h.sim.admin.setUser({ id: 'U0ALICE', deleted: true });
    await refused(await h.click('U0ALICE', ts, APPROVE, { value: goodValue() }), 'U0ALICE', /Guests, bots and deactivated/);
  });

  it('somebody whom the directory does not know is refused', async () => {
    await refused(await h.click('U0NOBODY', ts, APPROVE), 'U0NOBODY', /does not know you yet/);
  });

  it('the requester, and their second Slack account, are refused', async () => {
    await refused(await h.click('U0BOB', ts, APPROVE), 'U0BOB', /cannot decide your own/);
    await refused(await h.click('U0BOBTWO', ts, APPROVE), 'U0BOBTWO', /cannot decide your own/);
  });

  it('a copied card in another channel is refused', async () => {
    const forge = { channel: 'C0OTHER', value: goodValue() };
    await refused(await h.click('U0ALICE', ts, APPROVE, forge), 'U0ALICE', /not on the card that Stint posted/);
  });

  it('a forged length is refused', async () => {
    const long = formatAction({
      kind: 'approve',
      requestId: one.request.requestId,
      roundDigest: one.digest,
      windowMs: 600 * MINUTE,
    });
    const forge = { actionId: long.actionId, value: long.value };
    await refused(await h.click('U0ALICE', ts, long.actionId, forge), 'U0ALICE', /does not offer this length/);
  });

  it('a value that is not of ours is refused', async () => {
    await refused(await h.click('U0ALICE', ts, APPROVE, { value: '{"r":"x"}' }), 'U0ALICE', /does not understand this button/);
  });

  it('a stale digest is refused with what is true now, and the card is repaired', async () => {
    const stale = formatAction({
      kind: 'approve',
      requestId: one.request.requestId,
      roundDigest: sha256('old'),
      windowMs: 10 * MINUTE,
    });
    await refused(
      await h.click('U0ALICE', ts, APPROVE, { value: stale.value }),
      'U0ALICE',
      /older version.*waiting for a decision/,
    );
    expect(h.repaired).toEqual([one.request.requestId]);
  });

  it('a click on a card that is already decided is answered with what is true now', async () => {
    h.store.views.set(one.request.requestId, { ...one, state: 'closed', outcome: 'denied', closedAt: instant(Date.now()) });
    await refused(await h.click('U0ALICE', ts, APPROVE), 'U0ALICE', /is closed: denied/);
    expect(h.repaired).toEqual([one.request.requestId]);
  });

  it('an elevation that is over by the time of the signal is answered from the read model', async () => {
    h.gate.mode = 'over';
    await refused(await h.click('U0ALICE', ts, APPROVE), 'U0ALICE', /not running any more/);
    expect(h.repaired).toEqual([one.request.requestId]);
  });

  it('nobody is let through while users.info fails', async () => {
    h.sim.fault({ method: 'users.info', kind: '500' });
    await refused(await h.click('U0ALICE', ts, APPROVE), 'U0ALICE', /could not check your account/);
  });

  it('the answer still arrives when the response_url fails', async () => {
    h.sim.fault({ method: 'response_url', kind: '500' });
    await refused(await h.click('U0CAROL', ts, APPROVE), 'U0CAROL', /not an approver/);
  });

  it('a deny form is judged again when it is sent', async () => {
    await h.click('U0ALICE', ts, 'deny');
    await until('the form', () => h.sim.truth().views.length === 1);
    h.sim.admin.setUser({ id: 'U0ALICE', isRestricted: true });
    h.advance(2 * MINUTE);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { comment: 'No' } });
    expect(result.errors?.comment).toMatch(/Guests, bots/);
    expect(h.gate.sent).toEqual([]);
  });

  const goodValue = () =>
    formatAction({ kind: 'approve', requestId: one.request.requestId, roundDigest: one.digest, windowMs: 10 * MINUTE }).value;
});

describe('twice', () => {
  it('the same envelope delivered again is acknowledged and carried out once', async () => {
    const { delivery = '' } = await h.click('U0ALICE', ts, APPROVE);
    expect((await h.sim.act.replay({ delivery })).ack).toBe('ok');
    expect(h.gate.sent).toHaveLength(1);
  });

  it('the same click in another envelope is refused', async () => {
    const forge = { actionTs: '1763733600.5' };
    await h.click('U0ALICE', ts, APPROVE, forge);
    const again = await h.click('U0ALICE', ts, APPROVE, forge);
    expect(again.ack).toBe('ok');
    await until('the answer', () => h.told('U0ALICE').some((words) => /already received/.test(words)));
    expect(h.gate.sent).toHaveLength(1);
  });

  it('a double click is one decision', async () => {
    const both = await Promise.all([h.click('U0ALICE', ts, APPROVE), h.click('U0ALICE', ts, APPROVE)]);
    expect(both.map((result) => result.ack)).toEqual(['ok', 'ok']);
    expect(h.gate.sent).toHaveLength(1);
  });

  it('an envelope that Slack itself delivers twice is carried out once', async () => {
    h.sim.fault({ kind: 'duplicate-delivery', times: 1 });
    await h.click('U0ALICE', ts, APPROVE);
    await until('both acknowledgements', () => h.sim.truth().deliveries.some((d) => d.acks.length === 2));
    expect(h.gate.sent).toHaveLength(1);
  });
});

describe('while a part is down', () => {
  it('a click during an outage of Temporal is refused honestly, and works when pressed again', async () => {
    h.gate.mode = 'down';
    await refused(await h.click('U0ALICE', ts, APPROVE), 'U0ALICE', /Temporal.*cannot be reached.*not carried out/);
    h.gate.mode = 'up';
    await h.click('U0ALICE', ts, APPROVE);
    expect(h.gate.sent).toHaveLength(1);
  });

  it('a revoke that no workflow can hear is carried out without it, and that is said', async () => {
    const ts2 = await h.post(view({ state: 'active', deadlineAt: instant(Date.now() + MINUTE) }, 'two'));
    h.gate.mode = 'past';
    expect((await h.click('U0ALICE', ts2, 'revoke')).ack).toBe('ok');
    await until('the word', () => h.told('U0ALICE').some((words) => /ended without it.*within seconds/.test(words)));
    expect(h.gate.sent.map((s) => s.kind)).toEqual(['revoke']);
  });

  it('a revoke with a reason that no workflow can hear keeps it, and that it was ended without one is said', async () => {
    const ts2 = await h.post(view({ state: 'active', deadlineAt: instant(Date.now() + MINUTE) }, 'two'));
    h.gate.mode = 'past';
    await h.click('U0ALICE', ts2, 'revoke-with');
    await until('the form', () => h.sim.truth().views.length === 1);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { comment: 'The laptop is lost' } });
    expect(result).toMatchObject({ ack: 'ok', modals: [] });
    await until('the word', () => h.told('U0ALICE').some((words) => /ended without it.*within seconds/.test(words)));
    expect(h.gate.sent).toMatchObject([{ kind: 'revoke', body: { commentDigest: sha256('The laptop is lost') } }]);
  });

  it('a click that Temporal does not take is not acknowledged; pressed again it counts once, and both hear of the end', async () => {
    h.gate.mode = 'hang';
    // Slack gives up after three seconds, and says so by itself.
    const both = await Promise.all([h.click('U0ALICE', ts, APPROVE), h.click('U0ALICE', ts, APPROVE)]);
    expect(both.map(({ ack, delivery }) => [ack, acksOf(delivery)])).toEqual([
      ['timeout', 0],
      ['timeout', 0],
    ]);
    const times = (words: RegExp) => h.told('U0ALICE').filter((said) => words.test(said)).length;
    await until('both are told', () => times(/not been handed over yet.*press again; it counts once/) === 2);
    expect(h.gate.sent).toEqual([]);
    h.gate.release();
    await until('the word that it is done', () => times(/Done: your click was handed over/) === 2);
    expect(h.gate.sent).toHaveLength(1);
  });

  it('with the store down an approval is refused, and revoke, deny and end go through', async () => {
    h.store.mode = 'down';
    await refused(await h.click('U0ALICE', ts, APPROVE), 'U0ALICE', /store cannot be reached/);
    await h.click('U0ALICE', ts, 'deny');
    await until('the form', () => h.sim.truth().views.length === 1);
    const result = await h.sim.act.submit({ user: 'U0ALICE', values: { comment: 'No' } });
    expect(result).toMatchObject({ ack: 'ok', modals: [] });
    const revoke = formatAction({ kind: 'revoke', requestId: one.request.requestId, roundDigest: one.digest });
    expect((await h.click('U0ALICE', ts, 'revoke', { actionId: 'revoke', value: revoke.value })).ack).toBe('ok');
    expect(h.gate.sent.map((s) => [s.kind, s.body])).toEqual([
      ['deny', {}],
      ['revoke', {}],
    ]);
    await until('word of the lost comment', () => h.told('U0ALICE').some((words) => /comment .* was not kept/.test(words)));
  });
});

describe('a refusal', () => {
  it('is said before the click is acknowledged: a process that dies in between has hidden nothing', async () => {
    h.sim.fault({ method: 'response_url', kind: 'delay', ms: 700, times: 1 });
    const from = Date.now();
    const result = await h.click('U0BOB', ts, APPROVE);
    expect(Date.now() - from).toBeGreaterThan(600);
    expect(result.ack).toBe('ok');
    expect(h.told('U0BOB')).toHaveLength(1);
  });

  it('that Slack takes in no way leaves the click unacknowledged, so that Slack shows an error of its own', async () => {
    h.sim.fault({ method: 'response_url', kind: '500' });
    for (const method of ['chat.postEphemeral', 'chat.postMessage']) h.sim.fault({ method, kind: 'error', error: 'fatal_error' });
    const result = await h.click('U0BOB', ts, APPROVE);
    expect([result.ack, acksOf(result.delivery)]).toEqual(['timeout', 0]);
    expect(h.told('U0BOB')).toEqual([]);
    expect(h.gate.sent).toEqual([]);
  });
});

describe('buttons that are not of our cards', () => {
  it('are acknowledged and do nothing', async () => {
    const result = await h.click('U0ALICE', ts, APPROVE, { actionId: 'something-else' });
    expect(result.ack).toBe('ok');
    expect(acksOf(result.delivery)).toBe(1);
    expect(h.gate.sent).toEqual([]);
  });
});
