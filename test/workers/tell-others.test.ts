/** Others are told what a rule says, once, whoever dies or is down meanwhile; and nothing waits for it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMailer, type Mail } from '../../activities/mail/smtp.js';
import { noticeMessage, noticeText } from '../../cards/notice.js';
import type { Alarm } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import { instant, type PersonId, type RequestId } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { requestDigest } from '../../seal/canonical.js';
import { createTurns } from '../../workers/alarm-turns.js';
import { createTellOthers } from '../../workers/tell-others.js';
import { CHANNEL, type Stage, startStage } from '../activities/slack/stage.js';
import { everyone, REASON } from '../fixtures/people.js';
import { Elevation, VERDICT } from '../ledger/events.js';
import { startMail } from '../mail/server.js';
import { policyOf } from '../policy/world.js';

const MINUTE = 60_000;
const NOTIFY = `    notify:
      - { on: [granted, ended, revoked], slack: ${CHANNEL} }
      - { on: [denied, ended, extended], email: [sec@example.com, ops@example.com] }`;
const policy = policyOf({ more: NOTIFY });

let store: Store;
let slack: Stage;
let now: number;
let sent: Mail[];
let mailFails: StintError | undefined;
let raised: Alarm[];
beforeEach(async () => {
  now = Date.parse('2026-03-02T09:00:00.000Z');
  [sent, raised, mailFails] = [[], [], undefined];
  store = await openStore({ memory: true, clock: () => now });
  slack = await startStage();
  await apply(policy);
});
afterEach(async () => {
  await slack.close();
  await store.close();
});

/** A process that has just started: it remembers nothing. */
const started = (more: Partial<Parameters<typeof createTellOthers>[0]> = {}) =>
  createTellOthers({
    store,
    directory: directoryFrom(everyone),
    cards: slack.worker(),
    mail: async (mail) => {
      if (mailFails) throw mailFails;
      sent.push(mail);
    },
    turns: createTurns(store.once, () => now),
    alarms: { raise: (alarm) => void raised.push(alarm) },
    clock: () => now,
    ...more,
  });

const apply = ({ hash, source: text }: Policy) => store.policies.apply({ hash, text, by: 'root', via: 'cli' }, instant(now));

type Happening = Parameters<Elevation['event']>;
const write = (e: Elevation, ...events: Happening[]) =>
  store.ledger.append(events.map(([type, data, change]) => e.event(type, data, { at: instant(now), ...change })));

async function asked(verdict = { ...VERDICT, policyHash: policy.hash }): Promise<Elevation> {
  const e = new Elevation({ askedAt: instant(now) });
  const { request } = e;
  await store.requests.put(request, requestDigest(request));
  await write(e, ['requested', { request, digest: requestDigest(request), verdict }]);
  return e;
}

async function granted(): Promise<Elevation> {
  const e = await asked();
  const by = { actor: { personId: 'grace' as PersonId, via: 'slack' } } as const;
  await write(
    e,
    ['approved', { windowMs: 10 * MINUTE, startBy: instant(now + MINUTE), verdict: { ...VERDICT, policyHash: policy.hash } }, by],
    ['confirmed', { confirmedAt: instant(now), deadlineAt: instant(now + 10 * MINUTE) }],
  );
  return e;
}

const gone: Happening = ['gone', { observedAt: '2026-03-02T09:10:00.000Z' as never, how: 'the Mac said so' }];
const posts = () => slack.posted().map(({ text }) => text);

