/** What Slack shows of an AWS permission set: in its own words, within every limit, and with what AWS does not do said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { card } from '../../cards/card.js';
import { DM_KINDS, dm } from '../../cards/dm.js';
import { home } from '../../cards/home.js';
import { adminDetail, adminStatus } from '../../cards/status.js';
import { THREAD_KINDS, threadLine } from '../../cards/thread.js';
import type { Rendered } from '../../contract/ports.js';
import type { AwsPermissionSetTarget } from '../../contract/request.js';
import type { Tier } from '../../contract/verdict.js';
import { hostile } from './hostile.js';
import { checkMessage, checkView, visible } from './limits.js';
import { at, homeOf, MIN, people, SCRIPTS, timelineOf, viewOf } from './views.js';

const HOUR = 60 * MIN;
const aws = (over: Partial<AwsPermissionSetTarget> = {}): AwsPermissionSetTarget => ({
  kind: 'aws-permission-set',
  key: 'aws/310018430001/ps-a0d1e2f3a4b5c602/906',
  instanceArn: 'arn:aws:sso:::instance/ssoins-5710d3a0a9e1b2c3',
  accountId: '310018430001',
  permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-5710d3a0a9e1b2c3/ps-a0d1e2f3a4b5c602',
  principalId: '906',
  accountName: 'payments-prod',
  setName: 'PowerUserAccess',
  display: 'PowerUserAccess in payments-prod',
  sessionMs: HOUR,
  ...over,
});
const PORTAL = { startUrl: 'https://example.awsapps.com/start', region: 'eu-central-1' };
/** But for what only a Mac, or an MDM, can do. */
const NAMES = Object.keys(SCRIPTS).filter((name) => !/lost contact|claimed|ending, failed/.test(name));
const of = (name: string, target = aws(), tier?: Tier) => viewOf(name, { target }, tier === undefined ? {} : { tier });
const show = (name: string, target = aws()) => card(of(name, target), { reason: 'Look at a stuck queue', now: at(10), people });
const words = (m: Rendered) => visible(m.blocks).replace(/\n+/g, ' ');

function everything(name: string, target = aws(), text = 'why'): readonly Rendered[] {
  const view = of(name, target, 0);
  return [
    card(view, { reason: text, now: at(10), people }),
    ...DM_KINDS.map((kind) => dm(kind, view, { people, comments: [{ text }], extendMs: [5 * MIN], portal: PORTAL })),
    ...THREAD_KINDS.map((kind) => threadLine(kind, view, { people, comment: text, refusal: { code: text } })),
    adminStatus({ rows: [{ view, updatedAt: at(1) }], total: 1, page: 0, isLast: true }),
    adminDetail(view, timelineOf(name), people),
  ];
}

interface SlackDate {
  readonly type: 'date';
  readonly timestamp: number;
  readonly format: string;
  readonly fallback: string;
}
const isDate = (value: object): value is SlackDate => 'type' in value && value.type === 'date';
/** All instants of a message, however deep. */
function datesIn(value: unknown): readonly SlackDate[] {
  if (typeof value !== 'object' || value === null) return [];
  return isDate(value) ? [value] : Object.values(value).flatMap(datesIn);
}
/** Where a client shows no such date, the zone is said. */
const ZONED = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);

