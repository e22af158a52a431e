/** Open reviews: everybody who was passed over hears of it once, reviewers each day, until somebody else closes it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Mail } from '../../activities/mail/smtp.js';
import { type NoticeDeps, paintCard } from '../../activities/notices.js';
import { instant, type PersonId, type SlackUserId, shortId } from '../../contract/ids.js';
import type { Cards, Person, Rendered, Store } from '../../contract/ports.js';
import type { ElevationRequest } from '../../contract/request.js';
import { fold } from '../../contract/view.js';
import { openStore } from '../../ledger/store.js';
import { directoryFrom } from '../../policy/people.js';
import { passedOver } from '../../policy/reviewers.js';
import { requestDigest, sha256 } from '../../seal/canonical.js';
import { createTurns } from '../../workers/alarm-turns.js';
import { createReviewMails } from '../../workers/review-ways.js';
import { createReviews } from '../../workers/reviews.js';
import { CHANNEL, type Stage, startStage } from '../activities/slack/stage.js';
import { elsewhereToo, everyone, grace, linus, mallory, TEAM } from '../fixtures/people.js';
import { at, Elevation, T0, VERDICT } from '../ledger/events.js';

const DAY = 24 * 3_600_000;
let store: Store;
let now: number;
let sent: { key: string; to: string; text: string }[];
/** Whom Slack does not take. */
let refused: Set<string>;
let failed: unknown[];
beforeEach(async () => {
  [now, sent, refused, failed] = [T0, [], new Set(), []];
  store = await openStore({ memory: true, clock: () => now });
});
afterEach(() => store.close());

/** As Slack's port does: once for each key. */
function slack(): Cards {
  const say = async (key: string, to: string, { text }: Rendered) => {
    if (refused.has(to)) throw new Error(`Slack does not take ${to}`);
    if (!sent.some((one) => one.key === key)) sent.push({ key, to, text });
  };
  const ref = { channel: 'C0', ts: '1', renderDigest: sha256('x') };
  return {
    ensurePosted: async (key, { threadTs }, message) => {
      await say(key, threadTs ? 'thread' : 'channel', message);
      return ref;
    },
    update: async () => ref,
    dm: (key, user, message) => say(key, user, message),
    ephemeral: async () => {},
    upload: async () => {},
  };
}

const GLASS = {
  ...VERDICT,
  outcome: 'auto',
  breakGlass: true,
  approvedBy: [],
  approvers: [grace.personId, linus.personId],
} as const;

const IN_INCIDENT = { breakGlass: { incident: 'INC-417' } };

async function taken(verdict: typeof GLASS | typeof VERDICT = GLASS, how: Pick<ElevationRequest, 'breakGlass'> = IN_INCIDENT) {
  const e = new Elevation(how);
  const requested = e.event('requested', { request: e.request, digest: requestDigest(e.request), verdict });
  const approved = e.event('approved', { windowMs: 600_000, startBy: at(240), verdict });
  await store.ledger.append([requested, e.event('glass-broken', { incident: 'INC-417' }), approved]);
  await store.fence.arm(e.grant(), e.event('armed', { notAfter: e.grant().notAfter }, { at: at(0) }), at(0));
  return e;
}

/** A process that has just started. */
function started(reviewers = [mallory], people = everyone) {
  const notices: NoticeDeps = {
    cards: slack(),
    store,
    directory: directoryFrom(people),
    teamId: TEAM,
    channel: 'C0',
    clock: () => now,
  };
  return roundOf(notices, reviewers, people);
}

function roundOf(notices: NoticeDeps, reviewers: readonly Person[], people = everyone) {
  return createReviews({
    store,
    notices,
    passedOver: (view) => passedOver({ directory: directoryFrom(people) }, view),
    reviewers: async () => reviewers,
    clock: () => now,
    failed: (_view, error) => void failed.push(error),
  });
}

const told = (prefix: string) => sent.filter(({ key }) => key.startsWith(prefix)).map(({ to }) => to);
const close = (e: Elevation, by: string) =>
  store.ledger.append([
    e.event(
      'review-closed',
      { findingDigest: sha256('found') },
      { at: instant(now), actor: { via: 'cli', personId: by as PersonId } },
    ),
  ]);

const over = (e: Elevation) =>
  store.ledger.append([
    e.event('revoked', { cause: 'approver' }, { actor: { via: 'slack', personId: grace.personId } }),
    e.event('gone', { observedAt: at(9), how: 'seen' }),
    e.event('evidence-settled', { complete: true, lines: 0 }),
    e.event('closed', { outcome: 'revoked' }),
  ]);

