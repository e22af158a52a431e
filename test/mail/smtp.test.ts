/** E-mail against a server that speaks SMTP: what goes out, that it goes out under TLS alone, and what is said when it does not. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createMailer, type Mail, type MailConfig } from '../../activities/mail/smtp.js';
import { isStintError } from '../../contract/errors.js';
import { type MailFault, type MailServer, PASSWORD, startMail, USER } from './server.js';

let server: MailServer;
afterEach(() => server.close());

const MAIL: Mail = { id: 'a1', thread: 'b2', to: 'sec@example.com', subject: '[Stint] Access granted: Zoë', text: 'One line.\n' };
const readFile = () => `${PASSWORD}\n`;
const configOf = (change: Partial<MailConfig> = {}): MailConfig => ({
  host: '127.0.0.1',
  port: server.port,
  tls: 'none',
  from: 'stint@example.com',
  ...change,
});
const mailer = (change: Partial<MailConfig> = {}, more: { readonly ca?: string; readonly timeoutMs?: number } = {}) =>
  createMailer({ config: configOf(change), readFile, timeoutMs: 5_000, ...more });

async function refusalOf(asked: Promise<void>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    if (isStintError(error)) return error.sentence;
    throw error;
  }
  throw new Error('it was sent');
}

/** The headers of a message by name, unfolded. */
function headersOf(raw: string): ReadonlyMap<string, string> {
  const [head = ''] = raw.split('\r\n\r\n');
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

describe('a message', () => {
  it('goes to its mailbox, under a name that is the same when it is sent again', async () => {
    server = await startMail({ plain: true });
    await mailer().send(MAIL);
    await mailer().send(MAIL);
    expect(server.taken).toHaveLength(2);
    for (const { to, raw } of server.taken) {
      expect(to).toEqual(['sec@example.com']);
      const headers = headersOf(raw);
      expect(headers.get('message-id')).toBe('<a1@example.com>');
      expect(headers.get('references')).toBe('<b2@example.com>');
      expect(headers.get('from')).toBe('Stint <stint@example.com>');
      expect(headers.get('auto-submitted')).toBe('auto-generated');
      expect(raw).toContain('One line.');
    }
  });

  it('has no header that its words made, whatever they are', async () => {
    server = await startMail({ plain: true });
    const usual = [
      'auto-submitted',
      'content-transfer-encoding',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'references',
      'subject',
      'to',
    ];
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('a\r\nBcc: evil@example.com', 'a\nBcc: e@example.com', 'a\r\n\r\nbody', '\0', 'a\u2028Bcc: x'),
    );
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (subject, text) => {
        server.taken.length = 0;
        await mailer().send({ ...MAIL, subject, text });
        const [message] = server.taken;
        expect(message?.to).toEqual(['sec@example.com']);
        expect(usual).toEqual(expect.arrayContaining([...headersOf(message?.raw ?? '').keys()]));
      }),
      { numRuns: 30 },
    );
  });
});

describe('TLS', () => {
  it('from the first byte on, with a certificate that is trusted: logs in, sends, and looks without sending', async () => {
    server = await startMail({ secure: true });
    const ca = server.certificate;
    const trusting = mailer({ host: 'localhost', tls: 'at-once', user: USER, passwordFile: '/run/secrets/mail' }, { ca });
    await trusting.verify();
    expect(server.taken).toEqual([]);
    await trusting.send(MAIL);
    expect(server.taken).toMatchObject([{ secure: true }]);
  });

  it('with a certificate that nobody signed is none', async () => {
    server = await startMail({ secure: true });
    await refusalOf(mailer({ tls: 'at-once' }).send(MAIL));
    await refusalOf(mailer({ tls: 'at-once' }).verify());
    expect(server.taken).toEqual([]);
  });

  it('is insisted on: a server that does not offer it gets neither message nor password', async () => {
    server = await startMail({ plain: true });
    expect(await refusalOf(mailer({ tls: 'starttls', user: USER, passwordFile: '/run/secrets/mail' }).send(MAIL))).toMatch(
      /did not take the message \(ETLS/,
    );
    expect(server.taken).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it.each<[MailFault, RegExp]>([
    ['refuse', /\(EENVELOPE 550\)/],
    ['busy', /\(EENVELOPE 450\)/],
    ['hang', /\(ETIMEDOUT/],
  ])('%s is said by its code, and nothing of what the server says', async (fault, said) => {
    server = await startMail({ plain: true });
    server.fault(fault);
    const sentence = await refusalOf(mailer({}, { timeoutMs: fault === 'hang' ? 200 : 5_000 }).send(MAIL));
    expect(sentence).toMatch(said);
    expect(sentence).not.toContain('0815');
    expect(server.taken).toEqual([]);
  });

  it('a reply that is lost is a failure, although the message was taken', async () => {
    server = await startMail({ plain: true });
    server.fault('lose-reply');
    await refusalOf(mailer().send(MAIL));
    expect(server.taken).toHaveLength(1);
  });

  it('a password that is wrong, empty or gone is said, and shown to nobody', async () => {
    server = await startMail({ plain: true });
    const asked = (read: () => string) =>
      createMailer({ config: configOf({ user: USER, passwordFile: '/run/secrets/mail' }), readFile: read }).send(MAIL);
    const wrong = await refusalOf(asked(() => 'wrong0815'));
    expect(wrong).toMatch(/EAUTH 535/);
    expect(wrong).not.toContain('0815');
    expect(await refusalOf(asked(() => '\n'))).toMatch(/is empty, or holds a blank/);
    const gone = () => {
      throw new Error('ENOENT');
    };
    expect(await refusalOf(asked(gone))).toMatch(/STINT_SMTP_PASSWORD_FILE can't be read/);
    expect(server.taken).toEqual([]);
  });
});
