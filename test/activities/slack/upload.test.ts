import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../../contract/errors.js';
import type { FaultInput } from '../../../sim/slack/index.js';
import { CHANNEL, message, type Stage, startStage } from './stage.js';

let stage: Stage;
let where: { channel: string; threadTs: string };
beforeEach(async () => {
  stage = await startStage();
  const root = await stage.worker().ensurePosted('card/1', { channel: CHANNEL }, message('card'));
  where = { channel: CHANNEL, threadTs: root.ts };
});
afterEach(() => stage.close());

const KEY = 'log/abcdefghijklmnopqrstuvwxyz';
const file = { name: 'sudo-abcdefgh.log', title: 'Sudo log of abcdefgh', bytes: new TextEncoder().encode('one\ntwo\n') };
const code = (call: Promise<unknown>) =>
  call.then(
    () => 'no error',
    (error: unknown) => (error instanceof StintError ? error.code : String(error)),
  );

/** Shares come after Slack's scan: waits for the thread to hold as many files as were completed. */
async function shared() {
  await expect.poll(() => stage.sim.truth().files.filter((f) => f.completed && f.share?.ts === undefined).length).toBe(0);
  return stage.sim.truth().files.filter((f) => f.share?.ts !== undefined);
}

describe('a log in the thread', () => {
  it('is there once, with its bytes, in the thread, and says its key', async () => {
    await stage.worker().upload(KEY, where, file);
    await stage.worker().upload(KEY, where, file);
    const [only, ...more] = await shared();
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      name: file.name,
      title: `${file.title} (${KEY})`,
      share: { channel: CHANNEL, threadTs: where.threadTs },
    });
    expect(Buffer.from(only?.content ?? '', 'base64').toString()).toBe('one\ntwo\n');
  });

  it('an empty log is never sent with a length of 0', async () => {
    await stage.worker().upload(KEY, where, { ...file, bytes: new Uint8Array() });
    const [only] = await shared();
    expect(Buffer.from(only?.content ?? '', 'base64').toString()).toBe('(empty)\n');
  });

  const steps = ['files.getUploadURLExternal', 'upload', 'files.completeUploadExternal'];
  const kinds: readonly FaultInput['kind'][] = ['drop-before', 'drop-after', '500', '500-after'];
  it.each(steps.flatMap((method) => kinds.map((kind) => ({ method, kind }))))(
    '$method, $kind: is there once after the repeat',
    async ({ method, kind }) => {
      stage.sim.fault({ method, kind, times: 1 });
      expect(await code(stage.worker().upload(KEY, where, file))).toBe('slack-unavailable');
      await stage.worker().upload(KEY, where, file);
      await stage.worker().upload(KEY, where, file);
      expect(await shared()).toHaveLength(1);
    },
  );

  it('a lost reply while the scan takes long does not make a second one', async () => {
    stage.sim.admin.settings({ shareDelayMs: 1500 });
    stage.sim.fault({ method: 'files.completeUploadExternal', kind: 'drop-after', times: 1 });
    await code(stage.worker().upload(KEY, where, file));
    await stage.worker().upload(KEY, where, file);
    await expect.poll(() => stage.sim.truth().files.filter((f) => f.share?.ts !== undefined).length, { timeout: 10_000 }).toBe(1);
    expect(stage.sim.truth().files.filter((f) => f.completed)).toHaveLength(1);
  });

  it('a worker killed after the upload and before the record leaves one', async () => {
    stage.refs.dieBefore = (_, ref) => ref.ts.startsWith('file:');
    expect(await code(stage.worker().upload(KEY, where, file))).toContain('killed');
    stage.refs.dieBefore = undefined;
    await stage.worker().upload(KEY, where, file);
    expect(await shared()).toHaveLength(1);
  });

  it('with the store down a repeat finds it in the thread by its title', async () => {
    stage.refs.down = true;
    stage.sim.fault({ method: 'files.completeUploadExternal', kind: 'drop-after', times: 1 });
    await code(stage.worker().upload(KEY, where, file));
    await shared();
    await stage.worker().upload(KEY, where, file);
    expect(await shared()).toHaveLength(1);
  });

  it('whose card was deleted goes into the channel', async () => {
    stage.sim.admin.deleteMessage({ channel: CHANNEL, ts: where.threadTs });
    await stage.worker().upload(KEY, where, file);
    const [only] = await shared();
    expect(only?.share?.threadTs).toBeUndefined();
    expect(only?.share?.channel).toBe(CHANNEL);
  });

  it('the bot token is not sent to the upload address', async () => {
    await stage.worker().upload(KEY, where, file);
    expect(JSON.stringify(stage.calls('upload'))).not.toContain('xoxb');
  });
});
