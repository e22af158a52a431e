/** One change told to store and Slack at once: each part by itself, and whatever failed is reported, never retried here. */
import { describe, expect, it } from 'vitest';
import { createNews } from '../../activities/news.js';
import type { Letter, News, SlackDuties } from '../../contract/duties.js';
import { StintError } from '../../contract/errors.js';
import type { AnyEvent } from '../../contract/events.js';
import type { PersonId } from '../../contract/ids.js';
import { type ElevationView, foldAll } from '../../contract/view.js';
import { Elevation } from '../ledger/events.js';

const elevation = new Elevation();
const requested = elevation.requested();
const VIEW = foldAll([requested]) as ElevationView;
const OLDER = { ...VIEW, reminders: 7 };
const LETTERS: readonly Letter[] = [
  { to: 'thread', kind: 'ended', key: 'ended' },
  { to: 'files' },
  { to: 'subject', kind: 'ended', view: OLDER },
  { to: 'clicker', actor: { personId: 'grace' as PersonId }, code: 'not-yours' },
  { to: 'called' },
];

/** A store and a Slack that write down what they are told; what is named in `down` fails. */
function world(...down: readonly string[]) {
  const told: [string, unknown?][] = [];
  let wake = () => {};
  const asleep = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const note = async (what: string, of?: unknown) => {
    told.push([what, of]);
    if (down.includes(`${what} hangs`)) await asleep;
    if (down.includes(what)) throw new StintError(what === 'append' ? 'store-unavailable' : 'slack-unavailable');
  };
  const slack: SlackDuties = {
    paint: (view) => note('paint', view),
    dm: (_, view) => note('dm', view),
    line: (_, view) => note('line', view),
    call: (view) => note('call', view),
    answer: (_, __, code) => note('answer', code),
    fileEvidence: (view) => note('files', view),
  };
  const store = { append: (events: readonly AnyEvent[]) => note('append', events) };
  const news = createNews({ store, slack, beating: (work) => work(), patienceMs: 50 });
  const publish = (change: Partial<News> = {}) =>
    news.publish({ events: [requested], view: VIEW, paint: true, letters: LETTERS, ...change });
  return { publish, told, wake: () => wake(), names: () => told.map(([what]) => what) };
}

describe('news', () => {
  it('reach the ledger, the card and everybody, the card before what hangs on it', async () => {
    const { publish, told, names } = world();
    expect(await publish()).toEqual({ written: true, painted: true, sent: [true, true, true, true, true] });
    expect(names()).toEqual(['append', 'paint', 'line', 'files', 'dm', 'answer', 'call']);
    expect(told.find(([what]) => what === 'dm')?.[1]).toBe(OLDER);
    expect(told.find(([what]) => what === 'line')?.[1]).toBe(VIEW);
  });

  it('of a target that was taken let its grant go first; all others do not ask', async () => {
    const told: string[] = [];
    const news = createNews({
      store: { append: async () => void told.push('append') },
      slack: { paint: async () => void told.push('paint') } as unknown as SlackDuties,
      beating: (work) => work(),
      headStart: { left: async (of) => void told.push(`left ${of}`) },
    });
    const publish = (state: ElevationView['state']) =>
      news.publish({ events: [requested], view: { ...VIEW, state }, paint: true, letters: [] });
    for (const state of ['requested', 'active', 'ending', 'granting'] as const) await publish(state);
    expect(told.indexOf(`left ${VIEW.request.requestId}`)).toBe(6);
    expect(told).toHaveLength(9);
  });

  it('with the store down still reach Slack', async () => {
    const { publish } = world('append');
    expect(await publish()).toEqual({ written: false, painted: true, sent: [true, true, true, true, true] });
  });

  it('with Slack down are still written, and Slack is asked only once', async () => {
    const { publish, names } = world('paint');
    expect(await publish()).toEqual({ written: true, painted: false, sent: [false, false, false, false, false] });
    expect(names()).toEqual(['append', 'paint']);
  });

  it('tell which letter did not come through; those after it were not tried', async () => {
    const { publish, names } = world('files');
    expect(await publish()).toEqual({ written: true, painted: true, sent: [true, false, false, false, false] });
    expect(names()).not.toContain('dm');
  });

  it('are written although Slack hangs, and what was sent before is known', async () => {
    const { publish, names, wake } = world('files hangs');
    expect(await publish()).toEqual({ written: true, painted: true, sent: [true, false, false, false, false] });
    wake();
    await new Promise((r) => setImmediate(r)); // what was given up goes on, and sends nothing that others send now
    expect(names()).toEqual(['append', 'paint', 'line', 'files']);
  });

  it('reach Slack although the store hangs', async () => {
    const { publish } = world('append hangs');
    expect(await publish()).toEqual({ written: false, painted: true, sent: [true, true, true, true, true] });
  });

  it('ask nothing of a part that has no news', async () => {
    const { publish, names } = world();
    expect(await publish({ events: [], paint: false, letters: [] })).toEqual({ written: true, painted: true, sent: [] });
    expect(names()).toEqual([]);
  });
});
