/** Granting only for the run that holds the fence, and proving that access is gone. */
import { describe, expect, it, vi } from 'vitest';
import { type CallContext, createGrantDuties, createRevokeDuties } from '../../activities/target.js';
import { SEND_WITHIN_MS } from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import { msOf, type RunId } from '../../contract/ids.js';
import type { Steps } from '../../contract/ports.js';
import type { Target, TargetKind } from '../../contract/request.js';
import { at, type FakeFence, FakeTarget, NOW, RUN, seen, targetBench } from './bench.js';

/** As `fence.end` leaves it for an elevation of which it has no row. */
const tombstone = { notAfter: at(-7), endedAt: at(-7), goneAt: at(-7) };

describe('a grant call', () => {
  const granted = (change: Parameters<ReturnType<typeof targetBench>['fence']['hold']>[1] | undefined, startBy = at(60_000)) => {
    const bench = targetBench();
    if (change) bench.fence.hold(bench.request, change);
    const { request } = bench;
    return { ...bench, answer: createGrantDuties(bench.deps).grant({ request, maxMs: 300_000, startBy }) };
  };

  it('leaves for the run that armed, with the last instant at which it may leave', async () => {
    const { answer, driver, request } = granted({});
    expect(await answer).toEqual({ sendBefore: at(SEND_WITHIN_MS) });
    expect(driver.orders).toEqual([
      {
        requestId: request.requestId,
        target: request.target,
        maxMs: 300_000,
        startBy: at(60_000),
        sendBefore: at(SEND_WITHIN_MS),
        permit: expect.any(Function),
      },
    ]);
  });

  it('that waited in line for its turn asks again whether it may leave, and has its seconds from then on', async () => {
    const waited = (change: (bench: ReturnType<typeof targetBench>) => void) => {
      const bench = targetBench();
      bench.fence.hold(bench.request);
      const sent: (string | undefined)[] = [];
      const inLine = Object.assign(bench.driver, {
        grant: async ({ permit }: { readonly permit?: () => Promise<string> }) => {
          bench.time.now += 40_000;
          change(bench);
          sent.push(await permit?.());
        },
      });
      const duties = createGrantDuties({ ...bench.deps, driverOf: () => inLine });
      return { sent, answer: duties.grant({ request: bench.request, maxMs: 1, startBy: at(60_000) }) };
    };
    const granted = waited(() => {});
    expect(await granted.answer).toEqual({ sendBefore: at(40_000 + SEND_WITHIN_MS) });
    expect(granted.sent).toEqual([at(40_000 + SEND_WITHIN_MS)]);

    const ended = waited(({ fence, request }) => fence.hold(request, { endedAt: at(39_000) }));
    await expect(ended.answer).rejects.toMatchObject({ code: 'fenced' });
    const frozen = waited(({ fence }) => {
      fence.frozen = true;
    });
    await expect(frozen.answer).rejects.toMatchObject({ code: 'frozen' });
    const late = waited(({ time }) => {
      time.now += 20_000;
    });
    await expect(late.answer).rejects.toMatchObject({ code: 'too-late' });
    expect([...ended.sent, ...frozen.sent, ...late.sent]).toEqual([]);
  });

  it.each([
    ['it may leave', {}],
    ['it may not', { runId: 'run-2' as RunId }],
  ])('of a driver that awaits it by itself is called while it is asked, and hears once whether %s', async (_, change) => {
    const bench = targetBench();
    const row = bench.fence.hold(bench.request, change);
    let answered = false;
    let asked = 0;
    bench.fence.toGrant = async () => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      answered = true;
      return { row, frozen: false };
    };
    const before: boolean[] = [];
    const awaiting = Object.assign(bench.driver, {
      awaitsPermit: true as const,
      grant: async ({ permit, sendBefore }: { readonly permit?: () => Promise<string>; readonly sendBefore: string }) => {
        before.push(answered);
        expect(await permit?.()).toBe(sendBefore);
        before.push(answered);
      },
    });
    const duties = createGrantDuties({ ...bench.deps, driverOf: () => awaiting });
    const answer = duties.grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
    if ('runId' in change) await expect(answer).rejects.toMatchObject({ code: 'fenced' });
    else expect(await answer).toEqual({ sendBefore: at(SEND_WITHIN_MS) });
    expect(before).toEqual('runId' in change ? [false] : [false, true]);
    expect(asked).toBe(1);
  });

  it.each([
    ['nobody armed', undefined],
    ['another run armed', { runId: 'run-2' as RunId }],
    ['it was ended', { endedAt: at(-1) }],
    ['it was seen gone', { goneAt: at(-1) }],
    ['its last instant has come', { notAfter: at(0) }],
  ])('is fenced when %s', async (_, change) => {
    const { answer, driver } = granted(change);
    await expect(answer).rejects.toMatchObject({ code: 'fenced' });
    expect(driver.calls).toEqual([]);
  });

  it('is too late at its start deadline', async () => {
    const { answer, driver } = granted({}, at(0));
    await expect(answer).rejects.toMatchObject({ code: 'too-late' });
    expect(driver.calls).toEqual([]);
  });

  it('that the MDM was too slow for is tried again until the start deadline, and is too late only then', async () => {
    for (const [startBy, code] of [
      [at(60_000), 'mdm-unavailable'],
      [at(10_000), 'too-late'],
    ] as const) {
      const bench = targetBench();
      bench.fence.hold(bench.request);
      const slow = Object.assign(bench.driver, {
        grant: async () => {
          bench.time.now += 10_000;
          throw new StintError('too-late');
        },
      });
      const duties = createGrantDuties({ ...bench.deps, driverOf: () => slow });
      await expect(duties.grant({ request: bench.request, maxMs: 1, startBy })).rejects.toMatchObject({ code });
    }
  });

  it('does not leave when the store does not say who armed', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    bench.fence.down = true;
    const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
    await expect(answer).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(bench.driver.calls).toEqual([]);
  });

  it('after a store that took long is judged by the time of now, not of before', async () => {
    for (const [change, startBy, code] of [
      [{}, at(3_000), 'too-late'],
      [{ notAfter: at(3_000) }, at(60_000), 'fenced'],
    ] as const) {
      const bench = targetBench();
      const row = bench.fence.hold(bench.request, change);
      bench.fence.toGrant = async () => {
        bench.time.now += 4_000;
        return { row, frozen: false };
      };
      const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy });
      await expect(answer).rejects.toMatchObject({ code });
      expect(bench.driver.calls).toEqual([]);
    }
  });

  it('may leave no later for a store that was slow, and not at all once that time is over', async () => {
    const slow = (ms: number) => {
      const bench = targetBench();
      const row = bench.fence.hold(bench.request);
      bench.fence.toGrant = async () => {
        bench.time.now += ms;
        return { row, frozen: false };
      };
      const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
      return { answer, driver: bench.driver };
    };
    const late = slow(15_000);
    await expect(late.answer).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    expect(late.driver.calls).toEqual([]);
    const inTime = slow(SEND_WITHIN_MS - 1);
    expect(await inTime.answer).toEqual({ sendBefore: at(SEND_WITHIN_MS) });
    expect(inTime.driver.orders).toMatchObject([{ sendBefore: at(SEND_WITHIN_MS) }]);
  });

  it('that was given up while the store was slow does not leave', async () => {
    const bench = targetBench();
    const row = bench.fence.hold(bench.request);
    bench.fence.toGrant = async () => {
      bench.abort.abort(new Error('given up'));
      return { row, frozen: false };
    };
    bench.driver.granting = async (_, signal) => signal.throwIfAborted();
    const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
    await expect(answer).rejects.toThrow('given up');
  });

  it('of a target that does not tell by itself is waited for past its last instant, and answers when the access was seen', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    const { driver } = bench;
    driver.confirmMode = 'poll';
    let given: AbortSignal | undefined;
    driver.granting = async (_, signal) => {
      given = signal;
      bench.time.now += 90_000;
    };
    const { grant } = createGrantDuties(bench.deps);
    expect(await grant({ request: bench.request, maxMs: 1, startBy: at(600_000) })).toEqual({
      sendBefore: at(SEND_WITHIN_MS),
      observedAt: at(90_000),
    });
    expect(given?.aborted).toBe(false);
    bench.abort.abort();
    expect(given?.aborted).toBe(true);
  });

  it('of such a target counts from when the access was there, not from when it could be proved', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    const told: unknown[] = [];
    const polled = Object.assign(bench.driver, {
      confirmMode: 'poll' as const,
      grant: async (_: unknown, __: unknown, steps?: Steps) => {
        steps?.said?.({ kind: 'create', farId: 'a', doneAt: at(2_000) });
        bench.time.now += 50_000;
      },
    });
    const call = { ...bench.deps.call, memory: () => ({ said: (step: unknown) => void told.push(step) }) };
    const { grant } = createGrantDuties({ ...bench.deps, driverOf: () => polled, call });
    expect(await grant({ request: bench.request, maxMs: 1, startBy: at(600_000) })).toMatchObject({ observedAt: at(2_000) });
    expect(told).toEqual([{ kind: 'create', farId: 'a', doneAt: at(2_000) }]);
    expect(bench.fence.calls).toContain(`seen ${at(2_001)} ${at(600_001)}`);
  });

  it('of such a target ends in the store by when it was seen, also where nobody waits for it any more and the store was down', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    let over: (() => void) | undefined;
    const polled = Object.assign(bench.driver, {
      confirmMode: 'poll' as const,
      grant: (_: unknown, signal: AbortSignal, steps?: Steps) => {
        over = () => steps?.said?.({ kind: 'create', farId: 'a', doneAt: at(7_000) });
        return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const answer = createGrantDuties({ ...bench.deps, driverOf: () => polled }).grant({
      request: bench.request,
      maxMs: 60_000,
      startBy: at(600_000),
    });
    await vi.waitFor(() => expect(over).toBeDefined());
    bench.abort.abort(new Error('given up'));
    await expect(answer).rejects.toThrow('given up');
    bench.fence.down = true;
    over?.();
    const tries = () => bench.fence.calls.filter((call) => call === `seen ${at(67_000)} ${at(660_000)}`).length;
    await vi.waitFor(() => expect(tries()).toBe(1));
    bench.fence.down = false;
    await vi.waitFor(() => expect(tries()).toBe(2), { timeout: 5_000 });
  });

  it('that Temporal no longer waits for does not leave, nor one of which Temporal says nothing', async () => {
    for (const why of ['activity not found', 'temporal unavailable']) {
      const bench = targetBench();
      bench.fence.hold(bench.request);
      const call = { ...bench.deps.call, stillWanted: () => Promise.reject(new Error(why)) };
      const answer = createGrantDuties({ ...bench.deps, call }).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
      await expect(answer).rejects.toThrow(why);
      expect(bench.driver.calls).toEqual([]);
    }
  });

  it('may leave no later for a Temporal that was slow to say that it is wanted', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    const stillWanted = async () => {
      bench.time.now += 4_000;
    };
    const { grant } = createGrantDuties({ ...bench.deps, call: { ...bench.deps.call, stillWanted } });
    expect(await grant({ request: bench.request, maxMs: 1, startBy: at(60_000) })).toEqual({ sendBefore: at(SEND_WITHIN_MS) });
  });

  it('does not leave while Stint is frozen, though it was armed before', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    bench.fence.frozen = true;
    const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
    await expect(answer).rejects.toMatchObject({ code: 'frozen', retryable: false });
    expect(bench.driver.calls).toEqual([]);
  });

  it('that the target refuses passes the refusal on', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    bench.driver.granting = async () => {
      throw new StintError('device-unknown');
    };
    const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
    await expect(answer).rejects.toMatchObject({ code: 'device-unknown' });
  });

  /** A call that never answers by itself, and the signal that it was given. */
  function hanging() {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    bench.driver.granting = (_, signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    return { ...bench, answer: createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) }) };
  }

  it('is broken off when the workflow gives it up', async () => {
    const { answer, abort, driver } = hanging();
    await vi.waitFor(() => expect(driver.calls).toEqual(['grant']));
    abort.abort(new Error('given up'));
    await expect(answer).rejects.toThrow('given up');
  });

  it('a grant call is broken off at its last instant', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => AbortSignal.abort(new Error(`after ${ms} ms`)));
    try {
      const bench = targetBench();
      bench.fence.hold(bench.request);
      let given: AbortSignal | undefined;
      bench.driver.granting = async (_, signal) => {
        given = signal;
        signal.throwIfAborted();
      };
      const answer = createGrantDuties(bench.deps).grant({ request: bench.request, maxMs: 1, startBy: at(60_000) });
      await expect(answer).rejects.toThrow(`after ${SEND_WITHIN_MS} ms`);
      expect(given?.aborted).toBe(true);
    } finally {
      timeout.mockRestore();
    }
  });
});

