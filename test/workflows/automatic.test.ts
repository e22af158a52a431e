/** The policy approves in its own name: no vote, no wait, every limit as ever; and a person has to where it does not. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import type { LocalUser, Serial } from '../../contract/ids.js';
import type { Directory } from '../../contract/ports.js';
import { directoryFrom } from '../../policy/people.js';
import { everyone, grace, linus, POLICY, refOf } from '../fixtures/people.js';
import { type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
const OWN = POLICY.replace('quorum: 1', 'quorum: 1, policy: { upTo: 5m, perDay: 2 }').replace(
  /^( +)windows:/m,
  '$1for: others\n$1windows:',
);

let h: Harness;
/** The first Mac that a harness gives out. */
const FIRST = { serial: 'C02ADA0000' as Serial, localUser: 'ada' as LocalUser, name: 'ada-mac-0' };
/** Whether the directory answers. */
let up = true;
beforeAll(async () => {
  expect(OWN).not.toBe(POLICY);
  h = await startHarness(inject('temporalAddress'), { policy: OWN });
});
afterAll(() => h?.close());

describe('a request that the policy itself approves', () => {
  test('is granted without a vote, and ledger, card and messages name the policy and its rule, and no person', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await h.granted(e);
    await e.claim();
    expect((await e.confirm()).ok).toBe(true);
    const active = await e.in('active');
    expect(active).toMatchObject({
      approvedWindowMs: 5 * MIN,
      votes: [],
      verdict: { outcome: 'auto', rule: 'macs', approvedBy: [] },
    });
    expect(e.isAdmin).toBe(true);
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    expect(e.isAdmin).toBe(false);
    const timeline = await h.store.ledger.timeline(e.requestId);
    const approved = timeline.find((event) => event.type === 'approved');
    expect(approved).toMatchObject({ actor: { via: 'policy' }, data: { verdict: { outcome: 'auto', rule: 'macs' } } });
    expect(approved?.actor.personId).toBeUndefined();
    expect(timeline.map(({ type }) => type).slice(0, 3)).toEqual(['requested', 'approved', 'armed']);
    const of = <T extends { readonly view: { readonly request: { readonly requestId: string } } }>(all: readonly T[]) =>
      all.filter(({ view }) => view.request.requestId === e.requestId);
    expect(of(h.sent.dms).map(({ kind }) => kind)).toEqual(['approved', 'started', 'ended']);
    expect(of(h.sent.lines).map(({ kind }) => kind)[0]).toBe('decided');
  });

  test('is taken away by an approver as any other', async () => {
    const e = await h.ask({ windowMs: 5 * MIN });
    await h.granted(e);
    await e.claim();
    await e.confirm();
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });

  test('past the cap waits for a person, who decides as ever', async () => {
    // The two before it were the two of today.
    const e = await h.ask({ windowMs: 5 * MIN });
    const waiting = await e.in('requested');
    expect(waiting.verdict.outcome).toBe('needs-approval');
    expect(waiting.verdict.sentences[0]).toContain('at most 2 requests of Ada Lovelace a day');
    await e.activate(grace);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
  });
});

describe('with a counter of its own', () => {
  const ask = async (change: Parameters<Harness['ask']>[0] = {}, options: Parameters<typeof startHarness>[1] = {}) => {
    const other = await startHarness(inject('temporalAddress'), { policy: OWN, ...options });
    return { other, e: await other.ask({ windowMs: 5 * MIN, ...change }) };
  };

  test('a longer window waits for a person', async () => {
    const { other, e } = await ask({ windowMs: 10 * MIN });
    await e.in('requested');
    await e.activate(grace);
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
    await other.close();
  });

  test('what somebody asks for another waits for a person', async () => {
    const { other, e } = await ask({ requester: refOf(grace) });
    expect((await e.in('requested')).verdict.outcome).toBe('needs-approval');
    await e.deny(linus);
    expect(await e.result()).toBe('denied');
    await other.close();
  });

  test('a run that is made to live again approves nothing a second time', async () => {
    const { other, e } = await ask();
    await other.granted(e);
    await e.claim();
    await e.confirm();
    await e.reset();
    expect(await e.result()).toBe('failed');
    expect(e.isAdmin).toBe(false);
    expect((await other.store.ledger.timeline(e.requestId)).filter(({ type }) => type === 'armed')).toHaveLength(1);
    await other.close();
  });

  test('while the directory does not answer nothing is approved; once it does, it is', async () => {
    const sound = directoryFrom(everyone.map((p) => (p.personId === 'ada' ? { ...p, macs: [FIRST] } : p)));
    const guarded = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        if (!up) throw new StintError('store-unavailable', 'The directory is down.');
        return call(...args);
      };
    };
    const directory: Directory = { ...sound, person: guarded(sound.person), membersOf: guarded(sound.membersOf) };
    up = false;
    const { other, e } = await ask({}, { directory });
    await until(
      async () => ((await e.handle.describe()).raw.pendingActivities ?? []).some((a) => (a.attempt ?? 0) > 1),
      'a second try',
    );
    expect(await e.view()).toBeNull();
    expect(e.calls('grant')).toBe(0);
    up = true;
    await other.granted(e);
    await e.revoke(linus);
    await e.logIfAsked();
    expect(await e.result()).toBe('revoked');
    await other.close();
  });
});
