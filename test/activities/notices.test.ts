/** What Slack is told, against a Slack that writes everything down: with store and directory up, down, and slow to know. */
import { describe, expect, it } from 'vitest';
import { cardKey, createNotices, paintCard } from '../../activities/notices.js';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import { type Digest, instant, type PersonId, type SlackUserId } from '../../contract/ids.js';
import type { Cards, ElevationRow, MessageRef, Rendered } from '../../contract/ports.js';
import { type ElevationView, foldAll } from '../../contract/view.js';
import { directoryFrom } from '../../policy/people.js';
import { sha256 } from '../../seal/canonical.js';
import { elsewhereToo, everyone, grace, linus, REASON, refOf, TEAM } from '../fixtures/people.js';
import { Elevation, VERDICT } from '../ledger/events.js';

const CHANNEL = 'C0APPROVE';
const DOWN = async (): Promise<never> => {
  throw new StintError('store-unavailable');
};

const BROKEN = async (): Promise<never> => {
  throw new StintError('bad-config', 'The people file has a mistake.');
};

/** Keeps what it is told by key, as Slack does; posting twice under one key is once. */
class RecordingCards implements Cards {
  readonly posted = new Map<string, { readonly threadTs?: string; message: Rendered }>();
  readonly dms = new Map<string, { readonly user: string; readonly message: Rendered }>();
  readonly ephemerals: unknown[] = [];
  readonly uploads: {
    readonly key: string;
    readonly channel: string;
    readonly threadTs: string;
    readonly name: string;
    readonly bytes: Uint8Array;
  }[] = [];
  private count = 0;
  readonly refs = new Map<string, MessageRef>();

  /** Channels in which nothing can be posted, for good. */
  readonly closed = new Set<string>();

  async ensurePosted(
    key: string,
    { channel, threadTs }: { readonly channel: string; readonly threadTs?: string },
    message: Rendered,
  ) {
    const known = this.refs.get(key);
    if (known) return known;
    if (this.closed.has(channel)) throw new StintError('slack-rejected', 'It is archived.');
    const ref = { channel, ts: `${++this.count}.0`, renderDigest: sha256(JSON.stringify(message)) };
    this.refs.set(key, ref);
    this.posted.set(key, { ...(threadTs && { threadTs }), message });
    return ref;
  }

  async update(ref: MessageRef, message: Rendered) {
    for (const [key, known] of this.refs) {
      const post = this.posted.get(key);
      if (known.ts === ref.ts && post) post.message = message;
    }
    return ref;
  }

  async dm(key: string, user: SlackUserId, message: Rendered) {
    this.dms.set(key, { user, message });
  }

  async ephemeral(...told: unknown[]) {
    this.ephemerals.push(told);
  }

  async upload(
    key: string,
    { channel, threadTs }: { readonly channel: string; readonly threadTs: string },
    file: { readonly name: string; readonly bytes: Uint8Array },
  ) {
    this.uploads.push({ key, channel, threadTs, name: file.name, bytes: file.bytes });
  }

  text(key: string): string {
    return JSON.stringify(this.posted.get(key)?.message ?? '');
  }
}

const COMMENT = 'Only while I watch';
const line = (command: string) => `Nov 21 15:20:01 2026 : ada : HOST=mac : TTY=t ; PWD=/ ; USER=root ; COMMAND=${command}\n`;

function stage({ storeDown = false, directoryDown = false, log = '', people = everyone } = {}) {
  const cards = new RecordingCards();
  const ledger: { row?: ElevationRow } = {};
  const texts = new Map<Digest, string>([REASON, COMMENT].map((text) => [sha256(text), text]));
  const directory = directoryFrom(people);
  const deps = {
    cards,
    store: {
      requests: {
        put: async () => undefined,
        get: async () => undefined,
        putText: async (text: string) => sha256(text),
        getText: storeDown ? DOWN : async (digest: Digest) => texts.get(digest),
      },
      evidence: {
        put: async () => true,
        missing: async () => [],
        assemble: storeDown ? DOWN : async () => new TextEncoder().encode(log),
      },
      ledger: { find: storeDown ? DOWN : async () => ledger.row },
      messages: { get: storeDown ? DOWN : async (key: string) => cards.refs.get(key), put: async () => undefined },
    },
    directory: directoryDown ? { ...directory, person: DOWN } : directory,
    teamId: TEAM,
    channel: CHANNEL,
    clock: () => Date.parse('2026-03-02T09:10:00.000Z'),
  };
  return { cards, deps, ledger, notices: createNotices(deps) };
}