describe('others', () => {
  it('are told what their line of the rule names, and nothing else', async () => {
    const round = started();
    const e = await granted();
    await round();
    expect(posts()).toEqual([
      expect.stringMatching(/^Access granted: Ada Lovelace, .*, until 2026-03-02 09:10 UTC\. .*by Stint, rule macs/),
    ]);
    expect(sent).toEqual([]);
    await write(e, ['revoked', { cause: 'approver' }, { actor: { personId: 'grace' as PersonId, via: 'slack' } }], gone);
    await round();
    expect(posts()).toHaveLength(3);
    expect(posts()[1]).toMatch(/revoked before its end: .*\(approver\).*by Grace Hopper/);
    expect(sent.map(({ to, subject }) => [to, subject.split(':')[0]])).toEqual([
      ['sec@example.com', '[Stint] Access ended'],
      ['ops@example.com', '[Stint] Access ended'],
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  it('are told once by however many processes, and again by none that starts anew', async () => {
    const e = await granted();
    await write(e, gone, ['swept', { observedAt: instant(now), how: 'seen gone' }]);
    await Promise.all([started()(), started()()]);
    now += 2 * MINUTE;
    const later = started();
    await later();
    await later();
    expect(posts()).toHaveLength(2);
    expect(sent).toHaveLength(2);
  });

  it('are told by whoever comes after a process that died between sending and writing it down, under the same name', async () => {
    const e = await granted();
    await write(e, gone);
    const forgetful = { ...createTurns(store.once, () => now), said: async () => undefined };
    await started({ turns: forgetful })();
    now += 2 * MINUTE;
    await started()();
    // Slack has it once; of e-mail the mailbox sees by the name that it is the same.
    expect(posts()).toHaveLength(2);
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ id, to }) => `${id} ${to}`)).size).toBe(2);
    const [first] = sent;
    expect(sent.every(({ id, thread }) => id === first?.id && thread === first.thread)).toBe(true);
  });

  it('that can not be told are tried again, and after a quarter of an hour it is an alarm', async () => {
    mailFails = new StintError('not-ready', 'The mail server mail.example.com:465 did not take the message (ECONNECTION).');
    const round = started();
    const e = await granted();
    await write(e, gone);
    await round();
    // What fails holds up nothing else.
    expect(posts()).toHaveLength(2);
    expect(raised).toEqual([]);
    for (let i = 0; i < 16; i++) {
      now += MINUTE;
      await round();
    }
    now += 10 * MINUTE;
    await round();
    expect(raised[0]).toMatchObject({
      severity: 'warning',
      sentence: expect.stringMatching(/rule macs .* the mailbox sec@example\.com cannot be told: .*ECONNECTION/),
    });
    mailFails = undefined;
    now += 10 * MINUTE;
    await round();
    expect(sent).toHaveLength(2);
    expect(posts()).toHaveLength(2);
  });

  it('that can not be told for a reason that nobody foresaw are tried again as soon, hold up nobody, and are an alarm, too', async () => {
    let broken = true;
    const mail = async (one: Mail) => {
      if (broken && one.to === 'sec@example.com') throw new TypeError('secret of the server');
      sent.push(one);
    };
    const round = started({ mail });
    const e = await granted();
    await write(e, gone);
    // The log names it, once all the others were told.
    await expect(round()).rejects.toThrow('secret of the server');
    expect([posts().length, sent.map(({ to }) => to)]).toEqual([2, ['ops@example.com']]);
    for (let i = 0; i < 16; i++) {
      now += MINUTE;
      await round().catch(() => undefined);
    }
    now += 10 * MINUTE;
    await round().catch(() => undefined);
    expect(raised[0]?.sentence).toMatch(/the mailbox sec@example\.com cannot be told: something that nobody foresaw/);
    expect(JSON.stringify(raised)).not.toContain('secret');
    broken = false;
    now += 10 * MINUTE;
    await round();
    expect(sent.map(({ to }) => to)).toEqual(['ops@example.com', 'sec@example.com']);
  });

  it('are told by the rule by which the target was taken, whatever a history says that it was judged by', async () => {
    const quiet = policyOf();
    await apply(quiet);
    const verdict = { ...VERDICT, policyHash: quiet.hash };
    const e = await asked(verdict);
    const grant = e.grant({ rule: 'macs', policyHash: policy.hash, notAfter: instant(now + 30 * MINUTE) });
    await store.fence.arm(grant, e.armed(grant), instant(now));
    await write(
      e,
      ['approved', { windowMs: 10 * MINUTE, startBy: instant(now + MINUTE), verdict }],
      ['confirmed', { confirmedAt: instant(now), deadlineAt: instant(now + 10 * MINUTE) }],
    );
    await started()();
    expect(posts()).toEqual([expect.stringMatching(/^Access granted: .*rule macs/)]);
  });

  it('whom no rule names are not looked for: the record is asked of nothing but where somebody is told', async () => {
    const quiet = policyOf();
    await apply(quiet);
    let finds = 0;
    const find = (id: RequestId) => {
      finds += 1;
      return store.ledger.find(id);
    };
    const ledger = { news: store.ledger.news, find };
    const counting = started({ store: { policies: store.policies, fence: store.fence, ledger } });
    const nobody = await asked({ ...VERDICT, policyHash: quiet.hash });
    await write(nobody, ['denied', { rule: 'macs' }]);
    await counting();
    await write(nobody, gone);
    await counting();
    expect([finds, posts(), sent]).toEqual([0, [], []]);
    const somebody = await asked();
    await write(somebody, ['denied', { rule: 'macs' }]);
    await counting();
    expect(finds).toBeGreaterThan(0);
    expect(sent).toHaveLength(2);
  });

  it('are told of what was asked before this process began to look', async () => {
    const e = await asked();
    const news: Store['ledger']['news'] = async (after, types) => {
      const { events, upTo } = await store.ledger.news(after, types);
      return { events: events.filter(({ type }) => type !== 'requested'), upTo };
    };
    const round = started({ store: { policies: store.policies, fence: store.fence, ledger: { find: store.ledger.find, news } } });
    await write(e, ['denied', { rule: 'macs' }]);
    await round();
    expect(sent).toHaveLength(2);
  });

  it('are given up after a day, with an alarm, and nobody is told of what is older than that', async () => {
    mailFails = new StintError('not-ready', 'No.');
    const round = started();
    const e = await granted();
    await write(e, gone);
    await round();
    now += 25 * 60 * MINUTE;
    await round();
    expect(raised.map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining('is given up'),
      expect.stringContaining('is given up'),
    ]);
    mailFails = undefined;
    now += 60 * MINUTE;
    await round();
    await started()();
    expect(sent).toEqual([]);
  });

  it('by e-mail where no mail server is set up is an alarm too, and never taken for told', async () => {
    const round = started({ mail: undefined });
    const e = await asked();
    await write(e, ['denied', { rule: 'macs' }]);
    await round();
    now += 20 * MINUTE;
    await round();
    expect(raised[0]?.sentence).toContain('no mail server is set up (STINT_SMTP_URL)');
    now += 2 * MINUTE;
    await started()();
    expect(sent).toHaveLength(2);
  });

  it('are told by the policy by which it was judged, and by none that nobody can read any more', async () => {
    const e = await asked({ ...VERDICT, policyHash: policyOf().hash });
    await write(e, ['denied', { rule: 'macs' }]);
    await started()();
    expect([posts(), sent]).toEqual([[], []]);
  });

  it('of each extension are told by itself', async () => {
    const round = started();
    const e = await granted();
    const extended = (name: string): Happening => [
      'extended',
      { roundDigest: name.repeat(64) as never, windowMs: MINUTE, deadlineAt: instant(now + 11 * MINUTE) },
    ];
    await write(e, extended('a'), extended('b'));
    await round();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    expect(sent).toHaveLength(4);
  });

  it('get it over real SMTP', async () => {
    const server = await startMail({ plain: true });
    const config = { host: '127.0.0.1', port: server.port, tls: 'none', from: 'stint@example.com' } as const;
    const e = await asked();
    await write(e, ['denied', { rule: 'macs' }]);
    await started({ mail: createMailer({ config, readFile: () => '' }).send })();
    expect(server.taken.map(({ to }) => to)).toEqual([['sec@example.com'], ['ops@example.com']]);
    for (const { raw } of server.taken) expect(raw).toMatch(/^Subject: \[Stint\] Access denied: Ada Lovelace/m);
    await server.close();
  });

  it('are told of a closing without proof as that, and not as an end', async () => {
    const e = await granted();
    const view = (await store.ledger.find(e.request.requestId))?.view;
    if (!view) throw new Error('no view');
    const { subject, lines } = noticeText('ended', e.event('closed-unproven', { findingDigests: [] }), view, 'macs');
    for (const one of [subject, lines.join(' ')]) {
      expect(one).toContain('Closed, and the end of the access not proved');
      expect(one).not.toContain('Access ended');
    }
    expect(noticeText('ended', e.event('gone', { observedAt: instant(now), how: 'seen' }), view, 'macs').subject).toContain(
      'Access ended',
    );
  });

  it('are told on one line each, whatever names are made of, and never the reason', async () => {
    const e = await granted();
    const view = (await store.ledger.find(e.request.requestId))?.view;
    if (!view) throw new Error('no view');
    const name = 'mac\r\nBcc: evil@example.com\u2028\u202e<!channel>';
    const request = {
      ...view.request,
      target: { ...view.request.target, display: name },
      subject: { ...view.request.subject, name },
    };
    const { subject, lines } = noticeText('granted', e.event('warned', {}), { ...view, request }, 'macs');
    for (const one of [subject, ...lines]) expect(one).not.toMatch(/[\r\n\u2028\u202e]/);
    expect(noticeMessage({ subject, lines }).text).not.toContain('<!channel>');
    expect(lines.join()).not.toContain(REASON);
  });

  it('of a break-glass are told so in the first words, and of a drill that nothing is granted', async () => {
    const e = await granted();
    const view = (await store.ledger.find(e.request.requestId))?.view;
    if (!view) throw new Error('no view');
    const told = (drill?: true) => {
      const request = { ...view.request, breakGlass: { incident: 'INC-1', ...(drill && { drill }) } };
      return noticeText('requested', e.event('warned', {}), { ...view, request }, 'macs');
    };
    expect(told().subject).toMatch(/^\[Stint\] Access asked for \(break-glass\): /);
    expect(told(true).lines[0]).toMatch(/^Access asked for \(break-glass, a drill: nothing is granted\): /);
  });
});
