/** App Home: what it shows, that it always fits, and that nothing which adds access can be pressed in it. */
import type { HomeView } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { parseAction } from '../../cards/actions.js';
import { bareHome, home } from '../../cards/home.js';
import type { Offer } from '../../contract/preview.js';
import { checkView, visible } from './limits.js';
import { at, homeOf, MIN, SCRIPTS, viewOf } from './views.js';

const words = (view: HomeView) => visible(view.blocks).replace(/\n+/g, ' ');
interface Json {
  readonly [key: string]: unknown;
}
const kinds = (view: HomeView) =>
  (view.blocks as readonly unknown[] as readonly Json[])
    .filter((block) => block.type === 'actions')
    .flatMap((block) => block.elements as readonly Json[])
    .flatMap((element) => parseAction(element.action_id, element.value)?.kind ?? []);
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const offer: Offer = {
  key: 'mac-admin/C02XYZ',
  kind: 'mac-admin',
  display: 'mac-bob-01',
  confirmBy: 'mac-bob-01',
  windowsMs: [5 * MIN, 30 * MIN],
  approverNames: ['Alice Adams', 'Carol Conti', 'Dan', 'Eve'],
  rule: 'macs',
  notes: [],
};

describe('App Home', () => {
  it('fits Slack with nothing, in every state, and with very much, and says how much is not shown', () => {
    expect(checkView(home(homeOf([])))).toEqual([]);
    expect(checkView(bareHome('The store cannot be reached.'))).toEqual([]);
    for (const name of Object.keys(SCRIPTS)) expect(checkView(home(homeOf([viewOf(name)])))).toEqual([]);
    const asked = viewOf('requested');
    const much = home(
      homeOf([], {
        live: Object.keys(SCRIPTS).flatMap((name, i) => {
          const view = viewOf(name);
          const requestId =
            `${'a'.repeat(24)}${String.fromCharCode(97 + (i % 26))}${i >= 26 ? 'b' : 'a'}` as typeof view.request.requestId;
          return [{ ...view, request: { ...view.request, requestId } }];
        }),
        recent: many(10, asked),
        total: 99,
        offers: { offers: many(100, offer), searchable: true, note: 'AWS is still being read.' },
        waiting: { shown: many(10, { view: asked, link: 'https://stint.slack.com/archives/C1/p1' }), more: 7, unsure: true },
        said: 'x'.repeat(5000),
      }),
    );
    expect(checkView(much)).toEqual([]);
    for (const rest of ['and 89 older', 'and 90 more', 'and 7 that you may be able to decide'])
      expect(words(much)).toContain(rest);
  });

  it('lets its holder withdraw what waits and end what runs, and nothing that adds access', () => {
    expect(kinds(home(homeOf([viewOf('requested')])))).toEqual(['withdraw']);
    expect(kinds(home(homeOf([viewOf('active')])))).toEqual(['end']);
    for (const name of Object.keys(SCRIPTS))
      for (const kind of kinds(home(homeOf([viewOf(name)])))) expect(['withdraw', 'end']).toContain(kind);
  });

  it('says until when access runs as a date of Slack, and how much was left when it was drawn', () => {
    const running = viewOf('active');
    const end = Date.parse(running.deadlineAt ?? '');
    const view = home(homeOf([running], { drawnAt: new Date(end - 7 * MIN).toISOString() as ReturnType<typeof at> }));
    expect(JSON.stringify(view.blocks)).toContain(`"type":"date","timestamp":${end / 1000}`);
    expect(words(view)).toContain('About 7 min left when this was drawn.');
    expect(words(home(homeOf([running], { drawnAt: running.deadlineAt ?? at(0) })))).not.toContain('left when this was drawn');
  });

  it('says of what waits for a decision who asks, for what, how many approvals there are, and where', () => {
    const link = 'https://stint.slack.com/archives/C1/p1';
    const shown = home(homeOf([], { waiting: { shown: [{ view: viewOf('requested'), link }], more: 0, unsure: false } }));
    expect(words(shown)).toMatch(/U0BOB +asks for 10 min of admin rights on mac-bob-01 · 0 of 1 approval/);
    expect(JSON.stringify(shown.blocks)).toContain(link);
    expect(kinds(shown)).toEqual([]);
    const longer = home(
      homeOf([], { waiting: { shown: [{ view: viewOf('active, extension waiting') }], more: 0, unsure: false } }),
    );
    expect(words(longer)).toMatch(/asks for 15 min more of admin rights on mac-bob-01/);
    expect(words(longer)).toContain('its card is not posted yet');
  });

  it('says what may be asked for, how long, and who is asked then; or why it cannot be had', () => {
    const barred = { ...offer, display: 'mac-old', barred: 'It has no agent.' };
    const said = words(home(homeOf([], { offers: { offers: [offer, barred], searchable: false } })));
    expect(said).toContain('mac-bob-01 · up to 30 min · goes to Alice Adams, Carol Conti, Dan and 1 more');
    expect(said).toContain('mac-old · 🚫 not now: It has no agent.');
    const listed = (...offers: readonly Offer[]) => words(home(homeOf([], { offers: { offers, searchable: true } })));
    expect(listed(offer)).toContain('There is more, found by typing in the form.');
    expect(listed()).toContain('It is found by typing in the form: press Ask for access.');
    expect(words(home(homeOf([], { offers: 'The policy file is not valid.' })))).toContain('The policy file is not valid.');
  });

  it('never claims that nothing waits when it could not look', () => {
    expect(words(home(homeOf([])))).toContain('Nothing waits for your decision.');
    const unsure = words(home(homeOf([], { waiting: { shown: [], more: 0, unsure: true } })));
    expect(unsure).not.toContain('Nothing waits for your decision.');
    expect(unsure).toContain('Not everything could be looked up');
  });
});
