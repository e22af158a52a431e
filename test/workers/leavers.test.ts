/** Whoever leaves loses what they hold and what waits in their name; nobody loses it by a file that is half written. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Alarm } from '../../contract/alarms.js';
import { instant, type PersonId } from '../../contract/ids.js';
import { createRoster } from '../../workers/followups.js';
import { createLeavers, type LeaversDeps, MISSING_MS, type Roster, startLeavers } from '../../workers/leavers.js';
import { type EndingBench, endingBench, someone } from './ending-bench.js';

let b: EndingBench;
beforeAll(async () => {
  b = await endingBench();
});
afterAll(() => b.store.close());
beforeEach(() => {
  b.temporal.state = 'up';
  b.temporal.told.length = 0;
  alarms.length = 0;
});

const roster = (people: Record<string, boolean>): Roster => new Map(Object.entries(people) as [PersonId, boolean][]);
const repaired: string[] = [];
const alarms: Alarm[] = [];
const lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });

function deps(change: Partial<LeaversDeps> = {}): LeaversDeps {
  return {
    ...b.deps,
    store: b.store,
    roster: async () => roster({}),
    cancel: (requestId) => b.temporal.call('cancel', requestId),
    repair: async (requestId) => void repaired.push(requestId),
    alarms: { raise: (alarm) => void alarms.push(alarm) },
    log: { warn: at('warn'), error: at('error') },
    ...change,
  };
}

/** Everybody of the other tests is there. */
let names = 0;
async function holder(state: 'requested' | 'active' = 'active') {
  names += 1;
  const id = `p${names}`;
  return { id, e: await b.elevation(state, { subject: someone(id), requester: someone(id) }) };
}
const rosterOf = (change: Record<string, boolean | undefined>): Roster => {
  const all = Object.fromEntries(Array.from({ length: names }, (_, i) => [`p${i + 1}`, true as boolean | undefined]));
  const entries = Object.entries({ ada: true, grace: true, ...all, ...change }).filter(([, active]) => active !== undefined);
  return roster(Object.fromEntries(entries) as Record<string, boolean>);
};

