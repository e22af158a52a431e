/** Lives each kind of elevation through on the real server and keeps its history in `histories/` (see `record.config.ts`). */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { StintError } from '../../contract/errors.js';
import { instant } from '../../contract/ids.js';
import { directoryFrom } from '../../policy/people.js';
import { ada, everyone, grace, linus, mallory, POLICY } from '../fixtures/people.js';
import { type Asked, type Harness, startHarness, until } from '../workflows/harness.js';
import { startPagingServer } from '../workflows/server.js';
import { COMMENT } from './histories.js';
import { type Polled, startPolled } from './polled.js';

const MIN = 60_000;
const FOLDER = fileURLToPath(new URL('./histories/', import.meta.url));

let h: Harness;
beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  // Short, so that the history of an unanswered request stays small: one reminder, then it lapses.
  h = await startHarness(inject('temporalAddress'), { policy: POLICY.replace('pending: 24h', 'pending: 15m') });
});
afterAll(() => h?.close());

/** Who and where it ran says nothing about the story, and would name the machine. */
function scrub(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrub);
  // The name of a worker's own queue holds its process and its machine.
  if (typeof value === 'string' && /^\d+@.*-[0-9a-f]{32}$/.test(value)) return 'stint-sticky';
  if (typeof value !== 'object' || value === null) return value;
  const own = (key: string, inner: unknown) => {
    if (/identity$/i.test(key)) return 'stint';
    return key === 'stackTrace' ? '' : scrub(inner); // a stack names the folders of the machine
  };
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, own(key, inner)]));
}

async function keep(harness: Harness, name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await harness.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const text = JSON.stringify({ workflowId, ...(scrub(JSON.parse(historyToJSON(history))) as object) });
  await writeFile(`${FOLDER}${name}.json`, `${text}\n`);
}

interface Scenario {
  readonly name: string;
  readonly outcome: string;
  readonly live: (e: Asked) => Promise<unknown>;
}

const extension = async (e: Asked, windowMs: number) => {
  await e.extend(ada, windowMs);
  const asked = await e.sees((view) => view.extension?.state === 'waiting', 'the extension');
  return asked.extension?.roundDigest;
};

/** The policy approves short windows by itself; all others wait for people, as ever. */
const OWN = POLICY.replace('quorum: 1', 'quorum: 1, policy: { upTo: 5m, perDay: 3 }').replace('pending: 24h', 'pending: 15m');

const GLASS = `${POLICY.replace('pending: 24h', 'pending: 15m').trimEnd()}
    breakGlass: { ask: { groups: [staff] }, max: 5m, review: { groups: [it] } }
`;

const SCENARIOS: readonly Scenario[] = [
  { name: 'denied', outcome: 'denied', live: (e) => e.deny(linus, e.digest, COMMENT) },
  { name: 'lapsed', outcome: 'lapsed', live: async (e) => (await e.in('requested')) && e.skip(16 * MIN) },
  { name: 'withdrawn', outcome: 'withdrawn', live: (e) => e.withdraw(ada) },
  {
    name: 'not-started',
    outcome: 'not-started',
    live: async (e) => {
      await e.approve(grace);
      await h.granted(e);
      await e.skip(4 * 60 * MIN + 1000);
    },
  },
  {
    name: 'expired',
    outcome: 'expired',
    live: async (e) => {
      await e.in('requested');
      await e.approve(grace, 10 * MIN, e.digest, COMMENT);
      await h.granted(e);
      await e.claim();
      await e.confirm();
      await e.skip(5 * MIN + 100);
      await e.sees((view) => view.warnedAt, 'the warning');
      await e.skip(5 * MIN);
      await e.finish();
    },
  },
  {
    name: 'revoked',
    outcome: 'revoked',
    live: async (e) => {
      await e.activate(grace);
      await e.revoke(linus);
      await e.finish();
    },
  },
  {
    name: 'ended',
    outcome: 'ended',
    live: async (e) => {
      await e.activate(grace);
      await e.end(ada);
      await e.finish();
    },
  },
  {
    name: 'lost-contact',
    outcome: 'lost-contact',
    live: async (e) => {
      await e.activate(grace);
      e.trouble.macSilent = true;
      await e.contactLost(instant(Date.now()));
      await e.in('ending');
      await e.skip(MIN + 100);
      await e.sees((view) => view.alarmMinutes === 1, 'the alarm');
      e.trouble.macSilent = false;
      await e.finish();
    },
  },
  {
    name: 'failed',
    outcome: 'failed',
    live: async (e) => {
      e.trouble.grantFails = new StintError('tag-unknown');
      await e.approve(grace);
    },
  },
  {
    name: 'unproven',
    outcome: 'unproven',
    live: async (e) => {
      await e.activate(grace);
      e.trouble.macSilent = true;
      await e.revoke(grace);
      await e.in('ending');
      await e.closeUnproven(grace);
      await e.closeUnproven(linus);
    },
  },
  {
    name: 'ending-heard-first',
    outcome: 'revoked',
    live: async (e) => {
      await e.in('requested');
      e.trouble.ledgerDown = true;
      await e.approve(grace);
      await e.in('approved');
      e.trouble.sealsHang = true;
      await e.revoke(linus);
      await e.checks();
      e.trouble.ledgerDown = false;
      await e.in('granting');
      e.trouble.sealsHang = false;
      await e.logIfAsked();
    },
  },
  {
    name: 'cancel',
    outcome: 'revoked',
    live: async (e) => {
      await e.activate(grace);
      await e.handle.cancel();
      await e.finish();
    },
  },
  {
    name: 'extension',
    outcome: 'expired',
    live: async (e) => {
      await e.activate(grace, 5 * MIN);
      await e.approve(linus, 10 * MIN, await extension(e, 10 * MIN));
      await e.sees((view) => view.extension?.state === 'granted', 'the extension granted');
      await e.skip(15 * MIN + 500);
      await e.finish();
    },
  },
  {
    name: 'reset',
    outcome: 'failed',
    live: async (e) => {
      await e.activate(grace);
      await e.reset();
    },
  },
];

