/** The store in memory is a faithful one: the same random calls get the same answers from it and from the real fence. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PersonId, RunId, Serial } from '../../contract/ids.js';
import type { Limit } from '../../contract/limits.js';
import type { ArmLimits, Fence } from '../../contract/ports.js';
import type { ElevationRequest, MacAdminTarget } from '../../contract/request.js';
import { type OpenStore, openStore } from '../../ledger/store.js';
import { limitRefusals } from '../../policy/limits.js';
import { ada, macOf, refOf } from '../fixtures/people.js';
import { at, Elevation, T0 } from '../ledger/events.js';
import { createMemory } from './memory.js';

let real: OpenStore;
beforeAll(async () => {
  real = await openStore({ memory: true, clock: () => T0 });
});
afterAll(() => real?.close());

const often = ['arm', 'arm', 'arm', 'sending', 'sending'] as const;
const once = ['extend', 'seen', 'pulse', 'endUnseen', 'end', 'gone', 'grant', 'toGrant', 'overdue', 'live'] as const;
const what = fc.constantFrom(...often, ...once);
const limit = fc.constantFrom(undefined, undefined, { live: 1 }, { live: 2 }, { automaticPerDay: 1 });
const call = fc.record({
  what,
  who: fc.nat(2),
  run: fc.constantFrom('run-1', 'run-2'),
  minutes: fc.integer({ min: 1, max: 9 }),
  limit,
});
let worlds = 0;

function limitsOf(request: ElevationRequest, one: Limit | undefined): ArmLimits | undefined {
  const wanted = { request, kind: 'request', windowMs: 600_000 } as const;
  return one && { request, refusal: (usage) => limitRefusals([one], wanted, usage, T0)[0] };
}

test('random calls are answered alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 20 }), async (calls) => {
      worlds += 1;
      const memory = createMemory(() => T0).store;
      // Somebody of their own in each world: the real store is one for all of them, and counts by person.
      const subject = { ...refOf(ada), personId: `ada-${worlds}` as PersonId };
      const mac = (n: number): MacAdminTarget => {
        const serial = `C02MEM${worlds}X${n}` as Serial;
        return { ...macOf(ada), serial, key: `mac-admin/${serial}` };
      };
      // The first two want the same Mac.
      const elevations = [0, 0, 1].map((n) => new Elevation({ target: mac(n), requester: subject, subject }));
      const ours = new Set(elevations.map((e) => e.request.requestId));
      const answer = async (fence: Fence, c: (typeof calls)[number], armed: ReturnType<Elevation['armed']>) => {
        const e = elevations[c.who];
        if (!e) throw new Error('nobody');
        const { requestId, target, subject } = e.request;
        const runId = c.run as RunId;
        switch (c.what) {
          case 'arm': {
            const now = at(c.minutes);
            const grant = e.grant({ runId, notAfter: at(5), ...(c.minutes < 3 && { automaticAt: now }) });
            return fence.arm(grant, armed, now, [], limitsOf(e.request, c.limit)).catch((error: Error) => error.name);
          }
          case 'extend':
            return fence.extend(requestId, runId, at(c.minutes), at(c.minutes % 2 === 0 ? 5 : c.minutes - 1));
          case 'seen':
            return fence.seen(requestId, at(c.minutes), at(c.run === 'run-1' ? 5 : 8));
          case 'sending':
            return fence.sending(requestId, runId, at(c.minutes));
          case 'pulse':
            return fence.pulse(requestId, at(c.minutes));
          case 'endUnseen':
            return fence.endUnseen(requestId, at(c.minutes), at(c.minutes));
          case 'end':
            return fence.end(requestId, runId, target, subject.personId as PersonId, at(c.minutes));
          case 'gone':
            return fence.gone(requestId, at(c.minutes));
          case 'grant':
            return fence.grant(requestId);
          case 'toGrant':
            return fence.toGrant(requestId);
          case 'live':
            return fence.live(target.key);
          default:
            return (await fence.overdue(at(c.minutes)))
              .filter((row) => ours.has(row.requestId))
              .map((row) => row.requestId)
              .sort();
        }
      };
      for (const c of calls) {
        const e = elevations[c.who];
        const armed = e?.armed({ ...e.grant(), runId: c.run as RunId, notAfter: at(5) });
        if (!e || !armed) throw new Error('nobody');
        expect([c, await answer(memory.fence, c, armed)]).toEqual([c, await answer(real.fence, c, armed)]);
        const { requestId } = e.request;
        expect(await memory.ledger.timeline(requestId)).toEqual(await real.ledger.timeline(requestId));
      }
    }),
    { numRuns: 200 },
  );
}, 120_000);
