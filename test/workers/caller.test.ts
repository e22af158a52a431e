/** Activities serve our own workflows, each about its own elevation; everybody else is refused, whatever they bring. */
import { describe, expect, it } from 'vitest';
import { instant, type RequestId, workflowIdOf } from '../../contract/ids.js';
import { type Caller, strangeCall } from '../../workers/caller.js';
import { requestOf } from '../fixtures/people.js';

const request = requestOf();
const own = request.requestId;
const other = 'b'.repeat(26) as RequestId;
const ELEVATION: Caller = { workflowType: 'elevation', workflowId: workflowIdOf(own) };
const eventOf = (requestId: RequestId) => ({ id: 'x', type: 'gone', requestId });
const viewOf = (requestId: RequestId) => ({ request: { ...request, requestId }, state: 'active' });

/** What our activities are called with, by elevation. */
const CALLS: readonly (readonly [string, (id: RequestId) => readonly unknown[]])[] = [
  ['admit', (id) => [workflowIdOf(id), { sig: 'x', requestId: other }]],
  ['openMessages', (id) => [id, [{ name: 'approve', raw: { requestId: other } }]]],
  ['append', (id) => [[eventOf(id)], undefined]],
  ['append of a fence note', (id) => [[], { request: { ...request, requestId: id }, gone: { at: 'x', proved: true } }]],
  ['judge', (id) => [{ request: { ...request, requestId: id }, votes: [] }]],
  ['arm', (id) => [{ request, armed: eventOf(id), before: [eventOf(id)], proof: { start: { requestId: other } } }]],
  ['moveEnd', (id) => [id, 'run-2', '2026-01-01T00:00:00.000Z']],
  ['revokeOnce', (id) => [{ ...request, requestId: id }]],
  ['revokeAt', (id) => [{ ...request, requestId: id }, instant(0)]],
  ['grant', (id) => [{ request: { ...request, requestId: id }, maxMs: 1 }]],
  ['paint', (id) => [viewOf(id)]],
  ['line', (id) => ['ended', viewOf(id), 'ended']],
  ['publish', (id) => [{ events: [eventOf(id)], view: viewOf(id), letters: [] }]],
  ['publish of a fence note', (id) => [{ events: [], fence: { request: { ...request, requestId: id } }, view: viewOf(own) }]],
];

describe('a call of an elevation', () => {
  it.each(CALLS)('about itself is served: %s', (_, argsFor) => {
    expect(strangeCall(ELEVATION, argsFor(own))).toBeUndefined();
  });

  it.each(CALLS)('about another is refused: %s', (_, argsFor) => {
    expect(strangeCall(ELEVATION, argsFor(other))).toMatch('another elevation');
  });
});

describe('a call', () => {
  it('that no workflow makes is refused', () => {
    expect(strangeCall({}, [[eventOf(own)]])).toMatch('no workflow');
  });

  it("of somebody's own workflow is refused, under our id too", () => {
    expect(strangeCall({ workflowType: 'evil', workflowId: workflowIdOf(own) }, [[eventOf(own)]])).toMatch('none of ours');
  });

  it('of late evidence is about one elevation', () => {
    const late: Caller = { activity: 'append', workflowType: 'lateEvidence', workflowId: 'late-evidence/x' };
    expect(strangeCall(late, [own])).toBeUndefined();
    expect(strangeCall(late, [[eventOf(own), eventOf(other)]])).toMatch('more than one');
  });

  it('of the reconciler, or of late evidence, is one that it has a use for', () => {
    const reconcile: Caller = { workflowType: 'reconcile', workflowId: 'stint-reconcile-x' };
    expect(strangeCall({ ...reconcile, activity: 'reconcileTargets' }, [])).toBeUndefined();
    expect(strangeCall({ ...reconcile, activity: 'moveEnd' }, [own, 'run', '2099-01-01T00:00:00.000Z'])).toMatch('no use');
    expect(strangeCall({ activity: 'moveEnd', workflowType: 'lateEvidence', workflowId: 'x' }, [own])).toMatch('no use');
  });

  it('of a start under a hand-made id may record its refusal', () => {
    expect(strangeCall({ workflowType: 'elevation', workflowId: 'elevation/nonsense' }, [[eventOf(other)]])).toBeUndefined();
  });
});
