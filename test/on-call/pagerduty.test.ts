/** PagerDuty's client against the stand-in: who is on call now, and that whatever goes wrong is an error and never somebody. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPagerDuty } from '../../activities/on-call/pagerduty.js';
import { isStintError } from '../../contract/errors.js';
import type { Paged } from '../../policy/duty.js';
import type { PagerDutyFault } from '../../sim/pagerduty/server.js';
import { HANDOFF, MORNING, type PagedPlace, startPlace, TOKEN } from './place.js';

let place: PagedPlace;
beforeEach(async () => {
  place = await startPlace();
});
afterEach(() => place.far.close());

const who = async (paged: Paged = place.paged, schedule = 'PSCHED1') => (await paged(schedule)).map(({ id }) => id);

async function refusalOf(paged: Paged = place.paged, schedule = 'PSCHED1'): Promise<string> {
  try {
    await paged(schedule);
  } catch (error) {
    if (isStintError(error) && error.code === 'oncall-unavailable') return error.sentence;
    throw error;
  }
  throw new Error('somebody was on call');
}

describe('who is on call', () => {
  it('is told with their e-mail address and until when, once for all escalation policies that use the schedule', async () => {
    expect(await place.paged('PSCHED1')).toEqual([{ id: 'PGRACE1', email: 'grace@example.com', until: HANDOFF }]);
  });

  it('is all of them, over several pages', async () => {
    expect(await who(place.paged, 'PCROWD1')).toHaveLength(152);
    expect(place.far.control.calls).toHaveLength(2);
  });

  it('is nobody any more from the handoff on, although the last answer is young', async () => {
    expect(await who()).toEqual(['PGRACE1']);
    place.at(HANDOFF - 1);
    expect(await who()).toEqual(['PGRACE1']);
    expect(place.far.control.calls).toHaveLength(1);
    place.at(HANDOFF);
    expect(await who()).toEqual(['PLINUS1']);
  });

  it('is asked again after half a minute, and when the clock went back', async () => {
    await who(place.paged, 'PCROWD1');
    place.far.control.setShifts('PCROWD1', [{ user: 'PLINUS1' }]);
    place.at(MORNING + 30_000);
    expect(await who(place.paged, 'PCROWD1')).toEqual(['PLINUS1']);
    place.far.control.setShifts('PCROWD1', [{ user: 'PGRACE1' }]);
    place.at(MORNING);
    expect(await who(place.paged, 'PCROWD1')).toEqual(['PGRACE1']);
  });

  it('is asked once by many at a time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => who()));
    expect(place.far.control.calls).toHaveLength(1);
  });

  it('is not whom the far end names for another time or another schedule', async () => {
    const entry = (change: object) => ({
      user: { id: 'PGRACE1' },
      schedule: { id: 'PSCHED1' },
      start: new Date(MORNING - 1).toISOString(),
      end: new Date(MORNING + 1).toISOString(),
      ...change,
    });
    const said = (...oncalls: object[]) =>
      createPagerDuty({
        baseUrl: 'https://api.pagerduty.com',
        token: () => TOKEN,
        timeoutMs: 1_000,
        clock: () => MORNING,
        fetch: async () => Response.json({ oncalls, more: false }),
      });
    expect(await who(said(entry({})))).toEqual(['PGRACE1']);
    for (const wrong of [
      { start: new Date(MORNING + 1).toISOString() },
      { end: new Date(MORNING).toISOString() },
      { schedule: { id: 'POTHER1' } },
      { schedule: null },
    ])
      expect(await refusalOf(said(entry(wrong)))).toMatch(/names nobody/);
    for (const broken of [{ start: 'soon' }, { user: null }, { user: {} }, { end: 17 }])
      expect(await refusalOf(said(entry({}), entry(broken)))).toMatch(/no list of on-calls/);
  });
});

describe('what goes wrong', () => {
  it.each<[PagerDutyFault, RegExp]>([
    ['429', /limit of calls is used up/],
    ['500', /could not answer \(HTTP 500\)/],
    ['401', /refuses the token/],
    ['drop', /does not answer/],
    ['empty', /names nobody who is on call by the schedule PSCHED1/],
    ['wrong-shape', /no list of on-calls/],
    ['not-json', /not JSON/],
    ['endless', /endless list/],
    ['redirect', /redirects elsewhere/],
  ])('%s is said, and nobody is on call by it', async (fault, sentence) => {
    place.far.control.fault(fault);
    expect(await refusalOf()).toMatch(sentence);
  });

  it('a page that is missing makes the others worth nothing', async () => {
    const user = { id: 'PGRACE1', email: 'grace@example.com' };
    const page = { oncalls: [{ user, schedule: { id: 'PSCHED1' }, start: null, end: null }], more: true };
    const pages = [Response.json(page), Response.json({}, { status: 500 })];
    const paged = createPagerDuty({
      baseUrl: 'https://api.pagerduty.com',
      token: () => TOKEN,
      timeoutMs: 1_000,
      clock: () => MORNING,
      fetch: async () => pages.shift() ?? Response.error(),
    });
    expect(await refusalOf(paged)).toMatch(/HTTP 500/);
    expect(pages).toEqual([]);
  });

  it('an answer that does not come is not waited for', async () => {
    const hasty = await startPlace(50);
    hasty.far.control.fault('hang');
    expect(await refusalOf(hasty.paged)).toMatch(/does not answer/);
    await hasty.far.close();
  });

  it('an old answer takes the place of no answer that could not be had', async () => {
    expect(await who(place.paged, 'PCROWD1')).toHaveLength(152);
    place.far.control.fault('500');
    place.at(MORNING + 30_000);
    expect(await refusalOf(place.paged, 'PCROWD1')).toMatch(/HTTP 500/);
  });

  it('a failure is not kept: the next question is asked anew', async () => {
    place.far.control.fault('500');
    await refusalOf();
    place.far.control.fault(undefined);
    expect(await who()).toEqual(['PGRACE1']);
  });

  it('a limit is kept to: nothing is sent until PagerDuty lets it', async () => {
    place.far.control.fault('429');
    await refusalOf();
    place.far.control.fault(undefined);
    place.at(MORNING + 6_999);
    expect(await refusalOf()).toMatch(/limit of calls/);
    expect(place.far.control.calls).toHaveLength(1);
    place.at(MORNING + 7_000);
    expect(await who()).toEqual(['PGRACE1']);
  });

  it('a wrong token is refused, and stands in no error', async () => {
    const secret = 'wrong-token-0815';
    const paged = createPagerDuty({ baseUrl: place.far.url, token: () => secret, timeoutMs: 5_000, clock: () => MORNING });
    expect(await refusalOf(paged)).not.toContain(secret);
    const broken = createPagerDuty({
      baseUrl: place.far.url,
      token: () => `${secret}\n`,
      timeoutMs: 5_000,
      clock: () => MORNING,
    });
    expect(await refusalOf(broken)).toBe('STINT_PAGERDUTY_TOKEN is empty, or holds a blank or a line break. Store it again.');
    expect(place.far.control.calls).toHaveLength(1);
  });
});