function viewOf(elevation: Elevation, ...more: AnyEvent[]): ElevationView {
  const view = foldAll([elevation.requested(), ...more]);
  if (!view) throw new Error('no view');
  return view;
}

/** Asked for by a rule with a channel of its own; the same request each time. */
const RULED = new Elevation();
function ruled(channel: string): ElevationView {
  const view = viewOf(RULED);
  return { ...view, verdict: { ...view.verdict, channel } };
}

function rowOf(view: ElevationView): ElevationRow {
  return { view, updatedAt: instant(0) };
}

function voted(elevation: Elevation, by = grace, comment = COMMENT): AnyEvent {
  const vote = {
    decision: 'approve',
    personId: by.personId,
    roundDigest: sha256('round'),
    windowMs: 600_000,
    ...(comment === '' ? {} : { commentDigest: sha256(COMMENT) }),
    at: instant(0),
  } as const;
  const requested = elevation.requested() as AnyEvent & { type: 'requested' };
  return elevation.event('voted', { vote, verdict: requested.data.verdict });
}

describe('the card', () => {
  it('is posted once and then edited, with the reason from the store', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.paint(viewOf(elevation));
    await notices.paint(viewOf(elevation, voted(elevation), elevation.approved()));
    expect([...cards.posted.keys()]).toEqual([`card/${elevation.request.requestId}`]);
    const card = cards.text(cardKey(viewOf(elevation)));
    expect(card).toContain(REASON);
    expect(card).toContain('Approved');
  });

  it('shows what an approver wrote, while nobody else has decided yet; without the store it stands without', async () => {
    for (const storeDown of [false, true]) {
      const { cards, notices } = stage({ storeDown });
      const elevation = new Elevation();
      const view = viewOf(elevation, voted(elevation));
      await notices.paint(view);
      expect(cards.text(cardKey(view)).includes(COMMENT)).toBe(!storeDown);
    }
  });

  it('mentions people by their accounts in the workspace that the app is in; who has none there is named', async () => {
    for (const [only, mention] of [
      [[], 'U0GRACE'],
      [[grace], 'Grace Hopper'],
    ] as const) {
      const { cards, notices } = stage({ people: elsewhereToo(everyone, only) });
      const elevation = new Elevation();
      const view = viewOf(elevation, voted(elevation));
      await notices.paint(view);
      expect(cards.text(cardKey(view))).toContain(mention);
      expect(cards.text(cardKey(view))).not.toContain('U0ELSEWHERE');
    }
  });

  it('is drawn once for its post and its edit, and again where it has to say that it stands elsewhere', async () => {
    const { cards, deps } = stage();
    let read = 0;
    const getText = async () => {
      read += 1;
      return REASON;
    };
    const requests = { ...deps.store.requests, getText };
    const notices = createNotices({ ...deps, store: { ...deps.store, requests } });
    await notices.paint(viewOf(new Elevation()));
    expect(read).toBe(1);
    cards.closed.add('C0PAYMENTS');
    await notices.paint(ruled('C0PAYMENTS'));
    expect(read).toBe(3);
  });

  it('stands in the channel that its rule names, and so does all that belongs to it', async () => {
    const { cards, notices } = stage({ log: line('/usr/bin/true') });
    const view = ruled('C0PAYMENTS');
    await notices.paint(view);
    await notices.line('reminder', view, 'reminder-1');
    await notices.fileEvidence(view);
    await notices.answer(view.request.requestId, { slackUserId: 'U0GRACE' as SlackUserId }, 'own-request');
    expect([...cards.refs.values()].map((ref) => ref.channel)).toEqual(['C0PAYMENTS', 'C0PAYMENTS']);
    expect(cards.uploads.map(({ channel }) => channel)).toEqual(['C0PAYMENTS']);
    expect(cards.ephemerals).toMatchObject([['C0PAYMENTS', 'U0GRACE', expect.any(String)]]);
  });

  it('stands in the approver channel when the one of its rule takes nothing any more, and stays where it stands', async () => {
    const { cards, notices } = stage();
    cards.closed.add('C0PAYMENTS');
    await notices.paint(ruled('C0PAYMENTS'));
    cards.closed.clear();
    await notices.paint(ruled('C0PAYMENTS'));
    await notices.line('reminder', ruled('C0PAYMENTS'), 'reminder-1');
    expect([...cards.refs.values()].map((ref) => ref.channel)).toEqual([CHANNEL, CHANNEL]);
  });

  it.each([
    ['is not safe, and nothing is tried there', 'It is shared with another organisation.', false],
    ['takes nothing', undefined, true],
  ])('says that it stands elsewhere where the channel of its rule %s, and the alarm says why', async (_how, trouble, closed) => {
    const { cards, deps } = stage();
    const told: string[] = [];
    const notices = createNotices({
      ...deps,
      troubleIn: async () => trouble,
      misplaced: ({ verdict }, why) => told.push(`${verdict.channel}: ${why}`),
    });
    if (closed) cards.closed.add('C0PAYMENTS');
    const view = ruled('C0PAYMENTS');
    await notices.paint(view);
    await notices.paint(view);
    expect([...cards.refs.values()].map((ref) => ref.channel)).toEqual([CHANNEL]);
    expect(cards.text(cardKey(view))).toMatch(/belongs into the channel C0PAYMENTS of its rule/);
    expect(told).toEqual([`C0PAYMENTS: ${trouble ?? 'It is archived.'}`]);
  });

  it('says nothing of another channel where it stands in its own, and the channel is looked at once', async () => {
    const { cards, deps } = stage();
    let looks = 0;
    const troubleIn = async () => {
      looks += 1;
      return undefined;
    };
    const notices = createNotices({ ...deps, troubleIn });
    await notices.paint(ruled('C0PAYMENTS'));
    await notices.paint(ruled('C0PAYMENTS'));
    await notices.paint(viewOf(new Elevation()));
    expect([...cards.refs.values()].map((ref) => ref.channel)).toEqual(['C0PAYMENTS', CHANNEL]);
    for (const key of cards.refs.keys()) expect(cards.text(key)).not.toContain('belongs into');
    expect(looks).toBe(1);
  });

  it('is tried again where it belongs while Slack is merely away', async () => {
    const { cards, notices } = stage();
    const post = cards.ensurePosted.bind(cards);
    cards.ensurePosted = async () => {
      throw new StintError('slack-unavailable');
    };
    await expect(notices.paint(ruled('C0PAYMENTS'))).rejects.toMatchObject({ code: 'slack-unavailable' });
    cards.ensurePosted = post;
    await notices.paint(ruled('C0PAYMENTS'));
    expect([...cards.refs.values()].map((ref) => ref.channel)).toEqual(['C0PAYMENTS']);
  });

  it('appears with the store down, and says that the reason cannot be read', async () => {
    const { cards, notices } = stage({ storeDown: true });
    const view = viewOf(new Elevation());
    await notices.paint(view);
    expect(cards.text(cardKey(view))).toContain(view.request.target.display);
    expect(cards.text(cardKey(view))).not.toContain(REASON);
  });

  it('appears with the directory down, with ids in the place of names', async () => {
    const [up, down] = [stage(), stage({ directoryDown: true })];
    const elevation = new Elevation();
    const view = viewOf(elevation, voted(elevation), elevation.approved());
    await up.notices.paint(view);
    await down.notices.paint(view);
    expect(up.cards.text(cardKey(view))).toContain('Grace Hopper');
    expect(down.cards.text(cardKey(view))).not.toContain('Grace Hopper');
    expect(down.cards.text(cardKey(view))).toContain('grace');
  });

  it('is not taken back to an earlier state by a call that was given up', async () => {
    const { cards, ledger, notices } = stage();
    const elevation = new Elevation();
    const first = viewOf(elevation);
    ledger.row = rowOf(viewOf(elevation, voted(elevation), elevation.approved()));
    await notices.paint(first);
    expect(cards.text(cardKey(first))).toContain('Approved');
  });

  it('shows what its successor showed, when the call was given up while it was at it', async () => {
    const { cards, ledger, notices } = stage();
    const elevation = new Elevation();
    const first = viewOf(elevation);
    const later = rowOf(viewOf(elevation, voted(elevation), elevation.approved()));
    const update = cards.update.bind(cards);
    cards.update = async (...args) => {
      ledger.row = later;
      return update(...args);
    };
    await notices.paint(first);
    expect(cards.text(cardKey(first))).toContain('Approved');
  });

  it('does not say that nothing was confirmed when the ledger knows better', async () => {
    const { cards, ledger, notices } = stage();
    const elevation = new Elevation();
    const failed = { ...viewOf(elevation, voted(elevation), elevation.approved()), state: 'closed', outcome: 'failed' } as const;
    const goneAt = instant(Date.UTC(2026, 0, 1));
    ledger.row = rowOf({ ...failed, state: 'collecting', confirmedAt: goneAt, goneAt });
    await notices.paint({ ...failed, goneAt });
    expect(cards.text(cardKey(failed))).toContain('Ended.');
    expect(cards.text(cardKey(failed))).not.toContain('no access was confirmed');
  });

  it('tells no second end, of a run that was made to live again', async () => {
    const { cards, ledger, notices } = stage();
    const elevation = new Elevation();
    const expired = {
      ...viewOf(elevation, voted(elevation), elevation.approved()),
      state: 'closed',
      outcome: 'expired',
    } as const;
    await notices.paint(expired);
    ledger.row = rowOf(expired);
    const shown = [...cards.posted.values()].map(({ message }) => message);
    const again = { ...expired, outcome: 'failed' } as const;
    await notices.paint(again);
    await notices.dm('failed', again);
    await notices.line('ended', again, 'ended');
    expect([...cards.posted.values()].map(({ message }) => message)).toEqual(shown);
    expect(cards.dms.size).toBe(0);
  });

  it('goes by the call and not by the ledger, when that is behind or speaks of another request', async () => {
    const { cards, ledger, notices } = stage();
    const elevation = new Elevation();
    const approved = viewOf(elevation, voted(elevation), elevation.approved());
    ledger.row = rowOf(viewOf(elevation));
    await notices.paint(approved);
    expect(cards.text(cardKey(approved))).toContain('Approved');
    const other = viewOf(new Elevation());
    ledger.row = rowOf(approved);
    await notices.paint(other);
    expect(cards.text(cardKey(other))).not.toContain('Approved');
  });

  it('can be repaired from outside an activity by the same function', async () => {
    const { cards, deps } = stage();
    const view = viewOf(new Elevation());
    expect(await paintCard(deps, view)).toMatchObject({ channel: CHANNEL });
    expect(cards.posted.size).toBe(1);
  });
});