describe('a grant of what does not end by itself', () => {
  /** A driver that waits in line for a while, asks, and creates. */
  const inAws = () => {
    const bench = targetBench();
    const { target } = bench.request;
    const request = { ...bench.request, target: { ...target, kind: 'aws-permission-set' } as unknown as Target };
    bench.fence.hold(request);
    const { driver } = bench;
    driver.confirmMode = 'poll';
    const created: string[] = [];
    driver.granting = async ({ permit }) => {
      bench.time.now += 40_000;
      await permit?.();
      created.push(at(bench.time.now - NOW));
    };
    const said = (what: string) => bench.fence.calls.filter((call) => call.startsWith(what));
    const { grant } = createGrantDuties({ ...bench.deps, pulseMs: 1 });
    return { ...bench, request, created, said, grant: () => grant({ request, maxMs: 60_000, startBy: at(300_000) }) };
  };

  it('tells the store before its create leaves until when what it makes may be there, counted from its turn', async () => {
    const { created, fence, grant, request, said } = inAws();
    await grant();
    expect(created).toEqual([at(40_000)]);
    expect(said('sending')).toEqual([`sending ${RUN} ${at(100_000)}`]);
    expect(fence.calls.indexOf(`sending ${RUN} ${at(100_000)}`)).toBeLessThan(
      fence.calls.indexOf(`seen ${at(100_000)} ${at(360_000)}`),
    );
    expect(fence.rows.get(request.requestId)?.sentUntil).toBe(at(100_000));
  });

  it('does not leave where the store could not be told, nor before it was; and what was first told stays, also where only the answer was lost', async () => {
    const bench = inAws();
    const { created, fence, grant, request, time } = bench;
    const sending = fence.sending.bind(fence);
    const failing = [
      async () => Promise.reject(new StintError('store-unavailable')),
      async (...of: Parameters<typeof sending>) => {
        await sending(...of);
        throw new StintError('store-unavailable');
      },
      async (...of: Parameters<typeof sending>) => {
        time.now += SEND_WITHIN_MS;
        await sending(...of);
      },
    ];
    for (const one of failing) {
      fence.sending = one;
      await expect(grant()).rejects.toMatchObject({ code: 'store-unavailable', retryable: true });
    }
    expect(created).toEqual([]);
    fence.sending = sending;
    await grant();
    expect(created).toHaveLength(1);
    // The second attempt had its turn after eighty seconds.
    expect(fence.rows.get(request.requestId)?.sentUntil).toBe(at(80_000 + 60_000));

    const waiting = inAws();
    let told = () => {};
    waiting.fence.sending = () =>
      new Promise<void>((resolve) => {
        told = resolve;
      });
    const answer = waiting.grant();
    await vi.waitFor(() => expect(waiting.said('grant')).toHaveLength(2));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(waiting.created).toEqual([]);
    told();
    await answer;
    expect(waiting.created).toHaveLength(1);
  });

  it('says that somebody is at it, from before the first question on and for as long as its attempt goes on', async () => {
    let turn: () => void = () => {};
    const { abort, driver, fence, grant, said } = inAws();
    driver.granting = () =>
      new Promise<void>((resolve) => {
        turn = resolve;
      });
    const answer = grant();
    await vi.waitFor(() => expect(said('pulse').length).toBeGreaterThan(3));
    expect(fence.calls[0]).toMatch(/^pulse/);
    turn();
    await answer;
    const last = said('pulse').length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said('pulse')).toHaveLength(last);

    driver.granting = () => new Promise<never>(() => undefined);
    void grant();
    await vi.waitFor(() => expect(said('pulse').length).toBeGreaterThan(last + 1));
    abort.abort();
    const over = said('pulse').length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(said('pulse')).toHaveLength(over);
  });

  it('waits for no pulse', async () => {
    const { created, fence, grant } = inAws();
    fence.pulse = () => new Promise<never>(() => undefined);
    await grant();
    expect(created).toHaveLength(1);
  });

  it('asks the store one question where it does end by itself, and writes nothing', async () => {
    const bench = targetBench();
    bench.fence.hold(bench.request);
    bench.driver.granting = async ({ permit }) => void (await permit?.());
    const duties = createGrantDuties({ ...bench.deps, pulseMs: 1 });
    await duties.grant({ request: bench.request, maxMs: 60_000, startBy: at(300_000) });
    expect(bench.fence.calls).toEqual(['grant', 'grant']);
  });
});

