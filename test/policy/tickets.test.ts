/** Rules that want a ticket looked up: what exists lets through, what does not refuses, and what can't be told waits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { card } from '../../cards/card.js';
import { isStintError, StintError } from '../../contract/errors.js';
import type { Digest } from '../../contract/ids.js';
import type { Tickets } from '../../contract/ports.js';
import type { Verdict, Vote } from '../../contract/verdict.js';
import { parseCases } from '../../policy/case-file.js';
import { runCases } from '../../policy/cases.js';
import { fileFindings, ticketFindings } from '../../policy/check.js';
import { compareReach, type Reach } from '../../policy/diff-rules.js';
import { createCheckLimits } from '../../policy/entrance.js';
import { createJudge } from '../../policy/judge.js';
import { NO_USAGE } from '../../policy/limits.js';
import { linearMatches } from '../../policy/linear-pattern.js';
import { directoryFrom } from '../../policy/people.js';
import { createPreview } from '../../policy/preview.js';
import { reasonText } from '../../policy/reason.js';
import type { Policy } from '../../policy/rules.js';
import { planOf } from '../../policy/stages.js';
import { ticketsIn } from '../../policy/tickets.js';
import { sha256 } from '../../seal/canonical.js';
import { ADA, approval, denial, EVERYBODY, GRACE, LINUS, NOW, person, policyOf, requestOf, roundOf, viewOf } from './world.js';

type Said = 'exists' | 'missing' | 'error';
const asking = (reason: string, more = '') => policyOf({ more: `    reason: ${reason}${more}` });
const CHECKED = asking('{ ticket: { pattern: "CHG-[0-9]+", check: jira } }');
const TEXT = 'CHG-1: the queue is stuck';

/** A far end, and what it was asked for. */
function far(said: Readonly<Record<string, Said>>): Tickets & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    look: async (check, ticket) => {
      asked.push(`${check} ${ticket}`);
      if (said[ticket] === 'error') throw new StintError('ticket-unavailable', `${check} does not answer.`);
      return said[ticket] === 'exists' ? { there: true } : { there: false, why: `There is no ticket ${ticket} (${check}).` };
    },
  };
}

function world(policy: Policy, tickets: Tickets | undefined, text = TEXT, then?: Policy) {
  const request = requestOf({ reasonDigest: sha256(text) });
  const round = roundOf(request);
  const texts = { getText: async (digest: Digest) => (digest === sha256(text) ? text : undefined) };
  const usage = { of: async () => NO_USAGE };
  const sources = { policy: async () => policy, directory: directoryFrom(EVERYBODY), texts, tickets, usage, clock: () => NOW };
  const judge = createJudge({ ...sources, policies: { get: async () => then?.source } });
  const question = { request, digest: round.digest, round, ...(then && { policyThen: then.hash }) };
  const vote = approval(GRACE, 600_000, round.digest);
  return {
    request,
    judged: (votes: readonly Vote[] = [vote]) => judge({ ...question, votes }),
    preview: createPreview(sources),
    entrance: () => createCheckLimits(sources)(request),
    vote,
  };
}

