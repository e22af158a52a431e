/** A closed elevation's card shows its end, whoever should have painted it and did not; in a Slack that fails. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetPainted, isPainted, type NoticeDeps, paintCard } from '../../activities/notices.js';
import { UNKNOWN_RENDER } from '../../activities/slack/memory.js';
import { StintError } from '../../contract/errors.js';
import { instant, type RequestId } from '../../contract/ids.js';
import { directoryFrom } from '../../policy/people.js';
import { closeOrphans } from '../../workers/orphans.js';
import { repairCard } from '../../workers/repair-card.js';
import { createRepairs } from '../../workers/repair-cards.js';
import { CHANNEL, message, type Stage, startStage } from '../activities/slack/stage.js';
import { everyone, TEAM } from '../fixtures/people.js';
import type { Elevation } from '../ledger/events.js';
import { type EndingBench, endingBench } from './ending-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let b: EndingBench;
let slack: Stage;
let running: Set<RequestId>;
let asked: RequestId[];
let failed: unknown[];
beforeEach(async () => {
  b = await endingBench();
  slack = await startStage();
  running = new Set();
  asked = [];
  failed = [];
});
afterEach(async () => {
  await slack.close();
  await b.store.close();
});

const idOf = (e: Elevation) => e.request.requestId;
const notices = (): NoticeDeps => ({
  cards: slack.worker(),
  store: { ...b.store, messages: slack.refs },
  directory: directoryFrom(everyone),
  teamId: TEAM,
  channel: CHANNEL,
  clock: b.clock,
});
const repair = (requestId: RequestId) => repairCard(b.store, notices(), requestId);
/** A process that has just started: it remembers nothing. */
const started = () =>
  createRepairs({
    store: b.store,
    shows: (view) => isPainted(notices(), view),
    runs: async (requestId) => {
      asked.push(requestId);
      return running.has(requestId);
    },
    repair,
    forget: (view) => forgetPainted(notices(), view),
    clock: b.clock,
    failed: (_requestId, error) => void failed.push(error),
  });
const paint = async (e: Elevation) => {
  const view = await b.view(e);
  return view && paintCard(notices(), view);
};
const shown = () => slack.posted().map(({ text }) => text);
const remove = async (e: Elevation) => {
  const ref = await paint(e);
  slack.sim.admin.deleteMessage({ channel: CHANNEL, ts: ref?.ts ?? '' });
};
const write = (e: Elevation, ...events: Parameters<Elevation['event']>[]) =>
  b.store.ledger.append(events.map(([type, data]) => e.event(type, data, { at: instant(b.clock()) })));
const closeAsOrphan = () =>
  closeOrphans({ ...b.deps, runs: async () => false, repair, told: (_id, error) => void (error && failed.push(error)) });
const down = (times: number) => slack.sim.fault({ method: 'chat.update', kind: '500', times });

describe('a card that does not show the end', () => {
  it('is posted again when it was deleted and Slack failed as the elevation was closed without its workflow', async () => {
    const e = await b.elevation('requested');
    const round = started();
    await round();
    await remove(e);
    b.advance(HOUR);
    down(2);
    await closeAsOrphan();
    expect(failed).toHaveLength(1);
    expect(shown()).toEqual([]);
    await round();
    for (let i = 0; i < 4; i += 1) {
      b.advance(MINUTE);
      await round();
    }
    expect(failed).toHaveLength(2);
    expect(shown()).toEqual([expect.stringMatching(/nothing was granted/)]);
  });

  it('is drawn by another process when the sweep died right after its entry', async () => {
    const e = await b.elevation('active');
    await remove(e);
    await write(e, ['swept', { observedAt: instant(b.clock()), how: 'the Mac said so' }]);
    b.advance(MINUTE);
    expect(await started()()).toBe(1);
    expect(shown()).toEqual([expect.stringMatching(/Ended\. Access gone/)]);
  });

  it('is drawn when its own run wrote the end and was terminated before it painted', async () => {
    const round = started();
    await round();
    const e = await b.elevation('requested');
    await paint(e);
    await write(e, ['lapsed', {}], ['closed', { outcome: 'lapsed' }]);
    running.add(idOf(e));
    await round();
    b.advance(MINUTE);
    expect(await round()).toBe(0);
    expect(shown()).toEqual([expect.stringMatching(/Waiting for approval/)]);
    running.clear();
    b.advance(MINUTE);
    expect(await round()).toBe(1);
    expect(shown()).toEqual([expect.stringMatching(/nothing was granted/)]);
  });

  it('is let be once it shows the end: neither Temporal nor Slack is asked', async () => {
    const e = await b.elevation('requested');
    await write(e, ['lapsed', {}], ['closed', { outcome: 'lapsed' }]);
    await paint(e);
    const edits = slack.calls('chat.update').length;
    const round = started();
    await round();
    b.advance(MINUTE);
    await round();
    expect([asked, slack.calls('chat.update').length]).toEqual([[], edits]);
  });

  describe('and shows something else, for an earlier paint was carried out after the last one', () => {
    const closed = async () => {
      const e = await b.elevation('requested');
      await write(e, ['lapsed', {}], ['closed', { outcome: 'lapsed' }]);
      const ref = await paint(e);
      if (!ref) throw new Error('no card');
      // Of a worker that nobody hears of any more: no memory has it.
      await slack.worker().update({ ...ref, renderDigest: UNKNOWN_RENDER }, message('Collecting the log'));
      expect(shown()).toEqual(['Collecting the log']);
      return e;
    };

    it('is drawn once more a minute and a half after its end, whatever it was painted as', async () => {
      const round = started();
      await round();
      await closed();
      await round();
      b.advance(MINUTE);
      expect(await round()).toBe(0);
      b.advance(MINUTE / 2);
      await round();
      expect(shown()).toEqual([expect.stringMatching(/nothing was granted/)]);
    });

    it('is drawn by a process that starts anew, and then never again', async () => {
      const e = await closed();
      b.advance(2 * MINUTE);
      expect(await started()()).toBe(1);
      expect(shown()).toEqual([expect.stringMatching(/nothing was granted/)]);
      const round = started();
      expect(await round()).toBe(0);
      running.add(idOf(e));
      b.advance(HOUR);
      expect([await round(), await started()()]).toEqual([0, 0]);
    });

    it('is drawn later where Slack did not take it, also by another process', async () => {
      await closed();
      b.advance(2 * MINUTE);
      down(2);
      expect(await started()()).toBe(0);
      expect(failed).toMatchObject([{ code: 'slack-unavailable' }]);
      await started()();
      await started()();
      expect(shown()).toEqual([expect.stringMatching(/nothing was granted/)]);
    });
  });

  it('waits for a Temporal that is down, and is given up in the end', async () => {
    const e = await b.elevation('requested');
    await paint(e);
    await write(e, ['lapsed', {}], ['closed', { outcome: 'lapsed' }]);
    let up = false;
    const round = createRepairs({
      store: b.store,
      shows: async () => false,
      runs: async () => {
        if (!up) throw new StintError('temporal-unavailable');
        return false;
      },
      repair: () => Promise.reject(new StintError('slack-unavailable')),
      forget: async () => {},
      clock: b.clock,
      failed: (_requestId, error) => void failed.push(error),
    });
    b.advance(MINUTE);
    await round();
    up = true;
    await round();
    expect(failed).toMatchObject([{ code: 'temporal-unavailable' }, { code: 'slack-unavailable' }]);
    b.advance(7 * HOUR);
    await round();
    await round();
    expect(failed).toHaveLength(2);
  });
});
