import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ParsedAction, parseAction } from '../../cards/actions.js';
import { card } from '../../cards/card.js';
import { DM_KINDS, dm } from '../../cards/dm.js';
import { home } from '../../cards/home.js';
import { adminDetail, adminStatus } from '../../cards/status.js';
import { THREAD_KINDS, threadLine } from '../../cards/thread.js';
import type { LocalUser, PersonId, Serial } from '../../contract/ids.js';
import type { Rendered } from '../../contract/ports.js';
import { OUTCOMES, STATES } from '../../contract/states.js';
import { type ElevationView, foldAll } from '../../contract/view.js';
import { hostile, NASTY } from './hostile.js';
import { checkMessage, checkView, visible } from './limits.js';
import { at, BOB, DIGEST, event, homeOf, MIN, people, ROUND2, SCRIPTS, timelineOf, verdict, viewOf } from './views.js';

const NAMES = Object.keys(SCRIPTS);
const REASON = 'Install the printer driver for the third floor.';
const show = (name: string, reason: string | undefined = REASON, now = at(10)) => card(viewOf(name), { reason, now, people });

interface Json {
  readonly [key: string]: unknown;
}
function buttons(message: Rendered): readonly Json[] {
  return (message.blocks as readonly Json[]).filter((b) => b.type === 'actions').flatMap((b) => b.elements as readonly Json[]);
}
function clicks(message: Rendered): readonly ParsedAction[] {
  return buttons(message).map((b) => {
    const parsed = parseAction(b.action_id, b.value);
    if (!parsed) throw new Error(`a button that cannot be read: ${JSON.stringify(b)}`);
    return parsed;
  });
}
const kinds = (message: Rendered) => [...new Set(clicks(message).map((c) => c.kind))];