type PolledRun = Awaited<ReturnType<Polled['ask']>>;

/** Asks for what AWS gives, and what AWS does meanwhile. */
const POLLED: readonly { readonly name: string; readonly outcome: string; readonly live: (e: PolledRun) => Promise<unknown> }[] =
  [
    {
      name: 'polled-expired',
      outcome: 'expired',
      live: async (e) => {
        await e.approve(grace);
        await e.in('active');
        await e.skip(5 * MIN + 100);
        await e.sees((view) => view.warnedAt, 'the warning');
        await e.skip(5 * MIN);
      },
    },
    {
      name: 'polled-failed',
      outcome: 'failed',
      live: async (e) => {
        e.trouble.grantFails = new StintError('aws-failed', 'AWS could not do it: the account has no room for another role.');
        await e.approve(grace);
      },
    },
    {
      name: 'polled-had-already',
      outcome: 'failed',
      live: async (e) => {
        Object.assign(e.trouble, { grantFails: new StintError('have-already'), macStanding: true });
        await e.approve(grace);
      },
    },
    {
      name: 'polled-revoked',
      outcome: 'revoked',
      live: async (e) => {
        await e.approve(grace);
        await e.in('active');
        await e.revoke(linus);
      },
    },
    {
      // Taken away while AWS still works on it: what the story knows is the instant since which something may be there.
      name: 'polled-revoked-early',
      outcome: 'revoked',
      live: async (e) => {
        e.trouble.grantHangs = true;
        await e.approve(grace);
        await until(async () => e.calls('grant'), 'the grant call');
        await e.revoke(linus);
      },
    },
    {
      name: 'polled-slow-clock',
      outcome: 'ended',
      live: async (e) => {
        e.trouble.seenEarlyMs = 20_000;
        await e.approve(grace);
        await e.in('active');
        await e.end(ada);
      },
    },
  ];

test('approved-by-policy', async () => {
  const own = await startHarness(inject('temporalAddress'), { policy: OWN });
  try {
    const e = await own.ask({ windowMs: 5 * MIN });
    await own.granted(e);
    await e.claim();
    await e.confirm();
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    await keep(own, 'approved-by-policy', e.workflowId);
  } finally {
    await own.close();
  }
});

test('break-glass', async () => {
  const glass = await startHarness(inject('temporalAddress'), { policy: GLASS });
  try {
    const e = await glass.ask({ windowMs: 5 * MIN, breakGlass: { incident: 'INC-1' } });
    await glass.granted(e);
    await e.claim();
    await e.confirm();
    await e.skip(5 * MIN + 500);
    expect(await e.finish()).toBe('expired');
    await keep(glass, 'break-glass', e.workflowId);
    const drill = await glass.ask({ windowMs: 5 * MIN, breakGlass: { incident: 'INC-1', drill: true } });
    expect(await drill.result()).toBe('drilled');
    await keep(glass, 'drilled', drill.workflowId);
  } finally {
    await glass.close();
  }
});

