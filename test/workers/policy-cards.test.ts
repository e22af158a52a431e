/** A request that waits says on its card that the policy was changed, soon after that, whichever process applied it; in a Slack that fails. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cardKey, isOutdated, type NoticeDeps, paintCard } from '../../activities/notices.js';
import { UNKNOWN_RENDER } from '../../activities/slack/memory.js';
import { instant } from '../../contract/ids.js';
import { directoryFrom } from '../../policy/people.js';
import type { Policy } from '../../policy/rules.js';
import { createPolicyCards } from '../../workers/policy-cards.js';
import { CHANNEL, type Stage, startStage } from '../activities/slack/stage.js';
import { everyone, TEAM } from '../fixtures/people.js';
import { type Elevation, VERDICT } from '../ledger/events.js';
import { policyOf } from '../policy/world.js';
import { type EndingBench, endingBench } from './ending-bench.js';

const CHANGED = 'The policy was changed after this was asked.';
const LATER = policyOf({ windows: '[5m]' });
let b: EndingBench;
let slack: Stage;
let failed: unknown[];
beforeEach(async () => {
  b = await endingBench();
  slack = await startStage();
  failed = [];
});
afterEach(async () => {
  await slack.close();
  await b.store.close();
});

const notices = (): NoticeDeps => ({
  cards: slack.worker(),
  store: { ...b.store, messages: slack.refs },
  directory: directoryFrom(everyone),
  teamId: TEAM,
  channel: CHANNEL,
  clock: b.clock,
});
/** A process that has just started: it remembers nothing. */
const started = () =>
  createPolicyCards({
    store: b.store,
    outdated: (view) => isOutdated(notices(), view),
    paint: (view) => paintCard(notices(), view),
    failed: (_requestId, error) => void failed.push(error),
  });
const apply = ({ hash, source: text }: Pick<Policy, 'hash' | 'source'>) =>
  b.store.policies.apply({ hash, text, by: 'root', via: 'cli' }, instant(b.clock()));
/** The policy by which the requests here were judged. */
const first = () => apply({ hash: VERDICT.policyHash, source: 'the first' });
const paint = async (e: Elevation) => {
  const view = await b.view(e);
  if (!view) throw new Error('no view');
  return paintCard(notices(), view);
};
const edits = () => slack.calls('chat.update').length;
const saying = () => slack.posted().filter(({ blocks }) => JSON.stringify(blocks).includes(CHANGED)).length;

describe('the card of a request that waits', () => {
  it('says that the policy was changed, at the next round, and once', async () => {
    await first();
    const round = started();
    await paint(await b.elevation('requested'));
    await round();
    const before = edits();
    await round();
    expect([saying(), edits()]).toEqual([0, before]);
    await apply(LATER);
    expect(await round()).toBe(1);
    expect(saying()).toBe(1);
    for (let i = 0; i < 3; i += 1) await round();
    expect(edits()).toBe(before + 1);
  });

  it('says so no more once the policy is again what it was asked by', async () => {
    await first();
    const round = started();
    await paint(await b.elevation('requested'));
    await apply(LATER);
    await round();
    await first();
    await round();
    expect(saying()).toBe(0);
  });

  it('is found by a process that starts after another has applied it and died', async () => {
    await first();
    await paint(await b.elevation('requested'));
    await apply(LATER);
    expect(await started()()).toBe(1);
    expect(await started()()).toBe(0);
    expect(saying()).toBe(1);
  });

  it('is painted again when Slack does not take it, and holds up no other', async () => {
    await first();
    const [one, other] = [await b.elevation('requested'), await b.elevation('requested')];
    for (const e of [one, other]) await paint(e);
    const round = started();
    await apply(LATER);
    slack.sim.fault({ method: 'chat.update', kind: '500', times: 1 });
    await round();
    expect([failed.length, saying()]).toEqual([1, 1]);
    await round();
    expect(saying()).toBe(2);
  });

  it('is painted twenty at a time', async () => {
    await first();
    for (let i = 0; i < 22; i += 1) await paint(await b.elevation('requested'));
    const round = started();
    await apply(LATER);
    expect([await round(), await round()]).toEqual([20, 2]);
    expect(saying()).toBe(22);
  });

  it('is the only one: nothing that is approved for now, or was never posted, is painted for it', async () => {
    await first();
    await paint(await b.elevation('approved'));
    await b.elevation('requested');
    // Its run is about to post it.
    const intended = cardKey({ request: (await b.elevation('requested')).request });
    await slack.refs.put(intended, { channel: CHANNEL, ts: '', renderDigest: UNKNOWN_RENDER });
    const before = edits();
    await apply(LATER);
    const round = started();
    await round();
    await round();
    expect([slack.posted().length, edits(), saying()]).toEqual([1, before, 0]);
  });
});

describe('the card of what waits for its start', () => {
  const ahead = () => b.elevation('approved', { startAt: instant(b.clock() + 60_000) });
  const text = () => JSON.stringify(slack.posted().map(({ blocks }) => blocks));

  it('says that the policy was changed and that it is judged once more, and no more when it is the old one again', async () => {
    await first();
    const round = started();
    const e = await ahead();
    await paint(e);
    expect([await round(), saying()]).toEqual([0, 0]);
    await apply(LATER);
    expect(await isOutdated(notices(), (await b.view(e)) ?? expect.fail('no view'))).toBe(true);
    expect([await round(), saying()]).toEqual([1, 1]);
    expect(text()).toContain('At its start it is judged once more, by the stricter of the two, point by point.');
    const before = edits();
    for (let i = 0; i < 3; i += 1) await round();
    expect(edits()).toBe(before);
    // Whoever else paints it, its run above all, says the same.
    await paint(e);
    expect([edits(), saying()]).toEqual([before, 1]);
    await first();
    expect([await round(), saying()]).toEqual([1, 0]);
  });

  it('is found by a process that starts after another has applied it and died, and painted again when Slack does not take it', async () => {
    await first();
    await paint(await ahead());
    await apply(LATER);
    const round = started();
    slack.sim.fault({ method: 'chat.update', kind: '500', times: 1 });
    await round();
    expect([failed.length, saying()]).toEqual([1, 0]);
    await started()();
    expect(saying()).toBe(1);
  });
});
