/** What each call of a Mac does, with the ports in memory and everything else real. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StintError } from '../../../contract/errors.js';
import { instant, type LocalUser, type PersonId } from '../../../contract/ids.js';
import type { Person } from '../../../contract/ports.js';
import type { ElevationRequest } from '../../../contract/request.js';
import { requestDigest, requestIdFrom, sha256 } from '../../../seal/canonical.js';
import { ada, elsewhereToo, TEAM } from '../../fixtures/people.js';
import { ADA_MAC, askBody, type Bench, BOOT, createBench, GRACE_MAC, iso, reportBody, viewOf } from './bench.js';

let bench: Bench;
beforeEach(async () => {
  bench = await createBench();
});
afterEach(() => bench.close());

const kinds = () => bench.gate.said.map((s) => s.kind);

describe('asking on the Mac', () => {
  const ask = (body: object) => bench.macs.ada.post('/device/v1/requests', body);

  it('starts one elevation for the person that the people file names', async () => {
    const body = askBody();
    const reply = await ask(body);
    const requestId = requestIdFrom('device', ADA_MAC + body.askId);
    expect(reply).toMatchObject({ status: 201, verified: true, body: { requestId, state: 'requested' } });
    expect(bench.gate.said).toMatchObject([
      {
        kind: 'start',
        requestId,
        actor: { personId: 'ada', serial: ADA_MAC },
        body: {
          requester: { personId: 'ada', slackUserId: 'U0ADA' },
          subject: { personId: 'ada' },
          target: { key: `mac-admin/${ADA_MAC}`, serial: ADA_MAC, localUser: 'ada', display: 'ada-mac' },
          windowMs: 600_000,
          via: 'device',
          reasonDigest: sha256(body.reason),
        },
      },
    ]);
    expect(await bench.requests.getText(sha256(body.reason))).toBe(body.reason);
  });

  it('names the person by their account in the workspace that the app is in, and by none of another', async () => {
    const askedBy = async (only: readonly Person[]) => {
      const [person] = elsewhereToo([ada], only);
      const other = await createBench({ directory: { personByMac: async () => person } });
      await other.macs.ada.post('/device/v1/requests', askBody());
      await other.close();
      return other.gate.said[0]?.body as ElevationRequest;
    };
    const ours = { personId: 'ada', name: 'Ada Lovelace', slackTeamId: TEAM, slackUserId: 'U0ADA' };
    expect(await askedBy([])).toMatchObject({ requester: ours, subject: ours });
    expect((await askedBy([ada])).subject).toEqual({ personId: 'ada', name: 'Ada Lovelace' });
  });

  it('twice with one ask id is one request, answered as it stands by then', async () => {
    const body = askBody();
    const first = await ask(body);
    const request = bench.gate.said[0]?.body as ElevationRequest;
    bench.ledger.views.set(request.requestId, viewOf(request, { state: 'approved' }));
    const second = await ask(body);
    expect(second).toMatchObject({ status: 201, body: { requestId: first.body.requestId, state: 'approved' } });
    expect(kinds()).toEqual(['start']);
  });

  it('at the same moment with one ask id is one request', async () => {
    let now = Date.now();
    const slow = await createBench({
      clock: () => ++now,
      directory: {
        personByMac: async () => {
          await new Promise((resolve) => setTimeout(resolve, 100));
          return ada;
        },
      },
    });
    const body = askBody();
    const replies = await Promise.all([1, 2, 3].map(() => slow.macs.ada.post('/device/v1/requests', body)));
    expect(replies.map((r) => r.status)).toEqual([201, 201, 201]);
    const requests = slow.gate.said.map((s) => JSON.stringify(s.body));
    expect(new Set(requests).size).toBe(1);
    await slow.close();
  });

  it('again after a start that was lost starts the very same request', async () => {
    const body = askBody();
    bench.gate.error = new StintError('temporal-unavailable');
    expect(await ask(body)).toMatchObject({ status: 503, body: { code: 'temporal-unavailable' } });
    const requestId = requestIdFrom('device', ADA_MAC + body.askId);
    const stored = await bench.requests.get(requestId);
    bench.gate.error = undefined;
    bench.advance(5_000);
    expect((await ask(body)).status).toBe(201);
    expect(bench.gate.said.map((s) => s.body)).toEqual([stored?.request]);
  });

  it('with a used ask id and other content is refused', async () => {
    const body = askBody();
    await ask(body);
    for (const change of [{ windowMs: 300_000 }, { reason: 'Something else altogether' }, { category: 'debug' }]) {
      expect(await ask({ ...body, ...change })).toMatchObject({ status: 409, body: { code: 'state-conflict' } });
    }
    expect(kinds()).toEqual(['start']);
  });

  it('gives another Mac with the same ask id another request', async () => {
    const body = askBody();
    const ada = await ask(body);
    const grace = await bench.macs.grace.post('/device/v1/requests', { ...body, localUser: 'grace' });
    expect(grace.status).toBe(201);
    expect(grace.body.requestId).not.toBe(ada.body.requestId);
  });

  it('for an account that the people file does not name on this Mac is refused', async () => {
    expect(await ask({ ...askBody(), localUser: 'grace' })).toMatchObject({ status: 403, body: { code: 'person-unknown' } });
    expect(kinds()).toEqual([]);
  });

  it('needs a reason of 10 to 500 characters that are not blanks', async () => {
    for (const reason of ['', '         x         ', 'too short', '\u0000'.repeat(20), 'x'.repeat(501)]) {
      expect((await ask({ ...askBody(), reason })).body.code, reason).toBe('bad-input');
    }
    expect((await ask({ ...askBody(), reason: `  ${'x'.repeat(500)}\n` })).status).toBe(201);
  });

  it('of a length that the policy does not offer is refused with those that it does', async () => {
    const reply = await ask({ ...askBody(), windowMs: 3_600_000 });
    expect(reply.body.code).toBe('bad-input');
    expect(reply.body.detail).toContain('5, 10, 15, 30 minutes');
  });

  it('by somebody whom the policy does not let ask is refused with its sentence', async () => {
    const asked: unknown[] = [];
    const strict = await createBench({
      preview: async (personId: PersonId, target) => {
        asked.push([personId, target.kind === 'mac-admin' ? target.serial : target.key]);
        return { ok: false, sentence: 'Only developers may ask for this.' };
      },
    });
    const reply = await strict.macs.ada.post('/device/v1/requests', askBody());
    expect(reply).toMatchObject({ status: 403, body: { code: 'not-eligible', detail: 'Only developers may ask for this.' } });
    expect(asked).toEqual([['ada', ADA_MAC]]);
    expect(strict.gate.said).toEqual([]);
    await strict.close();
  });

  it('with a reason that the policy does not take is refused with what it asks', async () => {
    const reason = { min: 20, pattern: '\\bcustomers?\\b', message: 'Say which customers it touches.' };
    const strict = await createBench({ preview: async () => ({ ok: true, windowsMs: [askBody().windowMs], reason }) });
    const asked = async (text: string) =>
      (await strict.macs.ada.post('/device/v1/requests', { ...askBody(), reason: text })).body;
    expect(await asked('  no customer            ')).toMatchObject({
      code: 'bad-input',
      detail: expect.stringContaining('this has 11'),
    });
    expect(await asked('the printer driver is broken')).toMatchObject({ detail: 'Say which customers it touches.' });
    expect(strict.gate.said).toEqual([]);
    expect(await asked('no customer, the printer is broken')).toMatchObject({ state: 'requested' });
    await strict.close();
  });

  it('while an elevation of this Mac may still hold access, or waits for approvers, is refused', async () => {
    for (const state of ['requested', 'approved', 'granting', 'active', 'ending'] as const) {
      const held = await bench.elevation({ state });
      expect(await ask(askBody()), state).toMatchObject({ status: 409, body: { code: 'target-busy' } });
      bench.ledger.views.delete(held.requestId);
    }
    expect(kinds()).toEqual([]);
    const over = [await bench.elevation({ state: 'collecting' }), await bench.elevation({ state: 'closed' })];
    expect(over).toHaveLength(2);
    expect((await ask(askBody())).status).toBe(201);
    expect((await bench.macs.grace.post('/device/v1/requests', { ...askBody(), localUser: 'grace' })).status).toBe(201);
  });

  it('again, while its own request is what stands there, is no second one', async () => {
    const body = askBody();
    await ask(body);
    const request = bench.gate.said[0]?.body as ElevationRequest;
    bench.ledger.views.set(request.requestId, viewOf(request, { state: 'requested' }));
    expect(await ask(body)).toMatchObject({ status: 201, body: { requestId: request.requestId } });
    expect(await ask(askBody())).toMatchObject({ status: 409, body: { code: 'target-busy' } });
    expect(kinds()).toEqual(['start']);
  });

  it('again after a lost start is refused while another elevation has taken the Mac', async () => {
    const body = askBody();
    bench.gate.error = new StintError('temporal-unavailable');
    await ask(body);
    bench.gate.error = undefined;
    await bench.elevation({ state: 'active' });
    expect(await ask(body)).toMatchObject({ status: 409, body: { code: 'target-busy' } });
    expect(kinds()).toEqual([]);
  });

  it('in a loop starts five in ten minutes, even while the read model shows none of them', async () => {
    const bodies = Array.from({ length: 8 }, askBody);
    const replies = await Promise.all(bodies.map((body) => ask(body)));
    expect(replies.map((r) => r.status).sort()).toEqual([201, 201, 201, 201, 201, 429, 429, 429]);
    expect(replies.find((r) => r.status === 429)?.body).toMatchObject({ code: 'too-many' });
    expect(kinds()).toHaveLength(5);
    const first = bodies[replies.findIndex((r) => r.status === 201)];
    expect((await ask(first ?? {})).status).toBe(201);
    expect((await bench.macs.grace.post('/device/v1/requests', { ...askBody(), localUser: 'grace' })).status).toBe(201);
    bench.advance(10 * 60_000 + 1);
    expect((await ask(askBody())).status).toBe(201);
  });

  it('is refused when the people file cannot be read', async () => {
    const blind = await createBench({ directory: { personByMac: () => Promise.reject(new StintError('bad-config')) } });
    expect((await blind.macs.ada.post('/device/v1/requests', askBody())).status).toBe(500);
    expect(blind.gate.said).toEqual([]);
    await blind.close();
  });
});

describe('asking for orders', () => {
  const poll = (wait = 0) => bench.macs.ada.get(`/device/v1/orders?wait=${wait}`);

  it('tells of a start, and no longer once the Mac has said that it holds it', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    await bench.devices.order(ADA_MAC, requestId, 'start', iso(bench.clock()));
    expect((await poll()).body).toMatchObject({ order: 'start', requestId, state: 'granting', waiting: true });
    await bench.macs.ada.post('/device/v1/report', reportBody(requestId, true));
    expect((await poll()).body.order).toBe('none');
  });

  it('names the account of the order, also before the read model knows the elevation', async () => {
    const request = await bench.elevation({ state: 'granting' });
    await bench.devices.order(ADA_MAC, request.requestId, 'start', iso(bench.clock()));
    expect((await poll()).body).toMatchObject({ order: 'start', localUser: 'ada' });
    bench.ledger.views.clear();
    expect((await poll()).body).toMatchObject({ order: 'start', localUser: 'ada', state: 'none' });
  });

  it('tells of no start that the elevation is beyond', async () => {
    for (const state of ['active', 'ending', 'collecting', 'closed'] as const) {
      const { requestId } = await bench.elevation({ state });
      await bench.devices.order(ADA_MAC, requestId, 'start', iso(bench.clock()));
      expect((await poll()).body.order, state).toBe('none');
      await bench.devices.clearOrders(requestId);
    }
  });

  it('repeats an end until it is known that the access is gone', async () => {
    const request = await bench.elevation({ state: 'ending' });
    await bench.devices.order(ADA_MAC, request.requestId, 'end', iso(bench.clock()));
    await bench.macs.ada.post('/device/v1/report', reportBody(request.requestId, false));
    expect((await poll()).body).toMatchObject({ order: 'end', requestId: request.requestId, remainingS: 0 });
    bench.ledger.views.set(request.requestId, viewOf(request, { state: 'collecting', goneAt: iso(bench.clock()) }));
    expect((await poll()).body.order).toBe('none');
  });

  it('tells of an end that was ordered anew after the access was thought gone', async () => {
    const request = await bench.elevation({ state: 'closed', goneAt: iso(bench.clock() - 1_000) });
    await bench.devices.order(ADA_MAC, request.requestId, 'end', iso(bench.clock()));
    expect((await poll()).body).toMatchObject({ order: 'end', requestId: request.requestId });
    expect((await bench.macs.ada.post('/device/v1/report', reportBody(request.requestId, false))).body.order).toBe('end');
  });

  it('tells the end of one elevation before the start of another', async () => {
    const old = await bench.elevation({ state: 'ending' });
    const young = await bench.elevation({ state: 'granting' });
    await bench.devices.order(ADA_MAC, young.requestId, 'start', iso(bench.clock()));
    await bench.devices.order(ADA_MAC, old.requestId, 'end', iso(bench.clock()));
    expect((await poll()).body).toMatchObject({ order: 'end', requestId: old.requestId });
  });

  it('asks for the log until it is complete', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    await bench.devices.order(ADA_MAC, requestId, 'collect', iso(bench.clock()));
    expect((await poll()).body).toMatchObject({ order: 'collect', requestId });
    await bench.evidence.put({ requestId, seq: 0, total: 1, data: Buffer.from('x'), receivedAt: instant(0) });
    expect((await poll()).body.order).toBe('none');
  });

  it('never tells a Mac of orders to another', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    await bench.devices.order(GRACE_MAC, requestId, 'start', iso(bench.clock()));
    expect((await poll()).body.order).toBe('none');
  });

  it('says how an active elevation stands, with the seconds left of it by now', async () => {
    const deadlineAt = iso(bench.clock() + 90_000);
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt });
    const first = await poll();
    bench.advance(30_000);
    const second = await poll();
    expect(first.body).toMatchObject({ order: 'none', requestId, state: 'active', waiting: false });
    expect(Number(first.body.remainingS) - Number(second.body.remainingS)).toBeGreaterThanOrEqual(30);
  });

  it('says nothing of seconds while there is no deadline, so that nothing looks as if it were over', async () => {
    await bench.elevation({ state: 'granting' });
    expect((await poll()).body).not.toHaveProperty('remainingS');
  });

  it('waits, and answers within about a second of the order', async () => {
    const { requestId } = await bench.elevation({ state: 'approved' });
    const waiting = poll(20);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const orderedAt = Date.now();
    await bench.devices.order(ADA_MAC, requestId, 'start', iso(bench.clock()));
    expect((await waiting).body).toMatchObject({ order: 'start', requestId });
    expect(Date.now() - orderedAt).toBeLessThan(2_500);
  });

  it('answers with nothing when the wait is over', async () => {
    const from = Date.now();
    const reply = await poll(2);
    expect(reply.body.order).toBe('none');
    expect(Date.now() - from).toBeGreaterThan(1_500);
    expect(Date.now() - from).toBeLessThan(5_000);
  });

  it('asks the store once a second for all that wait', async () => {
    const waits = [bench.macs.ada, bench.macs.grace].flatMap((mac) => [1, 2, 3].map(() => mac.get('/device/v1/orders?wait=3')));
    await Promise.all(waits);
    expect(bench.devices.queries.length).toBeLessThanOrEqual(6);
    expect(Math.max(...bench.devices.queries.map((serials) => serials.length))).toBe(2);
  });

  it('answers those who wait when the server closes', async () => {
    const waiting = poll(20);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const from = Date.now();
    await bench.api.close();
    expect((await waiting).status).toBe(200);
    expect(Date.now() - from).toBeLessThan(3_000);
  });

  it('fails loudly when the store is down, so that silence counts as silence', async () => {
    bench.devices.openOrders = () => Promise.reject(new StintError('store-unavailable'));
    expect(await poll(5)).toMatchObject({ status: 503, verified: false });
  });

  it('refuses a wait that is no number', async () => {
    for (const query of ['wait=abc', 'wait=-1', 'wait=1&wait=2', 'x=1']) {
      expect((await bench.macs.ada.get(`/device/v1/orders?${query}`)).status, query).toBe(400);
    }
  });
});

describe('claiming and confirming', () => {
  const said = { localUser: 'ada', bootSession: BOOT };
  const claim = (id: string, body: object = said, mac = bench.macs.ada) => mac.post(`/device/v1/elevations/${id}/claim`, body);
  const confirm = (id: string, body: object = said) => bench.macs.ada.post(`/device/v1/elevations/${id}/confirm`, body);

  it('asks the workflow and passes on for whom and how long at most', async () => {
    const request = await bench.elevation({ state: 'granting' });
    bench.gate.answer = { ok: true, localUser: 'ada', maxMs: 600_999, startBy: iso(bench.clock() + 60_500) };
    const reply = await claim(request.requestId);
    expect(reply).toMatchObject({
      status: 200,
      verified: true,
      body: { authorised: true, localUser: 'ada', maxS: 600, startByS: 60 },
    });
    expect(bench.gate.said).toEqual([
      {
        kind: 'claim',
        requestId: request.requestId,
        roundDigest: requestDigest(request),
        body: { serial: ADA_MAC, ...said },
        actor: { serial: ADA_MAC },
      },
    ]);
  });

  it('works only for the own Mac and the own account, and tells others nothing', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    const other = await claim(requestId, said, bench.macs.grace);
    const unknown = await claim('a'.repeat(26));
    const account = await claim(requestId, { ...said, localUser: 'root' });
    for (const reply of [other, unknown, account]) {
      expect(reply).toMatchObject({ status: 404, verified: false, body: { code: 'unknown-request' } });
    }
    expect(other.body).toEqual(unknown.body);
    expect(bench.gate.said).toEqual([]);
  });

  it('passes on a refusal as one', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    bench.gate.answer = { ok: false, code: 'state-conflict', sentence: 'It was revoked.' };
    expect(await claim(requestId)).toMatchObject({ status: 409, body: { code: 'state-conflict', detail: 'It was revoked.' } });
    bench.gate.answer = { ok: false, code: 'some-new-code', sentence: 'No.' };
    expect(await confirm(requestId)).toMatchObject({ status: 409, verified: false, body: { detail: 'No.' } });
  });

  it('takes an answer for another account for a refusal', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    bench.gate.answer = { ok: true, localUser: 'root', maxMs: 600_000, startBy: iso(bench.clock() + 60_000) };
    expect((await claim(requestId)).status).toBe(409);
  });

  it('is too late after the start deadline', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    bench.gate.answer = { ok: true, localUser: 'ada', maxMs: 600_000, startBy: iso(bench.clock() - 1) };
    expect((await claim(requestId)).body.code).toBe('too-late');
  });

  it('counts the seconds left anew on each repeat of a confirmation', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    const deadlineAt = iso(bench.clock() + 600_000);
    bench.gate.answer = { ok: true, confirmedAt: iso(bench.clock()), deadlineAt };
    const first = await confirm(requestId);
    bench.advance(100_000);
    const second = await confirm(requestId);
    expect(first.body.deadlineAt).toBe(second.body.deadlineAt);
    expect(Number(first.body.remainingS) - Number(second.body.remainingS)).toBeGreaterThanOrEqual(100);
    bench.advance(600_000);
    expect(await confirm(requestId)).toMatchObject({ status: 409, body: { code: 'too-late' } });
  });

  it('gives no more than was approved when its clock is behind that of the workflow', async () => {
    const request = await bench.elevation({ state: 'granting' });
    const confirmedAt = iso(bench.clock() + 120_000);
    const deadlineAt = iso(bench.clock() + 720_000);
    bench.gate.answer = { ok: true, confirmedAt, deadlineAt };
    expect((await confirm(request.requestId)).body).toEqual({ remainingS: 600, deadlineAt });
    bench.ledger.views.set(request.requestId, viewOf(request, { state: 'active', confirmedAt, deadlineAt }));
    const report = await bench.macs.ada.post('/device/v1/report', reportBody(request.requestId, true));
    expect(report.body.remainingS).toBe(600);
    expect((await bench.macs.ada.get('/device/v1/orders')).body.remainingS).toBe(600);
  });

  it('does not wait for ever when no worker is up', async () => {
    const slow = await createBench({ answerWithinMs: 200 });
    const { requestId } = await slow.elevation({ state: 'granting' });
    slow.gate.hangs = true;
    const reply = await slow.macs.ada.post(`/device/v1/elevations/${requestId}/claim`, said);
    expect(reply).toMatchObject({ status: 503, verified: false, body: { code: 'temporal-unavailable' } });
    await slow.close();
  });

  it('refuses an id that is none', async () => {
    for (const id of ['x', 'A'.repeat(26), '..%2f..', 'a'.repeat(27)]) {
      expect([400, 404]).toContain((await claim(id)).status);
    }
    expect(bench.gate.said).toEqual([]);
  });
});

describe('reporting', () => {
  const report = (...args: Parameters<typeof reportBody>) => bench.macs.ada.post('/device/v1/report', reportBody(...args));

  it('is kept with the time at which it was received, and answered with the seconds left', async () => {
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 60_000) });
    const before = bench.clock();
    const reply = await report(requestId, true);
    expect(reply.body).toMatchObject({ order: 'none', state: 'active' });
    expect(Number(reply.body.remainingS)).toBeGreaterThanOrEqual(58);
    const [kept] = bench.devices.reports;
    expect(kept).toMatchObject({ serial: ADA_MAC, requestId, localUser: 'ada', admin: true, standing: false, bootSession: BOOT });
    expect(Date.parse(kept?.at ?? '')).toBeGreaterThanOrEqual(before);
  });

  it.each([
    ['what was approved, where the policy would allow more', 1_800_000, 600],
    ['what the policy allows, whatever was granted', 300_000, 300],
  ])('is answered with how long the window is in all, which no clock of ours lengthens: %s', async (_, maxWindowMs, maxS) => {
    // By the clock of the workflow it began 540 s ago; ours is 25 s behind it.
    const [confirmedAt, deadlineAt] = [iso(bench.clock() - 515_000), iso(bench.clock() + 85_000)];
    const request = await bench.elevation({ state: 'active', confirmedAt, deadlineAt });
    const view = viewOf(request, { state: 'active', confirmedAt, deadlineAt });
    bench.ledger.views.set(request.requestId, { ...view, verdict: { ...view.verdict, maxWindowMs } });
    expect(await report(request.requestId, true)).toMatchObject({ verified: true, body: { maxS } });
  });

  it('on an account that nobody named here is not kept, however many a key makes up', async () => {
    for (const localUser of ['x1', 'x2', 'grace']) {
      const reply = await bench.macs.ada.post('/device/v1/report', { ...reportBody(undefined, true, true), localUser });
      expect(reply).toMatchObject({ status: 200, verified: true, body: { order: 'none', state: 'none' } });
    }
    expect(bench.devices.reports).toEqual([]);
  });

  it('of every account of a Mac is kept: of the people file, of the request, of one that is live', async () => {
    await report(undefined, false);
    const request = await bench.elevation({ state: 'closed' });
    const live = {
      ...request,
      requestId: requestIdFrom('test', 'live'),
      target: { ...request.target, localUser: 'ada3' as LocalUser },
    };
    await bench.requests.put(live, requestDigest(live));
    bench.ledger.views.set(live.requestId, viewOf(live, { state: 'ending' }));
    await bench.macs.ada.post('/device/v1/report', { ...reportBody(live.requestId, true), localUser: 'ada3' });
    await bench.macs.ada.post('/device/v1/report', { ...reportBody(undefined, false), localUser: 'ada3' });
    expect(bench.devices.reports.map((r) => [r.localUser, r.requestId])).toEqual([
      ['ada', undefined],
      ['ada3', live.requestId],
      ['ada3', undefined],
    ]);
  });

  it('is kept without the people file when it is on a request of this Mac, and answered in any case', async () => {
    const blind = await createBench({ directory: { personByMac: () => Promise.reject(new StintError('bad-config')) } });
    const { requestId } = await blind.elevation({ state: 'active' });
    expect((await blind.macs.ada.post('/device/v1/report', reportBody(requestId, true))).status).toBe(200);
    expect((await blind.macs.grace.post('/device/v1/report', reportBody(undefined, true, true))).status).toBe(200);
    expect(blind.devices.reports).toHaveLength(1);
    await blind.close();
  });

  it('is answered while Temporal is down', async () => {
    bench.gate.error = new StintError('temporal-unavailable');
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 60_000) });
    expect((await report(requestId, true)).status).toBe(200);
    expect((await report(requestId, false)).status).toBe(200);
  });

  it('hears of an end order', async () => {
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 60_000) });
    await bench.devices.order(ADA_MAC, requestId, 'end', iso(bench.clock()));
    expect((await report(requestId, true)).body.order).toBe('end');
  });

  it('is told to end when the window is over, whatever the workflow has done', async () => {
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() - 1) });
    expect((await report(requestId, true)).body).toEqual({ order: 'end', state: 'active', remainingS: 0 });
    const closed = await bench.elevation({ state: 'closed', outcome: 'expired', goneAt: iso(0) });
    expect((await report(closed.requestId, true)).body.order).toBe('end');
  });

  it('is told to end when it holds access for an elevation that is not its own', async () => {
    const request = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 60_000) });
    const foreign = await bench.macs.grace.post('/device/v1/report', reportBody(request.requestId, true));
    expect(foreign.body.order).toBe('end');
    expect((await report('a'.repeat(26) as never, true)).body).toEqual({ order: 'end', state: 'none' });
    expect(bench.devices.reports.map((r) => [r.serial, r.requestId])).toEqual([[ADA_MAC, undefined]]);
  });

  it('of a standing admin is never told to end', async () => {
    const { requestId } = await bench.elevation({ state: 'closed' });
    expect((await report(requestId, true, true)).body.order).toBe('none');
    expect((await report('a'.repeat(26) as never, true, true)).body.order).toBe('none');
  });

  it('that a Mac ended by itself is passed on once, well before the deadline', async () => {
    const request = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 60_000) });
    await report(request.requestId, false);
    await report(request.requestId, false);
    expect(bench.gate.said).toEqual([
      {
        kind: 'end',
        requestId: request.requestId,
        roundDigest: requestDigest(request),
        body: {},
        actor: { personId: 'ada', serial: ADA_MAC },
      },
    ]);
  });

  it('just before the deadline leaves the end to the deadline', async () => {
    const { requestId } = await bench.elevation({ state: 'active', deadlineAt: iso(bench.clock() + 5_000) });
    await report(requestId, false);
    expect(bench.gate.said).toEqual([]);
  });

  it('before the confirmation ends nothing', async () => {
    const { requestId } = await bench.elevation({ state: 'granting' });
    await report(requestId, false);
    expect(bench.gate.said).toEqual([]);
  });
});

describe('ending by the user', () => {
  const end = (id: string, body: object = { localUser: 'ada' }, mac = bench.macs.ada) =>
    mac.post(`/device/v1/elevations/${id}/end`, body);

  it('reaches the workflow in the name of the subject', async () => {
    const request = await bench.elevation({ state: 'active' });
    expect(await end(request.requestId)).toMatchObject({ status: 200, verified: true, body: { accepted: true } });
    expect(bench.gate.said).toMatchObject([{ kind: 'end', body: {}, actor: { personId: 'ada', serial: ADA_MAC } }]);
    expect((await bench.macs.ada.call('POST', `/device/v1/elevations/${request.requestId}/end`, '')).status).toBe(200);
  });

  it('works for no other Mac and no other account', async () => {
    const { requestId } = await bench.elevation({ state: 'active' });
    expect((await end(requestId, {}, bench.macs.grace)).status).toBe(404);
    expect((await end(requestId, { localUser: 'grace' })).status).toBe(404);
    expect(bench.gate.said).toEqual([]);
  });

  it('is asked for again when Temporal could not be reached', async () => {
    const { requestId } = await bench.elevation({ state: 'active' });
    bench.gate.error = new StintError('temporal-unavailable');
    expect((await end(requestId)).status).toBe(503);
  });
});

describe('sending the log', () => {
  const chunk = (seq: number, total: number, text: string) => ({
    seq,
    total,
    data: Buffer.from(text).toString('base64'),
    sha256: createHash('sha256').update(text).digest('hex'),
  });
  const send = (id: string, body: object, mac = bench.macs.ada) => mac.post(`/device/v1/elevations/${id}/log`, body);

  it('tells the workflow once all chunks are here, in whatever order they came', async () => {
    const request = await bench.elevation({ state: 'collecting' });
    const replies = [
      await send(request.requestId, chunk(2, 3, 'three')),
      await send(request.requestId, chunk(0, 0, 'one ')),
      await send(request.requestId, chunk(1, 0, 'two ')),
    ];
    expect(replies.map((r) => r.body)).toEqual([
      { received: 2, missing: 2 },
      { received: 0, missing: 1 },
      { received: 1, missing: 0 },
    ]);
    const whole = 'one two three';
    expect(bench.gate.said).toMatchObject([
      {
        kind: 'evidenceComplete',
        roundDigest: requestDigest(request),
        body: { bytes: whole.length, digest: sha256(whole) },
      },
    ]);
  });

  it('says that something is missing while the total is not known', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    expect((await send(requestId, chunk(0, 0, 'one'))).body).toEqual({ received: 0, missing: 1 });
  });

  it('tells again on a repeat, for the first telling may have been lost', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    bench.gate.error = new StintError('temporal-unavailable');
    expect((await send(requestId, chunk(0, 1, 'all'))).status).toBe(503);
    bench.gate.error = undefined;
    expect((await send(requestId, chunk(0, 1, 'all'))).body).toEqual({ received: 0, missing: 0 });
    expect(kinds()).toEqual(['evidenceComplete']);
  });

  it('with other bytes for a chunk that is here is refused', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    await send(requestId, chunk(0, 2, 'true'));
    expect(await send(requestId, chunk(0, 2, 'false'))).toMatchObject({ status: 409, body: { code: 'ledger-conflict' } });
    expect(Buffer.from(await bench.evidence.assemble(requestId)).toString()).toBe('true');
  });

  it('refuses a wrong digest, bad base64, a number beyond the total, and a chunk too large', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    const good = chunk(0, 1, 'x');
    for (const body of [
      { ...good, sha256: '0'.repeat(64) },
      { ...good, data: 'eA' },
      { ...good, data: '%%%%' },
      { ...good, seq: 1 },
      { ...good, seq: -1 },
      { ...good, seq: 0.5 },
      { ...good, total: 5000 },
      chunk(0, 1, 'x'.repeat(48 * 1024 + 1)),
    ]) {
      expect([400, 413]).toContain((await send(requestId, body)).status);
    }
    expect((await send(requestId, chunk(0, 1, 'x'.repeat(48 * 1024)))).status).toBe(200);
  });

  it('refuses a log of more than 8 MiB', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    bench.evidence.assemble = async () => Buffer.alloc(8 * 1024 * 1024);
    expect(await send(requestId, chunk(171, 172, 'one more'))).toMatchObject({ status: 413, body: { code: 'too-large' } });
  });

  it('for the elevation of another Mac is refused', async () => {
    const { requestId } = await bench.elevation({ state: 'collecting' });
    expect((await send(requestId, chunk(0, 1, 'x'), bench.macs.grace)).status).toBe(404);
    expect(await bench.evidence.missing(requestId)).toBeUndefined();
  });
});