describe('a round', () => {
  it('ends what somebody holds who is no longer active: recorded with its cause, and the workflow is cancelled', async () => {
    const [gone, stays] = [await holder(), await holder()];
    expect(await createLeavers(deps()).round(rosterOf({ [gone.id]: false }))).toBe(1);
    expect(await b.view(gone.e)).toMatchObject({ state: 'ending', outcome: 'revoked', revokeCause: 'left' });
    expect(b.temporal.told).toEqual([`cancel ${gone.e.request.requestId}`]);
    expect(await b.armable(gone.e)).toBe('fenced');
    expect(await b.view(stays.e)).toMatchObject({ state: 'active' });
    expect(await b.store.untold.all()).toEqual([]);
  });

  it('ends it directly, with proof, while Temporal is down; the workflow is told later', async () => {
    const { id, e } = await holder();
    b.temporal.state = 'down';
    await createLeavers(deps()).round(rosterOf({ [id]: false }));
    expect(b.macs.admins.has(e.request.target.serial)).toBe(false);
    expect(await b.view(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'left' });
    expect((await b.types(e)).slice(-2)).toEqual(['revoked', 'swept']);
    expect(repaired).toContain(e.request.requestId);
    expect((await b.store.untold.all()).map(({ requestId }) => requestId)).toEqual([e.request.requestId]);
    await b.store.untold.remove(e.request.requestId);
  });

  it('ends it directly, too, when its workflow is paused, which hears of it when it goes on', async () => {
    const { id, e } = await holder();
    b.temporal.state = 'paused';
    await createLeavers(deps()).round(rosterOf({ [id]: false }));
    expect(b.macs.admins.has(e.request.target.serial)).toBe(false);
    expect(await b.view(e)).toMatchObject({ state: 'closed', revokeCause: 'left' });
    expect(b.temporal.told).toEqual([`cancel ${e.request.requestId}`]);
    expect(await b.store.untold.all()).toEqual([]);
  });

  it('forgets who they are at AWS after what they hold, and looks no oftener for who is only known by that', async () => {
    const { id, e } = await holder();
    for (const one of [id, 'elsewhere'] as PersonId[])
      await b.store.bindings.bind(one, 'aws-permission-set', `user-${one}`, instant(b.clock()));
    const leavers = createLeavers(deps());
    await leavers.round(rosterOf({ [id]: false }));
    expect(await b.view(e)).toMatchObject({ revokeCause: 'left' });
    expect(await b.store.bindings.all()).toMatchObject([{ personId: 'elsewhere' }]);
    expect(leavers.pending).toBe(false);
    await b.store.bindings.unbind('elsewhere' as PersonId, 'aws-permission-set', { cause: 'left' }, instant(b.clock()));
  });

  it('tells whose access it was, why, and what to do; of a request that only waited, that nothing was granted', async () => {
    const [held, waiting] = [await holder(), await holder('requested')];
    await createLeavers(deps()).round(rosterOf({ [held.id]: false, [waiting.id]: false }));
    const of = ({ e }: typeof held) => alarms.filter(({ requestId }) => requestId === e.request.requestId);
    expect(of(held)).toMatchObject([{ key: `left/${held.e.request.requestId}`, target: held.e.request.target.key }]);
    expect(of(held)[0]?.sentence).toMatch(new RegExp(`^${held.id} is no longer active.*being taken away`));
    expect(of(held)[0]?.todo).toContain('mend the people file');
    expect(of(waiting)[0]?.sentence).toMatch(new RegExp(`^${waiting.id} is no longer active.*before anything was granted`));
    await createLeavers(deps()).round(rosterOf({ [held.id]: false, [waiting.id]: false }));
    expect(alarms).toHaveLength(2);
  });

  it('names who asked when it is they who left', async () => {
    names += 1;
    const asker = `p${names}`;
    const e = await b.elevation('requested', { requester: someone(asker) });
    await createLeavers(deps()).round(rosterOf({ [asker]: false }));
    expect(alarms).toHaveLength(1);
    expect(alarms[0]?.sentence).toContain(`${asker} is no longer active`);
    expect(alarms[0]?.sentence).toContain(`of ${e.request.subject.personId} to`);
  });

  it('tells it also when the Mac says nothing, and Temporal is down', async () => {
    const { e } = await holder();
    b.macs.silent.add(e.request.target.serial);
    b.temporal.state = 'down';
    await createLeavers(deps()).round(rosterOf({ [e.request.subject.personId]: false }));
    expect(alarms.map(({ key }) => key)).toEqual([`left/${e.request.requestId}`]);
  });

  it('ends a request that only waits, also when its requester leaves and its subject stays', async () => {
    const { e } = await holder('requested');
    names += 1;
    const asker = `p${names}`;
    const other = await b.elevation('requested', { requester: someone(asker) });
    await createLeavers(deps()).round(rosterOf({ [e.request.subject.personId]: false, [asker]: false }));
    for (const one of [e, other]) {
      expect(await b.view(one)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'left' });
      expect(await b.armable(one)).toBe('fenced');
    }
  });

  it('leaves access alone whose requester left, for it is its subject’s', async () => {
    names += 1;
    const asker = `p${names}`;
    const e = await b.elevation('active', { requester: someone(asker) });
    expect(await createLeavers(deps()).round(rosterOf({ [asker]: false }))).toBe(0);
    expect(await b.view(e)).toMatchObject({ state: 'active' });
  });

  it('whoever is merely missing is looked for again: back in the file, nothing happened', async () => {
    const { id, e } = await holder();
    const leavers = createLeavers(deps());
    expect(await leavers.round(rosterOf({ [id]: undefined }))).toBe(0);
    expect(leavers.pending).toBe(true);
    b.advance(MISSING_MS + 1);
    expect(await leavers.round(rosterOf({}))).toBe(0);
    expect(leavers.pending).toBe(false);
    expect(await leavers.round(rosterOf({ [id]: undefined }))).toBe(0); // the count begins anew
    expect(await b.view(e)).toMatchObject({ state: 'active' });
    b.advance(MISSING_MS + 1);
    expect(await leavers.round(rosterOf({ [id]: undefined }))).toBe(1);
    expect(await b.view(e)).toMatchObject({ state: 'ending', revokeCause: 'left' });
  });

  it('is not kept from the others by one Mac that says nothing', async () => {
    const [silent, other] = [await holder(), await holder()];
    b.macs.silent.add(silent.e.request.target.serial);
    b.temporal.state = 'down';
    await createLeavers(deps()).round(rosterOf({ [silent.id]: false, [other.id]: false }));
    expect(await b.view(other.e)).toMatchObject({ state: 'closed' });
    expect(await b.view(silent.e)).toMatchObject({ state: 'ending' });
    expect(await b.armable(silent.e)).toBe('fenced');
    expect(lines.some(({ message }) => message.includes('not proved gone yet'))).toBe(true);
  });

  it('that died after the fence and before its entry is made good by the next', async () => {
    const { id, e } = await holder();
    const { requestId, target, subject } = e.request;
    await b.store.fence.end(requestId, e.grant().runId, target, subject.personId, e.request.askedAt);
    expect(await createLeavers(deps()).round(rosterOf({ [id]: false }))).toBe(1);
    expect(await b.view(e)).toMatchObject({ revokeCause: 'left' });
    expect(b.temporal.told).toContain(`cancel ${requestId}`);
  });
});