describe.concurrent('histories', () => {
  test.each(SCENARIOS)('$name', async ({ name, outcome, live }) => {
    const e = await h.ask();
    await live(e);
    expect(await e.result()).toBe(outcome);
    await keep(h, name, e.workflowId);
  });

  test('refused-start', async () => {
    const request = h.request();
    await h.startRaw(request.requestId, { approved: true });
    const e = h.hand(request);
    expect(await e.result()).toBe('refused');
    await keep(h, 'refused-start', e.workflowId);
  });

  test('late-evidence', async () => {
    const e = await h.ask();
    await e.activate(grace);
    await e.revoke(linus);
    await e.in('collecting');
    await e.skip(31 * MIN);
    await e.result();
    const data = new TextEncoder().encode('sudo log that came late\n');
    await h.store.evidence.put({ requestId: e.requestId, seq: 0, data, total: 1, receivedAt: instant(Date.now()) });
    await e.evidenceComplete();
    const workflowId = `late-evidence/${e.requestId}`;
    await h.client.workflow.getHandle(workflowId).result();
    await keep(h, 'late-evidence', workflowId);
  });
});

describe('histories of what is polled', () => {
  test('polled', async () => {
    const { harness, ask } = await startPolled(inject('temporalAddress'));
    const live = async ({ name, outcome, live }: (typeof POLLED)[number]) => {
      const e = await ask();
      await live(e);
      expect(await e.result()).toBe(outcome);
      await keep(harness, name, e.workflowId);
    };
    try {
      await Promise.all(POLLED.map(live));
    } finally {
      await harness.close();
    }
  });
});

test('escalated', async () => {
  const approve = 'approve: { groups: [it], escalate: [{ after: 3s, people: [mallory] }] }';
  const harness = await startHarness(inject('temporalAddress'), {
    policy: POLICY.replace('approve: { groups: [it], quorum: 1 }', approve),
  });
  try {
    const e = await harness.ask();
    await e.sees((view) => view.calls?.length === 1, 'the step to be called');
    await e.activate(mallory);
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
    await keep(harness, 'escalated', e.workflowId);
  } finally {
    await harness.close();
  }
});

test('on-call', async () => {
  const macs = [{ ...(ada.macs[0] as NonNullable<(typeof ada.macs)[0]>), serial: 'C02ADA0000' as never }];
  const base = directoryFrom(everyone.map((one) => (one === ada ? { ...ada, macs } : one)));
  let shift = { who: grace, untilMs: Date.now() + 4_000 };
  const harness = await startHarness(inject('temporalAddress'), {
    policy: POLICY.replace('{ groups: [it], quorum: 1 }', '{ groups: [it, "oncall:primary"] }'),
    directory: { ...base, onCall: async () => ({ members: [shift.who], untilMs: shift.untilMs }) },
  });
  try {
    const e = await harness.ask();
    await e.sees((view) => view.calls?.length === 1, 'who is on call to be called');
    shift = { who: linus, untilMs: shift.untilMs + 60 * MIN };
    await e.sees((view) => view.calls?.length === 2, 'the next to be called');
    await e.activate(linus);
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
    await keep(harness, 'on-call', e.workflowId);
  } finally {
    await harness.close();
  }
});

test('later', async () => {
  let aheadMs = 0;
  const policy = `${POLICY}    later: { ahead: 1d }\n`;
  const harness = await startHarness(inject('temporalAddress'), { policy, aheadMs: () => aheadMs });
  try {
    const e = await harness.ask({ startAt: instant(Date.now() + 60 * MIN) });
    await e.approve(grace);
    await e.in('approved');
    aheadMs = 61 * MIN;
    e.trouble.macAheadMs += aheadMs;
    await e.skip(aheadMs);
    await harness.granted(e);
    await e.claim();
    await e.confirm();
    await e.end(ada);
    expect(await e.finish()).toBe('ended');
    await keep(harness, 'later', e.workflowId);
  } finally {
    await harness.close();
  }
});

test('continue-as-new', async () => {
  const server = await startPagingServer(60);
  const paging = await startHarness(server.address);
  try {
    const e = await paging.ask();
    await e.in('requested');
    const first = await e.runId();
    await e.activate(grace);
    const second = await until(async () => {
      const now = await e.runId();
      return now !== first && now;
    }, 'the next page');
    await e.revoke(linus);
    expect(await e.finish()).toBe('revoked');
    await keep(paging, 'continue-as-new', e.workflowId, first);
    await keep(paging, 'continued', e.workflowId, second);
  } finally {
    await paging.close();
    await server.stop();
  }
});