describe('an AWS permission set', () => {
  it.each(NAMES)('keeps to every limit of Slack and never speaks of a Mac: %s', (name) => {
    for (const message of everything(name)) {
      expect(checkMessage(message)).toEqual([]);
      expect(`${words(message)} ${message.text}`).not.toMatch(/\bMac\b|sudo|admin rights|MDM/);
    }
    expect(checkView(home(homeOf([of(name)])))).toEqual([]);
  });

  it('keeps to them with the longest names that AWS allows, and with names that were made to deceive', () => {
    const longest = aws({ display: `${'S'.repeat(32)} in ${'A'.repeat(50)} (${'9'.repeat(12)})`, sessionMs: 12 * HOUR });
    for (const name of NAMES) for (const message of everything(name, longest)) expect(checkMessage(message)).toEqual([]);
    fc.assert(
      fc.property(hostile, fc.constantFrom(...NAMES), (text, name) => {
        const target = aws({ display: text, accountId: text, setName: text });
        for (const message of everything(name, target, text)) expect(checkMessage(message)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('is asked for and approved in its own words, with the risk that the rule names', () => {
    const asked = card(of('requested', aws(), 0), { reason: 'x', now: at(1), people });
    expect(asked.text).toContain('Bob Builder asks for 10 min of AWS access as PowerUserAccess in payments-prod');
    expect(words(asked)).toContain('🔴 tier 0');
    expect(words(asked)).toContain('Bob Builder gets AWS access as PowerUserAccess in payments-prod for 10 min.');
    expect(words(card(of('requested'), { reason: 'x', now: at(1) }))).not.toContain('Risk');
  });

  it('is not called active while AWS works on it', () => {
    for (const message of [show('approved'), show('granting'), dm('approved', of('approved'))]) {
      expect(message.text).toContain('AWS is working on it, which may take a minute');
      expect(message.text).not.toMatch(/Active|You have/);
      expect(message.text).toMatch(/(clock starts when|counts from the moment) AWS has given the access/);
    }
  });

  it('says when the assignment ends, and until when a session opened before can last', () => {
    const line = 'The assignment ends 2026-11-21 14:14 UTC; a session opened before can last until 2026-11-21 15:14 UTC.';
    expect(show('active').text).toContain(line);
    expect(dm('started', of('active'), { portal: PORTAL }).text).toContain(line);
    expect(threadLine('started', of('active')).text).toContain(line);
  });

  it('leaves each instant to Slack, which shows it in the zone of whoever reads: none is written out in a zone of ours', () => {
    const { deadlineAt } = of('active');
    const ends = Date.parse(deadlineAt ?? '') / 1_000;
    for (const message of [
      show('active'),
      dm('started', of('active'), { portal: PORTAL }),
      threadLine('started', of('active')),
    ]) {
      const dates = datesIn(message.blocks);
      expect(dates.map(({ timestamp }) => timestamp)).toEqual(expect.arrayContaining([ends, ends + HOUR / 1_000]));
      for (const { format, fallback } of dates) expect([format, fallback]).toEqual([expect.stringContaining('{time}'), ZONED]);
    }
    for (const name of NAMES) {
      for (const { blocks } of everything(name)) {
        const rest = JSON.stringify(blocks, (key, value) => (key === 'fallback' ? '' : value));
        expect(rest, name).not.toMatch(/\d:\d\d|UTC|\d{4}-\d\d-\d\d/);
      }
    }
  });

  it('says of the end what was seen, and what outlives it', () => {
    const line = 'The assignment is gone; a session that was opened before can last until 2026-11-21 15:15 UTC.';
    for (const message of [show('closed, expired'), show('collecting'), dm('ended', of('closed, expired'))]) {
      expect(message.text).toContain(line);
    }
    expect(dm('ended', of('ending, expired')).text).not.toContain('is gone');
  });

  it('says of an access that never came what that means, and what to do next, to its holder and on the card', () => {
    const late = of('closed, not started after granting');
    for (const { text } of [show('closed, not started after granting'), dm('not-started', late)]) {
      expect(text).toContain('AWS did not show the access in time');
      expect(text).toContain('AWS was too slow, asked Stint for fewer calls, or did not take Stint’s own credentials.');
      expect(text).toContain('Ask again in some minutes. If that ends the same way, tell your platform team');
    }
    const unbegun = dm('not-started', of('closed, not started')).text;
    expect(unbegun).toMatch(/Stint itself could not begin.*Ask again.*tell whoever runs Stint/s);
    expect(unbegun).not.toContain('credentials');
    expect(show('closed, expired').text).not.toContain('Ask again');
  });

  it('says nothing of sessions where nobody ever had it, so that nobody can have one', () => {
    const never = NAMES.filter((name) => /^(ending|collecting|closed)/.test(name) && of(name).confirmedAt === undefined);
    expect(never).toEqual(
      expect.arrayContaining(['closed, not started', 'closed, failed', 'closed, not started after granting']),
    );
    for (const name of never) {
      const view = of(name);
      const said = [show(name), ...THREAD_KINDS.filter((kind) => kind !== 'started').map((kind) => threadLine(kind, view))];
      const told = DM_KINDS.filter((kind) => kind !== 'started' && kind !== 'warning').map((kind) => dm(kind, view));
      for (const { text, blocks } of [...said, ...told])
        expect(`${text} ${visible(blocks)}`, name).not.toMatch(/session (that was )?opened|last until/);
    }
  });

  it('takes its holder into the account and the role, in the console and on the command line', () => {
    const message = dm('started', of('active'), { portal: PORTAL });
    expect(JSON.stringify(message.blocks)).toContain(
      '"url":"https://example.awsapps.com/start/#/console?account_id=310018430001&role_name=PowerUserAccess"',
    );
    expect(words(message)).toContain('[profile stint-310018430001-PowerUserAccess] sso_start_url = https://example.awsapps.com');
    expect(words(message)).toContain('aws sso login --profile stint-310018430001-PowerUserAccess');
    expect(words(dm('started', of('active')))).toContain('Open it in your AWS access portal.');
  });

  it('names role and account by the pinned names, whatever the text for people says', () => {
    const target = aws({ setName: 'Ops+DB=a,b.c@d-e', display: 'ReadOnly in a place in sandbox' });
    const shown = JSON.stringify(dm('started', of('active', target), { portal: PORTAL }).blocks);
    expect(shown).toContain('role_name=Ops%2BDB%3Da%2Cb.c%40d-e');
    expect(shown).toContain('sso_role_name = Ops+DB=a,b.c@d-e');
    expect(shown).not.toContain('role_name=ReadOnly');
  });

  it("fails with AWS's own words, which nobody parses", () => {
    const reason = 'AWS could not give PowerUserAccess in payments-prod: Role quota exceeded. <!channel>';
    const view = { ...of('ending, expired'), outcome: 'failed' as const, failure: 'aws-failed', failureReason: reason };
    for (const message of [card(view, { reason: 'x', now: at(10), people }), dm('failed', view)]) {
      expect(visible(message.blocks)).toContain('Role quota exceeded. <!channel>');
      expect(message.text).toContain('Role quota exceeded. &lt;!channel&gt;');
    }
  });

  it('waits for no log, and so misses none', () => {
    expect(show('closed, expired, log missing').text).not.toMatch(/log/i);
  });

  it('says what to look at where nothing proves the end', () => {
    const alarm = threadLine('alarm', of('ending, alarm 15'));
    expect(alarm.text).toContain('look in IAM Identity Center, AWS accounts, 310018430001');
    expect(alarm.text).toContain('checked the assignment in AWS by hand');
    expect(show('ending, alarm 15').text).toContain('Treat this access as still there.');
  });
});
