/** The reminder that whoever asked may send, through the stand-in of Slack: who may, where it lands, and how often. */
import type { KnownBlock } from '@slack/types';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dm } from '../../cards/dm.js';
import type { ElevationView } from '../../contract/view.js';
import { CHANNEL, MINUTE, view } from './fakes.js';
import { type Harness, start, until } from './harness.js';

let h: Harness;
let one: ElevationView;
let card: string;
let letter: { channel: string; ts: string };

beforeEach(async () => {
  h = await start();
  one = view();
  card = await h.post(one);
  letter = await write('U0BOB');
});
afterEach(() => h.stop());

/** The direct message about the request, as it is sent to who asked. */
async function write(user: string) {
  const { text, blocks } = dm('asked', one);
  const { channel = '', ts = '' } = await h.web.chat.postMessage({ channel: user, text, blocks: [...blocks] as KnownBlock[] });
  return { channel, ts };
}
const press = (user = 'U0BOB', at = letter) => h.sim.act.click({ user, ...at, actionId: 'remind' });
const nudges = () =>
  h.sim
    .truth()
    .messages.filter((m) => m.channel === CHANNEL && m.threadTs === card && JSON.stringify(m.blocks).includes('Asked again'));
const answer = (n: number, user = 'U0BOB') => until(`answer ${n}`, () => h.told(user)[n - 1]);

describe('Remind approvers', () => {
  it('mentions in the thread of the card who can still decide, and says when it may be done again', async () => {
    expect((await press()).ack).toBe('ok');
    expect(await answer(1)).toMatch(
      /reminded in the thread of the card \(1 of 3\)\. You may do so again at \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
    expect(nudges()).toHaveLength(1);
    expect(JSON.stringify(nudges()[0]?.blocks)).toContain('"user_id":"U0ALICE"');
    expect(h.gate.sent).toEqual([]);
  });

  it('a double click posts one', async () => {
    await Promise.all([press(), press()]);
    await answer(2);
    expect(nudges()).toHaveLength(1);
  });

  it('works once in ten minutes and three times in all; a refusal says when, or that it is enough', async () => {
    await press();
    await answer(1);
    await press();
    expect(await answer(2)).toMatch(/reminded a moment ago\. You may do so again at \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    for (const turn of [2, 3]) {
      h.advance(10 * MINUTE + 1000);
      await press();
      expect(await answer(turn + 1)).toContain(`(${turn} of 3)`);
    }
    h.advance(10 * MINUTE + 1000);
    await press();
    expect(await answer(5)).toContain('That is all there is');
    expect(nudges()).toHaveLength(3);
  });

  it('is not posted again after an answer of Slack that was lost: what is in doubt counts', async () => {
    h.sim.fault({ method: 'chat.postMessage', kind: 'drop-after', times: 1 });
    await press();
    expect(await answer(1)).toContain('Slack did not confirm the reminder');
    await press();
    expect(await answer(2)).toContain('You may do so again within 10 min');
    expect(nudges()).toHaveLength(1);
  });

  it('is only for whose request it is', async () => {
    await press('U0CAROL', await write('U0CAROL'));
    expect(await answer(1, 'U0CAROL')).toContain('Only the person who holds this elevation');
    expect(nudges()).toEqual([]);
  });

  it('is refused once it is decided, and says where it stands', async () => {
    h.store.views.set(one.request.requestId, { ...one, state: 'closed', outcome: 'denied' });
    await press();
    expect(await answer(1)).toMatch(/is closed: denied.*Nobody has to be reminded/);
    expect(nudges()).toEqual([]);
  });

  it('is refused while the store does not answer: nothing counts it then', async () => {
    h.store.mode = 'down';
    await press();
    expect(await answer(1)).toContain('store cannot be reached');
    expect(nudges()).toEqual([]);
  });

  it('stands in App Home too, and answers there', async () => {
    await h.sim.act.openHome({ user: 'U0BOB' });
    const home = () => h.sim.truth().views.find((v) => v.userId === 'U0BOB' && v.type === 'home');
    const { id } = await until('Home', home);
    await h.sim.act.click({ user: 'U0BOB', viewId: id, actionId: 'remind' });
    await until('the answer', () => JSON.stringify(home()?.body).includes('(1 of 3)'));
    expect(nudges()).toHaveLength(1);
  });
});