describe('a ticket that a rule wants looked up', () => {
  it('lets through when it is there, and says so', async () => {
    const tickets = far({ 'CHG-1': 'exists' });
    const verdict = await world(CHECKED, tickets).judged();
    expect(verdict).toMatchObject({
      outcome: 'satisfied',
      conditions: [{ name: 'reason' }, { name: 'ticket', state: 'satisfied', sentence: 'The ticket CHG-1 is there (jira).' }],
    });
    expect(tickets.asked).toEqual(['jira CHG-1']);
  });

  it('refuses when it is not there, and names it', async () => {
    for (const votes of [[], undefined]) {
      const verdict = await world(CHECKED, far({})).judged(votes);
      expect(verdict).toMatchObject({
        outcome: 'deny',
        sentences: [expect.stringContaining('There is no ticket CHG-1 (jira).'), ...verdict.sentences.slice(1)],
      });
      expect(verdict.windowMs).toBeUndefined();
    }
  });

  it('that can not be looked up is no yes: what turns on it is tried again, and says why', async () => {
    await expect(world(CHECKED, far({ 'CHG-1': 'error' })).judged()).rejects.toMatchObject({
      code: 'ticket-unavailable',
      retryable: true,
      sentence:
        "It can't be told now whether the ticket CHG-1 is there: jira does not answer. Nothing is approved by it until then.",
    });
    await expect(world(CHECKED, undefined).judged()).rejects.toThrow(/No checks of tickets are set up here/);
  });

  it('that can not be looked up holds up nothing else: a request is shown to approvers, and a denial ends it', async () => {
    const { judged, request } = world(CHECKED, far({ 'CHG-1': 'error' }));
    const waiting = await judged([]);
    expect(waiting).toMatchObject({ outcome: 'needs-approval', conditions: [{}, { name: 'ticket', state: 'failed' }] });
    expect(waiting.sentences[0]).toContain('jira does not answer');
    const denied = await judged([approval(LINUS, 600_000, roundOf(request).digest), denial(GRACE, roundOf(request).digest)]);
    expect(denied.outcome).toBe('deny');
    expect(denied.sentences.join(' ')).not.toContain('jira');
  });

  it('that can not be looked up leaves to people what the policy would have approved by itself, and says so on the card', async () => {
    const more = '    reason: { ticket: { pattern: "CHG-[0-9]+", check: jira } }';
    const own = policyOf({ approve: '{ groups: [it], policy: { upTo: 15m, perDay: 3 } }', more });
    const said: Record<string, Said> = { 'CHG-1': 'error' };
    const { judged, request } = world(own, far(said));
    const waiting = await judged([]);
    expect(waiting).toMatchObject({ outcome: 'needs-approval', approvers: ['grace', 'linus'] });
    expect(waiting.windowMs).toBeUndefined();
    expect(waiting.sentences).toEqual([
      expect.stringContaining('jira does not answer'),
      "The policy itself approves nothing while a ticket can't be looked up. So a person has to decide.",
      expect.stringContaining('One more approval is needed'),
    ]);
    const now = request.askedAt;
    const shown = (state: Verdict) => card(viewOf(state), { reason: TEXT, now }).text;
    expect(shown(waiting)).toContain("It can't be told now whether the ticket CHG-1 is there: jira does not answer.");
    // Neither is it a yes in the moment before the access is given.
    await expect(world(own, far(said), TEXT, own).judged([])).rejects.toMatchObject({ code: 'ticket-unavailable' });
    await expect(judged()).rejects.toMatchObject({ code: 'ticket-unavailable' });
    said['CHG-1'] = 'exists';
    const there = await judged([]);
    expect(there.outcome).toBe('auto');
    expect(shown(there)).not.toContain("can't be told");
  });

  it('is asked for again at each vote: one that was there and is not any more refuses', async () => {
    const said: Record<string, Said> = { 'CHG-1': 'exists' };
    const { judged } = world(CHECKED, far(said));
    expect((await judged([])).outcome).toBe('needs-approval');
    said['CHG-1'] = 'missing';
    expect((await judged()).outcome).toBe('deny');
  });

  it('is one of the first three that the reason names: one that is there will do', async () => {
    const tickets = far({ 'CHG-3': 'exists', 'CHG-4': 'exists' });
    expect((await world(CHECKED, tickets, 'CHG-1, CHG-2 or CHG-3, see CHG-4').judged()).outcome).toBe('satisfied');
    expect(tickets.asked).toEqual(['jira CHG-1', 'jira CHG-2', 'jira CHG-3']);
    expect((await world(CHECKED, tickets, 'CHG-1, CHG-2 or CHG-5, see CHG-4').judged()).outcome).toBe('deny');
  });

  it('is not asked for where the reason will not do, where another rule applies, or where nobody wants it', async () => {
    const tickets = far({ 'CHG-1': 'exists' });
    const long = asking('{ min: 100, ticket: { pattern: "CHG-[0-9]+", check: jira } }');
    expect((await world(long, tickets).judged()).outcome).toBe('deny');
    expect((await world(asking('{ ticket: "CHG-[0-9]+" }'), undefined).judged()).outcome).toBe('satisfied');
    const rest = CHECKED.source.slice(CHECKED.source.indexOf('  - id'));
    const first = policyOf({ more: rest.replace('- id: macs', '- id: later').replace('groups: [staff]', 'groups: [staff, it]') });
    expect((await world(first, tickets).judged()).outcome).toBe('satisfied');
    expect(tickets.asked).toEqual([]);
  });

  it('of then and of now have to be there', async () => {
    const other = asking('{ ticket: { pattern: "OPS-[0-9]+", check: desk } }');
    const text = 'CHG-1 and OPS-2: the queue';
    const outcome = async (said: Record<string, Said>) => (await world(CHECKED, far(said), text, other).judged()).outcome;
    expect(await outcome({ 'CHG-1': 'exists', 'OPS-2': 'exists' })).toBe('satisfied');
    expect(await outcome({ 'CHG-1': 'exists' })).toBe('deny');
    expect(await outcome({ 'OPS-2': 'exists' })).toBe('deny');
  });

  it('is said to whoever clicks: missing or not to be told, and an approval is not taken', async () => {
    const click = (said: Record<string, Said>) => {
      const { preview, request } = world(CHECKED, far(said));
      const view = viewOf(VERDICT as never, { request, digest: roundOf(request).digest });
      return preview.judgeClick(view, GRACE, 'approve', 600_000);
    };
    expect(await click({ 'CHG-1': 'exists' })).toEqual({ ok: true });
    expect(await click({})).toMatchObject({ ok: false, sentence: expect.stringContaining('There is no ticket CHG-1') });
    expect(await click({ 'CHG-1': 'error' })).toMatchObject({
      ok: false,
      sentence: expect.stringMatching(/^It can't be told now .* jira does not answer/),
    });
  });

  it('is told at the entrance when it is missing, and one that can not be told keeps nobody from asking', async () => {
    await expect(world(CHECKED, far({})).entrance()).rejects.toMatchObject({
      code: 'bad-input',
      sentence: 'There is no ticket CHG-1 (jira).',
    });
    await world(CHECKED, far({ 'CHG-1': 'exists' })).entrance();
    await world(CHECKED, far({ 'CHG-1': 'error' })).entrance();
  });

  it('that fails in a way nobody foresaw is a bug, and passes through', async () => {
    const broken = { look: () => Promise.reject(new TypeError('a bug')) };
    await expect(world(CHECKED, broken).judged()).rejects.toThrow('a bug');
  });

  it('of any text: never satisfied unless one of those that it names is there', async () => {
    const part = fc.constantFrom('CHG-1', 'CHG-2', ' ', 'x', 'CHG-', '/../', '12345678901');
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 12 }),
        fc.constantFrom<Said>('exists', 'missing', 'error'),
        async (parts, said) => {
          const text = parts.join('');
          const tickets = far({ 'CHG-1': said });
          const outcome = await world(CHECKED, tickets, text)
            .judged()
            .then(
              (verdict) => verdict.outcome,
              (error: unknown) => (isStintError(error) ? error.code : Promise.reject(error)),
            );
          if (outcome === 'satisfied')
            expect({ said, asked: tickets.asked }).toMatchObject({
              said: 'exists',
              asked: expect.arrayContaining(['jira CHG-1']),
            });
          for (const one of tickets.asked) expect(text).toContain(one.slice('jira '.length));
        },
      ),
    );
  });
});

