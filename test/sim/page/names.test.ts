/** How the demo page names what a message only has an id of. */
import { expect, it } from 'vitest';

const load = (name: string) => import(new URL(`../../../sim/page/js/${name}.js`, import.meta.url).href);

it('names a channel, and one that its reader may not see as Slack does: never by its id', async () => {
  const [{ namesFor }, { richText }, { mrkdwn }] = await Promise.all(['message', 'rich-text', 'mrkdwn'].map(load));
  const names = namesFor({ me: { id: 'U1' }, people: [], usergroups: [], channels: [{ id: 'C0GENERAL', name: 'general' }] });
  const drawn = (id: string) => {
    const section = { type: 'rich_text_section', elements: [{ type: 'channel', channel_id: id }] };
    return [richText({ elements: [section] }, names), mrkdwn(`<#${id}>`, names)].map((one) => JSON.stringify(one));
  };
  for (const shown of drawn('C0GENERAL')) expect(shown).toContain('#general');
  for (const shown of drawn('C0APPROVE1')) {
    expect(shown).toContain('#private-channel');
    expect(shown).not.toContain('C0APPROVE1');
  }
});
