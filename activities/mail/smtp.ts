/**
 * E-mail by SMTP, to one mailbox at a time. Everything that goes into a header is one line by the time it comes here, and is encoded
 * once more by the library; TLS is required unless the server is this very computer. What the server says is not repeated: only its code is.
 */
import { createTransport } from 'nodemailer';
import { StintError } from '../../contract/errors.js';
import { isHeaderValue } from '../far-http.js';

export interface MailConfig {
  readonly host: string;
  readonly port: number;
  /** From the first byte on (`smtps://`); else by STARTTLS. */
  readonly tls: 'at-once' | 'starttls' | 'none';
  readonly user?: string | undefined;
  /** Where the password lies; read for every message. */
  readonly passwordFile?: string | undefined;
  readonly from: string;
}

export interface Mail {
  /** Whatever has the same one is the same message: mailboxes show it once. Letters and digits. */
  readonly id: string;
  /** Messages of the same thread are shown together. Letters and digits. */
  readonly thread: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailDeps {
  readonly config: MailConfig;
  readonly readFile: (path: string) => string;
  readonly timeoutMs?: number;
  /** Certificates to be trusted beside those of the system. */
  readonly ca?: string;
}

const TIMEOUT_MS = 10_000;

/** Throws `not-ready` with what is wrong; the message may have been sent all the same when the answer was lost. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
  /** Whether the server lets us in, without sending anything. */
  verify(): Promise<void>;
}

/** A connection of its own for each message: they are few. */
export function createMailer(deps: MailDeps): Mailer {
  const domain = deps.config.from.split('@').at(-1) ?? 'stint.invalid';
  return {
    send: (mail) =>
      connected(deps, (transport) =>
        transport.sendMail({
          from: { name: 'Stint', address: deps.config.from },
          to: { name: '', address: mail.to },
          subject: mail.subject,
          text: mail.text,
          messageId: `<${mail.id}@${domain}>`,
          references: `<${mail.thread}@${domain}>`,
          headers: { 'auto-submitted': 'auto-generated' },
        }),
      ),
    verify: () => connected(deps, (transport) => transport.verify()),
  };
}

async function connected(deps: MailDeps, work: (transport: ReturnType<typeof transportOf>) => Promise<unknown>): Promise<void> {
  const transport = transportOf(deps);
  try {
    await work(transport);
  } catch (error) {
    throw new StintError('not-ready', reasonOf(deps.config, error));
  } finally {
    transport.close();
  }
}

function transportOf({ config, readFile, timeoutMs = TIMEOUT_MS, ca }: MailDeps) {
  const { host, port, tls, user } = config;
  return createTransport({
    host,
    port,
    secure: tls === 'at-once',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca && { ca }) },
    ...(user !== undefined && { auth: { user, pass: passwordOf(config, readFile) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function passwordOf({ passwordFile }: MailConfig, readFile: MailDeps['readFile']): string {
  if (passwordFile === undefined) throw new StintError('bad-config', 'STINT_SMTP_PASSWORD_FILE is missing.');
  let text: string;
  try {
    text = readFile(passwordFile).replace(/\r?\n$/, '');
  } catch {
    throw new StintError('not-ready', "The file of STINT_SMTP_PASSWORD_FILE can't be read.");
  }
  if (isHeaderValue(text)) return text;
  throw new StintError('not-ready', 'The file of STINT_SMTP_PASSWORD_FILE is empty, or holds a blank or a line break.');
}

/** What went wrong, by the library's and the server's codes. */
function reasonOf({ host, port }: MailConfig, error: unknown): string {
  const { code, responseCode } = (error ?? {}) as { readonly code?: unknown; readonly responseCode?: unknown };
  const at = `The mail server ${host}:${port}`;
  const words = [code, responseCode].filter((one) => typeof one === 'string' || typeof one === 'number').join(' ');
  return `${at} did not take the message (${words || 'no answer'}).`;
}
