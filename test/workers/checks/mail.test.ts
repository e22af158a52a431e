/** What the doctor says of the mail server: it lets Stint in, or what is wrong; nothing is sent, and the password is shown to nobody. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PASSWORD, startMail, USER } from '../../mail/server.js';
import { look, type SetUp, setUp } from './set-up.js';

let bench: SetUp;
beforeEach(async () => {
  bench = await setUp();
});
afterEach(() => bench.close());

const looked = async (env: Record<string, string> = {}) => (await look({ env: { ...bench.env, ...env } }, ['mail'])).findings;
const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test('none is needed until a rule tells by e-mail, and then that rule is named', async () => {
  expect(await looked()).toMatchObject([{ level: 'ok', found: like(/none is set up, and no rule tells/) }]);
  const file = bench.home.path('policy.yaml');
  const told = '$1notify: [{ on: [granted], email: [sec@example.com] }]\n$1windows:';
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^( +)windows:/m, told));
  expect(await looked()).toMatchObject([{ level: 'fail', found: like(/none is set up, and these rules tell by e-mail: \S/) }]);
});

test('one that lets Stint in is fine and gets nothing; a wrong password and one that is gone are to be mended', async () => {
  const server = await startMail({ plain: true });
  const passwordFile = bench.home.path('mail-password');
  const env = {
    STINT_ALLOW_INSECURE: 'loopback',
    STINT_MAIL_FROM: 'stint@example.com',
    STINT_SMTP_PASSWORD_FILE: passwordFile,
    STINT_SMTP_URL: `smtp://${USER}@127.0.0.1:${server.port}`,
  };
  try {
    writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
    expect(await looked(env)).toMatchObject([{ level: 'ok', found: like(/lets Stint in/) }]);
    writeFileSync(passwordFile, 'wrong0815');
    const refused = await looked(env);
    expect(refused).toMatchObject([{ level: 'fail', found: like(/EAUTH 535/) }]);
    expect(JSON.stringify(refused)).not.toContain('0815');
    expect(server.taken).toEqual([]);
  } finally {
    await server.close();
  }
  expect(await looked(env)).toMatchObject([{ level: 'fail', found: like(/ESOCKET|ECONNECTION|ECONNREFUSED/) }]);
});