describe('a line in the thread', () => {
  it('hangs under the card, which is posted when its first paint never came through', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.line('reminder', viewOf(elevation), 'reminder-1');
    const { requestId } = elevation.request;
    expect([...cards.posted.keys()]).toEqual([`card/${requestId}`, `line/${requestId}/reminder-1`]);
    expect(cards.posted.get(`line/${requestId}/reminder-1`)?.threadTs).toBe('1.0');
  });

  it('is posted with the store down as well', async () => {
    const { cards, notices } = stage({ storeDown: true });
    const elevation = new Elevation();
    await notices.line('reminder', viewOf(elevation), 'reminder-1');
    expect(cards.posted.get(`line/${elevation.request.requestId}/reminder-1`)?.threadTs).toBe('1.0');
  });

  it('of a decision carries the comment that was written with it', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.line('decided', viewOf(elevation, voted(elevation), elevation.approved()), 'decided');
    expect(cards.text(`line/${elevation.request.requestId}/decided`)).toContain(COMMENT);
  });

  it('of an approval carries what each who approved wrote, not only who was last', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.dm('approved', viewOf(elevation, voted(elevation), voted(elevation, linus, ''), elevation.approved()));
    expect(JSON.stringify([...cards.dms.values()])).toContain(COMMENT);
  });

  it('of an end carries why somebody revoked, and so do the card and the holder’s message', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    const revoked = elevation.event('revoked', { cause: 'approver', commentDigest: sha256(COMMENT) });
    const view = viewOf(elevation, elevation.approved(), elevation.armed(), revoked);
    expect(view.state).toBe('ending');
    await notices.line('ended', view, 'ended');
    expect(cards.text(`line/${elevation.request.requestId}/ended`)).toContain(COMMENT);
    await notices.dm('ended', view);
    expect(JSON.stringify([...cards.dms.values()])).toContain(COMMENT);
    await notices.paint(view);
    expect(cards.text(cardKey(view))).toContain(COMMENT);
  });
});

