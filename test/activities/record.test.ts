/** Arming judges once more; freeing a target needs a proof or one's own row; evidence is read as it stands. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRecordDuties } from '../../activities/record.js';
import type { JudgeInput } from '../../contract/duties.js';
import type { AnyEvent } from '../../contract/events.js';
import {
  type Instant,
  instant,
  type PersonId,
  type RequestId,
  type RunId,
  type Serial,
  workflowIdOf,
} from '../../contract/ids.js';
import type { Store } from '../../contract/ports.js';
import type { PersonRef } from '../../contract/request.js';
import type { Verdict } from '../../contract/verdict.js';
import { openStore } from '../../ledger/store.js';
import { extensionDigest, sha256 } from '../../seal/canonical.js';
import { createSealer } from '../../seal/envelope.js';
import { generateSealKey, loadTrustedKeys, privateKeyFrom, trustedKeysText } from '../../seal/keys.js';
import { ada, grace, linus, macOf } from '../fixtures/people.js';
import { Elevation, at as ledgerAt, RUN, T0, VERDICT } from '../ledger/events.js';

const OTHER = 'run-2' as RunId;
let store: Store;
let now: number;
let runId: RunId;
let verdict: Verdict | Error;
let judged: JudgeInput[];

beforeAll(async () => {
  store = await openStore({ memory: true, clock: () => now });
});
afterAll(() => store.close());
// Each test has an elevation of its own; a target is one of a kind, so each has a Mac of its own too.
beforeEach(() => {
  [now, runId, verdict, judged] = [T0, RUN, VERDICT, []];
});

const key = generateSealKey('slack-app');
const ring = loadTrustedKeys(trustedKeysText([key]));
const seal = createSealer({
  sender: 'slack-app',
  ...privateKeyFrom('slack-app', key.privatePem),
  clock: () => T0,
  random: (n) => randomBytes(n),
});

let macs = 0;
function elevationOf(subject?: PersonRef, startAt?: Instant): Elevation {
  const serial = `C02TEST${String(++macs).padStart(4, '0')}` as Serial;
  return new Elevation({
    target: { ...macOf(ada), serial, key: `mac-admin/${serial}` },
    ...(subject && { subject }),
    ...(startAt && { startAt }),
  });
}

const duties = () =>
  createRecordDuties({
    store,
    judge: async (input) => {
      judged.push(input);
      if (verdict instanceof Error) throw verdict;
      return verdict;
    },
    clock: () => now,
    runId: () => runId,
    ring: () => ring,
  });

function arming(elevation: Elevation, notAfter: Instant = ledgerAt(30), windowMs = 600_000) {
  const { request } = elevation;
  const requested = elevation.requested() as AnyEvent & { type: 'requested' };
  const digest = requested.data.digest;
  const round = { digest, kind: 'request', windowMs } as const;
  const armed = elevation.event('armed', { notAfter }, { runId });
  const { requestId, requester } = request;
  const start = seal('start', requestId, digest, { request }, { personId: requester.personId }, 'slack');
  const approval = seal('approve', requestId, digest, { windowMs }, { personId: grace.personId }, 'slack');
  const vote = { decision: 'approve', personId: grace.personId, roundDigest: digest, windowMs, at: approval.at } as const;
  const proof = { start, approvals: [approval] };
  return { request, digest, round, votes: [vote], before: [requested] as AnyEvent[], armed, windowMs, notAfter, proof };
}

function extending(elevation: Elevation, windowMs = 600_000) {
  const { request } = elevation;
  const { requestId, requester } = request;
  const requested = elevation.requested() as AnyEvent & { type: 'requested' };
  const { digest } = requested.data;
  const ask = seal('askExtension', requestId, digest, { windowMs }, { personId: requester.personId }, 'slack');
  const round = { digest: extensionDigest(requestId, ask.nonce, windowMs), kind: 'extension', windowMs, granted: 0 } as const;
  const approval = seal('approve', requestId, round.digest, { windowMs }, { personId: grace.personId }, 'slack');
  const { personId } = grace;
  const vote = { decision: 'approve', personId, roundDigest: round.digest, windowMs, at: approval.at } as const;
  return { request, digest, round, votes: [vote], proof: { ask, approvals: [approval] } };
}

describe('arming', () => {
  it('I9: takes nothing for a request that is not on record, or is another there: a review and a card go by that', async () => {
    const [absent, other] = [elevationOf(), elevationOf()];
    expect(await duties().arm({ ...arming(absent), before: [] })).toEqual({ ok: false, code: 'seal-lost' });
    const { request } = other;
    const changed = { ...request, breakGlass: { incident: 'INC-1', drill: true as const } };
    const event = other.event('requested', { request: changed, digest: arming(other).digest, verdict: VERDICT });
    expect(await duties().arm({ ...arming(other), before: [event] })).toEqual({ ok: false, code: 'seal-lost' });
    await store.ledger.append([event]);
    expect(await duties().arm(arming(other))).toEqual({ ok: false, code: 'seal-lost' });
    for (const e of [absent, other]) expect(await store.fence.grant(e.request.requestId)).toBeUndefined();
  });

  it('writes down by which rule of which policy: of two that of now, whatever a history says of the first', async () => {
    const [one, two] = [elevationOf(), elevationOf()];
    const [then, current] = [sha256('then'), sha256('now')];
    verdict = { ...VERDICT, policyHash: then };
    await duties().arm(arming(one));
    await store.fence.gone(one.request.requestId, ledgerAt(1));
    verdict = { ...VERDICT, policyHash: then, policyNow: current };
    await duties().arm(arming(two));
    expect(await store.fence.grant(one.request.requestId)).toMatchObject({ rule: 'macs', policyHash: then });
    expect(await store.fence.grant(two.request.requestId)).toMatchObject({ rule: 'macs', policyHash: current });
    await store.fence.gone(two.request.requestId, ledgerAt(1));
  });

  it('takes the target for this run and records it', async () => {
    const elevation = elevationOf();
    expect(await duties().arm(arming(elevation))).toEqual({ ok: true });
    const { requestId, target } = elevation.request;
    expect(await store.fence.grant(requestId)).toMatchObject({
      runId: RUN,
      targetKey: target.key,
      personId: 'ada',
      notAfter: ledgerAt(30),
    });
    expect((await store.ledger.timeline(requestId)).map((event) => event.type)).toEqual(['requested', 'armed']);
    expect(judged).toHaveLength(1);
  });

  it('writes first what happened before, once, whoever writes it as well', async () => {
    const elevation = elevationOf();
    const before = [elevation.requested()];
    expect(await duties().arm({ ...arming(elevation), before })).toEqual({ ok: true });
    await duties().append(before);
    const { requestId } = elevation.request;
    expect((await store.ledger.timeline(requestId)).map((event) => event.type)).toEqual(['requested', 'armed']);
  });

  it.each<[string, Partial<Verdict>]>([
    ['the policy now denies it', { outcome: 'deny' }],
    ['an approver was lost', { outcome: 'needs-approval' }],
    ['the policy now allows a shorter window only', { windowMs: 599_999 }],
  ])('does not happen when %s', async (_, change) => {
    const { windowMs: __, ...rest } = VERDICT;
    verdict = { ...rest, ...(change.outcome ? {} : { windowMs: 1 }), ...change };
    const elevation = elevationOf();
    expect(await duties().arm(arming(elevation))).toMatchObject({ ok: false, code: 'verdict-lost' });
    expect(await store.fence.grant(elevation.request.requestId)).toBeUndefined();
    expect(await store.ledger.timeline(elevation.request.requestId)).toEqual([]);
  });

  it('does not believe a history that puts the last moment later than start deadline and window by the policy of now', async () => {
    const latest = T0 + VERDICT.deadlines.startMs + 600_000 + 5 * 60_000;
    const later = elevationOf();
    expect(await duties().arm(arming(later, instant(latest + 1)))).toMatchObject({ ok: false, code: 'verdict-lost' });
    expect(await store.fence.grant(later.request.requestId)).toBeUndefined();
    expect(await store.ledger.timeline(later.request.requestId)).toEqual([]);
    expect(await duties().arm(arming(elevationOf(), instant(latest)))).toEqual({ ok: true });
  });

  it('does not believe it of a later start either, whose last moment is counted from that start and not from now', async () => {
    const hour = 60 * 60_000;
    verdict = { ...VERDICT, startBefore: instant(T0 + hour) };
    const started = () => elevationOf(undefined, instant(T0));
    const latest = T0 + hour + 600_000 + 5 * 60_000;
    const far = started();
    const refused = await duties().arm(arming(far, instant(latest + 1)));
    expect(refused).toMatchObject({ code: 'verdict-lost', reason: expect.stringContaining('later after its time') });
    expect(await store.fence.grant(far.request.requestId)).toBeUndefined();
    expect(await duties().arm(arming(started(), instant(latest)))).toEqual({ ok: true });
  });

  it('does not happen when nobody can judge', async () => {
    verdict = new Error('the people file cannot be read');
    const elevation = elevationOf();
    await expect(duties().arm(arming(elevation))).rejects.toThrow('the people file');
    expect(await store.fence.grant(elevation.request.requestId)).toBeUndefined();
  });

  it('does not happen before its start, by the worker’s own clock: it is tried again', async () => {
    const early = elevationOf(undefined, instant(T0 + 1));
    await expect(duties().arm(arming(early))).rejects.toMatchObject({ code: 'too-early', retryable: true });
    expect(await store.fence.grant(early.request.requestId)).toBeUndefined();
    expect(judged).toEqual([]);
    expect(await duties().arm(arming(elevationOf(undefined, instant(T0))))).toEqual({ ok: true });
  });

  it('says whose approval was lost while its start was waited for', async () => {
    const { windowMs: _, ...rest } = VERDICT;
    verdict = { ...rest, outcome: 'needs-approval', sentences: ['Grace left.', 'One more is needed.', 'Nothing else.'] };
    const answer = await duties().arm(arming(elevationOf(undefined, instant(T0))));
    expect(answer).toEqual({ ok: false, code: 'verdict-lost', reason: 'Grace left. One more is needed.' });
  });

  it('says why, when the policy denies it', async () => {
    const { windowMs: _, ...rest } = VERDICT;
    verdict = { ...rest, outcome: 'deny', sentences: ['Ada may not.', 'Grace Hopper approved 10m.'] };
    expect(await duties().arm(arming(elevationOf()))).toEqual({ ok: false, code: 'verdict-lost', reason: 'Ada may not.' });
  });

  it('counts by the limits of the judgement of now, and what is one too many takes nothing and is told why', async () => {
    const subject = { personId: 'limited' as PersonId, name: 'Limited' };
    const [first, second] = [elevationOf(subject), elevationOf(subject)];
    expect(await duties().arm(arming(first))).toEqual({ ok: true });
    expect(await store.fence.grant(first.request.requestId)).toMatchObject({ rule: 'macs', windowMs: 600_000 });
    verdict = { ...VERDICT, limits: [{ rule: 'macs', live: 1 }] };
    const answer = await duties().arm(arming(second));
    expect(answer).toMatchObject({ ok: false, code: 'limit-reached', reason: expect.stringContaining('at most one elevation') });
    expect(await store.fence.grant(second.request.requestId)).toBeUndefined();
    expect(await store.ledger.timeline(second.request.requestId)).toEqual([]);
    // The repeat of a call whose answer was lost has its place.
    expect(await duties().arm(arming(first))).toEqual({ ok: true });
    await store.fence.gone(first.request.requestId, ledgerAt(1));
    expect(await duties().arm(arming(second))).toEqual({ ok: true });
  });

  it('goes on when the policy would by now allow more', async () => {
    verdict = { ...VERDICT, windowMs: 900_000 };
    expect(await duties().arm(arming(elevationOf()))).toEqual({ ok: true });
  });

  it('after the last instant is too late by the clock of now', async () => {
    now = T0 + 31 * 60_000;
    expect(await duties().arm(arming(elevationOf()))).toEqual({ ok: false, code: 'too-late' });
  });

  it('by another run of the same request is fenced, and so is one after the end', async () => {
    const elevation = elevationOf();
    await duties().arm(arming(elevation));
    runId = OTHER;
    expect(await duties().arm(arming(elevation))).toEqual({ ok: false, code: 'fenced' });
    runId = RUN;
    await duties().append([], { request: elevation.request, endedAt: ledgerAt(1) });
    expect(await duties().arm(arming(elevation))).toEqual({ ok: false, code: 'fenced' });
  });

  it('as another run ordered it is fenced, and takes nothing: a reset hands out once more what it was asked before', async () => {
    const elevation = elevationOf();
    const order = arming(elevation);
    runId = OTHER;
    expect(await duties().arm(order)).toEqual({ ok: false, code: 'fenced' });
    expect(await store.fence.grant(elevation.request.requestId)).toBeUndefined();
  });
});

describe('what the policy itself approved', () => {
  const own = (): Verdict => ({ ...VERDICT, outcome: 'auto', approvedBy: [], limits: [{ rule: 'macs', automaticPerDay: 1 }] });
  const unvoted = (elevation: Elevation) => ({ ...arming(elevation), votes: [] });

  it('is armed without votes, counted, and once too often takes nothing', async () => {
    verdict = own();
    const subject = { personId: 'often' as PersonId, name: 'Often' };
    const [first, second] = [elevationOf(subject), elevationOf(subject)];
    expect(await duties().arm(unvoted(first))).toEqual({ ok: true });
    expect(await store.fence.grant(first.request.requestId)).toMatchObject({ rule: 'macs', automaticAt: ledgerAt(0) });
    await store.fence.gone(first.request.requestId, ledgerAt(1));
    expect(await duties().arm(unvoted(second))).toMatchObject({
      ok: false,
      code: 'limit-reached',
      reason: expect.stringContaining('The policy itself approves at most one request of Often a day'),
    });
    expect(await store.fence.grant(second.request.requestId)).toBeUndefined();
    now = T0 + 24 * 3_600_000;
    expect(
      await duties().arm({
        ...unvoted(second),
        notAfter: ledgerAt(1500),
        armed: second.event('armed', { notAfter: ledgerAt(1500) }),
      }),
    ).toEqual({ ok: true });
  });

  it('of two at the same moment one is counted by the other', async () => {
    verdict = own();
    const subject = { personId: 'twice' as PersonId, name: 'Twice' };
    const both = await Promise.all([elevationOf(subject), elevationOf(subject)].map((e) => duties().arm(unvoted(e))));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  });

  it('is nothing that people have approved, and what people have to approve is nothing of the policy', async () => {
    verdict = own();
    expect(await duties().arm(arming(elevationOf()))).toMatchObject({ ok: false, code: 'verdict-lost' });
    verdict = VERDICT;
    expect(await duties().arm(unvoted(elevationOf()))).toMatchObject({ ok: false, code: 'verdict-lost' });
    expect(await duties().arm(arming(elevationOf()))).toEqual({ ok: true });
  });

  it('needs the seal of whoever asked', async () => {
    verdict = own();
    const [input, other] = [unvoted(elevationOf()), unvoted(elevationOf())];
    for (const start of [undefined, {}, other.proof.start])
      expect(await duties().arm({ ...input, proof: { start, approvals: [] } })).toEqual({ ok: false, code: 'seal-lost' });
  });

  it('is marked as such in no grant that people approved', async () => {
    const elevation = elevationOf();
    expect(await duties().arm(arming(elevation))).toEqual({ ok: true });
    expect((await store.fence.grant(elevation.request.requestId))?.automaticAt).toBeUndefined();
  });
});

describe('the seals behind an arming', () => {
  const refused = { ok: false, code: 'seal-lost' };

  it('votes that no sealed approval stands behind take nothing', async () => {
    const input = arming(elevationOf());
    expect(await duties().arm({ ...input, proof: { ...input.proof, approvals: [] } })).toEqual(refused);
    const longer = input.votes.map((vote) => ({ ...vote, windowMs: vote.windowMs * 2 }));
    expect(await duties().arm({ ...input, votes: longer })).toEqual(refused);
    const another = input.votes.map((vote) => ({ ...vote, personId: linus.personId }));
    expect(await duties().arm({ ...input, votes: another })).toEqual(refused);
  });

  it('a start that is missing, forged or of another request takes nothing', async () => {
    const input = arming(elevationOf());
    const other = arming(elevationOf());
    for (const start of [undefined, {}, { ...input.proof.start, sig: other.proof.start.sig }, other.proof.start])
      expect(await duties().arm({ ...input, proof: { ...input.proof, start } })).toEqual(refused);
    expect(await duties().arm({ ...input, request: { ...input.request, windowMs: 1_800_000 } })).toEqual(refused);
  });

  it('an approval of another elevation does not count', async () => {
    const input = arming(elevationOf());
    const other = arming(elevationOf());
    expect(await duties().arm({ ...input, proof: { ...input.proof, approvals: other.proof.approvals } })).toEqual(refused);
  });
});

describe('freeing a target', () => {
  it('takes back an order to end that a sweep gave after the last clearing: nobody else would, and its log stays asked for', async () => {
    const elevation = elevationOf();
    const { requestId, target } = elevation.request;
    const serial = target.kind === 'mac-admin' ? target.serial : (undefined as never);
    const kinds = async () => (await store.devices.openOrders([serial])).map(({ kind }) => kind);
    await store.devices.clearOrders(requestId);
    for (const kind of ['end', 'collect'] as const) await store.devices.order(serial, requestId, kind, instant(Date.now()));
    await duties().append([elevation.event('ended', {})]);
    expect(await kinds()).toEqual(['end', 'collect']);
    await duties().append([elevation.event('gone', { observedAt: ledgerAt(2), how: 'The Mac says so.' })]);
    expect(await kinds()).toEqual(['collect']);
  });

  async function armed(): Promise<{ id: RequestId; elevation: Elevation }> {
    const elevation = elevationOf();
    const input = arming(elevation);
    await duties().arm({ ...input, before: [...input.before, elevation.approved()] });
    await store.ledger.append([confirmedOf(elevation)]);
    return { id: elevation.request.requestId, elevation };
  }
  const confirmedOf = (elevation: Elevation) =>
    elevation.event('confirmed', { confirmedAt: ledgerAt(20), deadlineAt: ledgerAt(30) });
  const release = ({ request }: Elevation, proved: boolean) =>
    duties().append([], { request, endedAt: ledgerAt(2), gone: { at: ledgerAt(2), proved } });
  const goneAt = async (id: RequestId) => (await store.fence.grant(id))?.goneAt;

  it('without a proof happens for the own row only', async () => {
    const { id, elevation } = await armed();
    runId = OTHER;
    await release(elevation, false);
    expect(await goneAt(id)).toBeUndefined();
    runId = RUN;
    await release(elevation, false);
    expect(await goneAt(id)).toBe(ledgerAt(2));
  });

  it('with a proof happens whoever armed', async () => {
    const { id, elevation } = await armed();
    runId = OTHER;
    await release(elevation, true);
    expect(await goneAt(id)).toBe(ledgerAt(2));
  });

  it('of what was never armed leaves a tombstone: it can never be armed any more', async () => {
    const elevation = elevationOf();
    await release(elevation, false);
    expect(await duties().arm(arming(elevation))).toEqual({ ok: false, code: 'fenced' });
  });

  it('another run learns that something is held, at its start and at its close, until that is gone', async () => {
    const { elevation } = await armed();
    const { request } = elevation;
    const start = seal(
      'start',
      request.requestId,
      elevation.requested().requestDigest,
      { request },
      { personId: request.requester.personId },
      'slack',
    );
    const admit = () => duties().admit(workflowIdOf(request.requestId), start);
    expect(await admit()).toMatchObject({ ok: true, held: false });
    runId = OTHER;
    expect(await admit()).toMatchObject({ ok: true, held: true });
    expect(await duties().fenceOff(request, ledgerAt(2))).toBe(true);
    await release(elevation, true);
    expect(await duties().fenceOff(request, ledgerAt(3))).toBe(false);
    expect(await admit()).toMatchObject({ held: false });
  });

  it('an extension moves the end for the run that armed only', async () => {
    const { id, elevation } = await armed();
    expect(await duties().moveEnd(id, OTHER, ledgerAt(40), ledgerAt(30), extending(elevation))).toBe(false);
    expect(await duties().moveEnd(id, RUN, ledgerAt(40), ledgerAt(30), extending(elevation))).toBe(true);
  });

  type Extending = ReturnType<typeof extending>;
  const stranger = () => generateSealKey('slack-app');
  it.each<[string, (good: Extending, other: Extending) => unknown]>([
    ['shows nothing, as a version before did', () => undefined],
    ['shows no proof', ({ proof: _, ...rest }) => rest],
    ['has no vote for it', (good) => ({ ...good, votes: [], proof: { ...good.proof, approvals: [] } })],
    ['has a vote without its seal', (good) => ({ ...good, proof: { ...good.proof, approvals: [] } })],
    [
      'has an approval of another person',
      (good) => ({ ...good, votes: good.votes.map((v) => ({ ...v, personId: linus.personId })) }),
    ],
    [
      'has an approval of another length',
      (good) => ({ ...good, votes: good.votes.map((v) => ({ ...v, windowMs: v.windowMs + 1 })) }),
    ],
    [
      'has the approval of another extension',
      (good, other) => ({ ...good, votes: other.votes, proof: { ...good.proof, approvals: other.proof.approvals } }),
    ],
    ['has the question of another extension', (good, other) => ({ ...good, proof: { ...good.proof, ask: other.proof.ask } })],
    ['has another length than was asked for', (good) => ({ ...good, round: { ...good.round, windowMs: 900_000 } })],
    ['has an approval of the request instead', (good) => ({ ...good, round: { ...good.round, kind: 'request' } })],
    [
      'has a question that was changed',
      (good) => ({ ...good, proof: { ...good.proof, ask: { ...good.proof.ask, body: { windowMs: 600_001 } } } }),
    ],
    [
      'has a question under a key that nobody trusts',
      (good) => ({ ...good, proof: { ...good.proof, ask: { ...good.proof.ask, keyId: stranger().keyId } } }),
    ],
    ['is of another request', (good, other) => ({ ...good, request: other.request })],
  ])('I1: an extension is not stored that %s', async (_, change) => {
    const { id, elevation } = await armed();
    const other = extending(elevationOf());
    const changed = change(extending(elevation), other) as Extending;
    expect(await duties().moveEnd(id, RUN, ledgerAt(40), ledgerAt(30), changed)).toBe(false);
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(30) });
  });

  it('I1: an extension is judged again where it is stored: denied, no longer approved, or shorter than it was, it is not', async () => {
    const { id, elevation } = await armed();
    const move = (minutes: number) => duties().moveEnd(id, RUN, ledgerAt(minutes), ledgerAt(30), extending(elevation));
    for (const outcome of ['deny', 'needs-approval', 'auto'] as const) {
      verdict = { ...VERDICT, outcome };
      expect(await move(40)).toBe(false);
    }
    verdict = { ...VERDICT, windowMs: 599_999 };
    expect(await move(40)).toBe(false);
    verdict = { ...VERDICT, maxWindowMs: 599_999 };
    expect(await move(40)).toBe(false);
    verdict = VERDICT;
    expect(await move(41)).toBe(false);
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(30) });
    expect(await move(40)).toBe(true);
    // The repeat of a call whose answer was lost: it has been stored, whatever the policy says by now.
    verdict = { ...VERDICT, outcome: 'deny' };
    expect(await move(40)).toBe(true);
  });

  it('I7: however many are approved, none goes past the maximum after the confirmation, by what is on record and not by a history', async () => {
    const { id, elevation } = await armed();
    const move = (from: number, to: number) => duties().moveEnd(id, RUN, ledgerAt(to), ledgerAt(from), extending(elevation));
    expect([await move(30, 40), await move(40, 50)]).toEqual([true, true]);
    expect(await move(50, 60)).toBe(false);
    expect(await move(50, 51)).toBe(false);
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(50) });
    // By the policy of now, too: one that became shorter leaves no more, and takes nothing of what was given.
    verdict = { ...VERDICT, maxWindowMs: 600_000 };
    expect(await move(50, 50)).toBe(true);
    expect(await move(50, 51)).toBe(false);
    verdict = VERDICT;
    const unconfirmed = elevationOf();
    await duties().arm(arming(unconfirmed));
    const early = duties().moveEnd(unconfirmed.request.requestId, RUN, ledgerAt(40), ledgerAt(30), extending(unconfirmed));
    await expect(early).rejects.toThrow('too-early');
  });

  it('what a history calls the first deadline makes nothing longer', async () => {
    const { id, elevation } = await armed();
    const { request } = elevation;
    const tell = (at: Instant) => duties().append([], { request, deadline: { armedBy: RUN, from: ledgerAt(30), at } });
    await tell(ledgerAt(60));
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(30) });
    await tell(ledgerAt(10));
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(10) });
  });

  it('an extension under a limit is counted where it is stored, by its own length, and its repeat is not counted again', async () => {
    const subject = { personId: 'extended' as PersonId, name: 'Extended' };
    const elevation = elevationOf(subject);
    const { requestId: id } = elevation.request;
    await store.fence.arm({ ...elevation.grant(), windowMs: 600_000 }, elevation.armed(), ledgerAt(0), [
      elevation.requested(),
      elevation.approved(),
    ]);
    await store.ledger.append([confirmedOf(elevation)]);
    const move = (minutes: number, perWeek: number) => {
      verdict = { ...VERDICT, windowMs: 900_000, limits: [{ rule: 'macs', perWeekMs: perWeek * 60_000 }] };
      return duties().moveEnd(id, RUN, ledgerAt(minutes), ledgerAt(30), extending(elevation, 900_000));
    };
    // Ten minutes are promised already.
    expect(await move(45, 24)).toBe(false);
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(30) });
    expect(await move(45, 25)).toBe(true);
    expect(await store.fence.grant(id)).toMatchObject({ notAfter: ledgerAt(45) });
    expect(await move(45, 24)).toBe(true);
  });
});

describe('evidence', () => {
  const line = 'Nov 21 15:20:01 2026 : ada : HOST=mac : TTY=t ; PWD=/ ; USER=root ; COMMAND=/bin/ls\n';
  const chunk = (id: RequestId, seq: number, text: string, total?: number) =>
    store.evidence.put({ requestId: id, seq, data: Buffer.from(text), ...(total && { total }), receivedAt: instant(now) });

  it('that never came is incomplete and has no digest', async () => {
    const { requestId } = elevationOf().request;
    expect(await duties().readEvidence(requestId)).toEqual({ complete: false, lines: 0 });
  });

  it('with a chunk missing, or without its last one, is incomplete', async () => {
    const { requestId } = elevationOf().request;
    await chunk(requestId, 0, line);
    expect(await duties().readEvidence(requestId)).toMatchObject({ complete: false, lines: 1 });
    await chunk(requestId, 2, line, 3);
    expect(await duties().readEvidence(requestId)).toMatchObject({ complete: false });
  });

  it('that is all there is complete, counted and named by its digest', async () => {
    const { requestId } = elevationOf().request;
    await chunk(requestId, 1, line.slice(40), 2);
    await chunk(requestId, 0, line.slice(0, 40));
    expect(await duties().readEvidence(requestId)).toEqual({ complete: true, lines: 1, digest: sha256(line) });
  });

  it('no run writes that the review of a break-glass was closed, and nothing beside it', async () => {
    const elevation = elevationOf();
    const closed = elevation.event(
      'review-closed',
      { findingDigest: sha256('fine') },
      { actor: { via: 'cli', personId: grace.personId } },
    );
    await expect(duties().append([elevation.requested(), closed])).rejects.toThrow('No run closes a review');
    const input = arming(elevation);
    await expect(duties().arm({ ...input, before: [...input.before, closed] })).rejects.toThrow('No run closes a review');
    expect(await store.fence.grant(elevation.request.requestId)).toBeUndefined();
    expect(await store.ledger.timeline(elevation.request.requestId)).toEqual([]);
  });

  it('of a closed elevation is found with its view; of none there is no view', async () => {
    const elevation = elevationOf();
    const { requestId } = elevation.request;
    expect(await duties().readView(requestId)).toBeUndefined();
    await duties().append([elevation.requested()]);
    expect(await duties().readView(requestId)).toMatchObject({ state: 'requested' });
  });
});
