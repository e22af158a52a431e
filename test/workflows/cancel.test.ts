/** Cancel in the Temporal Web UI is a revoke, recorded as such, and works in every wait of the story. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ada, grace } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from './harness.js';

const MIN = 60_000;
let h: Harness;
beforeAll(async () => {
  h = await startHarness(inject('temporalAddress'));
});
afterAll(() => h?.close());

interface Wait {
  readonly name: string;
  /** Brings the elevation into this wait. */
  readonly go: (e: Asked) => Promise<unknown>;
  /** What ends the wait once Cancel was heard, where Cancel alone does not. */
  readonly after?: (e: Asked) => unknown;
  readonly outcome: string;
  /** Whether Cancel is what ended it. */
  readonly heard: boolean;
}

const granting = async (e: Asked) => {
  await e.approve(grace);
  await until(async () => e.calls('grant'), 'the grant call');
  await e.in('granting');
};

const WAITS: readonly Wait[] = [
  { name: 'for a decision', go: (e) => e.in('requested'), outcome: 'revoked', heard: true },
  {
    name: 'for the judgement of a vote',
    go: async (e) => {
      await e.in('requested');
      e.trouble.judgeHangs = true;
      await e.approve(grace);
    },
    outcome: 'revoked',
    heard: true,
  },
  {
    name: 'for the ledger before arming',
    go: async (e) => {
      await e.in('requested');
      e.trouble.ledgerDown = true;
      await e.approve(grace);
      await e.in('approved');
    },
    after: (e) => {
      e.trouble.ledgerDown = false;
    },
    outcome: 'revoked',
    heard: true,
  },
  { name: 'for the Mac', go: granting, outcome: 'revoked', heard: true },
  {
    name: 'for the answer of a grant call',
    go: async (e) => {
      e.trouble.grantHangs = true;
      await granting(e);
    },
    outcome: 'revoked',
    heard: true,
  },
  { name: 'for the deadline', go: (e) => e.activate(grace), outcome: 'revoked', heard: true },
  {
    name: 'for the deadline, with an extension asked',
    go: async (e) => {
      await e.activate(grace);
      await e.extend(ada, 10 * MIN);
      await e.sees((view) => view.extension, 'the extension');
    },
    outcome: 'revoked',
    heard: true,
  },
  {
    name: 'for the proof, where it changes nothing',
    go: async (e) => {
      await e.activate(grace);
      e.trouble.macSilent = true;
      await e.end(ada);
      await e.in('ending');
    },
    after: (e) => {
      e.trouble.macSilent = false;
    },
    outcome: 'ended',
    heard: false,
  },
  {
    name: 'for the evidence, where it changes nothing',
    go: async (e) => {
      await e.activate(grace);
      await e.end(ada);
      await e.in('collecting');
    },
    outcome: 'ended',
    heard: false,
  },
  {
    name: 'for Slack at the very end, where it changes nothing',
    go: async (e) => {
      await e.in('requested');
      e.trouble.slackDown = true;
      await e.withdraw(ada);
      await e.in('closed');
    },
    after: (e) => {
      e.trouble.slackDown = false;
    },
    outcome: 'withdrawn',
    heard: false,
  },
];

describe.concurrent('cancel while waiting', () => {
  test.each(WAITS)('$name', async ({ go, after, outcome, heard }) => {
    const e = await h.ask();
    await go(e);
    await e.handle.cancel();
    if (heard) await e.sees((view) => view.outcome === 'revoked', 'the end');
    e.trouble.judgeHangs = false;
    e.trouble.grantHangs = false;
    after?.(e);
    await e.logIfAsked();
    expect(await e.result()).toBe(outcome);
    expect(e.isAdmin).toBe(false);
    const timeline = await h.store.ledger.timeline(e.requestId);
    const revoked = timeline.find((event) => event.type === 'revoked');
    const refused = timeline.find((event) => event.type === 'refused' && event.data.kind === 'revoke');
    if (heard) expect(revoked).toMatchObject({ data: { cause: 'cancel' }, actor: { via: 'temporal' } });
    else expect([revoked, refused?.data]).toEqual([undefined, { kind: 'revoke', code: 'state-conflict' }]);
  });

  test('for the policy to let them ask: nothing is granted, and it is over once the policy answers', async () => {
    const request = h.request();
    h.trouble(request.requestId).judgeHangs = true;
    const e = await h.ask(request);
    await e.handle.cancel();
    e.trouble.judgeHangs = false;
    expect(await e.result()).toBe('revoked');
    expect(e.calls('grant')).toBe(0);
  });
});
