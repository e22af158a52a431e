/** Break-glass as it is lived: at once, without a vote, as short as it was said, and its own waiting request taken back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AskOptions, askFor } from '../../cli/people/ask.js';
import { makeOwnKey } from '../../cli/people/key.js';
import { instant } from '../../contract/ids.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { parsePolicy } from '../../policy/load.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { requestIdFrom } from '../../seal/canonical.js';
import { createGate } from '../../workers/gate.js';
import { createBench } from '../device/api/bench.js';
import { ada, everyone, grace, linus, macIn, POLICY } from '../fixtures/people.js';
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

/** Ada at her terminal, with a key that counts, and the device API in front of the very same workers; this Mac is hers. */
async function terminalOf({ serial, localUser, display }: MacAdminTarget) {
  const folder = mkdtempSync(join(tmpdir(), 'stint-glass-'));
  const keyFile = join(folder, 'key.pem');
  const { keyId, publicKey } = makeOwnKey(keyFile);
  const people = everyone.map((one) => (one === ada ? { ...ada, macs: [{ serial, localUser, name: display }] } : one));
  const directory = directoryFrom(people);
  const key = { keyId, publicKey, personId: ada.personId, enrolledAt: instant(Date.now()) };
  const preview = createPreview({
    policy: async () => parsePolicy(GLASS, 'policy.yaml'),
    directory,
    usage: h.store.usage,
    clock: Date.now,
  });
  const gate = createGate({
    client: h.client,
    store: h.store,
    seal: h.seals['device-api'],
    via: 'cli',
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
  });
  const bench = await createBench({
    store: h.store,
    people: { keys: { key: async (id) => (id === keyId ? key : undefined) }, directory, preview, gate },
  });
  const said: string[] = [];
  const ask = (askId: string, options: Partial<AskOptions>) =>
    askFor(
      'mac-admin',
      { for: '5m', reason: 'The VPN is gone, and Slack with it', category: 'other', wait: true, ...options },
      {
        env: { STINT_SERVER_URL: bench.url, STINT_PERSON_KEY_FILE: keyFile },
        clock: Date.now,
        random: () => askId,
        out: () => undefined,
        say: (line) => said.push(line),
        everyMs: 100,
      },
    );
  /** The elevation that an ask of this id will be, or is. */
  const idOf = (askId: string) => requestIdFrom('cli', `${ada.personId}/${askId}`);
  const handOn = async (askId: string) => {
    const stored = await until(() => h.store.requests.get(idOf(askId)), 'the request');
    return h.hand({ ...stored.request, target: macIn(stored.request.target) });
  };
  const close = async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ask, idOf, handOn, said, close };
}

describe('for a Mac by the command line', () => {
  test('is granted while Slack is down, and Slack is told when it is back', async () => {
    const { target } = h.request();
    const [terminal, askId] = [await terminalOf(target), 'a1'.repeat(16)];
    try {
      h.trouble(terminal.idOf(askId)).slackDown = true;
      const asking = terminal.ask(askId, { breakGlass: true, incident: 'INC-417' });
      const e = await terminal.handOn(askId);
      await h.granted(e);
      await e.claim();
      expect((await e.confirm()).ok).toBe(true);
      expect(await asking).toBe(0);
      expect(e.isAdmin).toBe(true);
      expect(terminal.said.join('\n')).toMatch(/approved by nobody: taken by break-glass \(rule macs\)[\s\S]*granted at/);
      expect(await e.view()).toMatchObject({
        state: 'active',
        votes: [],
        verdict: { outcome: 'auto', breakGlass: true },
        request: { via: 'cli', target, subject: { personId: 'ada' }, breakGlass: { incident: 'INC-417' } },
      });
      expect(h.sent.painted.filter(({ request }) => request.requestId === e.requestId)).toEqual([]);
      e.trouble.slackDown = false;
      await until(async () => h.sent.painted.some(({ request }) => request.requestId === e.requestId), 'the card');
      await e.skip(5 * MIN + 500);
      expect(await e.finish()).toBe('expired');
      expect(e.isAdmin).toBe(false);
    } finally {
      await terminal.close();
    }
  });

  test('an ordinary request waits for its approver, and break-glass past its cap is refused before it is asked for', async () => {
    const { target } = h.request();
    const [terminal, askId] = [await terminalOf(target), 'b2'.repeat(16)];
    try {
      // Past what may be taken by break-glass, though not past what may be asked for.
      await expect(terminal.ask('c3'.repeat(16), { for: '30m', breakGlass: true, incident: 'INC-417' })).rejects.toThrow(
        /may be had for 5m, 10m, and not for 30m/,
      );
      const asking = terminal.ask(askId, { for: '30m' });
      const e = await terminal.handOn(askId);
      expect(await e.in('requested')).toMatchObject({ verdict: { outcome: 'needs-approval' } });
      await e.approve(grace);
      await h.granted(e);
      await e.claim();
      expect((await e.confirm()).ok).toBe(true);
      expect(await asking).toBe(0);
      expect(terminal.said.join('\n')).toMatch(/waits for Grace Hopper or Linus Pauling\napproved by Grace Hopper/);
      await e.revoke(linus);
      expect(await e.finish()).toBe('revoked');
    } finally {
      await terminal.close();
    }
  });
});
