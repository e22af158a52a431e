/**
 * A workflow that meets a freeze, two that meet a limit, and workflows that were ended past them while they slept: against the real server, what
 * the Mac, the ledger and the last card then say.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { instant } from '../../contract/ids.js';
import { type EndNowDeps, fenceOff, proveEnded } from '../../workers/end-now.js';
import { createCancel, tellWorkflows } from '../../workers/untold.js';
import { grace, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h.close());

/** As a process that holds the store has it. */
const deps = (): EndNowDeps => ({
  store: h.store,
  driverOf: () => h.mac,
  clock: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
const types = async (e: Asked) => (await h.store.ledger.timeline(e.requestId)).map(({ type }) => type);
const row = async (e: Asked) => (await h.store.ledger.find(e.requestId))?.view;
const written = (e: Asked, state: string) => until(async () => (await row(e))?.state === state, `${state} in the store`);
/** As a worker does it when Temporal is back. */
const tell = () =>
  tellWorkflows({
    store: h.store,
    cancel: createCancel(h.client, Date.now),
    repair: async () => undefined,
    clock: Date.now,
    failed: (_, error) => {
      throw error;
    },
  });

describe('an approval that meets a freeze', () => {
  it('is not granted: closed as failed, with the reason; what runs goes on and can be ended', async () => {
    const running = await h.ask();
    await running.activate(grace);
    const by = { operator: 'root', reason: 'INC-417' };
    await h.store.freeze.set(by, instant(Date.now()));
    try {
      const e = await h.ask();
      await e.approve(grace);
      expect(await e.result()).toBe('failed');
      expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'failed', failure: 'frozen' });
      expect(await types(e)).toContain('arm-refused');
      expect(e.calls('grant')).toBe(0);
      expect(e.isAdmin).toBe(false);
      expect(running.isAdmin).toBe(true);
      await running.revoke(grace);
      expect(await running.finish()).toBe('revoked');
      expect(running.isAdmin).toBe(false);
    } finally {
      await h.store.freeze.lift(by, instant(Date.now()));
    }
  });
});

describe('two approvals at one moment, of which a limit lets one through', () => {
  it('one is granted; the other is closed without a grant, and says which limit it was', async () => {
    h.setPolicy(`${POLICY}    limits: { live: 1 }\n`);
    try {
      const both = [await h.ask(), await h.ask()];
      await Promise.all(both.map((e) => e.approve(grace)));
      const states = async () => (await Promise.all(both.map(row))).map((view) => view?.state);
      await until(async () => (await states()).sort().join() === 'closed,granting', 'one of the two to be granted');
      const [winner, loser] = (await row(both[0] as Asked))?.state === 'granting' ? both : both.toReversed();
      if (!winner || !loser) throw new Error('two were asked for');
      const view = await row(loser);
      // Judged after the other had the target, or at the very same moment.
      expect(['denied', 'failed']).toContain(view?.outcome);
      expect([view?.failureReason, ...(view?.verdict.sentences ?? [])].join(' ')).toContain('at most one elevation at once');
      expect(loser.calls('grant')).toBe(0);
      await winner.revoke(grace);
      await winner.logIfAsked();
      expect(await winner.result()).toBe('revoked');
    } finally {
      h.setPolicy(POLICY);
    }
  });
});

describe('a workflow that was ended past it while Temporal was down', () => {
  it('and was active: the Mac is free before it wakes; told, it closes as revoked and touches the Mac no more', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await h.granted(e);
    await written(e, 'active');
    await fenceOff(deps(), e.requestId, 'operator');
    await proveEnded({ ...deps(), watchMs: 20_000 }, e.requestId, 'operator');
    expect(e.isAdmin).toBe(false);
    expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator' });
    const [revokes, grants] = [e.calls('revoke'), e.calls('grant')];

    await tell();
    expect(await e.finish()).toBe('revoked');
    expect(e.calls('grant')).toBe(grants);
    expect(e.calls('revoke')).toBe(revokes);
    expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator', evidence: {} });
    expect((await types(e)).filter((type) => type === 'revoked' || type === 'swept' || type === 'closed')).toEqual([
      'revoked',
      'swept',
      'revoked',
      'closed',
    ]);
    expect(await h.store.untold.all()).toEqual([]);
  });

  it('and waited for a decision: an approval that comes first is fenced; told or not, it grants nothing and closes', async () => {
    const [told, untold] = [await h.ask(), await h.ask()];
    for (const e of [told, untold]) {
      await written(e, 'requested');
      await fenceOff(deps(), e.requestId, 'operator');
      expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'revoked' });
    }
    await h.store.untold.remove(untold.requestId);
    await untold.approve(grace);
    expect(await untold.result()).toBe('failed');
    await tell();
    expect(await told.result()).toBe('revoked');
    for (const e of [told, untold]) {
      expect(e.calls('grant')).toBe(0);
      expect(e.isAdmin).toBe(false);
      // The first end is the one that the record keeps.
      expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'operator' });
    }
  });

  it('and waited for a decision: approved while its Mac is closed it is over at once, and nobody is alarmed', async () => {
    const e = await h.ask();
    await written(e, 'requested');
    await fenceOff(deps(), e.requestId, 'operator');
    e.trouble.macSilent = true;
    await e.approve(grace);
    expect(await e.result()).toBe('failed');
    expect([e.calls('grant'), e.isAdmin]).toEqual([0, false]);
    expect(await types(e)).not.toContain('alarm');
    await h.store.untold.remove(e.requestId);
  });

  it('and is not there at all is over without it', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await h.granted(e);
    await e.handle.terminate('somebody pressed it');
    expect(e.isAdmin).toBe(true);
    await fenceOff(deps(), e.requestId, 'left');
    await proveEnded({ ...deps(), watchMs: 20_000 }, e.requestId, 'left');
    expect(e.isAdmin).toBe(false);
    expect(await createCancel(h.client, Date.now)(e.requestId)).toBe('over');
    await tell();
    expect(await row(e)).toMatchObject({ state: 'closed', outcome: 'revoked', revokeCause: 'left' });
  });
});
