/** The fence on each database: one live grant per target, for the run that took it, and never again once ended. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunId, Serial } from '../../contract/ids.js';
import type { MacAdminTarget } from '../../contract/request.js';
import { ada, macOf } from '../fixtures/people.js';
import { BACKENDS, type Bench, openBench } from './backends.js';
import { at, Elevation } from './events.js';

let macs = 0;
/** An elevation of a Mac that no other test knows. */
function elevationOfNewMac(): Elevation {
  macs += 1;
  return new Elevation({ target: macNamed(`C02FENCE${macs}`) });
}
function macNamed(serial: string): MacAdminTarget {
  return { ...macOf(ada), serial: serial as Serial, key: `mac-admin/${serial}` };
}

for (const backend of BACKENDS) {
  describe.skipIf(!backend.there)(`the fence on ${backend.name}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await openBench(backend);
    });
    afterAll(() => bench?.close());
    const arm = (e: Elevation, grant = e.grant(), armed = e.armed(grant), now = at(0)) =>
      bench.store.fence.arm(grant, armed, now);
    const end = (e: Elevation, minutes: number, runId = e.grant().runId) => {
      const { requestId, target, subject } = e.request;
      return bench.store.fence.end(requestId, runId, target, subject.personId, at(minutes));
    };

    test('arming takes the target and records it, in one step', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      await bench.store.ledger.append([e.requested(), e.approved()]);
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: true });
      expect(await bench.store.fence.live(e.request.target.key)).toEqual(e.grant());
      expect(await bench.store.ledger.timeline(e.request.requestId)).toContainEqual(armed);
      expect((await bench.store.ledger.find(e.request.requestId))?.view.state).toBe('granting');
    });

    test('of fifty that arm one target at the same moment one wins, and only it is recorded', async () => {
      const target = macNamed(`C02RACE${BACKENDS.indexOf(backend)}A`);
      const racers = Array.from(
        { length: 50 },
        (_, i) => new Elevation({ target, subject: { personId: `p${i % 7}` as never, name: 'P' } }),
      );
      const answers = await Promise.all(racers.map((e) => arm(e)));
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      expect(answers.filter((a) => !a.ok && a.code === 'target-busy')).toHaveLength(49);
      const lines = await Promise.all(racers.map((e) => bench.store.ledger.timeline(e.request.requestId)));
      expect(lines.map((events) => events.length)).toEqual(answers.map(({ ok }) => (ok ? 1 : 0)));
    });

    test('fifty repeats of one arm are all answered alike', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      const answers = await Promise.all(Array.from({ length: 50 }, () => arm(e, e.grant(), armed)));
      expect(new Set(answers.map(({ ok }) => ok))).toEqual(new Set([true]));
      expect(await bench.store.ledger.timeline(e.request.requestId)).toEqual([armed]);
    });

    test('the same run may repeat a lost call', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: true });
      expect(await arm(e, e.grant(), armed, at(29))).toEqual({ ok: true });
    });

    test('another run is fenced, and so is the same one after the end', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      await arm(e, e.grant(), armed);
      const other = e.grant({ runId: 'run-2' as RunId });
      expect(await arm(e, other)).toEqual({ ok: false, code: 'fenced' });
      await end(e, 5);
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: false, code: 'fenced' });
      expect(await bench.store.ledger.timeline(e.request.requestId)).toEqual([armed]);
    });

    test('another order of the same request is fenced', async () => {
      const e = elevationOfNewMac();
      await arm(e);
      const elsewhere = macNamed('C02OTHER1');
      expect(await arm(e, e.grant({ target: elsewhere, targetKey: elsewhere.key }))).toEqual({ ok: false, code: 'fenced' });
    });

    test('what was seen gone is fenced, whoever saw it', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      await arm(e, e.grant(), armed);
      await bench.store.fence.gone(e.request.requestId, at(3));
      expect(await arm(e, e.grant(), armed)).toEqual({ ok: false, code: 'fenced' });
    });

    test('after its last instant nothing is armed', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      expect(await arm(e, e.grant(), armed, at(30))).toEqual({ ok: false, code: 'too-late' });
      expect(await bench.store.fence.grant(e.request.requestId)).toBeUndefined();
      await arm(e, e.grant(), armed, at(29));
      expect(await arm(e, e.grant(), armed, at(30))).toEqual({ ok: false, code: 'too-late' });
    });

    test('an arm whose record fails takes nothing', async () => {
      const e = elevationOfNewMac();
      const armed = e.armed();
      await bench.store.ledger.append([{ ...armed, actor: { via: 'cli' } } as typeof armed]);
      await expect(arm(e, e.grant(), armed)).rejects.toMatchObject({ code: 'ledger-conflict' });
      expect(await bench.store.fence.live(e.request.target.key)).toBeUndefined();
    });

    test('an event that does not fit the grant is refused', async () => {
      const e = elevationOfNewMac();
      await expect(arm(e, e.grant(), e.requested())).rejects.toMatchObject({ code: 'bad-input' });
      await expect(arm(e, e.grant(), e.armed(e.grant({ notAfter: at(99) })))).rejects.toMatchObject({ code: 'bad-input' });
      await expect(arm(e, e.grant(), e.armed(e.grant({ runId: 'run-9' as RunId })))).rejects.toMatchObject({ code: 'bad-input' });
      expect(await bench.store.fence.live(e.request.target.key)).toBeUndefined();
    });

    test('an end before any arm leaves a tombstone that holds no target', async () => {
      const e = elevationOfNewMac();
      await end(e, 1);
      expect(await bench.store.fence.grant(e.request.requestId)).toMatchObject({ endedAt: at(1), goneAt: at(1) });
      expect(await arm(e)).toEqual({ ok: false, code: 'fenced' });
      expect(await bench.store.fence.live(e.request.target.key)).toBeUndefined();
      expect(await bench.store.fence.overdue(at(9_999))).not.toContainEqual(
        expect.objectContaining({ requestId: e.request.requestId }),
      );
      const next = new Elevation({ target: e.request.target });
      expect(await arm(next)).toEqual({ ok: true });
    });

    test('a target is free once it was seen gone, not when it was ended', async () => {
      const e = elevationOfNewMac();
      const next = new Elevation({ target: e.request.target });
      await arm(e);
      await end(e, 5);
      expect(await arm(next)).toEqual({ ok: false, code: 'target-busy' });
      await bench.store.fence.gone(e.request.requestId, at(6));
      expect(await arm(next)).toEqual({ ok: true });
    });

    test('the first end and the first proof stand', async () => {
      const e = elevationOfNewMac();
      await arm(e);
      await end(e, 5);
      await end(e, 6, 'run-2' as RunId);
      await bench.store.fence.gone(e.request.requestId, at(7));
      await bench.store.fence.gone(e.request.requestId, at(8));
      expect(await bench.store.fence.grant(e.request.requestId)).toEqual({ ...e.grant(), endedAt: at(5), goneAt: at(7) });
    });

    test('an extension moves the end of its own live grant forward, and only that', async () => {
      const e = elevationOfNewMac();
      const { extend } = bench.store.fence;
      const { requestId, target } = e.request;
      const { runId, notAfter } = e.grant();
      expect(await extend(requestId, runId, at(39), notAfter)).toBe(false);
      await arm(e);
      expect(await extend(requestId, 'run-2' as RunId, at(39), notAfter)).toBe(false);
      expect(await extend(requestId, runId, at(39), notAfter)).toBe(true); // at the confirmation it becomes sharper
      expect(await extend(requestId, runId, at(39), notAfter)).toBe(true); // a lost reply
      expect(await extend(requestId, runId, at(40), at(39))).toBe(true);
      expect(await extend(requestId, runId, at(39), notAfter)).toBe(false); // from a process that stood still meanwhile
      expect((await bench.store.fence.live(target.key))?.notAfter).toBe(at(40));
      await end(e, 5);
      expect(await extend(requestId, runId, at(50), at(40))).toBe(false);
    });

    test('what was seen to be there is over by when it was seen, until its workflow says when: then that counts', async () => {
      const e = elevationOfNewMac();
      const { extend, seen, overdue, grant } = bench.store.fence;
      const { requestId } = e.request;
      const { runId, notAfter } = e.grant();
      const isOverdue = async (minutes: number) => (await overdue(at(minutes))).some((row) => row.requestId === requestId);
      await seen(requestId, at(10), notAfter); // nothing is armed, so nothing is there
      await arm(e);
      expect((await grant(requestId))?.notAfter).toBe(notAfter);
      await seen(requestId, at(12), notAfter);
      await seen(requestId, at(11), notAfter);
      await seen(requestId, at(12), notAfter); // a lost reply; the earliest stays
      await seen(requestId, at(99), notAfter); // nothing is ever later than what was armed
      expect((await grant(requestId))?.notAfter).toBe(at(11));
      expect([await isOverdue(11), await isOverdue(12)]).toEqual([false, true]);
      // Later, where the clock of whoever saw it is slow, as well as earlier.
      expect(await extend(requestId, runId, at(13), notAfter)).toBe(true);
      expect([(await grant(requestId))?.notAfter, await isOverdue(13)]).toEqual([at(13), false]);
      await seen(requestId, at(11), notAfter); // from a process that stood still meanwhile
      expect((await grant(requestId))?.notAfter).toBe(at(13));
      expect(await extend(requestId, runId, at(14), at(13))).toBe(true);
      await seen(requestId, at(11), notAfter);
      expect((await grant(requestId))?.notAfter).toBe(at(14));
    });

    test('what was ended is over when it was, whatever is seen of it', async () => {
      const e = elevationOfNewMac();
      const { notAfter } = e.grant();
      await arm(e);
      await end(e, 5);
      await bench.store.fence.seen(e.request.requestId, at(3), notAfter);
      expect(await bench.store.fence.grant(e.request.requestId)).toEqual({ ...e.grant(), endedAt: at(5) });
    });

    test('who is at an ending is remembered by the last instant that they said so, and of what is gone or was never armed by none', async () => {
      const [e, never] = [elevationOfNewMac(), elevationOfNewMac()];
      const { requestId } = e.request;
      const { pulse, grant, gone, overdue } = bench.store.fence;
      await pulse(never.request.requestId, at(5));
      expect(await grant(never.request.requestId)).toBeUndefined();
      await arm(e);
      await end(e, 5);
      await pulse(requestId, at(7));
      await pulse(requestId, at(6)); // from a process that stood still meanwhile
      expect(await grant(requestId)).toEqual({ ...e.grant(), endedAt: at(5), pulseAt: at(7) });
      expect((await overdue(at(6))).find((row) => row.requestId === requestId)?.pulseAt).toBe(at(7));
      await gone(requestId, at(8));
      await pulse(requestId, at(9));
      expect((await grant(requestId))?.pulseAt).toBe(at(7));
    });

    test('what was sent is over by the first of its creates, while nobody has seen what came of it', async () => {
      const [e, other] = [elevationOfNewMac(), elevationOfNewMac()];
      const { sending, seen, overdue, grant } = bench.store.fence;
      const { requestId } = e.request;
      const { runId, notAfter } = e.grant();
      const isOverdue = async (minutes: number) => (await overdue(at(minutes))).some((row) => row.requestId === requestId);
      await sending(requestId, runId, at(10)); // nothing is armed, so nothing leaves
      expect(await grant(requestId)).toBeUndefined();
      await arm(e);
      await arm(other);
      await sending(requestId, 'run-2' as RunId, at(9));
      await sending(requestId, runId, at(99)); // nothing is ever later than what was armed
      expect(await grant(requestId)).toEqual(e.grant());
      await sending(requestId, runId, at(12));
      await sending(requestId, runId, at(11));
      await sending(requestId, runId, at(12)); // a lost reply, or the next attempt; the earliest stays
      expect(await grant(requestId)).toEqual({ ...e.grant(), sentUntil: at(11) });
      expect([await isOverdue(11), await isOverdue(12)]).toEqual([false, true]);
      expect(await grant(other.request.requestId)).toEqual(other.grant());
      await seen(requestId, at(14), notAfter); // later than it was sent: AWS took its time
      expect(await grant(requestId)).toEqual(e.grant({ notAfter: at(14) }));
      expect([await isOverdue(14), await isOverdue(15)]).toEqual([false, true]);
    });

    test('what its workflow holds is over when that says, whatever was sent for it before or is said of that later', async () => {
      const e = elevationOfNewMac();
      const { sending, extend, overdue, grant, endUnseen } = bench.store.fence;
      const { requestId } = e.request;
      const { runId, notAfter } = e.grant();
      const isOverdue = async (minutes: number) => (await overdue(at(minutes))).some((row) => row.requestId === requestId);
      await arm(e);
      await sending(requestId, runId, at(10));
      // Confirmed, then extended; the second of them to the very end that was armed.
      for (const [to, from] of [
        [at(13), notAfter],
        [notAfter, at(13)],
        [at(40), notAfter],
      ] as const) {
        expect(await extend(requestId, runId, to, from)).toBe(true);
        await sending(requestId, runId, at(11)); // from a process that stood still meanwhile
        expect(await grant(requestId)).toEqual(e.grant({ notAfter: to }));
        expect(await isOverdue(12)).toBe(false);
        expect(await endUnseen(requestId, at(12), at(12))).toBe(false);
      }
      expect(await isOverdue(41)).toBe(true);
    });

    test('what was sent and nobody has seen can be ended, once both its end and the last that somebody said are past', async () => {
      const e = elevationOfNewMac();
      const { sending, pulse, grant, endUnseen } = bench.store.fence;
      const { requestId } = e.request;
      const { runId } = e.grant();
      await arm(e);
      expect(await endUnseen(requestId, at(25), at(25))).toBe(false); // nothing was sent
      await sending(requestId, runId, at(10));
      expect(await endUnseen(requestId, at(10), at(15))).toBe(false);
      await pulse(requestId, at(12));
      expect(await endUnseen(requestId, at(12), at(15))).toBe(false);
      expect((await grant(requestId))?.endedAt).toBeUndefined();
      expect(await endUnseen(requestId, at(13), at(15))).toBe(true);
      expect(await endUnseen(requestId, at(14), at(16))).toBe(false);
      expect((await grant(requestId))?.endedAt).toBe(at(15));
      await sending(requestId, runId, at(5)); // what has ended sends nothing
      expect((await grant(requestId))?.sentUntil).toBe(at(10));
    });

    test('what was seen is ended by nobody who takes it for unseen', async () => {
      const e = elevationOfNewMac();
      const { requestId } = e.request;
      const { runId, notAfter } = e.grant();
      await arm(e);
      await bench.store.fence.sending(requestId, runId, at(10));
      await bench.store.fence.seen(requestId, at(14), notAfter);
      expect(await bench.store.fence.endUnseen(requestId, at(12), at(12))).toBe(false);
    });

    test('overdue is what is not gone and past its end, be it the last instant or an earlier ending', async () => {
      const [early, late, gone] = [elevationOfNewMac(), elevationOfNewMac(), elevationOfNewMac()];
      await arm(early, early.grant({ notAfter: at(10) }));
      await arm(late, late.grant({ notAfter: at(20) }));
      await arm(gone, gone.grant({ notAfter: at(10) }));
      await end(early, 5);
      await bench.store.fence.gone(gone.request.requestId, at(6));
      const ended = elevationOfNewMac();
      await arm(ended, ended.grant({ notAfter: at(90) }));
      await end(ended, 5);
      const ids = async (minutes: number) => (await bench.store.fence.overdue(at(minutes))).map((grant) => grant.requestId);
      expect(await ids(5)).not.toContain(ended.request.requestId);
      expect(await ids(6)).toContain(ended.request.requestId);
      expect(await ids(5)).not.toContain(early.request.requestId);
      expect(await ids(11)).toContain(early.request.requestId);
      expect(await ids(11)).not.toContain(late.request.requestId);
      expect(await ids(11)).not.toContain(gone.request.requestId);
    });

    test('every end since an instant is told of, however many there are, and what was closed without proof of any time', async () => {
      const e = elevationOfNewMac();
      const failed = e.event('grant-failed', { code: 'internal' });
      await bench.store.ledger.append([e.requested(), e.approved()]);
      await arm(e);
      await bench.store.ledger.append([failed, e.event('closed-unproven', { findingDigests: [] })]);
      await bench.store.fence.gone(e.request.requestId, at(5));
      await bench.sql(`insert into grants (request_id, target_key, target, person_id, run_id, not_after, ended_at, gone_at)
        select 'crowd' || n, 'mac-admin/CROWD', '{}', 'ada', 'run-1', '${at(3_000)}', '${at(3_000)}', '${at(3_000)}'
        from generate_series(1, 1001) as n`);
      const told = await bench.store.fence.recent(at(2_900));
      expect(told.filter(({ requestId }) => requestId.startsWith('crowd'))).toHaveLength(1_001);
      expect(told.at(-1)).toMatchObject({ requestId: e.request.requestId, goneAt: at(5) });
      expect(told).toHaveLength(1_002);
    });

    test('an end and an arm at the same moment never leave the target armed and unended', async () => {
      for (let i = 0; i < 20; i++) {
        const e = elevationOfNewMac();
        await Promise.all([arm(e), end(e, 1)]);
        expect((await bench.store.fence.grant(e.request.requestId))?.endedAt).toBe(at(1));
        expect(await arm(e)).toEqual({ ok: false, code: 'fenced' });
      }
    });
  });
}