describe('an open review', () => {
  it('is told at once to everybody who was passed over and to those who may review it, once, whatever process tells', async () => {
    await taken();
    const round = started();
    await round();
    await round();
    await started()();
    expect(told('skipped').sort()).toEqual(['U0GRACE', 'U0LINUS']);
    expect(told('review-0')).toEqual(['U0MALLORY']);
    expect(sent.filter(({ to }) => to === 'thread')).toEqual([]);
    expect(failed).toEqual([]);
  });

  it('is told to accounts in the workspace that the app is in, and to none of another', async () => {
    await taken();
    const people = elsewhereToo(everyone, [linus]);
    await started(elsewhereToo([mallory]), people)();
    expect(
      sent
        .filter(({ to }) => to !== 'thread')
        .map(({ to }) => to)
        .sort(),
    ).toEqual(['U0GRACE', 'U0MALLORY']);
    expect(failed).toEqual([]);
  });

  it('is told each day until it is closed, and then no more', async () => {
    const e = await taken();
    const round = started();
    for (const days of [0, 0.5, 1, 1.5, 2]) {
      now = T0 + days * DAY;
      await round();
    }
    expect(['review-0', 'review-1', 'review-2', 'review-3'].map((key) => told(key).length)).toEqual([1, 1, 1, 0]);
    expect(sent.filter(({ to }) => to === 'thread').map(({ text }) => /open for (\d) day/.exec(text)?.[1])).toEqual(['1', '2']);
    await close(e, 'mallory');
    now = T0 + 3 * DAY;
    await round();
    expect(told('review-3')).toEqual([]);
    expect(await store.ledger.list({ review: 'open' })).toEqual([]);
  });

  it('after days without a worker is told of once, not once for each day', async () => {
    await taken();
    await started()();
    now = T0 + 5 * DAY;
    await started()();
    expect(sent.filter(({ to }) => to === 'thread')).toHaveLength(1);
    expect(told('review-5')).toEqual(['U0MALLORY']);
  });

  it('that Slack does not take keeps nobody else from hearing of it, and is tried again', async () => {
    await taken();
    refused.add('U0GRACE' as SlackUserId);
    const round = started();
    await round();
    expect([told('skipped'), told('review-0'), failed.length]).toEqual([['U0LINUS'], ['U0MALLORY'], 1]);
    refused.clear();
    await round();
    expect(told('skipped').sort()).toEqual(['U0GRACE', 'U0LINUS']);
  });

  it('that was closed while Slack was down is still told to everybody who was passed over, once, by whatever process', async () => {
    const e = await taken();
    for (const user of ['U0GRACE', 'U0LINUS', 'U0MALLORY']) refused.add(user);
    const round = started();
    await round();
    await close(e, 'mallory');
    await over(e);
    await round();
    expect(told('skipped')).toEqual([]);
    refused = new Set(['U0LINUS']);
    await round();
    expect(told('skipped')).toEqual(['U0GRACE']);
    // The process dies before Slack takes the other one.
    refused = new Set();
    await started()();
    expect(told('skipped').sort()).toEqual(['U0GRACE', 'U0LINUS']);
    expect(told('review-0')).toEqual([]);
  });

  it('stays open however the person themself says that it is closed', async () => {
    const e = await taken();
    await close(e, 'ada');
    expect((await store.ledger.list({ review: 'open' })).map(({ view }) => view.request.requestId)).toEqual([
      e.request.requestId,
    ]);
    const row = await store.ledger.find(e.request.requestId);
    if (!row) throw new Error('no row');
    const system = e.event('review-closed', { findingDigest: sha256('x') });
    expect(fold(row.view, system).review).toBeUndefined();
    await close(e, 'mallory');
    expect((await store.ledger.find(e.request.requestId))?.view.review).toMatchObject({ by: 'mallory' });
  });

  it('stays open after the elevation is over, and none opens for what was approved or never came to be', async () => {
    const e = await taken();
    await over(e);
    await store.fence.gone(e.request.requestId, at(9));
    expect(await store.ledger.list({ review: 'open' })).toHaveLength(1);
    const [ordinary, never] = [await taken(VERDICT, {}), new Elevation({ breakGlass: { incident: 'INC-1' } })];
    await store.ledger.append([
      never.event('requested', { request: never.request, digest: requestDigest(never.request), verdict: GLASS }),
    ]);
    expect((await store.ledger.list({ review: 'open' })).map(({ view }) => view.request.requestId)).toEqual([
      e.request.requestId,
    ]);
    expect(ordinary.request.requestId).not.toBe(e.request.requestId);
    // Whatever somebody who may write to Temporal answered in the policy's place.
    await store.fence.gone(ordinary.request.requestId, at(9));
    const forged = await taken(VERDICT);
    expect((await store.ledger.list({ review: 'open' })).map(({ view }) => view.request.requestId)).toContain(
      forged.request.requestId,
    );
  });
});

