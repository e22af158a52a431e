/**
 * What the client takes for granted of PagerDuty, asked of the stand-in, and of PagerDuty itself where the environment names a
 * schedule that somebody is on call by: `STINT_PAGERDUTY_CONTRACT_TOKEN`, `_SCHEDULE` and, outside of the US region, `_URL`.
 * It only reads.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PagedPlace, startPlace, TOKEN } from './place.js';

interface Place {
  readonly url: string;
  readonly token: string;
  readonly schedule: string;
}

const { STINT_PAGERDUTY_CONTRACT_TOKEN: token, STINT_PAGERDUTY_CONTRACT_SCHEDULE: schedule } = process.env;
const url = process.env.STINT_PAGERDUTY_CONTRACT_URL ?? 'https://api.pagerduty.com';

let standIn: PagedPlace;
beforeAll(async () => {
  standIn = await startPlace();
});
afterAll(() => standIn.far.close());

contract('the stand-in', () => ({ url: standIn.far.url, token: TOKEN, schedule: 'PSCHED1' }));
if (token && schedule) contract('PagerDuty itself', () => ({ url, token, schedule }));

function contract(name: string, placeOf: () => Place): void {
  async function ask(query: string, headers: Record<string, string> = {}) {
    const place = placeOf();
    const response = await fetch(`${place.url}/oncalls?${query.replace('SCHEDULE', place.schedule)}`, {
      headers: {
        authorization: `Token token=${place.token}`,
        accept: 'application/vnd.pagerduty+json;version=2',
        ...headers,
      },
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }
  const MINE = 'schedule_ids[]=SCHEDULE';

  describe(`${name}, asked for on-calls`, () => {
    it('names user, schedule, start and end of each, and whether there is more', async () => {
      const { status, body } = await ask(`${MINE}&include[]=users`);
      const entry = {
        user: expect.objectContaining({ id: expect.any(String), type: 'user' }),
        schedule: expect.objectContaining({ id: placeOf().schedule }),
      };
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { oncalls: expect.arrayContaining([expect.objectContaining(entry)]), more: expect.any(Boolean) },
      });
    });

    it('tells an e-mail address only where users are included', async () => {
      const user = async (query: string) =>
        ((await ask(query)).body as { oncalls: { user: Record<string, unknown> }[] }).oncalls[0]?.user;
      expect(await user(MINE)).toMatchObject({ type: 'user_reference' });
      expect(await user(MINE)).not.toHaveProperty('email');
      expect(await user(`${MINE}&include[]=users`)).toMatchObject({ email: expect.stringContaining('@') });
    });

    it('begins where it is told to, and says so', async () => {
      const { body } = await ask(`${MINE}&limit=1&offset=100`);
      expect(body).toMatchObject({ oncalls: [], limit: 1, offset: 100, more: false });
    });

    it('refuses a token that is none with 401', async () => {
      expect(await ask(MINE, { authorization: 'Token token=none-at-all' })).toMatchObject({ status: 401 });
    });
  });
}