describe('the card', () => {
  it('has a fixture for every state and every outcome', () => {
    const views = NAMES.map((name) => viewOf(name));
    expect(new Set(views.map((v) => v.state))).toEqual(new Set(STATES));
    expect(new Set(views.flatMap((v) => (v.state === 'closed' ? [v.outcome] : [])))).toEqual(new Set(OUTCOMES));
  });

  it.each(NAMES)('keeps to every limit of Slack: %s', (name) => {
    for (const reason of [REASON, undefined, ...NASTY]) expect(checkMessage(show(name, reason))).toEqual([]);
  });

  it.each(NAMES)('says in words where it stands, in the card and in its fallback: %s', (name) => {
    const message = show(name);
    const words = visible(message.blocks);
    const expected = {
      requested: 'Waiting for approval',
      approved: 'The Mac must confirm',
      granting: 'The Mac must confirm',
      active: 'Active',
      ending: 'waiting for proof that access is gone',
      collecting: 'Collecting the log',
      closed: /Closed|Ended\./,
    }[viewOf(name).state];
    expect(words).toMatch(expected);
    expect(message.text).toMatch(expected);
    expect(message.text).toContain('Bob Builder asks for 10 min of admin rights on mac-bob-01');
  });

  it.each(NAMES.filter((n) => viewOf(n).goneAt === undefined && viewOf(n).state !== 'closed'))(
    'is never called ended before it was seen gone: %s',
    (name) => {
      const message = show(name);
      expect(`${visible(message.blocks)} ${message.text}`).not.toMatch(/\bended\b|access gone/i);
    },
  );

  it('shows exactly the controls that can act in the state', () => {
    const controls = Object.fromEntries(NAMES.map((name) => [name, kinds(show(name))]));
    for (const name of NAMES) {
      const view = viewOf(name);
      const waiting = view.state === 'active' && view.extension?.state === 'waiting';
      const expected = {
        requested: ['approve', 'deny'],
        approved: ['revoke'],
        granting: ['revoke'],
        active: waiting ? ['revoke', 'ext-approve', 'ext-deny'] : ['revoke'],
        ending: (view.alarmMinutes ?? 0) >= 15 ? ['close-unproven'] : [],
        collecting: [],
        closed: ['closed, by break-glass, review open', 'closed, a drill of break-glass'].includes(name) ? ['review'] : [],
      }[view.state];
      expect({ name, kinds: controls[name] }).toEqual({ name, kinds: expected });
    }
    expect(controls['ending, alarm 5']).toEqual([]);
    expect(controls['ending, alarm 15']).toEqual(['close-unproven']);
  });

  it('says why the policy denied it, or why its target was not taken; what a person denied was not denied by that', () => {
    const why = 'Bob Builder may have at most 2 elevations at once.';
    const words = (view: ElevationView) => visible(card(view, { reason: REASON, now: at(10), people }).blocks);
    const denied = (script: string) => words({ ...viewOf(script), verdict: verdict({ outcome: 'deny', sentences: [why] }) });
    expect(denied('closed, denied by policy')).toMatch(/Denied by the policy.*Bob Builder may have at most 2/s);
    expect(denied('closed, denied')).not.toContain(why);
    const refused = event('arm-refused', { code: 'limit-reached', reason: why }, 3);
    const view = foldAll([...timelineOf('closed, failed to arm').slice(0, -1), refused]);
    expect(view && words(view)).toContain(why);
  });

  it('shows what was written with the decisions, under the name of who wrote it', () => {
    const comments = [{ personId: 'alice' as PersonId, text: 'Only the *driver* <!channel>' }, { text: 'Lost laptop' }];
    const words = visible(card(viewOf('active'), { reason: REASON, now: at(5), people, comments }).blocks);
    expect(words).toMatch(/U0ALICE\s+wrote:.*Only the .*driver.*An operator\s+wrote:.*Lost laptop/s);
    for (const text of NASTY) {
      const many = Array.from({ length: 9 }, () => ({ personId: 'alice' as PersonId, text: text.repeat(20) }));
      expect(checkMessage(card(viewOf('active'), { reason: text, now: at(5), people, comments: many }))).toEqual([]);
    }
  });

  it('offers the windows of the policy, the one asked for first in weight, each with a question before it counts', () => {
    const all = buttons(show('requested'));
    expect(all.map((b) => (b.text as Json).text)).toEqual([
      'Approve 5 min',
      'Approve 10 min',
      'Approve 15 min',
      'Approve 30 min',
      'Deny',
      'Approve with a comment…',
    ]);
    expect(all.map((b) => b.style)).toEqual([undefined, 'primary', undefined, undefined, 'danger', undefined]);
    expect(all.slice(0, 4).every((b) => b.confirm !== undefined)).toBe(true);
    expect(visible(all[3]?.confirm)).toContain('Bob Builder becomes an admin on mac-bob-01 for 30 min. Asked for: 10 min.');
    expect(clicks(show('requested')).map((c) => c.windowMs)).toEqual([
      ...[5, 10, 15, 30].map((minutes) => minutes * MIN),
      undefined,
      10 * MIN,
    ]);
  });

  it('has no approve button when the policy offers no window, and never more buttons than Slack takes', () => {
    const now = at(1);
    expect(kinds(card(viewOf('requested', {}, { windowsMs: [] }), { reason: REASON, now }))).toEqual(['deny']);
    const many = card(viewOf('requested', {}, { windowsMs: Array.from({ length: 60 }, (_, i) => (i + 1) * MIN) }), {
      reason: REASON,
      now,
    });
    expect(checkMessage(many)).toEqual([]);
    expect(kinds(many)).toContain('deny');
  });

  it('binds every button to the round it decides', () => {
    const rounds = clicks(show('active, extension waiting')).map((c) => [c.kind, c.roundDigest]);
    expect(rounds).toEqual([
      ['revoke', DIGEST],
      ['revoke', DIGEST],
      ['ext-approve', ROUND2],
      ['ext-deny', ROUND2],
    ]);
  });

  it('has other block ids whenever it shows something else, and the same when it shows the same', () => {
    const ids = (m: Rendered) => (m.blocks as readonly Json[]).map((b) => b.block_id);
    expect(show('active')).toEqual(show('active'));
    for (const a of NAMES)
      for (const b of NAMES) if (show(a).text !== show(b).text) expect(ids(show(a))[0]).not.toBe(ids(show(b))[0]);
  });

  it('says loudly how long a proof has been missing, and how many asked to close without one', () => {
    const words = visible(show('ending, alarm 15, one asked').blocks);
    expect(words).toContain('Alarm: No proof for 15 min. Treat this Mac as still elevated.');
    expect(words).toContain('1 of 2 people asked to close this without proof: ');
  });

  // The workflow does not paint the step between them (`workflows/painter.ts`).
  it('is the same while the target is taken as before', () => {
    expect(show('granting')).toEqual(show('approved'));
    expect(show('approved, claimed')).toEqual(show('approved'));
  });

  it('says who has approved so far, and that an extension waits, also to a screen reader', () => {
    expect(show('requested, one of two votes').text).toContain('1 of 2 approvals so far: Alice Adams.');
    expect(show('active, extension waiting').text).toContain('Extension asked for: 15 min more');
  });

  it('says that the policy was changed since it was asked, and nothing of it where it was not', () => {
    const view = viewOf('requested');
    const changed = { ...view, verdict: { ...view.verdict, policyNow: DIGEST } };
    const text = (of: typeof view) => visible(card(of, { reason: REASON, now: at(10), people }));
    expect(text(changed)).toContain('The policy was changed after this was asked.');
    expect(text(view)).not.toContain('The policy was changed');
  });

  it('says when the log is missing, and when it came late', () => {
    expect(visible(show('closed, expired, log missing').blocks)).toContain('Log missing');
    expect(visible(show('closed, expired, late log').blocks)).toContain('7 sudo commands, delivered after the close');
    expect(visible(show('closed, expired').blocks)).toContain('Log: 3 sudo commands.');
    expect(visible(show('closed, unproven').blocks)).toMatch(/Closed without proof that access is gone\.[\s\S]*Log missing/);
  });

  it('does not call a window active that is over', () => {
    const words = visible(show('active', REASON, at(20)).blocks);
    expect(words).toContain('The window is over');
    expect(words).not.toMatch(/\bended\b/i);
  });

  it('says who or what ended it where its workflow did not', () => {
    const words = (name: string) => visible(show(name).blocks);
    expect(words('closed, ended by an operator past its workflow')).toContain('Revoke ordered by an operator');
    expect(words('closed, person left')).toContain('because the person is no longer active');
    expect(words('ending, cancelled')).toContain('by a cancel in the workflow engine');
    for (const name of ['closed, swept', 'closed, swept before its deadline', 'closed, swept before its start'])
      expect(words(name)).toContain('Its workflow did not end it: Stint took the access away past it.');
    expect(words('closed, swept')).toContain('The window was over');
    expect(words('closed, swept before its deadline')).not.toContain('The window was over');
    expect(words('closed, swept before its start')).not.toContain('It failed');
    for (const name of ['closed, expired', 'closed, revoked', 'closed, failed', 'closed, ended by an operator past its workflow'])
      expect(words(name)).not.toContain('past it');
  });

  it('names a person without a Slack account by name', () => {
    expect(visible(show('closed, revoked before').blocks)).toContain('Carol Conti');
    const forged = card(viewOf('requested', { subject: { ...BOB, slackUserId: 'U1> <!channel' as typeof BOB.slackUserId } }), {
      reason: REASON,
      now: at(1),
    });
    expect(JSON.stringify(forged)).not.toContain('<!channel');
  });
});

