/** The watch: what it tells, when it grows, and that the beat goes out only while all is at work. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import { instant, NO_DIGEST } from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import { openStore } from '../../ledger/store.js';
import { SWEPT } from '../../workers/grant-alarms.js';
import { sweepAlarm } from '../../workers/guard.js';
import { createPulse } from '../../workers/pulse.js';
import { createWatch, type WatchDeps } from '../../workers/watch.js';
import { Elevation } from '../ledger/events.js';
import { keysOf } from './alarm-keys.js';
import { newMac, Story, WINDOW_MS } from './reconcile-bench.js';

const MINUTE = 60_000;
const EVERY_MS = 5 * MINUTE;
const time = { now: Date.parse('2026-03-02T09:00:00.000Z') };
let store: Store;
beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => time.now });
});
afterAll(() => store.close());
beforeEach(async () => {
  for (const grant of await store.fence.open()) await store.fence.gone(grant.requestId, instant(time.now));
  time.now += 30 * 24 * 60 * MINUTE;
});

function bench(change: Partial<WatchDeps> = {}) {
  const said: Alarm[] = [];
  const state = { polls: true, sweeps: true, beats: 0, reconciled: 0 };
  const failed: unknown[] = [];
  const deps: WatchDeps = {
    store,
    alarms: { raise: (alarm) => void said.push(alarm) },
    pulse: createPulse(() => time.now),
    isPainted: async () => false,
    polls: async () => state.polls,
    sweptAt: () => (state.sweeps ? time.now : undefined),
    beat: async () => {
      state.beats += 1;
    },
    reconcile: async () => {
      state.reconciled += 1;
    },
    reconcileEveryMs: EVERY_MS,
    clock: () => time.now,
    wait: async () => {},
    failed: (error) => void failed.push(error),
    ...change,
  };
  const watch = createWatch(deps);
  /** Ticks every 15 s for so long. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 15_000) {
      time.now += 15_000;
      await watch.tick();
    }
  };
  const keys = () => keysOf(said);
  return { said, state, failed, pass, keys, deps, watch };
}

describe('a revoke that stays pending', () => {
  it('is told after 1, 5 and 15 minutes and then every 15, with who, where and what to do', async () => {
    const e = await new Story(store, time).active();
    await e.ended();
    const b = bench();
    await b.pass(31 * MINUTE);
    const own = b.said.filter(({ requestId }) => requestId === e.id);
    expect([...new Set(own.map(({ step }) => step))]).toEqual([1, 5, 15, 30]);
    expect(own.at(-1)).toMatchObject({ severity: 'error', todo: expect.stringContaining('docs/operations.md') });
    expect(own.at(-1)?.sentence).toContain(e.target.display);
    expect(own.at(-1)?.sentence).toContain('30 min');
  });

  it('is counted from its last instant when nobody ended it, and is told no more once it is gone', async () => {
    const e = await new Story(store, time).active();
    const b = bench();
    await b.pass(WINDOW_MS + 30_000);
    expect(b.keys()).toEqual([]);
    await b.pass(MINUTE);
    expect(b.keys()).toEqual([`revoke-pending/${e.id}#1`]);
    await store.fence.gone(e.id, instant(time.now));
    await b.pass(20 * MINUTE);
    expect(b.keys()).toEqual([`revoke-pending/${e.id}#1`]);
  });
});

describe('what the ledger tells', () => {
  const refused = (e: Elevation, code: string) =>
    e.event('refused', { kind: 'approve', code }, { at: instant(time.now), actor: { via: 'system' } });

  it('of refused seals is counted by ten minutes and grows by powers of ten, not one alarm each', async () => {
    const b = bench();
    await b.pass(15_000);
    const e = new Elevation({ target: newMac() });
    const one = async (count: number, code = 'bad-seal') => {
      await store.ledger.append(Array.from({ length: count }, () => refused(e, code)));
      await b.watch.tick();
    };
    time.now = Math.ceil(time.now / (10 * MINUTE)) * 10 * MINUTE; // all in one span
    await one(1);
    await one(8);
    await one(1);
    await one(95);
    expect(b.said.map(({ step }) => step).filter((step, i, all) => step !== all[i - 1])).toEqual([1, 10, 100]);
    expect(b.said.at(-1)).toMatchObject({ severity: 'error', sentence: expect.stringContaining('105 messages') });
    for (const code of ['too-large', 'stale-call']) await one(1, code);
    expect(b.said.at(-1)?.sentence).toContain('107 messages');
    await one(1, 'state-conflict'); // a late click is no forgery
    expect(b.said.at(-1)?.sentence).toContain('107 messages');
  });

  it('of a flood of which only fifty have entries is counted by what its total grew', async () => {
    const b = bench();
    await b.pass(15_000);
    time.now = Math.ceil(time.now / (10 * MINUTE)) * 10 * MINUTE;
    const e = new Elevation({ target: newMac() });
    const flood = (total: number) =>
      e.event('refused', { kind: 'unknown', code: 'flood', total }, { at: instant(time.now), actor: { via: 'temporal' } });
    const fifty = () => Array.from({ length: 50 }, () => refused(e, 'bad-seal'));
    const counted = async (...events: AnyEvent[]) => {
      for (let from = 0; from < events.length; from += 50) await store.ledger.append(events.slice(from, from + 50));
      await b.watch.tick();
      return Number(/^\d+/.exec(b.said.at(-1)?.sentence ?? '')?.[0]);
    };
    expect(await counted(...fifty())).toBe(50);
    // A run ends and tells its total; the next one has fifty entries of its own.
    expect(await counted(flood(4_000))).toBe(4_000);
    expect(await counted(...fifty(), flood(8_000), ...fifty())).toBe(8_050);
    expect(await counted(flood(10_000))).toBe(10_000);
    expect(b.said.at(-1)).toMatchObject({ step: 10_000, severity: 'error' });
    expect(b.said.at(-1)?.sentence).toContain('for bad-seal, flood');
    // A worker that starts now reads the same, and counts it once.
    const late = bench();
    await late.watch.tick();
    expect(late.said.at(-1)?.sentence).toMatch(/^10000 messages/);
  });

  it('of a missing log is told, once per elevation, and what is long past is not', async () => {
    const b = bench();
    await b.pass(15_000);
    const [fresh, old] = [new Elevation({ target: newMac() }), new Elevation({ target: newMac() })];
    await store.ledger.append([
      fresh.event('alarm', { what: 'evidence-missing', minutes: 30 }, { at: instant(time.now) }),
      fresh.event('evidence-settled', { complete: false, lines: 0 }, { at: instant(time.now) }),
      fresh.event('alarm', { what: 'revoke-pending', minutes: 5 }, { at: instant(time.now) }),
      old.event('alarm', { what: 'evidence-missing', minutes: 30 }, { at: instant(time.now - 24 * 60 * MINUTE) }),
    ]);
    await b.pass(15_000);
    expect(b.keys()).toEqual([`evidence-missing/${fresh.request.requestId}#1`]);
  });

  it('of an end past its workflow is told again as whoever ended it told it, should they have died before', async () => {
    const b = bench();
    await b.pass(15_000);
    const at = instant(time.now);
    const swept = await new Story(store, time).active();
    const left = await new Story(store, time).active();
    const [byHand, old] = [await new Story(store, time).active(), await new Story(store, time).active()];
    const sweptEvent = (e: Story, when = at, via: 'sweep' | 'cli' = 'sweep'): AnyEvent =>
      ({ ...base(e, when), type: 'swept', actor: { via }, data: { observedAt: when, how: 'no admin' } }) as AnyEvent;
    const base = (e: Story, when: typeof at) => ({
      id: `${e.id}/x-${when}`,
      requestId: e.id,
      requestDigest: NO_DIGEST,
      runId: 'no-run' as const,
      at: when,
    });
    await store.ledger.append([
      sweptEvent(swept),
      { ...base(left, at), type: 'revoked', actor: { via: 'system' }, data: { cause: 'left' } },
      sweptEvent(byHand, at, 'cli'),
      sweptEvent(old, instant(time.now - 13 * 60 * MINUTE)),
    ]);
    await b.watch.tick();
    await b.watch.tick();
    expect(b.keys().sort()).toEqual([`left/${left.id}#1`, `sweep/${swept.id}/swept#1`].sort());
    const said: Alarm[] = [];
    const grant = await store.fence.grant(swept.id);
    if (grant) sweepAlarm({ raise: (alarm) => void said.push(alarm) })(SWEPT, grant);
    expect(b.said.filter(({ requestId }) => requestId === swept.id)).toEqual(said);
    // A store that fails in between loses none of them.
    let down = true;
    const grantOf = (id: typeof swept.id) => (down ? Promise.reject(new Error('down')) : store.fence.grant(id));
    const flaky = bench({ store: { ...store, fence: { ...store.fence, grant: grantOf } } });
    await flaky.watch.tick();
    expect([flaky.said, flaky.failed.length]).toEqual([[], 1]);
    down = false;
    await flaky.watch.tick();
    expect(flaky.keys()).toHaveLength(2);
  });

  it('is read from where the last round stopped, and after a restart from a while back', async () => {
    const e = new Elevation({ target: newMac() });
    await store.ledger.append([e.event('alarm', { what: 'evidence-missing', minutes: 30 }, { at: instant(time.now) })]);
    const b = bench();
    await b.pass(60_000);
    expect(b.said).toHaveLength(1);
    expect(bench().said).toEqual([]);
    const again = bench();
    await again.pass(15_000);
    expect(again.said).toHaveLength(1); // the alarms themselves know that it was said
  });
});

describe('work that piles up', () => {
  it('is told when nothing on a queue worked for two minutes, with what fails', async () => {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    const ended = pulse.teller('stint-slack');
    for (let i = 0; i < 5; i++) {
      ended('paint', 'slack-unavailable');
      await b.pass(30_000);
    }
    expect(b.keys()).toEqual(['queue/stint-slack#1']);
    expect(b.said[0]?.sentence).toContain('slack-unavailable');
    ended('paint');
    const before = b.said.length;
    await b.pass(MINUTE);
    expect(b.said).toHaveLength(before);
  });

  it('is told of cards although letters arrive all the time, and once for all that fails', async () => {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    const ended = pulse.teller('stint-slack');
    for (let i = 0; i < 8; i++) {
      ended('paint', 'slack-rejected');
      ended('dm');
      ended('line', 'slack-unavailable');
      await b.pass(30_000);
    }
    expect(b.keys()).toEqual(['queue/stint-slack#1']);
    expect(b.said[0]?.sentence).toMatch(/line, paint\. \d+ calls failed, the last one with/);
    expect(b.said[0]?.sentence).not.toContain('dm');
  });

  it('is told by the age of what waits longest, where Slack lets every tenth through; and no more once that was there', async () => {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    const ended = pulse.teller('stint-slack');
    const from = time.now;
    const cards = Array.from({ length: 12 }, (_, n) => ({ id: `card-${n}`, sinceMs: from + n * 1_000 }));
    for (let turn = 0; turn < 14; turn++) {
      // The first of them is never the one that gets through.
      for (const card of cards) ended('paint', card.id === `card-${1 + (turn % 11)}` ? undefined : 'slack-rate-limited', card);
      await b.pass(30_000);
      expect(b.keys()).toEqual(time.now - from < 5 * MINUTE ? [] : ['waiting/stint-slack#5']);
    }
    expect(b.said[0]?.sentence).toMatch(new RegExp(`oldest of 1[12] calls .*paint.* waits since ${instant(from)}`));
    expect(b.said[0]?.sentence).toContain('slack-rate-limited');
    for (const card of cards) ended('paint', undefined, card);
    const before = b.said.length;
    await b.pass(MINUTE);
    expect(b.said).toHaveLength(before);
  });

  describe('because a channel is archived, while cards elsewhere are painted', () => {
    const card = new Elevation().request.requestId;
    const refused = () => ({ id: `card/${card}`, sinceMs: time.now, card });
    /** Tries at once and after 1, 5, 15 and 60 minutes, as the painter does: until so many minutes have passed, or the first that works. */
    const archived = async (b: ReturnType<typeof bench>, minutes: number, mended = Number.POSITIVE_INFINITY) => {
      const ended = b.deps.pulse.teller('stint-slack');
      const tries = [0, 1, 6, 21, 81, 141, 201];
      for (let minute = 0; minute < minutes; minute++) {
        if (tries.includes(minute) && minute - 60 < mended)
          ended('paint', minute < mended ? 'slack-rejected' : undefined, refused());
        ended('paint', undefined, { id: 'card/another', sinceMs: time.now });
        await b.pass(MINUTE);
      }
    };

    it('is told after five minutes and every fifteen, also between tries that are an hour apart', async () => {
      const b = bench();
      await archived(b, 150);
      const steps = [5, 15, 30, 45, 60, 75, 90, 105, 120, 135, 150];
      expect(b.keys()).toEqual(steps.map((step) => `waiting/stint-slack#${step}`));
      expect(b.said[0]?.sentence).toMatch(/oldest of 1 calls .*\(paint\).* failed with slack-rejected/);
      expect(b.said[0]?.todo).toContain('archived');
    });

    it('is over when the card was painted', async () => {
      const b = bench();
      await archived(b, 200, 70);
      expect(b.keys().at(-1)).toBe('waiting/stint-slack#75');
    });

    it('is over when another worker painted it, which is asked of the store only where nobody tried it here lately', async () => {
      const asked: number[] = [];
      const [from, there] = [time.now, time.now + 40 * MINUTE];
      const b = bench({
        isPainted: async (requestId) => {
          expect(requestId).toBe(card);
          asked.push(time.now - from);
          return time.now >= there;
        },
      });
      await archived(b, 80);
      expect(b.keys()).toEqual(['5', '15', '30'].map((step) => `waiting/stint-slack#${step}`));
      expect(asked.every((ms) => ms >= 5 * MINUTE && (ms <= 6 * MINUTE || ms > 7.5 * MINUTE))).toBe(true);
      expect(asked.at(-1)).toBe(40 * MINUTE);
    });

    it('is told all the same where nobody can say whether it was painted', async () => {
      const b = bench({ isPainted: () => Promise.reject(new StintError('store-unavailable')) });
      await archived(b, 17);
      expect(b.keys()).toEqual(['waiting/stint-slack#5', 'waiting/stint-slack#15']);
      expect(b.failed.length).toBeGreaterThan(0);
    });

    it('is over when nobody tries any more', async () => {
      const b = bench();
      b.deps.pulse.teller('stint-slack')('paint', 'slack-rejected', refused());
      await b.pass(180 * MINUTE);
      expect(b.keys().at(-1)).toBe('waiting/stint-slack#60');
    });
  });

  it('is not what comes through at its second try, nor what nobody tries any more', async () => {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    const ended = pulse.teller('stint-store');
    const old = { id: 'given up', sinceMs: time.now - 60 * MINUTE };
    ended('append', 'store-unavailable', old);
    ended('append');
    time.now += 2 * MINUTE;
    for (let n = 0; n < 20; n++) {
      const call = { id: `entry-${n}`, sinceMs: time.now };
      ended('append', 'store-unavailable', call);
      await b.pass(30_000);
      ended('append', undefined, call);
    }
    expect(b.keys()).toEqual([]);
  });

  it('is not one failure that nobody tried again, nor failures with successes between them', async () => {
    const pulse = createPulse(() => time.now);
    const b = bench({ pulse });
    pulse.teller('stint-slack')('paint', 'slack-rejected');
    const store = pulse.teller('stint-store');
    for (let i = 0; i < 8; i++) {
      store('append', i % 3 === 2 ? undefined : 'store-unavailable');
      await b.pass(30_000);
    }
    expect(b.keys()).toEqual([]);
  });
});

