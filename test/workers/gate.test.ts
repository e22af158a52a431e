/** The way into an elevation, with a Temporal that says what the test wants. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { type Digest, type RequestId, workflowIdOf } from '../../contract/ids.js';
import type { Envelope } from '../../contract/messages.js';
import { openEnvelope } from '../../seal/envelope.js';
import { createGate, type GateDeps } from '../../workers/gate.js';
import { ACTOR, BODIES, NOW, REQUEST, REQUEST_ID, RING, ROUND, sealerOf } from '../seal/samples.js';

type Started = {
  readonly type: string;
  readonly options: { readonly workflowId: string; readonly args: readonly unknown[] } & Record<string, unknown>;
};

function bench(sender: 'slack-app' | 'device-api' = 'slack-app', past?: GateDeps['past']) {
  const started: Started[] = [];
  const signals: { readonly id: string; readonly kind: string; readonly envelope: unknown }[] = [];
  const updates: { readonly kind: string; readonly args: readonly unknown[]; readonly updateId?: string }[] = [];
  const stored: unknown[] = [];
  const slept: number[] = [];
  const does = {
    start: (): unknown => ({}),
    signal: (): void => undefined,
    update: (): unknown => ({ ok: true }),
    status: (): string => 'RUNNING',
    find: (): unknown => undefined,
    put: (): void => undefined,
  };
  const order: string[] = [];
  const client = {
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
    workflow: {
      start: async (type: string, options: Started['options']) => {
        order.push('start');
        started.push({ type, options });
        return does.start();
      },
      getHandle: (id: string) => ({
        signal: async (kind: string, envelope: unknown) => {
          signals.push({ id, kind, envelope });
          does.signal();
        },
        describe: async () => ({ status: { name: does.status() } }),
        executeUpdate: async (kind: string, options: { args: readonly unknown[]; updateId?: string }) => {
          updates.push({ kind, ...options });
          return does.update();
        },
      }),
    },
  };
  const store = {
    requests: {
      put: async (...args: unknown[]) => {
        order.push('put');
        stored.push(args);
        does.put();
      },
    },
    ledger: { find: async () => does.find() },
  };
  const gate = createGate({
    client: client as unknown as GateDeps['client'],
    store: store as unknown as GateDeps['store'],
    seal: sealerOf(sender),
    via: sender === 'slack-app' ? 'slack' : 'device',
    sleep: async (ms) => void slept.push(ms),
    ...(past && { past }),
  });
  return { gate, does, started, signals, updates, stored, slept, order };
}

const taken = () => new WorkflowExecutionAlreadyStartedError('taken', workflowIdOf(REQUEST_ID), 'elevation');
const missing = () => new WorkflowNotFoundError('no such run', workflowIdOf(REQUEST_ID), undefined);
const throwing = (error: Error) => () => {
  throw error;
};

describe('starting', () => {
  it('stores the request first, then starts its one workflow with a sealed request', async () => {
    const { gate, started, order } = bench();
    expect(await gate.start(REQUEST, ACTOR)).toBe('started');
    expect(order).toEqual(['put', 'start']);
    expect(started).toMatchObject([
      { type: 'elevation', options: { workflowId: workflowIdOf(REQUEST_ID), workflowIdConflictPolicy: 'FAIL' } },
    ]);
    const opened = openEnvelope(started[0]?.options.args[0], {
      ring: RING,
      now: NOW,
      expect: { requestId: REQUEST_ID, kinds: ['start'] },
    });
    expect(opened).toMatchObject({ ok: true, sender: 'slack-app' });
  });

  it('says nothing of the reason where operators read', async () => {
    const { gate, started } = bench();
    await gate.start(REQUEST, ACTOR);
    expect(Object.keys(started[0]?.options ?? {})).toEqual(expect.arrayContaining(['staticSummary', 'staticDetails']));
    expect(String(started[0]?.options.staticSummary)).toContain(REQUEST.target.display);
  });

  it('what the ledger knows already starts nothing', async () => {
    const { gate, does, started } = bench();
    does.find = () => ({ view: {} });
    expect(await gate.start(REQUEST, ACTOR)).toBe('already');
    expect(started).toEqual([]);
  });

  it('with the store down starts nothing', async () => {
    const { gate, does, started } = bench();
    does.put = throwing(new StintError('store-unavailable'));
    await expect(gate.start(REQUEST, ACTOR)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(started).toEqual([]);
  });

  it('a second time, while the first runs and has not reached the ledger yet, is the same request', async () => {
    const { gate, does, started, slept } = bench();
    does.start = throwing(taken());
    let looks = 0;
    does.find = () => (++looks > 3 ? { view: {} } : undefined);
    expect(await gate.start(REQUEST, ACTOR)).toBe('already');
    expect(started.length).toBe(3);
    expect(slept.length).toBe(2);
  });

  it('under an id that a forger took goes on as soon as that run has refused itself', async () => {
    const { gate, does, started } = bench();
    let tries = 0;
    does.start = () => {
      if (++tries < 3) throw taken();
      return {};
    };
    expect(await gate.start(REQUEST, ACTOR)).toBe('started');
    expect(new Set(started.map(({ options }) => (options.args[0] as Envelope).nonce)).size).toBe(1);
  });

  it('under an id that stays taken is given up after a few seconds', async () => {
    const { gate, does, slept } = bench();
    does.start = throwing(taken());
    await expect(gate.start(REQUEST, ACTOR)).rejects.toMatchObject({ code: 'temporal-unavailable', retryable: true });
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(5_000);
  });

  it('while Temporal cannot be reached says so, and keeps the cause', async () => {
    const { gate, does } = bench();
    const cause = new Error('14 UNAVAILABLE: connection refused');
    does.start = throwing(cause);
    await expect(gate.start(REQUEST, ACTOR)).rejects.toMatchObject({ code: 'temporal-unavailable', cause });
  });
});

describe('a signal', () => {
  it('is a sealed message of its kind to the run of its elevation', async () => {
    const { gate, signals } = bench();
    expect(await gate.send('approve', REQUEST_ID, ROUND, BODIES.approve, ACTOR)).toBe('sent');
    expect(signals).toMatchObject([{ id: workflowIdOf(REQUEST_ID), kind: 'approve' }]);
    const opened = openEnvelope(signals[0]?.envelope, {
      ring: RING,
      now: NOW,
      expect: { requestId: REQUEST_ID, kinds: ['approve'] },
    });
    expect(opened).toMatchObject({ ok: true });
  });

  it('to an elevation that is over, or never was, is answered as over', async () => {
    const { gate, does } = bench();
    does.signal = throwing(missing());
    expect(await gate.send('revoke', REQUEST_ID, ROUND, {}, ACTOR)).toBe('over');
  });

  it('that Temporal did not take is an error, never "sent"', async () => {
    const { gate, does } = bench();
    does.signal = throwing(new Error('deadline exceeded'));
    await expect(gate.send('revoke', REQUEST_ID, ROUND, {}, ACTOR)).rejects.toMatchObject({ code: 'temporal-unavailable' });
  });

  it('that this sender may not say never leaves', async () => {
    const { gate, signals } = bench('device-api');
    await expect(gate.send('approve', REQUEST_ID, ROUND, BODIES.approve, ACTOR)).rejects.toMatchObject({ code: 'wrong-sender' });
    expect(signals).toEqual([]);
  });

  it('of evidence for an elevation that is over starts the filing of late evidence, once', async () => {
    const { gate, does, started } = bench('device-api');
    does.signal = throwing(missing());
    const send = () => gate.send('evidenceComplete', REQUEST_ID, ROUND, BODIES.evidenceComplete, { serial: BODIES.claim.serial });
    expect(await send()).toBe('over');
    expect(started).toMatchObject([
      {
        type: 'lateEvidence',
        options: { workflowId: `late-evidence/${REQUEST_ID}`, args: [REQUEST_ID], workflowIdConflictPolicy: 'USE_EXISTING' },
      },
    ]);
    does.start = throwing(taken());
    expect(await send()).toBe('over');
  });
});

describe('a question', () => {
  const ask = (gate: ReturnType<typeof bench>['gate']) =>
    gate.ask('claim', REQUEST_ID, ROUND, BODIES.claim, { serial: BODIES.claim.serial });

  it('is an update that is known by its nonce, and brings the workflow’s answer', async () => {
    const { gate, does, updates } = bench('device-api');
    does.update = () => ({ ok: false, code: 'too-late', sentence: 'x' });
    expect(await ask(gate)).toEqual({ ok: false, code: 'too-late', sentence: 'x' });
    expect(updates).toMatchObject([{ args: [{ nonce: updates[0]?.updateId }] }]);
    expect(updates[0]?.updateId).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });

  it.each([
    ['an elevation that is over is unknown', missing(), 'unknown-request'],
    [
      'an update that the workflow did not take is a conflict',
      new WorkflowUpdateFailedError('rejected', undefined),
      'state-conflict',
    ],
    ['an outage is one', new Error('14 UNAVAILABLE'), 'temporal-unavailable'],
  ])('to %s', async (_, error, code) => {
    const { gate, does } = bench('device-api');
    does.update = throwing(error);
    await expect(ask(gate)).rejects.toMatchObject({ code });
  });
});

describe('an end', () => {
  const wordsWith = (kind: 'revoke' | 'end'): { commentDigest?: Digest } => (kind === 'end' ? {} : { commentDigest: ROUND });
  const asked = (kind: 'revoke' | 'end' = 'revoke', { judged = true, able = true, holds = false } = {}) => {
    const orders: unknown[] = [];
    const closed: RequestId[] = [];
    const past = {
      holds: async () => holds,
      closeBehind: async (requestId: RequestId) => void closed.push(requestId),
      order: async (...order: unknown[]) => void orders.push(order),
    };
    const b = bench('slack-app', able ? past : undefined);
    return { ...b, past, orders, closed, send: () => b.gate.end(kind, REQUEST_ID, ROUND, wordsWith(kind), ACTOR, judged) };
  };
  const refusing = throwing(new Error('connection refused'));

  it.each(['revoke', 'end'] as const)('(%s) is ordered past Temporal that cannot be reached', async (kind) => {
    const { orders, send, does } = asked(kind);
    does.signal = refusing;
    expect(await send()).toBe('past');
    expect(orders).toEqual([[kind, REQUEST_ID, ACTOR, wordsWith(kind).commentDigest]]);
  });

  it('is told to a paused run, and ordered past it', async () => {
    const { orders, send, does, signals } = asked();
    does.status = () => 'PAUSED';
    expect(await send()).toBe('past');
    expect(signals).toHaveLength(1);
    expect(orders).toHaveLength(1);
  });

  it('is ordered past a run that is no more, while what it granted is still there', async () => {
    const { orders, send, does } = asked('revoke', { holds: true });
    does.signal = throwing(missing());
    expect(await send()).toBe('past');
    expect(orders).toHaveLength(1);
  });

  it('of what is over is over', async () => {
    const { orders, send, does } = asked();
    does.signal = throwing(missing());
    expect(await send()).toBe('over');
    expect(orders).toEqual([]);
  });

  it.each([
    ['that runs', (): string => 'RUNNING'],
    ['that cannot be looked at', throwing(new Error('slow'))],
  ])(
    'taken by a workflow %s is that workflow’s; the fence is closed behind it, for nobody may be at that workflow',
    async (_, status) => {
      const { orders, closed, send, does } = asked();
      does.status = status;
      expect(await send()).toBe('sent');
      expect([orders, closed]).toEqual([[], [REQUEST_ID]]);
    },
  );

  it('taken by a workflow is taken, also where the fence cannot be closed behind it', async () => {
    const { past, send } = asked();
    past.closeBehind = () => Promise.reject(new StintError('store-unavailable'));
    expect(await send()).toBe('sent');
  });

  it('by somebody of whom nothing could be looked up is not ordered past it, nor at an entrance that cannot', async () => {
    for (const how of [{ judged: false }, { able: false }]) {
      const { orders, closed, send, does } = asked('revoke', how);
      does.signal = refusing;
      await expect(send()).rejects.toMatchObject({ code: 'temporal-unavailable' });
      does.signal = () => undefined;
      does.status = () => 'PAUSED';
      expect(await send()).toBe('sent');
      does.status = () => 'RUNNING';
      expect(await send()).toBe('sent');
      expect([orders, closed]).toEqual([[], []]);
    }
    const left = asked('revoke', { judged: false, holds: true });
    left.does.signal = throwing(missing());
    await expect(left.send()).rejects.toMatchObject({ code: 'temporal-unavailable' });
  });

  it('with the store down as well says so: nothing was ended', async () => {
    const { past, send, does } = asked();
    past.order = () => Promise.reject(new StintError('store-unavailable'));
    does.signal = refusing;
    await expect(send()).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