describe('a call to those who may decide from now on', () => {
  const called = [grace.personId, linus.personId];
  const calling = (elevation: Elevation) => viewOf(elevation, elevation.event('rejudged', { verdict: VERDICT, called }));
  const onCall = ['primary', 'cloud'].map((rota) => ({ rota, people: [grace.personId] }));
  const onCalled = (elevation: Elevation) => elevation.event('rejudged', { verdict: { ...VERDICT, onCall }, called });
  const onCalling = (elevation: Elevation) => viewOf(elevation, onCalled(elevation));

  it('is a line that mentions them, and a message to each, once however often it is sent', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    const { requestId } = elevation.request;
    for (let i = 0; i < 2; i++) await notices.line('called', calling(elevation), 'called-1');
    expect(cards.text(`line/${requestId}/called-1`)).toMatch(/U0GRACE.*U0LINUS/);
    expect([...cards.dms.keys()]).toEqual([`dm/${requestId}/called-1/grace`, `dm/${requestId}/called-1/linus`]);
    expect(JSON.stringify([...cards.dms.values()])).toContain(CHANNEL);
  });

  it('of a crowd mentions ten, and writes to those ten alone', async () => {
    const crowd = Array.from({ length: 60 }, (_, n) => ({
      ...linus,
      macs: [],
      personId: `p${n}` as PersonId,
      slack: [{ teamId: TEAM, userId: `U0P${n}` as SlackUserId }],
    }));
    const { cards, notices } = stage({ people: [...everyone, ...crowd] });
    const elevation = new Elevation();
    // All of them can decide by now; those who are called are the last of them.
    const ids = crowd.map(({ personId }) => personId);
    const verdict = { ...VERDICT, approvers: ids };
    const view = viewOf(elevation, elevation.event('rejudged', { verdict, called: ids.slice(-30) }));
    await notices.line('called', view, 'called-1');
    const ten = Array.from({ length: 10 }, (_, n) => `U0P${30 + n}`);
    expect([...cards.dms.values()].map(({ user }) => user)).toEqual(ten);
    const text = cards.text(`line/${elevation.request.requestId}/called-1`);
    expect([...text.matchAll(/"user_id":"(U0P\d+)"/g)].map(([, user]) => user)).toEqual(ten);
  });

  it('says to those on call for what, to the others that they can decide, and each what is asked and where', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.call(onCalling(elevation));
    const { requestId } = elevation.request;
    const text = (who: string) => cards.dms.get(`dm/${requestId}/called-1/${who}`)?.message.text;
    expect(text('grace')).toMatch(/^You are on call for primary and cloud, and can decide this\. Ada .* asks for 10 min of /);
    expect(text('linus')).toMatch(/^You can decide from now on\. Ada .* asks for /);
    expect(text('grace')).toContain(`Its card is in the channel ${CHANNEL}`);
    expect([...cards.posted.keys()]).toEqual([cardKey({ request: elevation.request })]);
  });

  it('is not repeated by the line of the thread, nor the other way round', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.call(onCalling(elevation));
    await notices.line('called', onCalling(elevation), 'called-1');
    expect(cards.dms.size).toBe(2);
  });

  it('is not sent once it is decided, to nobody who can decide no more, nor to who left', async () => {
    const { cards, notices, ledger, deps } = stage();
    const elevation = new Elevation();
    const calling = onCalling(elevation);
    const since = (...more: AnyEvent[]) => {
      ledger.row = { view: viewOf(elevation, onCalled(elevation), ...more), updatedAt: instant(0) };
    };
    since(elevation.event('denied', {}));
    await notices.call(calling);
    expect(cards.dms.size).toBe(0);
    since(elevation.event('rejudged', { verdict: { ...VERDICT, approvers: [linus.personId] }, called: [] }));
    const gone = everyone.map((person) => (person === linus ? { ...linus, active: false } : person));
    await createNotices({ ...deps, directory: directoryFrom(gone) }).call(calling);
    expect(cards.dms.size).toBe(0);
    await notices.call(calling);
    expect([...cards.dms.keys()].map((key) => key.split('/').at(-1))).toEqual(['linus']);
  });

  it('fails while the directory can’t say where somebody is written to, and the card stands', async () => {
    const { cards, notices, deps } = stage({ directoryDown: true });
    const elevation = new Elevation();
    await notices.paint(onCalling(elevation));
    const broken = { ...deps, directory: { ...deps.directory, person: BROKEN } };
    for (const each of [notices, createNotices(broken)])
      await expect(each.call(onCalling(elevation))).rejects.toMatchObject({ code: 'oncall-unavailable', retryable: true });
    expect([cards.posted.size, cards.dms.size]).toEqual([1, 0]);
    await createNotices({ ...deps, directory: directoryFrom(everyone) }).call(onCalling(elevation));
    expect(cards.dms.size).toBe(2);
  });

  it('is sent as it was when they were called, where the store is down', async () => {
    const { cards, notices } = stage({ storeDown: true });
    await notices.call(onCalling(new Elevation()));
    expect(cards.dms.size).toBe(2);
  });

  it('reaches the others where Slack lets one of them not be written to, and is tried again where Slack is away', async () => {
    for (const [code, rest] of [
      ['slack-rejected', ['linus']],
      ['slack-unavailable', []],
    ] as const) {
      const { cards, notices } = stage();
      const elevation = new Elevation();
      const send = cards.dm.bind(cards);
      cards.dm = async (key, user, message) => {
        if (user === 'U0GRACE') throw new StintError(code);
        await send(key, user, message);
      };
      const sent = [() => notices.line('called', calling(elevation), 'called-1'), () => notices.call(calling(elevation))];
      for (const send of sent) {
        if (code === 'slack-rejected') await send();
        else await expect(send()).rejects.toThrow(StintError);
      }
      expect([...cards.dms.keys()].map((key) => key.split('/').at(-1))).toEqual(rest);
    }
  });
});

