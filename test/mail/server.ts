/** A mail server for tests that speaks the real protocol, with switches for what goes wrong. */
import { execFileSync } from 'node:child_process';
import { SMTPServer } from 'smtp-server';

export const USER = 'stint';
export const PASSWORD = 'mail0password';

export type MailFault = 'refuse' | 'busy' | 'hang' | 'lose-reply';

export interface MailServer {
  readonly port: number;
  /** What was taken, as it came: envelope, and headers with body. */
  readonly taken: { readonly to: readonly string[]; readonly raw: string; readonly secure: boolean }[];
  /** The certificate that it shows, where it speaks TLS: its own, for `localhost`. */
  readonly certificate: string;
  fault(kind: MailFault | undefined): void;
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** TLS from the first byte on. */
  readonly secure?: boolean;
  /** Leaves out STARTTLS. */
  readonly plain?: boolean;
}

/** Starts it on a free port. */
export async function startMail({ secure = false, plain = false }: MailServerOptions = {}): Promise<MailServer> {
  const taken: MailServer['taken'] = [];
  let fault: MailFault | undefined;
  const { key, cert } = secure ? certificate() : { key: '', cert: '' };
  const server = new SMTPServer({
    secure,
    ...(secure && { key, cert }),
    disabledCommands: plain ? ['STARTTLS'] : [],
    allowInsecureAuth: plain,
    authOptional: plain,
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === USER && password === PASSWORD ? done(null, { user: USER }) : done(new Error('Invalid username or password')),
    onRcptTo: (_address, _session, done) => {
      if (fault === 'hang') return;
      const [code, words] = fault === 'refuse' ? [550, 'No such mailbox secret-0815'] : [450, 'Busy'];
      done(fault === 'refuse' || fault === 'busy' ? Object.assign(new Error(words), { responseCode: code }) : null);
    },
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const raw = Buffer.concat(parts).toString('utf8');
        taken.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw, secure: session.secure });
        if (fault === 'lose-reply') for (const connection of server.connections) connection.close();
        else done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    port,
    taken,
    certificate: cert,
    fault: (kind) => {
      fault = kind;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Made anew each time, so that no private key lies about and none is ever too old. */
function certificate(): { readonly key: string; readonly cert: string } {
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const text = execFileSync('openssl', ['req', ...kind, ...name, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const at = text.indexOf('-----BEGIN CERTIFICATE-----');
  return { key: text.slice(0, at), cert: text.slice(at) };
}
