/** The forms as the storm fills them, in the real Slack app: a form that it could not send would make a storm of nothing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, mac, offerOf } from '../../slack-app/fakes.js';
import { type Harness, start, until } from '../../slack-app/harness.js';
import { fillForm, fillGlass, sightOf } from './sight.js';

const OFFER = {
  ...offerOf(mac('C02BOB')),
  windowsMs: [5 * MINUTE],
  approverNames: ['Alice'],
  rule: 'macs',
  later: 'up to 1m ahead',
};
const WISH = {
  search: 'mac',
  target: OFFER.key,
  windowMs: 5 * MINUTE,
  reason: 'because of storm-1-1-1 in a test',
  confirm: OFFER.confirmBy,
};
const GLASS = { ...WISH, incident: 'INC-7', drill: false };

let h: Harness;
beforeEach(async () => {
  h = await start();
  h.preview.offers = [OFFER];
  h.preview.glass = true;
});
afterEach(() => h.stop());

async function open(text: string, shows: RegExp): Promise<void> {
  await h.sim.act.command({ user: 'U0BOB', channel: 'C0OTHER', command: '/elevate', text });
  await until('the form', () => shows.test(JSON.stringify(h.sim.truth().views)));
}
const fill = (change: object = {}) => fillGlass(sightOf(h.sim), 'U0BOB', { ...GLASS, ...change });

describe('the form for break-glass', () => {
  it.each([false, true])('is sent with all that it asks for; as a drill: %s', async (drill) => {
    await open('break-glass', /Nobody is asked/);
    expect(await fill({ drill })).toMatchObject({ ack: 'ok' });
    const breakGlass = { incident: 'INC-7', ...(drill && { drill: true }) };
    expect(h.gate.started).toMatchObject([{ breakGlass, windowMs: 5 * MINUTE, requester: { personId: 'bob' } }]);
  });

  it('is none where the search does not offer it, where there is no glass for them, or where nothing is open', async () => {
    expect(await fill()).toBeUndefined();
    await open('break-glass', /Nobody is asked/);
    expect(await fill({ target: 'mac-admin/C02OTHER' })).toBe('not offered');
    await h.sim.act.closeView({ user: 'U0BOB', all: true });
    h.preview.glass = false;
    await open('break-glass', /lets you break no glass/);
    expect(await fill()).toBe('refused');
    expect(h.gate.started).toEqual([]);
  });
});

it('a start is named in the ordinary form, and not left out where the form has no place for it', async () => {
  const startS = Math.ceil(Date.now() / 1000) + 20;
  await open('', /Send request/);
  expect(await fillForm(sightOf(h.sim), 'U0BOB', { ...WISH, startS })).toMatchObject({ ack: 'ok' });
  expect(h.gate.started).toMatchObject([{ startAt: new Date(startS * 1000).toISOString() }]);
  const { later: _, ...offer } = OFFER;
  h.preview.offers = [offer];
  await open('', /Send request/);
  expect(await fillForm(sightOf(h.sim), 'U0BOB', { ...WISH, startS }).catch(() => undefined)).toBeUndefined();
  expect(h.gate.started).toHaveLength(1);
}, 20_000);