describe('a direct message', () => {
  it('goes to the subject, once although they asked themselves', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.dm('asked', viewOf(elevation));
    expect([...cards.dms.values()].map(({ user }) => user)).toEqual(['U0ADA']);
  });

  it('goes to requester and subject when they are two, each under a key of their own', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation({ requester: refOf(grace) });
    await notices.dm('approved', viewOf(elevation, voted(elevation), elevation.approved()));
    const { requestId } = elevation.request;
    expect([...cards.dms.keys()].sort()).toEqual([`dm/${requestId}/approved/ada`, `dm/${requestId}/approved/grace`]);
    expect([...cards.dms.values()].map(({ user }) => user).sort()).toEqual(['U0ADA', 'U0GRACE']);
  });

  it('goes to nobody who has no Slack account', async () => {
    const { cards, notices } = stage();
    const { slackUserId: _, ...offline } = refOf(grace);
    await notices.dm('asked', viewOf(new Elevation({ requester: offline, subject: offline })));
    expect(cards.dms.size).toBe(0);
  });
});

describe('an answer to a refused message', () => {
  it('goes to who sent it, as the fixed sentence of its code', async () => {
    const { cards, notices } = stage();
    const { requestId } = new Elevation().request;
    await notices.answer(requestId, { slackUserId: 'U0GRACE' as SlackUserId }, 'own-request');
    await notices.answer(requestId, { personId: grace.personId }, 'own-request');
    expect(cards.ephemerals).toEqual([[CHANNEL, 'U0GRACE', 'You cannot decide your own request. Someone else has to.']]);
  });
});