describe('the people file', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stint-people-'));
    path = join(folder, 'people.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const person = (id: string, active = true) => `  - id: ${id}\n    name: ${id}\n    active: ${active}\n`;

  it('is read again when it changes, and is the same object for as long as it does not', async () => {
    await writeFile(path, `people:\n${person('ada')}`);
    const read = createRoster(path, b.clock);
    const first = await read();
    expect(first.get('ada' as PersonId)).toBe(true);
    expect(await read()).toBe(first);
    await writeFile(path, `people:\n${person('ada', false)}`);
    await vi.waitFor(async () => expect((await read()).get('ada' as PersonId)).toBe(false));
  });

  it('that is missing, broken or half written ends nothing, is said once, and counts again when it is whole', async () => {
    const { id, e } = await holder();
    const everybody = [...rosterOf({}).keys()].map((one) => person(one)).join('');
    const whole = `people:\n${everybody}`;
    await writeFile(path, whole);
    lines.length = 0;
    const read = createRoster(path, b.clock);
    let looks = 0;
    const loop = startLeavers(
      deps({
        roster: () => {
          looks += 1;
          return read();
        },
        sleep: async (ms) => {
          b.advance(ms);
          await new Promise((resolve) => setTimeout(resolve, 1));
        },
      }),
    );
    const looked = async (more: number) => {
      const from = looks;
      await vi.waitFor(() => expect(looks).toBeGreaterThan(from + more), { timeout: 20_000 });
    };
    for (const broken of [whole.slice(0, whole.length - 12), 'people: [', `people:\n  - id: ${id}\n`, '']) {
      await writeFile(path, broken);
      await looked(12);
    }
    await rm(path);
    await looked(12);
    expect(await b.view(e)).toMatchObject({ state: 'active' });
    const said = lines.filter(({ message }) => message.includes('nobody loses access by that'));
    expect(said.length).toBeGreaterThan(2);
    expect(said.length).toBeLessThan(looks);
    await writeFile(path, whole.replace(person(id), person(id, false)));
    await vi.waitFor(async () => expect(await b.view(e)).toMatchObject({ revokeCause: 'left' }), { timeout: 20_000 });
    loop.stop();
  });
});
