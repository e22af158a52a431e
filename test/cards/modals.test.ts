import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../cards/actions.js';
import { denyModal, loadingModal, messageModal, requestModal, revokeModal, unprovenModal } from '../../cards/modals.js';
import { CATEGORIES } from '../../contract/request.js';
import { hostile } from './hostile.js';
import { checkView, visible } from './limits.js';
import { DIGEST, MIN, request } from './views.js';

const windowsMs = [5, 10, 15, 30].map((m) => m * MIN);
const target = (i: number, display = `mac-${i}`) => ({ key: `mac-admin/C0${i}`, display, windowsMs });
const input = { targets: [target(1)], categories: CATEGORIES, approversLine: '#it-approvals', privateMetadata: '' };
const round = { requestId: request().requestId, digest: DIGEST };

describe('the form behind /elevate', () => {
  it('has the block ids that inline errors are keyed by, and fits Slack', () => {
    const view = requestModal(input);
    expect(checkView(view)).toEqual([]);
    expect(view.callback_id).toBe('elevate');
    expect(view.blocks.map((b) => b.block_id)).toEqual(['target', 'window', 'category', 'reason', undefined]);
    expect(visible(view)).toContain("Goes to #it-approvals · your session's sudo log is attached to the thread");
  });

  it('fits with a hundred Macs and many windows, and says that not every Mac has every window', () => {
    const targets = Array.from({ length: 150 }, (_, i) => ({ ...target(i), windowsMs: [(i + 1) * MIN] }));
    const view = requestModal({ ...input, targets });
    expect(checkView(view)).toEqual([]);
    expect(visible(view)).toContain('Not every Mac may offer every length');
  });

  it('prefills only what can be chosen', () => {
    const chosen = JSON.stringify(
      requestModal({
        ...input,
        prefill: { targetKey: 'mac-admin/OTHER', windowMs: 7 * MIN, category: 'debug', reason: 'x\u202Ey' },
      }),
    );
    expect(chosen).toContain('"initial_value":"xy"');
    expect(chosen.match(/initial_option/g)).toHaveLength(2);
  });

  it('shows hostile names as they are, within the limits', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const view = requestModal({
          ...input,
          targets: [target(1, text), target(2, text)],
          approversLine: text,
          prefill: { reason: text },
        });
        expect(checkView(view)).toEqual([]);
        expect(checkView(messageModal(text, text))).toEqual([]);
      }),
    );
  });

  it('is refused when there is nothing to choose from', () => {
    expect(() => requestModal({ ...input, targets: [] })).toThrow(/nothing|no Mac/i);
  });
});

describe('the other modals', () => {
  it.each([
    ['deny', denyModal(round)],
    ['revoke', revokeModal(round)],
    ['close-unproven', unprovenModal(round)],
  ])('%s carries its round and fits Slack', (callback, view) => {
    expect(checkView(view)).toEqual([]);
    expect(view.callback_id).toBe(callback);
    expect(parseTarget(view.private_metadata)).toEqual({ requestId: round.requestId, roundDigest: DIGEST });
  });

  it('a comment is optional, a finding is not', () => {
    expect(JSON.stringify(denyModal(round))).toContain('"optional":true');
    expect(JSON.stringify(unprovenModal(round))).not.toContain('"optional":true');
  });

  it('loading and one sentence fit Slack', () => {
    expect(checkView(loadingModal())).toEqual([]);
    expect(checkView(messageModal('Not possible here and now, sorry', 'x'.repeat(9000)))).toEqual([]);
    expect(checkView(messageModal('', ''))).toEqual([]);
  });
});