describe('what is down', () => {
  it('is told after two minutes: the store, and Temporal, and a sweep that does not come through', async () => {
    const down = { ...store, ping: () => Promise.reject(new StintError('store-unavailable')) };
    const b = bench({ store: down });
    b.state.polls = false;
    await b.pass(MINUTE);
    expect(b.keys()).toEqual([]);
    await b.pass(5 * MINUTE);
    expect(b.keys()).toEqual(['store-down#1', 'temporal-down#1', 'store-down#5', 'temporal-down#5']);
    const late = bench();
    late.state.sweeps = false;
    await late.pass(4 * MINUTE);
    expect(late.keys()).toEqual(['sweep-late#1']);
  });

  it('does not keep the rest from being watched', async () => {
    const broken = { ...store.ledger, news: () => Promise.reject(new Error('broken')) };
    const b = bench({ store: { ...store, ledger: broken } });
    await b.pass(2 * MINUTE);
    expect(b.failed.length).toBeGreaterThan(0);
    expect(b.state.beats).toBe(2);
  });
});

describe('the beat', () => {
  it('goes out every minute while all is well', async () => {
    const b = bench();
    await b.pass(10 * MINUTE);
    expect(b.state.beats).toBe(10);
  });

  it.each([
    ['the workers do not poll', { polls: false }],
    ['the sweep has not come through', { sweeps: false }],
  ])('stops when %s', async (_, spoilt) => {
    const b = bench();
    await b.pass(2 * MINUTE);
    Object.assign(b.state, spoilt);
    await b.pass(10 * MINUTE);
    expect(b.state.beats).toBe(2);
  });

  it('stops when the store does not answer, and goes on when it does', async () => {
    let up = false;
    const flaky = { ...store, ping: () => (up ? store.ping() : Promise.reject(new StintError('store-unavailable'))) };
    const b = bench({ store: flaky });
    await b.pass(3 * MINUTE);
    expect(b.state.beats).toBe(0);
    up = true;
    await b.pass(MINUTE);
    expect(b.state.beats).toBe(1);
  });

  it('that fails is tried again a minute later, and fails nothing else', async () => {
    let calls = 0;
    const b = bench({ beat: () => Promise.reject(new Error(`no ${++calls}`)) });
    await b.pass(3 * MINUTE);
    expect(calls).toBe(3);
    expect(b.failed).toHaveLength(3);
  });
});

describe('the reconciler', () => {
  it('is run here only when nobody looked for three of its turns, and by one of several workers', async () => {
    const [a, b] = [bench(), bench()];
    const both = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 15_000) {
        time.now += 15_000;
        await a.watch.tick();
        await b.watch.tick();
      }
    };
    const looked = () => store.fence.looked([{ target: 'one', at: instant(time.now), told: [] }]);
    for (let i = 0; i < 5; i++) {
      await looked(); // the Schedule does its work
      await both(EVERY_MS);
    }
    expect(a.state.reconciled + b.state.reconciled).toBe(0);
    await both(3 * EVERY_MS);
    expect(a.state.reconciled + b.state.reconciled).toBe(1);
  });
});
