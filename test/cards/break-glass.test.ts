/** What is said of a break-glass: loud, true, and with the way to close its review. */
import { describe, expect, it } from 'vitest';
import { glassLines, reviewLetter, reviewLine, skippedLetter } from '../../cards/break-glass.js';
import { card } from '../../cards/card.js';
import { plain } from '../../cards/say.js';
import type { ElevationRequest } from '../../contract/request.js';
import { fold } from '../../contract/view.js';
import { NASTY } from './hostile.js';
import { checkMessage, visible } from './limits.js';
import { ALICE, at, BOB, CAROL, DIGEST, event, people, viewOf } from './views.js';

const OVER = { breakGlass: { incident: 'INC-417' } };
const show = (name: string, over: Partial<ElevationRequest> = OVER) =>
  card(viewOf(name, over), { reason: 'why', now: at(5), people });
const says = (name: string) => glassLines(viewOf(name, OVER), people).map(plain).join(' ');

describe('the card of a break-glass', () => {
  it('says so first, in its heading, in its fallback, and names the incident; no other card does', () => {
    const message = show('active, by break-glass');
    expect(JSON.stringify(message.blocks[0])).toContain('Break-glass');
    expect(visible(message.blocks)).toContain('Break-glass: nobody was asked.');
    expect(message.text).toMatch(/Break-glass: nobody was asked\. Incident INC-417\./);
    expect(message.text).toContain('by break-glass, without an approver');
    expect(checkMessage(message)).toEqual([]);
    for (const other of ['active', 'active, by the policy itself'])
      expect(visible(show(other, {}).blocks)).not.toMatch(/break-glass/i);
  });

  it('has the button of its review once it is over, and until it is closed', () => {
    const has = (name: string) => JSON.stringify(show(name).blocks).includes('"action_id":"review"');
    expect(has('active, by break-glass')).toBe(false);
    expect(has('closed, by break-glass, review open')).toBe(true);
    expect(has('closed, by break-glass, reviewed')).toBe(false);
    expect(JSON.stringify(show('closed, expired', {}).blocks)).not.toContain('"action_id":"review"');
    // Whatever somebody answered in the policy's place: it was taken, and the request says how.
    expect(has('closed, expired')).toBe(true);
  });

  it('says that the review is open until it is closed, and then by whom', () => {
    expect(says('active, by break-glass')).toMatch(/Its review is open\..*stint review abcdefgh --finding/);
    expect(says('closed, by break-glass, review open')).toMatch(/Its review is open/);
    expect(says('closed, by break-glass, reviewed')).toMatch(/Reviewed by Carol Conti/);
    expect(says('closed, by break-glass, reviewed')).not.toMatch(/open/);
  });

  it('shows what somebody wrote as the incident as it is, and no more', () => {
    for (const incident of NASTY) expect(checkMessage(show('active, by break-glass', { breakGlass: { incident } }))).toEqual([]);
  });
});

describe('a drill', () => {
  const drill = (review = false) => {
    const over = { breakGlass: { incident: 'INC-417', drill: true } } as const;
    const view = viewOf('closed, a drill of break-glass', over, { outcome: 'auto', breakGlass: true, sentences: [] });
    return review ? fold(view, event('review-closed', { findingDigest: DIGEST }, 30, CAROL)) : view;
  };

  it('says before all else that it is one, that nothing was granted, and that its review is open', () => {
    const message = card(drill(), { reason: 'why', now: at(5), people });
    expect(visible(message.blocks)).toMatch(
      /^\s*Break-glass: a drill\s.*This is a drill: nothing was granted\..*Its review is open/s,
    );
    expect(message.text).toMatch(/This is a drill: nothing was granted\. Incident INC-417\./);
    expect(visible(message.blocks)).not.toMatch(/nobody was asked/);
    expect(JSON.stringify(message.blocks)).toContain('"action_id":"review"');
    const reviewed = card(drill(true), { reason: 'why', now: at(5), people });
    expect(visible(reviewed.blocks)).toContain('Reviewed');
    expect(JSON.stringify(reviewed.blocks)).not.toContain('"action_id":"review"');
  });

  it('begins every message with it', () => {
    const view = drill();
    for (const message of [skippedLetter(view), reviewLetter(view, 0), reviewLine(view, 1, [CAROL], people)]) {
      expect(message.text).toMatch(/^🟣 This is a drill: nothing was granted\./);
      expect(message.text).not.toContain(' took ');
      expect(checkMessage(message)).toEqual([]);
    }
  });
});

describe('who is told', () => {
  const view = viewOf('active, by break-glass', OVER);

  it('those who were passed over: what was taken, and that they may revoke it', () => {
    const { text } = skippedLetter(view);
    expect(text).toMatch(
      /You were passed over\..*Bob Builder took 10 min of admin rights on mac-bob-01 by break-glass\. Incident INC-417\./,
    );
    expect(text).toContain('revoke it on its card');
    expect(checkMessage(skippedLetter(view))).toEqual([]);
  });

  it('those who may review it: at once, and each day for how long it has been open', () => {
    expect(reviewLetter(view, 0).text).toContain('You may review it.');
    expect(reviewLetter(view, 1).text).toContain('open for 1 day.');
    const line = reviewLine(view, 3, [ALICE, CAROL], people);
    expect(line.text).toMatch(/open for 3 days.*Can review: Alice Adams and Carol Conti\./);
    expect(reviewLine(view, 3, [], people).text).toContain('Nobody whom the policy names can review it.');
    for (const message of [reviewLetter(view, 1), line]) expect(checkMessage(message)).toEqual([]);
    expect(line.text).not.toContain(`Can review: ${BOB.name}`);
  });
});
