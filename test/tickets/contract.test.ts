/**
 * What the checks of the pages take for granted of Jira, asked of the stand-in, and of Jira itself where the environment names an
 * issue that is there: `STINT_JIRA_CONTRACT_URL`, `_AUTHORIZATION` (the header's whole value) and `_ISSUE`. It only reads.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUTHORIZATION, startPlace, type TicketPlace } from './place.js';

interface Place {
  readonly url: string;
  readonly authorization: string;
  readonly issue: string;
}

const {
  STINT_JIRA_CONTRACT_URL: url,
  STINT_JIRA_CONTRACT_AUTHORIZATION: authorization,
  STINT_JIRA_CONTRACT_ISSUE: issue,
} = process.env;

let standIn: TicketPlace;
beforeAll(async () => {
  standIn = await startPlace();
});
afterAll(() => standIn.far.close());

contract('the stand-in', () => ({ url: standIn.far.url, authorization: AUTHORIZATION, issue: 'CHG-1' }));
if (url && authorization && issue) contract('Jira itself', () => ({ url, authorization, issue }));

function contract(name: string, placeOf: () => Place): void {
  async function ask(path: string, headers: Record<string, string> = {}) {
    const { url: base, authorization: proof } = placeOf();
    const response = await fetch(`${base}/rest/api/3/issue/${path}`, {
      headers: { authorization: proof, accept: 'application/json', ...headers },
      redirect: 'manual',
    });
    return { status: response.status, body: (await response.text()) as string };
  }

  describe(`${name}, asked for an issue`, () => {
    it('tells the fields that are named, and no others', async () => {
      const { status, body } = await ask(`${placeOf().issue}?fields=status,assignee`);
      const { fields } = JSON.parse(body) as { fields: Record<string, unknown> };
      expect(status).toBe(200);
      expect(Object.keys(fields).sort()).toEqual(['assignee', 'status']);
      expect(fields).toMatchObject({ status: { statusCategory: { key: expect.stringMatching(/^(new|indeterminate|done)$/) } } });
    });

    it('takes its key in small letters, too', async () => {
      expect((await ask(placeOf().issue.toLowerCase())).status).toBe(200);
    });

    it('answers 404 with its own words for one that is not there', async () => {
      const { status, body } = await ask('STINT-0');
      expect(status).toBe(404);
      expect(JSON.parse(body)).toMatchObject({ errorMessages: [expect.any(String)] });
    });

    it('takes an encoded slash for a part of the key', async () => {
      expect((await ask(`${encodeURIComponent('../issue')}`)).status).toBe(404);
    });

    it('refuses a secret that is none with 401', async () => {
      const wrong = `Basic ${Buffer.from('nobody@example.com:none').toString('base64')}`;
      expect((await ask(placeOf().issue, { authorization: wrong })).status).toBe(401);
    });
  });
}