describe('the evidence', () => {
  const settled = (elevation: Elevation, complete: boolean, lines: number) =>
    viewOf(
      elevation,
      elevation.approved(),
      elevation.armed(),
      elevation.event('confirmed', { confirmedAt: instant(0), deadlineAt: instant(1) }),
      elevation.event('expired', {}),
      elevation.event('gone', { observedAt: instant(2), how: 'it said so' }),
      elevation.event('evidence-settled', { complete, lines }),
    );

  it('is filed into the thread under a name that says whose it is', async () => {
    const { cards, notices } = stage({ log: line('/bin/ls') });
    const elevation = new Elevation();
    await notices.fileEvidence(settled(elevation, true, 1));
    const { requestId } = elevation.request;
    expect(cards.uploads).toMatchObject([
      { key: `log/${requestId}`, threadTs: '1.0', name: `sudo-${requestId.slice(0, 8)}.log` },
    ]);
    expect(Buffer.from(cards.uploads[0]?.bytes ?? []).toString()).toBe(line('/bin/ls'));
  });

  it('that is empty is not filed', async () => {
    const { cards, notices } = stage();
    await notices.fileEvidence(settled(new Elevation(), true, 0));
    expect(cards.uploads).toEqual([]);
  });

  it('shows its first twenty commands, and says which were refused', async () => {
    const refused = line('/bin/evil').replace('TTY=', 'command not allowed ; TTY=');
    const log = refused + Array.from({ length: 30 }, (_, i) => line(`/bin/run-${i}-`)).join('');
    const { cards, notices } = stage({ log });
    const elevation = new Elevation();
    await notices.line('evidence', settled(elevation, true, 31), 'evidence');
    const said = cards.text(`line/${elevation.request.requestId}/evidence`);
    expect(said).toContain('REFUSED /bin/evil');
    expect(said).toContain('/bin/run-18-');
    expect(said).not.toContain('/bin/run-19-');
  });

  it('that did not come is said to be missing', async () => {
    const { cards, notices } = stage();
    const elevation = new Elevation();
    await notices.line('evidence', settled(elevation, false, 0), 'evidence');
    expect(cards.text(`line/${elevation.request.requestId}/evidence`)).toMatch(/missing/i);
  });

  it('that came late is told as such, under a key of its own', async () => {
    const { cards, notices } = stage({ log: line('/bin/ls') });
    const elevation = new Elevation();
    const late: ElevationView = { ...settled(elevation, false, 0), evidence: { complete: true, lines: 1, late: true } };
    await notices.line('evidence', settled(elevation, false, 0), 'evidence');
    await notices.line('evidence', late, 'late-evidence');
    const { requestId } = elevation.request;
    expect(cards.text(`line/${requestId}/late-evidence`)).toMatch(/after|late/i);
    expect(cards.text(`line/${requestId}/late-evidence`)).not.toBe(cards.text(`line/${requestId}/evidence`));
  });
});