describe('a reviewer without an account in Slack', () => {
  const ida = { ...mallory, personId: 'ida' as PersonId, slack: [], email: 'ida@example.com' };
  let mails: Mail[];
  let down: boolean;
  beforeEach(() => {
    [mails, down] = [[], false];
  });
  const mail = async (one: Mail) => {
    if (down) throw new Error('the mail server is down');
    mails.push(one);
  };
  const withMail = (reviewers: readonly Person[]) => {
    const clock = () => now;
    const told = {
      reviewers: async () => reviewers,
      clock,
      failed: (_view: unknown, error: unknown) => void failed.push(error),
    };
    return createReviews({
      store,
      notices: { cards: slack(), store, directory: directoryFrom(everyone), teamId: TEAM, channel: 'C0', clock },
      passedOver: async () => [],
      mails: createReviewMails({ mail, turns: createTurns(store.once, clock), teamId: TEAM, ...told }),
      ...told,
    });
  };

  it('is told by e-mail as it opens and each day, once, whatever process tells, with the command that closes it', async () => {
    const e = await taken();
    // Whoever has an account, or no address either, gets none.
    const all = [
      { ...mallory, email: 'mallory@example.com' },
      ida,
      { ...linus, slack: [], email: undefined } as unknown as Person,
    ];
    const round = withMail(all);
    for (const days of [0, 0.5, 1]) {
      now = T0 + days * DAY;
      await round();
      await round();
      await withMail(all)();
    }
    expect(mails.map(({ to }) => to)).toEqual(['ida@example.com', 'ida@example.com']);
    const [first, next] = mails;
    expect(first?.subject).toMatch(/^\[Stint\] A break-glass waits for its review: Ada/);
    expect(first?.text).toContain(`stint review ${shortId(e.request.requestId)} --finding "…"`);
    expect(first?.text).toContain('INC-417');
    expect(next?.text).toContain('open for 1 day');
    expect([first?.thread === next?.thread, first?.id === next?.id]).toEqual([true, false]);
    expect(failed).toEqual([]);
    await close(e, 'ida');
    now = T0 + 2 * DAY;
    await round();
    expect(mails).toHaveLength(2);
  });

  it('is told once the mail server is back, tried each minute, and holds up nobody who is told in Slack', async () => {
    await taken(GLASS, { breakGlass: { incident: 'INC-417', drill: true } });
    down = true;
    const round = withMail([ida, mallory]);
    await round();
    await round();
    expect([mails.length, failed.length, told('review-0')]).toEqual([0, 1, ['U0MALLORY']]);
    down = false;
    now = T0 + 61_000;
    await round();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.subject).toContain('a drill: nothing was granted');
  });
});

describe('the card of an open review whose access is over', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await startStage();
  });
  afterEach(() => stage.close());

  const inSlack = (): NoticeDeps => ({
    cards: stage.worker(),
    store: { ...store, messages: stage.refs },
    directory: directoryFrom([]),
    teamId: TEAM,
    channel: CHANNEL,
    clock: () => now,
  });
  /** Nobody is written to: what is looked at is the channel. */
  const round = () => roundOf(inSlack(), [], [])();
  const isCard = ({ blocks }: ReturnType<Stage['posted']>[number]) => JSON.stringify(blocks).includes('"action_id":"review"');
  const cards = () => stage.posted().filter(isCard);
  const lines = () => stage.posted().filter((message) => !isCard(message));
  /** Its card as the run left it. */
  const painted = async () => {
    const e = await taken();
    await over(e);
    const row = await store.ledger.find(e.request.requestId);
    if (!row) throw new Error('no row');
    return paintCard(inSlack(), row.view);
  };

  it('that was deleted stands there again the next day, once and with its button, and the day’s line under it', async () => {
    const { ts } = await painted();
    await round();
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts });
    expect(cards()).toEqual([]);
    now = T0 + DAY;
    await round();
    expect(cards()).toHaveLength(1);
    expect(lines().map(({ threadTs, text }) => [threadTs, text])).toEqual([
      [cards()[0]?.ts, expect.stringMatching(/open for 1 day/)],
    ]);
    expect(failed).toEqual([]);
  });

  it('is drawn again in the next round where Slack failed in this one, and no line is said before', async () => {
    const { ts } = await painted();
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts });
    now = T0 + DAY;
    stage.sim.fault({ method: 'chat.update', kind: '500', times: 1 });
    await round();
    expect([failed.length, stage.posted()]).toEqual([1, []]);
    await round();
    expect([cards().length, lines().length, lines()[0]?.threadTs]).toEqual([1, 1, cards()[0]?.ts]);
  });

  it('is drawn once for each day, and by no process that starts after it', async () => {
    const { ts } = await painted();
    now = T0 + DAY;
    await round();
    const drawn = stage.calls('chat.update').length;
    await round();
    expect([stage.calls('chat.update').length, cards().map((card) => card.ts), lines().length]).toEqual([drawn, [ts], 1]);
    now = T0 + 2 * DAY;
    await round();
    expect([stage.calls('chat.update').length, lines().length]).toEqual([drawn + 1, 2]);
  });
});