const VERDICT = { approvers: [], policyHash: CHECKED.hash, outcome: 'needs-approval' };

describe('the names of tickets in a reason', () => {
  it.each([
    ['CHG-[0-9]+', 'CHG-12 CHG-12 and CHG-7', ['CHG-12', 'CHG-7']],
    ['\\bCHG-[0-9]{4,}\\b', 'XCHG-1234, CHG-123, CHG-12345', ['CHG-12345']],
    ['[A-Z]+-[0-9]+|[0-9]+', 'UTF-8, 42', ['UTF-8', '42']],
    ['.*', 'a whole sentence', []],
    ['\\S+', '../../admin a/b a?b ..', []],
    ['x*', 'abcdefg', []],
  ])('%s takes of %j what is one', (ticket, text, names) => {
    expect(ticketsIn({ ticket }, text)).toEqual(names);
  });

  it('are what the runtime finds, from left to right, each as long as it can be', () => {
    const text = fc.array(fc.constantFrom('a', 'b', '1', '-', ' '), { maxLength: 30 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text, fc.constantFrom('a+-1+', '[ab]+', '\\b[ab]+-1\\b', '1{2,3}', 'a(b|1)*'), (written, pattern) => {
        expect(linearMatches(pattern)(written, 100)).toEqual(
          [...written.matchAll(new RegExp(pattern, 'gu'))].map(([one]) => one),
        );
      }),
    );
  });

  it('take the longest where the runtime would take the first', () => {
    expect(linearMatches('a|ab')('ab', 3)).toEqual(['ab']);
    expect(linearMatches('b|abc')('abc', 3)).toEqual(['abc']);
    expect(linearMatches('a')('aaaa', 3)).toEqual(['a', 'a', 'a']);
  });
});

