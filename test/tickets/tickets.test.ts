/** The client of whatever keeps tickets, against the stand-in: who is there, and that whatever goes wrong is an error and never a yes. */
import { createServer } from 'node:http';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTicketChecks } from '../../activities/tickets/checks-file.js';
import { createTickets } from '../../activities/tickets/tickets.js';
import { isStintError } from '../../contract/errors.js';
import type { Tickets } from '../../contract/ports.js';
import { close, EventStream, listen } from '../../sim/edge.js';
import type { JiraFault } from '../../sim/jira/server.js';
import { AUTHORIZATION, checksText, ISSUES, NOON, startPlace, type TicketPlace } from './place.js';

const ADA = { email: 'Ada@example.com' };

let place: TicketPlace;
beforeEach(async () => {
  place = await startPlace();
});
afterEach(() => place.far.close());

async function refusalOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (isStintError(error) && error.code === 'ticket-unavailable') return error.sentence;
    throw error;
  }
  throw new Error('there was an answer');
}

describe('a ticket', () => {
  it('that is there is there, also under the key that it had before', async () => {
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toEqual({ there: true });
    expect(await place.tickets.look('jira', 'CHG-3', ADA)).toEqual({ there: true });
  });

  it('that is not there is named', async () => {
    expect(await place.tickets.look('jira', 'CHG-9', ADA)).toEqual({ there: false, why: 'There is no ticket CHG-9 (jira).' });
  });

  it('has to be as the check wants it: open, and of whoever asks', async () => {
    const look = (ticket: string, who = ADA) => place.tickets.look('mine', ticket, who);
    expect(await look('CHG-1')).toEqual({ there: true });
    expect(await look('CHG-2')).toEqual({
      there: false,
      why: 'The ticket CHG-2 is there (mine), but will not do: fields.status.statusCategory.key has to be told, and not done.',
    });
    for (const who of [{ email: 'grace@example.com' }, {}])
      expect(await place.tickets.look('mine', 'CHG-1', who)).toMatchObject({
        there: false,
        why: expect.stringContaining('fields.assignee.emailAddress has to be the e-mail address of whoever asks'),
      });
    expect(await look('OPS-3')).toMatchObject({ there: false });
  });

  it('is asked for once in half a minute, by however many, and again when the clock went back', async () => {
    await Promise.all(Array.from({ length: 20 }, () => place.tickets.look('jira', 'CHG-1', ADA)));
    expect(place.far.control.calls).toEqual(['/rest/api/3/issue/CHG-1?fields=status,assignee']);
    place.far.control.setIssues([]);
    place.at(NOON + 29_999);
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toEqual({ there: true });
    place.at(NOON + 30_000);
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toMatchObject({ there: false });
    place.far.control.setIssues(ISSUES);
    place.at(NOON);
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toEqual({ there: true });
  });

  it('of any name goes to the one address and no other', async () => {
    const seen: string[] = [];
    const tickets = createTickets({
      checks: parseTicketChecks(checksText('https://acme.atlassian.net'), 't', false),
      secret: () => AUTHORIZATION,
      timeoutMs: 1_000,
      clock: () => NOON,
      fetch: async (url) => {
        seen.push(String(url));
        return new Response(null, { status: 404 });
      },
    });
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom('..', '.', '../..', 'a/b', '%2e%2e', '@evil.example/', '?x', '#', '\\', ''),
    );
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        seen.length = 0;
        await tickets.look('jira', name, {}).catch((error: unknown) => expect(isStintError(error)).toBe(true));
        for (const url of seen) {
          const { origin, pathname, search, hash } = new URL(url);
          expect({ origin, search, hash }).toEqual({
            origin: 'https://acme.atlassian.net',
            search: '?fields=status,assignee',
            hash: '',
          });
          expect(pathname).toMatch(/^\/rest\/api\/3\/issue\/[^/]*$/);
        }
      }),
    );
  });
});

