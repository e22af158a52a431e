/** What the judge makes of AWS: a life that went as it should passes, and each broken promise is found by its name. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnyEvent } from '../../../contract/events.js';
import { type Digest, instant, type PersonId } from '../../../contract/ids.js';
import type { AwsPermissionSetTarget } from '../../../contract/request.js';
import { foldAll } from '../../../contract/view.js';
import type { Cause } from '../../../sim/identity-center/world.js';
import { Elevation, VERDICT } from '../../ledger/events.js';
import { type Cloud, startCloud } from '../far/cloud.js';
import { PAIRS, targetKey } from '../far/organisation.js';
import { createNotebook } from '../notebook.js';
import { inAws } from '../report.js';
import { makeWorld } from '../world.js';
import { judge, longest } from './checks.js';
import { type CloudTruth, judgeCloud, merged, readCloud } from './cloud.js';
import type { Facts } from './facts.js';

const world = makeWorld(5);
const T = Date.parse('2026-03-02T09:00:00.000Z');
const s = (seconds: number) => instant(T + seconds * 1000);
const ms = (seconds: number) => T + seconds * 1000;
const WINDOW = 10_000;
const asker = there(world.askers[1]);
const pair = there(PAIRS[7]);
const BY_CALL: Cause = { by: 'call', requestId: 'c1' };

function there<T>(one: T | undefined): T {
  if (one === undefined) throw new Error('nobody asks, or for nothing');
  return one;
}

let cloud: Cloud;
beforeEach(async () => {
  cloud = await startCloud(world, 1);
});
afterEach(() => cloud.close());

const userId = () => cloud.userOf(asker.id) ?? '';
const wanted = () => ({ ...pair, principalType: 'USER', principalId: userId() }) as const;

/** Asked at 0, approved at 5, armed at 6, in force from 8, confirmed at 9, over at 19. */
function life() {
  const person = { personId: asker.id as PersonId, name: asker.id };
  const target = {
    kind: 'aws-permission-set',
    key: targetKey(pair, userId()),
    instanceArn: cloud.organisation.seed.instanceArn,
    accountId: pair.accountId,
    permissionSetArn: pair.setArn,
    principalId: userId(),
    display: 'x in y',
    sessionMs: 3_600_000,
  } as AwsPermissionSetTarget;
  const e = new Elevation<AwsPermissionSetTarget>({ requester: person, subject: person, target });
  const { requestId } = e.request;
  const digest = 'd'.repeat(64) as Digest;
  const verdict = { ...VERDICT, approvedBy: ['it1' as PersonId], maxWindowMs: 60_000, windowsMs: [WINDOW] };
  const events: AnyEvent[] = [
    e.event('requested', { request: e.request, digest, verdict }, { at: s(0) }),
    e.event('approved', { windowMs: WINDOW, startBy: s(60), verdict }, { at: s(5) }),
    e.event('armed', { notAfter: s(70) }, { at: s(6) }),
    e.event('confirmed', { confirmedAt: s(9), deadlineAt: s(19) }, { at: s(9) }),
    e.event('expired', {}, { at: s(19) }),
    e.event('gone', { observedAt: s(40), how: 'AWS lists it no more' }, { at: s(40) }),
    e.event('evidence-settled', { complete: true, lines: 0 }, { at: s(40) }),
    e.event('closed', { outcome: 'expired' }, { at: s(40) }),
  ];
  const notebook = createNotebook();
  notebook.presses.push({ at: ms(4.5), personId: 'it1', requestId, actionId: `approve:${WINDOW}`, digest, ack: 'ok' });
  const facts = (change: Partial<CloudTruth> = {}): Facts => {
    const view = foldAll(events);
    if (!view) throw new Error('no view');
    const read: CloudTruth = { ...readCloud(cloud, notebook, ms(60)), ...change };
    return {
      world,
      notebook,
      cloud: read,
      macs: read.places,
      openReviews: new Set(),
      recorded: [{ requestId, events, view }],
      messages: [],
      saidGone: [],
      answers: [],
      tagCalls: read.created,
      oddities: [],
      countdowns: [],
      verify: { ok: true },
      calmFrom: ms(50),
      now: ms(60),
    };
  };
  const found = (change?: Partial<CloudTruth>) =>
    judge(facts(change))
      .filter(({ rule }) => rule !== 'I10') // no card is drawn here
      .map(({ rule, what }) => `${rule}: ${what}`);
  return { notebook, facts, found, requestId };
}

const gave = () => cloud.aws.world.add(wanted(), ms(8), BY_CALL);
const took = (seconds: number) => cloud.aws.world.remove(wanted(), ms(seconds), BY_CALL);
const change = (createdAt: number, outcome: 'changed' | 'failed') => ({
  requestId: `c${createdAt}`,
  kind: 'create' as const,
  wanted: wanted(),
  createdAt: ms(createdAt),
  dueAt: ms(createdAt + 1),
  statusAt: ms(createdAt + 1),
  listDelayMs: 0,
  inStatusListAt: 0,
  outcome,
});

