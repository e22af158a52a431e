/** One call through the SDK: nothing that it needs first may hold it up for ever. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createBudget } from '../../../activities/targets/aws-permission-set/budget.js';
import { createSender, type Sending } from '../../../activities/targets/aws-permission-set/client.js';
import { createSdk } from '../../../activities/targets/aws-permission-set/clients.js';
import { systemTime } from '../../../activities/targets/aws-permission-set/time.js';
import { virtualTime } from './time.js';

const silent = () => new Promise<never>(() => undefined);

function sending(change: Partial<Sending<string>>) {
  const time = virtualTime();
  const what = 'Admin in Prod';
  const base: Sending<string> = {
    how: { rank: 'revoke' },
    what,
    budget: createBudget(time, 20),
    prepare: async () => undefined,
    run: async () => 'done',
  };
  const sender = createSender(time);
  return { time, send: () => time.run(sender.send({ ...base, ...change })) };
}

test('credentials that never come are not waited for longer than ten seconds, and are named with the fix', async () => {
  const { time, send } = sending({ prepare: silent });
  const from = time.steady();
  await expect(send()).rejects.toMatchObject({
    code: 'aws-credentials',
    sentence: expect.stringMatching(/credentials.*10 s.*Admin in Prod.*credential_process/),
  });
  expect(time.steady() - from).toBeLessThanOrEqual(10_000);
});

test('whoever gives a call up while it waits for credentials is let go at once', async () => {
  const stop = new AbortController();
  const { time, send } = sending({ prepare: silent, how: { rank: 'revoke', signal: stop.signal } });
  const from = time.steady();
  const sent = send();
  stop.abort(new Error('given up'));
  await expect(sent).rejects.toThrow('given up');
  expect(time.steady() - from).toBe(0);
});

test('a call that hears no signal, for credentials ran out just then, is not waited for beyond its limit either', async () => {
  const time = virtualTime();
  const how = { rank: 'grant', sendBefore: time.now() + 50 } as const;
  const budget = createBudget(time, 20);
  const sent = createSender(time).send({ how, what: 'it', budget, prepare: async () => undefined, run: silent });
  await expect(sent).rejects.toMatchObject({ code: 'aws-unavailable', cause: { class: 'lost' } });
}, 5_000);

test('a credential process that hangs is started anew after a while: its end needs no restart of ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stint-credentials-'));
  const [script, go] = [join(folder, 'process.cjs'), join(folder, 'go')];
  const keys = JSON.stringify({ Version: 1, AccessKeyId: 'AKIDEXAMPLE', SecretAccessKey: 'not-a-secret' });
  // Answers only if it was let to when it began; else it hangs until the test is over.
  writeFileSync(
    script,
    `const { existsSync } = require('node:fs');
     if (existsSync(${JSON.stringify(go)})) console.log(${JSON.stringify(keys)});
     else setInterval(() => existsSync(__filename) || process.exit(1), 50);
     setTimeout(() => process.exit(1), 60000).unref();`,
  );
  const config = join(folder, 'config');
  writeFileSync(config, `[profile hanging]\ncredential_process = "${process.execPath}" "${script}"\n`);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_PROFILE', 'hanging');
  vi.stubEnv('AWS_CONFIG_FILE', config);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
  const hurried = {
    ...systemTime,
    steady: () => systemTime.steady() * 100,
    sleep: (ms: number, signal?: AbortSignal) => systemTime.sleep(ms / 10, signal),
  };
  const sdk = createSdk({ settings: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9' }, time: hurried, processes: 1 });
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
    sdk.close();
  });
  const ask = () => sdk.ask('sso', { rank: 'revoke' }, 'Admin in Prod', async ({ config: { credentials } }) => credentials());
  await expect(ask()).rejects.toMatchObject({ code: 'aws-credentials' });
  writeFileSync(go, '');
  await vi.waitFor(async () => expect(await ask()).toMatchObject({ accessKeyId: 'AKIDEXAMPLE' }), { timeout: 20_000 });
}, 60_000);