/** Everything in a message that Slack would treat as a mention or a link. */
function live(message: Rendered): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const o = value as Json;
    if (o.type === 'user') found.push(String(o.user_id));
    if (
      ['mrkdwn', 'link', 'broadcast', 'channel', 'usergroup', 'emoji', 'markdown'].includes(String(o.type)) ||
      o.url !== undefined
    )
      found.push(JSON.stringify(o));
    Object.values(o).forEach(walk);
  };
  walk(message.blocks);
  return [...found, ...(message.text.match(/[<>]|@\S|#\S|:\/\//g) ?? [])];
}

describe('text that somebody wrote', () => {
  const evil = (text: string) => ({
    requester: { personId: 'mallory' as PersonId, name: text },
    subject: { personId: 'eve' as PersonId, name: text },
    target: {
      kind: 'mac-admin' as const,
      key: 'mac-admin/X',
      serial: text as Serial,
      localUser: text as LocalUser,
      display: text,
    },
  });

  it('never becomes a mention, a link or formatting, and never breaks a limit, wherever it stands', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...NAMES), (text, name) => {
        const view = viewOf(name, evil(text), { rule: text });
        const named = (id: PersonId) => ({ name: `${text}${id}` });
        const messages = [
          card(view, { reason: text, now: at(10), people: named }),
          ...DM_KINDS.map((kind) => dm(kind, view, { comments: [{ text }], people: named, extendMs: [5 * MIN] })),
          ...THREAD_KINDS.map((kind) =>
            threadLine(kind, view, {
              comment: text,
              people: named,
              refusal: { code: text },
              log: { commands: [text, text], total: 9 },
            }),
          ),
          adminStatus({ rows: [{ view, updatedAt: at(1) }], total: 1, page: 0, isLast: true }),
          adminDetail(view, timelineOf(name), named),
        ];
        for (const message of messages) {
          expect(checkMessage(message)).toEqual([]);
          expect(live(message)).toEqual([]);
        }
        expect(checkView(home(homeOf([view])))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is shown as it was written, as far as it is visible', () => {
    const reason = '<!channel> `rm -rf /` @here https://x.example *now*';
    expect(visible(show('requested', reason).blocks)).toContain(reason);
    expect(live(show('requested', reason))).toEqual(['U0BOB', 'U0ALICE']);
  });

  it('an unreadable reason is said, not left out', () => {
    expect(visible(card(viewOf('requested'), { reason: undefined, now: at(1) }).blocks)).toContain('The reason cannot be read');
  });
});

describe('golden cards', () => {
  it.each([
    'requested',
    'active, extension waiting',
    'ending, alarm 15, one asked',
    'closed, expired',
    'closed, unproven',
    'closed, ended by an operator past its workflow',
    'closed, swept',
  ])('%s', async (name) => {
    await expect(`${JSON.stringify(show(name), null, 2)}\n`).toMatchFileSnapshot(`golden/card ${name}.json`);
  });
});
