/** What the card and its thread say of an approval in stages. */
import { describe, expect, it } from 'vitest';
import { card } from '../../cards/card.js';
import { threadLine } from '../../cards/thread.js';
import type { PersonId } from '../../contract/ids.js';
import type { StageCount, Verdict } from '../../contract/verdict.js';
import type { ElevationView } from '../../contract/view.js';
import { checkMessage, visible } from './limits.js';
import { at, people, verdict, viewOf } from './views.js';

const [alice, carol] = ['alice', 'carol'] as PersonId[];
const stage = (name: string, quorum: number, approved: number): StageCount => ({ name, quorum, approved });
const staged = (first: number, second: number, approvers: readonly (PersonId | undefined)[], name = 'security') => {
  const by = [alice, carol].slice(0, first + second);
  const over = { quorum: 3, stages: [stage('owners', 1, first), stage(name, 2, second)], approvedBy: by, approvers };
  return { ...viewOf('requested, one of two votes'), verdict: verdict(over as Partial<Verdict>) };
};
const shown = (view: ElevationView) => visible(card(view, { reason: 'why', now: at(3), people }).blocks);

describe('an approval in stages', () => {
  it('shows on the card how far each stage is, by its name', () => {
    expect(shown(staged(0, 0, [alice]))).toContain('owners 0 of 1, security 0 of 2');
    const one = shown(staged(1, 0, [carol]));
    expect(one).toContain('Approvals so far: owners 1 of 1, security 0 of 2; by ');
    expect(one).not.toContain('1 of 3');
  });

  it('names those of a later stage when it is their turn, and not before', () => {
    const called = { ...staged(1, 0, [carol]), calls: [[carol as PersonId]] };
    expect(threadLine('called', called, { people }).text).toContain(
      'Approvals so far: owners 1 of 1, security 0 of 2. Can decide from now on: Carol Conti.',
    );
    expect(threadLine('decided', staged(1, 0, [carol]), { people }).text).not.toContain('Carol');
  });

  it('of an extension shows how far that is, by its own stages or number, once somebody has voted', () => {
    const waiting = viewOf('active, extension waiting');
    const voted = (over: Partial<Verdict>) => {
      const { extension } = waiting;
      if (!extension) throw new Error('no extension waits');
      const votes = [
        { decision: 'approve', personId: 'alice' as PersonId, roundDigest: extension.roundDigest, at: at(7) },
      ] as const;
      return shown({ ...waiting, extension: { ...extension, votes, verdict: verdict(over) } });
    };
    expect(shown(waiting)).not.toContain('Approvals so far');
    const stages = [stage('owners', 1, 1), stage('security', 1, 0)];
    expect(voted({ quorum: 2, stages })).toContain('Approvals so far: owners 1 of 1, security 0 of 1.');
    expect(voted({ quorum: 2, approvedBy: ['alice' as PersonId] })).toContain('Approvals so far: 1 of 2.');
  });

  it('fits Slack, however long the names are', () => {
    const many = Array.from({ length: 100 }, (_, i) => `person-${i}` as PersonId);
    const view = staged(1, 0, many, 'x'.repeat(300));
    for (const message of [card(view, { reason: 'why', now: at(3), people }), threadLine('decided', view, { people })])
      expect(checkMessage(message)).toEqual([]);
  });
});