describe('the first revoke', () => {
  it('of many in the same second leaves before anybody waits for the others', async () => {
    const bench = targetBench();
    const order: string[] = [];
    bench.driver.revoke = async () => void order.push('revoke');
    const sleep = async (ms: number) => {
      order.push('wait');
      bench.time.now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    };
    const { revokeOnce } = createRevokeDuties({ ...bench.deps, call: { ...bench.deps.call, sleep } });
    await Promise.all(Array.from({ length: 20 }, () => revokeOnce(bench.request)));
    expect(order.slice(0, 20)).toEqual(Array(20).fill('revoke'));
    expect(order).toContain('wait');
  });

  it('takes it away and waits for no proof', async () => {
    const { deps, driver, request } = targetBench();
    expect(await createRevokeDuties(deps).revokeOnce(request)).toBe(true);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('with the store down it revokes anyway', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.down = true;
    await createRevokeDuties(deps).revokeOnce(request);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('with a store that says nothing goes out all the same', async () => {
    const { deps, driver, request } = targetBench();
    const silent = { ...deps, fence: Object.assign(Object.create(deps.fence), { grant: () => new Promise<never>(() => {}) }) };
    await createRevokeDuties(silent).revokeOnce(request);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('leaves a target alone that is recorded as gone: by now it may be somebody else’s', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, { goneAt: at(-1) });
    expect(await createRevokeDuties(deps).revokeOnce(request)).toBe(true);
    expect(driver.calls).toEqual([]);
  });

  it('is sent where the store lost the grant and holds only its tombstone', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, tombstone);
    await createRevokeDuties(deps).revokeOnce(request);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('of an ended but unproved grant is sent all the same', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, { endedAt: at(-1), runId: 'run-2' as RunId });
    await createRevokeDuties(deps).revokeOnce(request);
    expect(driver.calls).toEqual(['revoke']);
  });
});

describe('a revoke that is handed out ahead', () => {
  const ahead = (clockIs = 0, handedOutMs = 0) => {
    const bench = targetBench();
    bench.time.now += clockIs;
    const slept: number[] = [];
    const over = new AbortController();
    const call = {
      ...bench.deps.call,
      signal: () => over.signal,
      handedOutAt: () => msOf(at(handedOutMs)),
      sleep: async (ms: number) => {
        slept.push(ms);
        bench.time.now += ms;
      },
    };
    return { ...bench, slept, over, call, duties: createRevokeDuties({ ...bench.deps, call }) };
  };

  it('leaves at the instant, and not before', async () => {
    const { duties, driver, request, slept, time } = ahead(-1_500, -1_500);
    const sentAt: number[] = [];
    driver.revoke = async () => void sentAt.push(time.now);
    expect(await duties.revokeAt(request, at(0))).toBe(true);
    expect(slept[0]).toBe(1_500);
    expect(sentAt).toEqual([msOf(at(0))]);
  });

  it.each([
    ['a clock that is an hour slow waits no longer than was left when it was handed out', -3_600_000, -700, 700],
    ['an instant that is far away is waited for two seconds at most', -3_600_000, -3_600_000, 2_000],
  ])('%s', async (_, clockIs, handedOutMs, waits) => {
    const { duties, driver, request, slept } = ahead(clockIs, handedOutMs);
    await duties.revokeAt(request, at(0));
    expect(slept[0]).toBe(waits);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('that comes late leaves at once', async () => {
    const { duties, driver, request, slept } = ahead(5_000, 5_000);
    await duties.revokeAt(request, at(0));
    expect(slept).toEqual([]);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('is not sent when it is given up while it waits', async () => {
    const { deps, driver, request, over, call } = ahead(-1_000, -1_000);
    const sleep = async () => over.abort(new Error('called off'));
    await expect(createRevokeDuties({ ...deps, call: { ...call, sleep } }).revokeAt(request, at(0))).rejects.toThrow(
      'called off',
    );
    expect(driver.calls).toEqual([]);
  });

  it('with a store that says nothing leaves on time', async () => {
    const { deps, driver, request, call, slept } = ahead(-1_000, -1_000);
    const fence = Object.assign(Object.create(deps.fence), { grant: () => new Promise<never>(() => {}) });
    await createRevokeDuties({ ...deps, fence, call }).revokeAt(request, at(0));
    expect(slept).toEqual([1_000]);
    expect(driver.calls).toEqual(['revoke']);
  });

  it('of what is recorded as gone is not sent', async () => {
    const { duties, driver, fence, request } = ahead(-1_000, -1_000);
    fence.hold(request, { goneAt: at(-1) });
    expect(await duties.revokeAt(request, at(0))).toBe(true);
    expect(driver.calls).toEqual([]);
  });
});

describe('the proof that it is gone', () => {
  it('is what the target showed after the last grant call could have landed, and not before', async () => {
    const { deps, driver, request } = targetBench();
    const notBefore = at(1_000);
    const settled = 1_000 + driver.settleMs;
    driver.shows = [seen('absent', -5_000), seen('absent', settled), seen('absent', settled + 1)];
    expect(await createRevokeDuties(deps).proveGone(request, notBefore, true)).toEqual({
      observedAt: at(settled + 1),
      how: 'the target said absent',
    });
    expect(driver.calls).toEqual(['revoke', 'observe', 'observe', 'observe']);
  });

  it('tells Temporal that it is alive all the while: where its worker dies the next one is sent for at once', async () => {
    const { driver, deps, request } = targetBench();
    let alive = false;
    const beating: CallContext['beating'] = async (work) => {
      alive = true;
      return work().finally(() => {
        alive = false;
      });
    };
    const seen: boolean[] = [];
    const observe = driver.observe.bind(driver);
    driver.observe = async (...args) => {
      seen.push(alive);
      return observe(...args);
    };
    await createRevokeDuties({ ...deps, call: { ...deps.call, beating } })
      .proveGone(request, at(0), true)
      .catch(() => undefined);
    expect(new Set(seen)).toEqual(new Set([true]));
    expect(alive).toBe(false);
  });

  it('of what was never claimed needs no look, for the run that took the target; any other has to look', async () => {
    const { deps, driver, fence, time, request } = targetBench();
    driver.shows = [seen('present', 60_000, 'ours')];
    time.now += driver.settleMs + 1;
    fence.hold(request);
    expect((await createRevokeDuties(deps).proveGone(request, at(0), false)).how).toMatch('never claimed');
    // After a reset: what was claimed and confirmed under the run before it, this one cannot know.
    fence.hold(request, { runId: 'run-before' as RunId });
    await expect(createRevokeDuties(deps).proveGone(request, at(0), false)).rejects.toMatchObject({ code: 'not-gone' });
    fence.down = true;
    await expect(createRevokeDuties(deps).proveGone(request, at(0), false)).rejects.toMatchObject({ code: 'not-gone' });
  });

  it('never comes from a target that does not know', async () => {
    const { deps, driver, request } = targetBench();
    driver.shows = [seen('unknown', 60_000)];
    const proof = createRevokeDuties(deps).proveGone(request, at(0), true);
    await expect(proof).rejects.toMatchObject({
      code: 'not-gone',
      retryable: true,
      sentence: 'The target says: the target said unknown',
    });
  });

  it.each(['ours', undefined] as const)('never comes from access that is there (whose: %s)', async (whose) => {
    const { deps, driver, request } = targetBench();
    driver.shows = [seen('present', 60_000, whose)];
    await expect(createRevokeDuties(deps).proveGone(request, at(0), true)).rejects.toMatchObject({ code: 'not-gone' });
  });

  it('I12: access that stood before us is no sign that ours is left', async () => {
    const { deps, driver, request } = targetBench();
    driver.shows = [seen('present', 60_000, 'standing')];
    expect(await createRevokeDuties(deps).proveGone(request, at(0), true)).toMatchObject({ observedAt: at(60_000) });
  });

  it('that does not come for minutes is looked for seldom: it may take days', async () => {
    const { deps, slept, driver, request } = targetBench();
    driver.shows = [seen('unknown', 60_000)];
    const call = { ...deps.call, attempt: () => 20 };
    await expect(createRevokeDuties({ ...deps, call }).proveGone(request, at(0), true)).rejects.toMatchObject({
      code: 'not-gone',
    });
    expect(slept).toEqual([6_000, 6_000]);
  });

  it('is looked for although the revoke failed: the target may have ended it by itself', async () => {
    const { deps, driver, request } = targetBench();
    driver.revokeFails = new StintError('mdm-unavailable');
    expect(await createRevokeDuties(deps).proveGone(request, at(0), true)).toMatchObject({ observedAt: at(60_000) });
    expect(driver.calls).toEqual(['revoke', 'observe']);
  });

  it('of what ends by nobody else waits for no next attempt: a delete that came to nothing is sent again while it is looked', async () => {
    const { deps, driver, time, slept, request } = targetBench();
    driver.confirmMode = 'poll';
    const revokedAt: number[] = [];
    vi.spyOn(driver, 'revoke').mockImplementation(async () => {
      revokedAt.push(time.now - NOW);
      if (revokedAt.length < 3) throw new StintError('not-gone', 'AWS could not take it back.');
      driver.shows = [seen('absent', 60_000)];
    });
    driver.shows = [seen('present', 60_000, 'ours')];
    await createRevokeDuties(deps).proveGone(request, at(0), true);
    // Half a second for the revoke before it; then at the next look, and two looks after that.
    expect(revokedAt).toEqual([500, 1_000, 2_000]);
    expect(slept.every((ms) => ms === 500)).toBe(true);
  });

  it('that does not come is sent again seldom, however often it fails; and what ends by itself once in each attempt', async () => {
    for (const [confirmMode, sent] of [
      ['poll', 5],
      ['update', 1],
    ] as const) {
      const { deps, driver, request } = targetBench();
      Object.assign(driver, { confirmMode, revokeFails: new StintError('not-gone'), shows: [seen('present', 60_000, 'ours')] });
      await expect(createRevokeDuties(deps).proveGone(request, at(0), true)).rejects.toMatchObject({ code: 'not-gone' });
      expect(driver.calls.filter((call) => call === 'revoke')).toHaveLength(sent);
    }
  });

  it('that does not come keeps the reason why the revoke failed', async () => {
    const { deps, driver, request } = targetBench();
    driver.revokeFails = new StintError('mdm-unavailable');
    driver.shows = [seen('unknown', 60_000)];
    const failure = await createRevokeDuties(deps)
      .proveGone(request, at(0), true)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'not-gone', cause: driver.revokeFails });
  });

  it('survives a look that fails', async () => {
    const { deps, driver, request } = targetBench();
    driver.shows = [new StintError('store-unavailable'), seen('absent', 60_000)];
    expect(await createRevokeDuties(deps).proveGone(request, at(0), true)).toMatchObject({ observedAt: at(60_000) });
  });

  it('is given up after a while, so that the next attempt revokes again', async () => {
    const { deps, driver, time, request } = targetBench();
    driver.shows = [new Error('no answer')];
    await expect(createRevokeDuties({ ...deps, watchMs: 3_000 }).proveGone(request, at(0), true)).rejects.toMatchObject({
      code: 'not-gone',
    });
    expect(time.now - NOW).toBe(3_500); // half a second for the revoke before it, then three of looking
    expect(driver.calls.filter((call) => call === 'revoke')).toHaveLength(1);
  });

  it('is looked for half a second after the first revoke, so that the revokes of others go first; later attempts begin at once', async () => {
    for (const [attempt, paused] of [
      [1, [500]],
      [2, []],
    ] as const) {
      const { deps, driver, slept, request } = targetBench();
      driver.shows = [seen('absent', 0)];
      const call = { ...deps.call, attempt: () => attempt };
      await createRevokeDuties({ ...deps, call }).proveGone(request, at(-60_000), true);
      expect(slept).toEqual(paused);
    }
  });

  it('is given up at once when the worker stops', async () => {
    const { deps, driver, abort, slept, request } = targetBench();
    abort.abort();
    await expect(createRevokeDuties(deps).proveGone(request, at(0), true)).rejects.toMatchObject({ code: 'not-gone' });
    expect(driver.calls).toEqual(['revoke']);
    expect(slept).toEqual([]);
  });

  it('that the sweep recorded before stands, and nothing is revoked', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, { goneAt: at(-7) });
    expect(await createRevokeDuties(deps).proveGone(request, at(0), true)).toEqual({
      observedAt: at(-7),
      how: 'recorded as gone before',
    });
    expect(driver.calls).toEqual([]);
  });

  it('is no tombstone: the store lost the grant, and its end says nothing of the target', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, tombstone);
    driver.shows = [seen('present', 60_000, 'ours')];
    await expect(createRevokeDuties(deps).proveGone(request, at(0), true)).rejects.toMatchObject({ code: 'not-gone' });
    expect(driver.calls).toContain('revoke');
  });

  it('is the tombstone of what its story says was never armed: a Mac that is closed need not be heard of', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, { ...tombstone, runId: 'no-run' as RunId });
    driver.shows = [seen('unknown', 60_000)];
    const duties = createRevokeDuties(deps);
    expect(await duties.revokeOnce(request, undefined, undefined, false)).toBe(true);
    expect(await duties.proveGone(request, at(0), false, undefined, undefined, false)).toEqual({
      observedAt: at(-7),
      how: 'recorded as gone before',
    });
    expect(driver.calls).toEqual([]);
    // Armed, and the store lost it: somebody's end of a grant that is no more on record says nothing of the target.
    await expect(duties.proveGone(request, at(0), false)).rejects.toMatchObject({ code: 'not-gone' });
  });

  it('is no tombstone that an unarmed run wrote itself: what it was fenced for may be another run’s, and lost', async () => {
    const { deps, driver, fence, request } = targetBench();
    fence.hold(request, tombstone);
    driver.shows = [seen('present', 60_000, 'ours')];
    const duties = createRevokeDuties(deps);
    await expect(duties.proveGone(request, at(0), false, undefined, undefined, false)).rejects.toMatchObject({
      code: 'not-gone',
    });
    expect(driver.calls).toContain('observe');
  });

  it('is looked for by what the story knows of the time before its grant', async () => {
    const { deps, driver, request } = targetBench();
    const observe = vi.spyOn(driver, 'observe');
    await createRevokeDuties(deps).proveGone(request, at(0), true, 'absent');
    expect(observe).toHaveBeenCalledWith(request.requestId, request.target, expect.objectContaining({ before: 'absent' }));
  });

  it('is found with the store down, which is asked for nothing but what was recorded', async () => {
    const { deps, fence, request } = targetBench();
    fence.down = true;
    expect(await createRevokeDuties(deps).proveGone(request, at(0), true)).toMatchObject({ observedAt: at(60_000) });
    expect(fence.calls).toEqual(['grant']);
  });
});

