import { describe, expect, it } from 'vitest';
import { parseAction, parsePage } from '../../cards/actions.js';
import { card } from '../../cards/card.js';
import { DM_KINDS, dm } from '../../cards/dm.js';
import { adminDetail, adminStatus } from '../../cards/status.js';
import { THREAD_KINDS, threadLine } from '../../cards/thread.js';
import type { PersonId } from '../../contract/ids.js';
import type { Rendered } from '../../contract/ports.js';
import { checkMessage, visible } from './limits.js';
import { at, MIN, people, SCRIPTS, timelineOf, viewOf } from './views.js';

interface Json {
  readonly [key: string]: unknown;
}
const elements = (m: Rendered) =>
  (m.blocks as readonly Json[]).filter((b) => b.type === 'actions').flatMap((b) => b.elements as readonly Json[]);
const kinds = (m: Rendered) => elements(m).map((b) => parseAction(b.action_id, b.value)?.kind);
const words = (m: Rendered) => visible(m.blocks).replace(/\n+/g, '');

describe('direct messages', () => {
  it.each(DM_KINDS)('%s fits Slack in every state', (kind) => {
    for (const name of Object.keys(SCRIPTS))
      expect(
        checkMessage(
          dm(kind, viewOf(name), { people, comments: Array.from({ length: 6 }, () => ({ text: 'no' })), extendMs: [5 * MIN] }),
        ),
      ).toEqual([]);
  });

  it('let the person withdraw while nothing is granted, and end what is there', () => {
    expect(kinds(dm('asked', viewOf('requested')))).toEqual(['withdraw', undefined]);
    expect(elements(dm('asked', viewOf('requested')))[1]?.action_id).toBe('remind');
    expect(kinds(dm('asked', viewOf('active')))).toEqual([]);
    expect(kinds(dm('approved', viewOf('approved')))).toEqual(['withdraw']);
    expect(kinds(dm('started', viewOf('active')))).toEqual(['end']);
    expect(kinds(dm('warning', viewOf('active, warned'), { extendMs: [5 * MIN, 5 * MIN, 10 * MIN] }))).toEqual([
      'end',
      'extend',
      'extend',
    ]);
    expect(kinds(dm('warning', viewOf('active, extension waiting'), { extendMs: [5 * MIN] }))).toEqual(['end']);
    expect(kinds(dm('started', viewOf('closed, expired'), { extendMs: [5 * MIN] }))).toEqual([]);
  });

  it('say how much time is left as it was when the warning was due', () => {
    expect(words(dm('warning', viewOf('active, warned')))).toContain('About 5 min left.');
  });

  it('do not say that access is gone before it was seen gone', () => {
    expect(words(dm('ended', viewOf('ending, expired')))).toContain('are being taken away');
    expect(words(dm('ended', viewOf('ending, expired')))).not.toContain('are gone');
    expect(words(dm('ended', viewOf('collecting')))).toContain('Your admin rights are gone on mac-bob-01');
    expect(words(dm('ended', viewOf('closed, unproven')))).toContain('Closed without proof');
    expect(words(dm('failed', viewOf('ending, failed')))).toContain('It is being checked that no admin rights are left.');
  });

  it('tell who denied and what was written', () => {
    const message = dm('denied', viewOf('closed, denied'), { people, comments: [{ text: 'Ask for less.' }] });
    expect(words(message)).toContain('U0ALICE');
    expect(words(message)).toContain('Ask for less.');
    expect(message.text).toContain('Denied by Alice Adams');
  });

  it('tell who approved, and which of them wrote what; of the policy itself, that no person did', () => {
    const alice = viewOf('approved').verdict.approvedBy[0];
    if (!alice) throw new Error('nobody approved');
    const message = dm('approved', viewOf('approved'), { people, comments: [{ personId: alice, text: 'Only the driver.' }] });
    expect(message.text).toContain('Approved for 10 min on mac-bob-01 by Alice Adams.');
    expect(words(message)).toMatch(/U0ALICE\S* wrote:.*Only the driver\./);
    const own = Object.keys(SCRIPTS).find((name) => viewOf(name).verdict.outcome === 'auto');
    if (!own) throw new Error('no script has one that the policy approved');
    expect(dm('approved', viewOf(own), { people }).text).toContain('by the policy itself');
  });
});