describe('the judge of AWS', () => {
  it('finds nothing in a life that went as it should, and nothing in what stood before', () => {
    gave();
    took(20);
    expect(life().found()).toEqual([]);
  });

  it('finds access past its window, but not while the product was down or AWS did not do what it was told', () => {
    gave();
    took(30);
    const one = life();
    expect(one.found()).toEqual([expect.stringMatching(/^I5: 11000 ms past the end/)]);
    one.notebook.kills.push({ at: ms(18), victim: 'stint', downMs: 0, upAt: ms(19.5) });
    expect(one.found()).toEqual([]);
  });

  it('tells how long access stood past its deadline in all, beside what of it was the product’s own', () => {
    gave();
    took(30);
    const one = life();
    one.notebook.kills.push({ at: ms(18), victim: 'stint', downMs: 0, upAt: ms(19.5) });
    const facts = one.facts();
    const isAws = ({ kind }: Facts['macs'][number]) => kind === 'aws';
    const inAll = longest(facts, isAws, 'in all');
    expect(inAll).toEqual({ ms: 11_000, serial: targetKey(pair, userId()), requestId: one.requestId });
    expect(longest(facts, isAws)?.ms).toBeLessThanOrEqual(0);
    expect(longest(facts, ({ kind }) => kind !== 'aws')).toBeUndefined();
  });

  it('says both in words', () => {
    const seen = { elevations: 2, granted: 1, calls: 3, operations: {}, struck: 0, throttled: 0, outstandingMost: 1 };
    const both = { longestPastMs: 900, longestPastAt: 'aws/1, e1', longestInAllMs: 116_000, longestInAllAt: 'aws/2, e2' };
    expect(inAws({ ...seen, ...both })).toMatch(
      /past a deadline: 900 ms that were the product's own \(aws\/1, e1\), 116000 ms in all \(aws\/2, e2\)$/,
    );
    expect(inAws(seen)).toMatch(/past a deadline: nobody had access$/);
  });

  it('gives a delete that AWS failed the time for the next one, and no more', () => {
    gave();
    took(33);
    const one = life();
    const deletion = (...of: Parameters<typeof change>) => ({ ...change(...of), kind: 'delete' as const });
    const changes = vi.spyOn(cloud.aws.truth, 'changes');
    changes.mockReturnValue([deletion(19, 'failed'), deletion(24, 'failed'), deletion(32, 'changed')]);
    expect(one.found()).toEqual([]);
    // Failed once, and then nobody asked for twelve seconds.
    changes.mockReturnValue([deletion(19, 'failed'), deletion(32, 'changed')]);
    expect(one.found()).toEqual([expect.stringMatching(/^I5: 8000 ms past the end/)]);
  });

  it('finds what was never taken back, in the lists as well', () => {
    gave();
    expect(life().found()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^I5: .*to now/), 'I6: AWS still lists what only we have put there']),
    );
  });

  it('finds access before it was armed, and a create', () => {
    cloud.aws.world.add(wanted(), ms(3), BY_CALL);
    took(4);
    expect(life().found({ created: [{ serial: targetKey(pair, userId()), at: ms(2) }] })).toEqual([
      expect.stringMatching(/^I5: no elevation was armed/),
      expect.stringMatching(/^I9: /),
    ]);
  });

  it('finds a grant that arrives after it was recorded as gone', () => {
    gave();
    took(20);
    cloud.aws.world.add(wanted(), ms(41), BY_CALL);
    took(42);
    expect(life().found()).toContainEqual(expect.stringMatching(/^I6: administrator again/));
  });

  it('finds standing access that a call of ours took away, not what other hands took', () => {
    const { assignments = [] } = cloud.organisation.seed;
    const standing = there(assignments[0]);
    cloud.aws.world.remove(there(assignments[1]), ms(10), { by: 'sync' });
    expect(life().found()).toEqual([]);
    cloud.aws.world.remove(standing, ms(10), BY_CALL);
    expect(life().found()).toEqual([expect.stringMatching(/^I12: access that was not ours was taken away/)]);
  });

  it('finds a second create for one elevation, and forgives one that AWS failed', () => {
    const { facts } = life();
    const twice = facts({ changes: [change(7, 'changed'), change(9, 'changed')] });
    const again = facts({ changes: [change(7, 'failed'), change(9, 'changed')] });
    const rules = ({ cloud: read, recorded }: Facts) => (read ? judgeCloud(read, recorded).map(({ rule }) => rule) : []);
    expect(rules(twice)).toEqual(['I11']);
    expect(rules(again)).toEqual([]);
  });

  it('counts no instant of an excuse twice', () => {
    const stretches = [
      { from: 5, to: 8 },
      { from: 1, to: 3 },
      { from: 2, to: 6 },
      { from: 10, to: 11 },
    ];
    expect(merged(stretches)).toEqual([
      { from: 1, to: 8 },
      { from: 10, to: 11 },
    ]);
  });
});