describe('where nothing ends by itself, whoever is at an ending', () => {
  const inAws = () => {
    const bench = targetBench();
    const { target } = bench.request;
    const request = { ...bench.request, target: { ...target, kind: 'aws-permission-set' } as unknown as Target };
    bench.driver.confirmMode = 'poll';
    const pulses = () => bench.fence.calls.filter((call) => call.startsWith('pulse'));
    return { ...bench, request, pulses };
  };

  it('says so as a revoke leaves, which waits for no answer of the store', async () => {
    const { deps, driver, fence, request } = inAws();
    const said: string[][] = [];
    fence.pulse = async () => {
      said.push([...driver.calls]);
      return new Promise<never>(() => undefined);
    };
    await createRevokeDuties(deps).revokeOnce(request);
    await createRevokeDuties(deps).revokeAt(request, at(-1));
    expect(driver.calls).toEqual(['revoke', 'revoke']);
    expect(said).toEqual([[], ['revoke']]);
  });

  it('says so from the first moment of each proof on, for as long as it goes on', async () => {
    const { deps, driver, request, pulses } = inAws();
    let done: () => void = () => undefined;
    driver.observe = async () => {
      await new Promise<void>((resolve) => {
        done = resolve;
      });
      return seen('absent', 60_000);
    };
    const proof = createRevokeDuties({ ...deps, pulseMs: 1 }).proveGone(request, at(-60_000), true);
    expect(pulses()).toEqual([`pulse ${at(0)}`]);
    await vi.waitFor(() => expect(pulses().length).toBeGreaterThan(3));
    done();
    await proof;
    const last = pulses().length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulses()).toHaveLength(last);
  });

  it('says so once more when it is proved, which is yet to be recorded', async () => {
    const { deps, time, request, pulses } = inAws();
    await createRevokeDuties(deps).proveGone(request, at(0), true);
    expect(pulses()).toEqual([`pulse ${at(0)}`, `pulse ${at(time.now - NOW)}`]);
    expect(time.now).toBeGreaterThan(NOW);
  });

  it('says so no more once its attempt was given up, however long its far end hangs', async () => {
    const { abort, deps, driver, request, pulses } = inAws();
    driver.observe = () => new Promise<never>(() => undefined);
    void createRevokeDuties({ ...deps, pulseMs: 1 }).proveGone(request, at(-60_000), true);
    await vi.waitFor(() => expect(pulses().length).toBeGreaterThan(1));
    abort.abort();
    const last = pulses().length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulses()).toHaveLength(last);
  });

  it.each<[string, (fence: FakeFence) => void]>([
    ['down', (fence) => void Object.assign(fence, { down: true })],
    ['silent', (fence) => void Object.assign(fence, { pulse: () => new Promise<never>(() => undefined) })],
  ])('proves it gone over a store that is %s', async (_, trouble) => {
    const { deps, driver, fence, request } = inAws();
    trouble(fence);
    expect(await createRevokeDuties({ ...deps, pulseMs: 1 }).proveGone(request, at(0), true)).toMatchObject({
      observedAt: at(60_000),
    });
    expect(driver.calls).toContain('revoke');
  });

  it('is not said of a Mac, which has its own end', async () => {
    const { deps, fence, request } = targetBench();
    const duties = createRevokeDuties({ ...deps, pulseMs: 1 });
    await duties.revokeOnce(request);
    await duties.proveGone(request, at(0), true);
    expect(fence.calls.filter((call) => call.startsWith('pulse'))).toEqual([]);
  });
});

describe('after the end', () => {
  it('signals are cleared and evidence is asked for, at the target of the request', async () => {
    const { deps, driver, asked, request } = targetBench();
    const duties = createRevokeDuties(deps);
    await duties.clearSignals(request);
    await duties.askEvidence(request);
    expect(driver.calls).toEqual(['clear']);
    expect(asked).toEqual([request.requestId]);
  });

  it('the driver of the request’s own kind is used', async () => {
    const { deps, request } = targetBench();
    const other = new FakeTarget();
    const kinds: string[] = [];
    const driverOf = (kind: TargetKind) => {
      kinds.push(kind);
      return other;
    };
    await createRevokeDuties({ ...deps, driverOf }).revokeOnce(request);
    expect(kinds).toEqual(['mac-admin']);
    expect(other.calls).toEqual(['revoke']);
  });
});