describe('thread lines', () => {
  it.each(THREAD_KINDS)('%s fits Slack in every state', (kind) => {
    for (const name of Object.keys(SCRIPTS)) expect(checkMessage(threadLine(kind, viewOf(name), { people }))).toEqual([]);
  });

  it('state each decision: who, how long, when, and what it amounts to', () => {
    expect(threadLine('decided', viewOf('approved'), { people }).text).toBe(
      'Approved for 10 min by Alice Adams 2026-11-21 14:02 UTC. It counts: 10 min for Bob Builder on mac-bob-01.',
    );
    expect(threadLine('decided', viewOf('requested, one of two votes'), { people }).text).toContain('1 of 2 approvals so far.');
    expect(threadLine('decided', viewOf('closed, denied'), { people }).text).toBe('Denied by Alice Adams 2026-11-21 14:02 UTC.');
  });

  it('mention no approver: the card did, once, as long as nobody has decided', () => {
    const mentions = (m: Rendered) => JSON.stringify(m.blocks).split('"user_id":"U0ALICE"').length - 1;
    const onCard = (name: string) => mentions(card(viewOf(name), { reason: 'why', now: at(1), people }));
    expect(onCard('requested')).toBe(1);
    expect(onCard('approved')).toBe(1); // as who approved it
    for (const name of ['requested', 'requested, reminded'])
      expect(mentions(threadLine('reminder', viewOf(name), { people }))).toBe(0);
  });

  it('of very many who can decide the card names the first, and says how many more there are', () => {
    const view = viewOf('requested');
    const approvers = Array.from({ length: 30 }, (_, i) => `p${i}` as PersonId);
    const shown = card({ ...view, verdict: { ...view.verdict, approvers } }, { reason: 'why', now: at(1), people });
    expect(checkMessage(shown)).toEqual([]);
    expect(words(shown)).toContain('Can decide: p0, p1, p2, p3, p4, p5, p6, p7, p8 and p9; 20 more can, too.');
  });

  it('mention those who are called later, and nobody who was asked before; the card names them', () => {
    const view = viewOf('requested, more called');
    const line = threadLine('called', view, { people });
    expect(line.text).toContain('Still waiting for a decision.');
    expect(line.text).toContain('Can decide from now on: Carol Conti.');
    expect(JSON.stringify(line.blocks)).not.toContain('U0ALICE');
    expect(words(card(view, { reason: 'why', now: at(16), people }))).toContain('Also called: ');
    expect(words(card(viewOf('requested'), { reason: 'why', now: at(16), people }))).not.toContain('Also called');
    expect(dm('called', view, { room: 'C0APPROVE' }).text).toMatch(/^You can decide from now on\..* asks for 10 min of /);
  });

  it('tell whoever is on call so, and for what; the card says that they were called, apart from who else can decide', () => {
    const view = viewOf('requested, on call called');
    expect(dm('called', view, { room: 'C0APPROVE', rotas: ['primary'] }).text).toMatch(
      /^You are on call for primary, and can decide this\. .* asks for 10 min of .* Its card is in the channel C0APPROVE;/,
    );
    const shown = card(view, { reason: 'why', now: at(1), people });
    expect(words(shown)).toContain('On call, and called: ');
    expect(words(shown)).not.toContain('Also called');
    expect(words(shown).split('Carol Conti').length - 1).toBe(1);
    const nobody = dm('called', view, { rotas: ['<!channel>'.repeat(30)] });
    expect(checkMessage(nobody)).toEqual([]);
    expect(nobody.text).not.toContain('<!channel>');
  });

  it('say on the card who can’t be told', () => {
    const view = viewOf('requested');
    const untold = { ...view, verdict: { ...view.verdict, untold: ['PagerDuty does not answer.'] } };
    expect(words(card(untold, { reason: 'why', now: at(1), people }))).toContain(
      'PagerDuty does not answer. It is looked up again.',
    );
  });

  it('show the first commands of a log and how many more there are', () => {
    const commands = Array.from({ length: 30 }, (_, i) => `/usr/bin/true ${i} ${'x'.repeat(500)}`);
    const message = threadLine('evidence', viewOf('closed, expired'), { log: { commands, total: 41 } });
    expect(checkMessage(message)).toEqual([]);
    expect(visible(message.blocks)).toContain('… and 21 more in the attached log');
    expect(visible(message.blocks)).not.toContain('/usr/bin/true 20 ');
  });

  it('an alarm says what to do, and names the way out when it is open', () => {
    expect(words(threadLine('alarm', viewOf('ending, alarm 5')))).toMatch(/for 5 min there is no proof.*What to do/);
    expect(words(threadLine('alarm', viewOf('ending, alarm 5')))).not.toContain('Close without proof');
    expect(words(threadLine('alarm', viewOf('ending, alarm 15')))).toContain('Close without proof');
  });

  it('tell of a message that came too late', () => {
    const message = threadLine('refused', viewOf('closed, lapsed'), {
      people,
      refusal: { personId: 'alice' as never, code: 'too-late' },
    });
    expect(message.text).toBe('A message of Alice Adams did not count: The time for this has passed.');
  });
});

describe('status', () => {
  const row = (name: string) => ({ view: viewOf(name), updatedAt: at(1) });
  const pages = (m: Rendered) => elements(m).map((b) => parsePage(b.action_id));

  it('holds ten a page with the ways to turn it', () => {
    const rows = Array.from({ length: 14 }, () => row('ending, alarm 15'));
    const first = adminStatus({ rows, total: 34, page: 0, isLast: false });
    expect(checkMessage(first)).toEqual([]);
    expect(words(first).match(/alarm: no proof for 15 min/g)).toHaveLength(10);
    expect(pages(first)).toEqual([1]);
    expect(pages(adminStatus({ rows, total: 34, page: 1, isLast: false }))).toEqual([0, 2]);
    expect(pages(adminStatus({ rows, total: 34, page: 3, isLast: true }))).toEqual([2]);
    expect(pages(adminStatus({ rows: [], total: 0, page: 0, isLast: true }))).toEqual([]);
  });

  it('shows one in full with its last entries', () => {
    const long = Array.from({ length: 40 }, () => timelineOf('closed, expired')).flat();
    for (const name of Object.keys(SCRIPTS))
      expect(checkMessage(adminDetail(viewOf(name), timelineOf(name), people))).toEqual([]);
    const detail = adminDetail(viewOf('closed, expired'), long, people);
    expect(checkMessage(detail)).toEqual([]);
    expect(words(detail)).toContain('ST5002I'.replace('5002', '3007'));
    expect(words(detail)).toMatch(/earlier entries not shown/);
  });
});