describe('a policy file', () => {
  const problems = (reason: string): string => {
    try {
      asking(reason);
      return 'no problem';
    } catch (error) {
      if (isStintError(error)) return error.sentence;
      throw error;
    }
  };

  it('names a pattern alone, or with a check, and the plain one is the same policy as before', () => {
    expect(CHECKED.rules[0]?.reason).toEqual({ ticket: 'CHG-[0-9]+', check: 'jira' });
    expect(asking('{ ticket: "CHG-1" }').rules[0]?.reason).toEqual({ ticket: 'CHG-1' });
    expect(reasonText(CHECKED.rules[0]?.reason ?? {})).toBe(
      'The reason must name a ticket (CHG-[0-9]+) that is there by the check jira.',
    );
  });

  it.each([
    ['{ ticket: { pattern: "(a", check: jira } }', /12:34 targets\[0\]\.reason\.ticket\.pattern: must be a regular expression/],
    ['{ ticket: { pattern: A } }', /targets\[0\]\.reason\.ticket\.check: is missing/],
    ['{ ticket: { pattern: A, check: Jira } }', /reason\.ticket\.check: must be 1 to 40 lower-case/],
    ['{ ticket: { pattern: A, chek: jira } }', /"chek" is not known here; did you mean "check"\? Allowed: pattern, check/],
    ['{ ticket: 7 }', /reason\.ticket: must be a text: put it into quotes/],
    ['{ ticket: [] }', /reason\.ticket: must be a text/],
  ])('with the reason %s is refused, with line and column', (reason, said) => {
    expect(problems(reason)).toMatch(said);
  });

  it('that names a check which is not set up is said where it stands, with the one that may be meant', async () => {
    const at = 'policy.yaml:12:55 macs.reason.ticket: there is no check jira in the file of ticket checks (STINT_TICKETS)';
    expect(ticketFindings(CHECKED, ['jira-cloud', 'jra'], 'policy.yaml')).toEqual([`${at}; did you mean "jra"?`]);
    expect(ticketFindings(CHECKED, ['desk'], 'policy.yaml')).toEqual([`${at}; there are: desk`]);
    expect(ticketFindings(CHECKED, [], 'policy.yaml')).toEqual([at]);
    expect(ticketFindings(CHECKED, ['jira'], 'policy.yaml')).toEqual([]);
    const people = { people: EVERYBODY, rotas: [] };
    expect(await fileFindings(CHECKED, people, 'policy.yaml', ['desk'])).toContain(`${at}; there are: desk`);
    expect((await fileFindings(CHECKED, people, 'policy.yaml')).join()).not.toContain('ticket');
  });

  it('in which a check is new, gone or another: what is neither plainly less nor plainly more is told as both', () => {
    const reach = (policy: Policy): Reach => {
      const [rule] = policy.rules;
      if (!rule) throw new Error('no rule');
      const plan = planOf(rule, { own: [ADA.personId], subject: ADA, find: () => undefined, now: NOW });
      return { rule, plan, could: [GRACE], approvers: [GRACE.personId], after: () => reach(policy) };
    };
    const change = (before: string, after: string) => compareReach(reach(asking(before)), reach(asking(after)));
    const [plain, checked] = ['{ ticket: A }', '{ ticket: { pattern: A, check: jira } }'];
    expect(change(plain, checked)).toMatchObject({ widened: [], narrowed: [expect.stringContaining('by the check jira')] });
    expect(change(checked, plain)).toMatchObject({ widened: [expect.stringContaining('Was:')], narrowed: [] });
    const another = change(checked, checked.replace('jira', 'desk'));
    expect(another).toMatchObject({ widened: [expect.stringContaining('by the check desk')], narrowed: another.widened });
  });
});

describe('a table of cases', () => {
  const run = async (tickets: string, expected: string) => {
    const text = `version: 1\npolicy: p\npeople: q\ncases:\n  - name: one\n    who: ada\n    target: { mac: C02ADA01 }\n    window: 10m\n    reason: "${TEXT}"\n    votes: [{ by: grace }]\n${tickets}\n    expect: { outcome: ${expected} }\n`;
    const people = EVERYBODY.map((one) => person(one.personId, { groups: one.groups }));
    return (await runCases(CHECKED, people, parseCases(text, 't'), NOW)).cases[0];
  };

  it('says what the far end would: a ticket that exists, that is missing, or an error', async () => {
    expect(await run('    tickets: { CHG-1: exists }', 'satisfied')).toMatchObject({ ok: true });
    expect(await run('    tickets: { CHG-1: missing }', 'deny')).toMatchObject({ ok: true });
    expect(await run('', 'deny')).toMatchObject({ ok: true });
    const failed = await run('    tickets: { CHG-1: error }', 'needs-approval');
    expect(failed).toMatchObject({
      ok: true,
      sentences: [expect.stringContaining('jira does not answer'), ...(failed?.sentences.slice(1) ?? [])],
    });
  });

  it('refuses another word', () => {
    const text =
      'version: 1\npolicy: p\npeople: q\ncases:\n  - { name: one, who: ada, target: { mac: C02ADA01 }, window: 10m, tickets: { A: there }, expect: { outcome: deny } }\n';
    expect(() => parseCases(text, 't')).toThrow(/tickets\.A: must be one of: exists, missing, error/);
  });
});
