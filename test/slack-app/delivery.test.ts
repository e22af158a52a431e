/** One acknowledgement, in time, and never one that loses what was written or pressed. */
import type { ReceiverEvent } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { createDelivery } from '../../slack-app/delivery.js';
import { fakeLog } from './fakes.js';

function event(body: Record<string, unknown>, envelopeId?: string) {
  const acks: unknown[] = [];
  const ack = async (response?: unknown): Promise<void> => void acks.push(response);
  const made: ReceiverEvent = { body, ack, ...(envelopeId ? { customProperties: { envelopeId } } : {}) };
  return { acks, made };
}
const CLICK = { type: 'block_actions' };
const FORM = {
  type: 'view_submission',
  view: {
    blocks: [
      { type: 'input', block_id: 'reason' },
      { type: 'context', block_id: 'c' },
    ],
  },
};
const delivery = (ackMs = 50) => createDelivery({ logger: fakeLog(), ackMs });
const kept = { response_action: 'errors', errors: { reason: expect.stringMatching(/kept/) } };

describe('a delivery', () => {
  it('is acknowledged once although the handler does it twice', async () => {
    const { acks, made } = event(CLICK);
    await delivery().deliver(made, async (e) => {
      await e.ack();
      await e.ack();
    });
    expect(acks).toHaveLength(1);
  });

  it('is acknowledged although nothing handles it', async () => {
    const { acks, made } = event(CLICK);
    await delivery().deliver(made, async () => undefined);
    expect(acks).toEqual([undefined]);
  });

  it('is acknowledged in time although the handler hangs, and once although it comes back', async () => {
    const { acks, made } = event({ command: '/elevate' });
    let go: () => void = () => undefined;
    const done = delivery(10).deliver(made, async (e) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      await e.ack();
    });
    await expect.poll(() => acks.length).toBe(1);
    go();
    await done;
    expect(acks).toHaveLength(1);
  });

  it('keeps a form open when its handler fails or hangs', async () => {
    const failed = event(FORM);
    await delivery().deliver(failed.made, () => Promise.reject(new Error('bug')));
    expect(failed.acks).toEqual([kept]);
    const slow = event(FORM);
    const d = delivery(10);
    void d.deliver(slow.made, () => new Promise(() => undefined));
    await expect.poll(() => slow.acks.length).toBe(1);
    expect(slow.acks).toEqual([kept]);
  });

  it('of a press is acknowledged by nobody but its handler, however long that takes, and not at all when it fails', async () => {
    const slow = event(CLICK);
    const failed = event(CLICK);
    let go: () => void = () => undefined;
    const done = delivery(5).deliver(slow.made, async (e) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      await e.ack();
    });
    await delivery().deliver(failed.made, () => Promise.reject(new Error('bug')));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([slow.acks, failed.acks]).toEqual([[], []]);
    go();
    await done;
    expect(slow.acks).toHaveLength(1);
  });

  it('survives an acknowledgement that cannot be sent', async () => {
    const made: ReceiverEvent = { body: CLICK, ack: () => Promise.reject(new Error('socket closed')) };
    await delivery().deliver(made, async (e) => e.ack());
  });

  it('is carried out once per envelope, and its copy is acknowledged only after the first is through', async () => {
    const d = delivery(5000);
    let runs = 0;
    let go: () => void = () => undefined;
    const first = event(CLICK, 'e1');
    const copy = event(CLICK, 'e1');
    const run = async (e: ReceiverEvent): Promise<void> => {
      runs += 1;
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      await e.ack();
    };
    const both = [d.deliver(first.made, run), d.deliver(copy.made, run)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(copy.acks).toEqual([]);
    go();
    await Promise.all(both);
    expect([runs, first.acks.length, copy.acks.length]).toEqual([1, 1, 1]);
  });

  it('is refused with a word once the app is stopping', async () => {
    const d = delivery();
    d.close();
    const command = event({ command: '/elevate' });
    const form = event(FORM);
    let ran = false;
    const run = async (): Promise<void> => {
      ran = true;
    };
    await d.deliver(command.made, run);
    await d.deliver(form.made, run);
    // Slack may bring it again, to a process that carries it out; so not even the copy is acknowledged here.
    const presses = [event(CLICK, 'e1'), event(CLICK, 'e1')];
    for (const press of presses) await d.deliver(press.made, run);
    expect(ran).toBe(false);
    expect(presses.map(({ acks }) => acks)).toEqual([[], []]);
    expect(command.acks).toEqual([{ response_type: 'ephemeral', text: expect.stringMatching(/restarted/) }]);
    expect(form.acks).toMatchObject([{ response_action: 'errors' }]);
  });

  it('is waited for at the end, but not for ever', async () => {
    const d = delivery(5000);
    void d.deliver(event(CLICK).made, () => new Promise(() => undefined));
    expect(await d.drained(20)).toBe(false);
    expect(await delivery().drained(20)).toBe(true);
  });
});