describe('what goes wrong', () => {
  it.each<[JiraFault, RegExp]>([
    ['429', /jira is busy/],
    ['500', /jira could not answer \(HTTP 500\)/],
    ['401', /jira refuses Stint \(HTTP 401\)/],
    ['drop', /jira does not answer/],
    ['redirect', /jira redirects elsewhere/],
  ])('%s is said, and no ticket is there by it', async (fault, sentence) => {
    place.far.control.fault(fault);
    expect(await refusalOf(place.tickets.look('jira', 'CHG-1', ADA))).toMatch(sentence);
    place.far.control.fault(undefined);
    // The limit is kept to; every other failure is asked for anew.
    if (fault === '429') place.at(NOON + 7_000);
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toEqual({ there: true });
  });

  it.each<[JiraFault, RegExp]>([
    ['huge', /the answer of mine is too large/],
    ['not-json', /mine answered with something that is not JSON/],
  ])('%s: what the fields would be is not known', async (fault, sentence) => {
    place.far.control.fault(fault);
    expect(await refusalOf(place.tickets.look('mine', 'CHG-1', ADA))).toMatch(sentence);
  });

  it('an answer of another shape tells no field, and nothing does by it', async () => {
    place.far.control.fault('wrong-shape');
    expect(await place.tickets.look('mine', 'CHG-1', ADA)).toMatchObject({ there: false });
  });

  it.each<JiraFault>(['hang', 'stall'])('%s: an answer that does not come is not waited for', async (fault) => {
    const hasty = await startPlace(50);
    hasty.far.control.fault(fault);
    expect(await refusalOf(hasty.tickets.look('mine', 'CHG-1', ADA))).toMatch(/does not answer/);
    await hasty.far.close();
  });

  it('a limit is kept to: nothing is sent until the far end lets it', async () => {
    place.far.control.fault('429');
    await refusalOf(place.tickets.look('jira', 'CHG-1', ADA));
    place.far.control.fault(undefined);
    place.at(NOON + 6_999);
    expect(await refusalOf(place.tickets.look('jira', 'CHG-2', ADA))).toMatch(/busy/);
    expect(place.far.control.calls).toHaveLength(1);
  });

  it('an answer without end that nobody wants to read is let go', async () => {
    place.far.control.fault('huge');
    expect(await place.tickets.look('jira', 'CHG-1', ADA)).toEqual({ there: true });
  });

  it('a redirect is not followed, so its target hears nothing', async () => {
    const heard: string[] = [];
    const server = createServer((request, response) => {
      heard.push(request.url ?? '');
      response.writeHead(heard.length === 1 ? 302 : 200, { location: '/elsewhere' });
      response.end('{}');
    });
    const tickets = ticketsAt(await listen(server, 0));
    expect(await refusalOf(tickets.look('jira', 'CHG-1', ADA))).toBe('jira redirects elsewhere.');
    expect(heard).toEqual(['/rest/api/3/issue/CHG-1?fields=status,assignee']);
    await close(server, new EventStream());
  });

  it('a check that nobody set up, and a header that can not be had, are said', async () => {
    expect(await refusalOf(place.tickets.look('jra', 'CHG-1', ADA))).toMatch(/no check jra in the file of ticket checks/);
    for (const secret of ['', 'two\nlines', 'caf\u00e9'])
      expect(await refusalOf(secretly(() => secret))).toMatch(
        /the file of the header for jira is empty, or holds more than one line/,
      );
    const gone = () => {
      throw new Error('ENOENT /run/secrets/jira');
    };
    expect(await refusalOf(secretly(gone))).toBe("the file of the header for jira can't be read.");
    expect(place.far.control.calls).toEqual([]);
  });

  it('a wrong secret is refused, and stands in no error', async () => {
    expect(await refusalOf(secretly(() => 'Basic wrong0815'))).not.toContain('wrong0815');
  });

  const secretly = (secret: () => string) =>
    createTickets({
      checks: parseTicketChecks(checksText(place.far.url), 't', true),
      secret,
      timeoutMs: 5_000,
      clock: () => NOON,
    }).look('jira', 'CHG-1', ADA);
});

function ticketsAt(base: string): Tickets {
  const checks = parseTicketChecks(checksText(base), 't', true);
  return createTickets({ checks, secret: () => AUTHORIZATION, timeoutMs: 5_000, clock: () => NOON });
}

describe('the file of ticket checks', () => {
  const problems = (text: string, loopback = false): string => {
    try {
      parseTicketChecks(text, 'tickets.yaml', loopback);
      return 'no problem';
    } catch (error) {
      if (isStintError(error) && error.code === 'bad-config') return error.sentence;
      throw error;
    }
  };
  const withUrl = (url: string) => `version: 1\nchecks:\n  jira: { url: "${url}" }\n`;

  it('has defaults, and holds no secret', () => {
    expect(parseTicketChecks(withUrl('https://acme.example/{ticket}'), 't', false)).toEqual([
      { name: 'jira', url: 'https://acme.example/{ticket}', there: [200], missing: [404], fields: [] },
    ]);
  });

  it.each([
    ['https://acme.example/', /3:16 checks\.jira\.url: must hold \{ticket\} once/],
    ['https://acme.example/{ticket}/{ticket}', /must hold \{ticket\} once/],
    ['https://{ticket}.example/', /must (be a URL|hold \{ticket\} behind the host)/],
    ['https://acme.example{ticket}/', /behind the host/],
    ['https://user:pw@acme.example/{ticket}', /behind the host|no user name/],
    ['https://acme.example/#{ticket}', /no user name, password or #/],
    ['http://acme.example/{ticket}', /must begin with https/],
    ['http://127.0.0.1:80/{ticket}', /behind the host|must begin with https/],
    ['ftp://acme.example/{ticket}', /must begin with https/],
    ['{ticket}', /must be a URL/],
  ])('with the address %s is refused, with line and column', (url, said) => {
    expect(problems(withUrl(url))).toMatch(said);
  });

  it('lets http be used to this very computer only where that is allowed by name', () => {
    expect(problems(withUrl('http://127.0.0.1:8080/{ticket}'))).toMatch(/STINT_ALLOW_INSECURE=loopback/);
    expect(problems(withUrl('http://127.0.0.1:8080/{ticket}'), true)).toBe('no problem');
    expect(problems(withUrl('http://127.0.0.1.example.com/{ticket}'), true)).toMatch(/must begin with https/);
  });

  it.each([
    ['there: [404]', /missing: has 404, which is also among those of there/],
    ['fields: [{ field: a.b }]', /must say one of: is, not, requester/],
    ['fields: [{ field: a..b, is: [x] }]', /must be names with dots/],
    ['headr: { name: A, file: b }', /"headr" is not known here; did you mean "header"/],
    ['header: { name: "A: b", file: c }', /must be the name of a header/],
    ['known: a/b', /must be the name of a ticket/],
    ['there: [500]', /at most 499/],
  ])('with %s is refused', (line, said) => {
    expect(problems(`version: 1\nchecks:\n  jira:\n    url: "https://acme.example/{ticket}"\n    ${line}\n`)).toMatch(said);
  });

  it('refuses a name that no rule could say', () => {
    expect(problems('version: 1\nchecks:\n  Jira: { url: "https://a.example/{ticket}" }\n')).toMatch(/not valid/);
  });
});
