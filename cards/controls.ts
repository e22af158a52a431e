/**
 * Which buttons an elevation has now: exactly those that can act in its state. What a click may really do is judged
 * again behind the button; a control that is shown and always refused would be a lie, so it is not shown.
 */
import type { Button } from '@slack/types';
import { isReviewOpen } from '../contract/break-glass.js';
import type { Digest } from '../contract/ids.js';
import type { ElevationView } from '../contract/view.js';
import { type ActionKind, formatAction, formatTarget, REMIND_ACTION } from './actions.js';
import { type ButtonSpec, button } from './blocks.js';
import { wordsOf } from './kinds/index.js';
import { spell } from './say.js';
import { oneLine } from './text.js';

/** Minutes of a missing proof from which two people may close an elevation without one. */
export const UNPROVEN_AFTER_MIN = 15;

/** The buttons of the card in the approver channel. */
export function cardControls(view: ElevationView): readonly Button[] {
  switch (view.state) {
    case 'requested':
      return [...view.verdict.windowsMs.slice(0, 20).map((ms) => approve(view, ms)), deny(view), ...approveWith(view)];
    case 'approved':
    case 'granting':
    case 'active':
      return [revoke(view), revokeWith(view)];
    case 'ending':
      return (view.alarmMinutes ?? 0) >= UNPROVEN_AFTER_MIN ? [closeUnproven(view)] : [];
    case 'collecting':
      return [];
    case 'closed':
      return isReviewOpen(view) ? [review(view)] : [];
  }
}

/** The buttons of an extension that waits; it counts only while the elevation is active. */
export function extensionControls(view: ElevationView): readonly Button[] {
  const asked = view.extension;
  if (view.state !== 'active' || asked?.state !== 'waiting') return [];
  const length = spell(asked.windowMs);
  return [
    make(view, 'ext-approve', asked.roundDigest, asked.windowMs, {
      label: `Approve ${length} more`,
      spoken: `Approve ${length} more`,
      style: 'primary',
      confirm: {
        title: 'Extend this elevation?',
        text: `${subject(view)} keeps ${access(view)} for ${length} more.`,
        yes: 'Extend',
      },
    }),
    make(view, 'ext-deny', asked.roundDigest, undefined, {
      label: 'Deny extension',
      spoken: 'Deny the extension',
      style: 'danger',
    }),
  ];
}

export function withdrawButton(view: ElevationView): readonly Button[] {
  if (view.state !== 'requested' && view.state !== 'approved') return [];
  return [
    make(view, 'withdraw', view.digest, undefined, {
      label: 'Withdraw',
      spoken: 'Withdraw this request',
      confirm: { title: 'Withdraw this request?', text: 'Nobody can approve it afterwards. You can ask again.', yes: 'Withdraw' },
    }),
  ];
}

/** For whoever asked, while nobody has decided. How often it works is counted behind it. */
export function remindButton({ state, request, digest }: ElevationView): readonly Button[] {
  if (state !== 'requested') return [];
  const value = formatTarget({ requestId: request.requestId, roundDigest: digest });
  return [button({ actionId: REMIND_ACTION, value, label: 'Remind approvers', spoken: 'Remind the approvers of this request' })];
}

export function endButton(view: ElevationView): readonly Button[] {
  if (view.state !== 'approved' && view.state !== 'granting' && view.state !== 'active') return [];
  const { right, end } = wordsOf(view.request.target);
  return [
    make(view, 'end', view.digest, undefined, {
      label: 'End now',
      spoken: `Give the ${right} back now`,
      confirm: { title: `Give the ${right} back now?`, text: `${capital(access(view))} ${end} now.`, yes: 'End now' },
    }),
  ];
}

/** One button for each length that may be asked for. */
export function extendButtons(view: ElevationView, lengthsMs: readonly number[]): readonly Button[] {
  if (view.state !== 'active' || view.extension?.state === 'waiting') return [];
  return [...new Set(lengthsMs)]
    .slice(0, 5)
    .map((ms) =>
      make(view, 'extend', view.digest, ms, { label: `Ask for ${spell(ms)} more`, spoken: `Ask for ${spell(ms)} more` }),
    );
}

function approve(view: ElevationView, ms: number): Button {
  const length = spell(ms);
  const asked = view.request.windowMs;
  const { short, joint, becomes } = wordsOf(view.request.target);
  return make(view, 'approve', view.digest, ms, {
    label: `Approve ${length}`,
    spoken: `Approve ${length} of ${short} ${joint} ${name(view)}`,
    ...(ms === asked ? { style: 'primary' as const } : {}),
    confirm: {
      title: `Approve ${length}?`,
      text: `${subject(view)} ${becomes} ${joint} ${name(view)} for ${length}. Asked for: ${spell(asked)}.`,
      yes: `Approve ${length}`,
    },
  });
}

/** The form asks for the length, too; what it begins with stands in the button. */
function approveWith(view: ElevationView): readonly Button[] {
  const { windowsMs } = view.verdict;
  const [first] = windowsMs;
  const ms = windowsMs.includes(view.request.windowMs) ? view.request.windowMs : first;
  const spec = { label: 'Approve with a comment…', spoken: 'Approve this request with a comment' };
  return ms === undefined ? [] : [make(view, 'approve', view.digest, ms, spec, true)];
}

function deny(view: ElevationView): Button {
  return make(view, 'deny', view.digest, undefined, { label: 'Deny', spoken: 'Deny this request', style: 'danger' });
}

function revoke(view: ElevationView): Button {
  return make(view, 'revoke', view.digest, undefined, {
    label: 'Revoke',
    spoken: `Revoke ${access(view)}`,
    style: 'danger',
    confirm: { title: 'Revoke now?', text: `${subject(view)} loses ${access(view)} now.`, yes: 'Revoke' },
  });
}

function revokeWith(view: ElevationView): Button {
  const spec = { label: 'Revoke with a reason…', spoken: `Revoke ${access(view)}, and say why`, style: 'danger' } as const;
  return make(view, 'revoke', view.digest, undefined, spec, true);
}

function closeUnproven(view: ElevationView): Button {
  return make(view, 'close-unproven', view.digest, undefined, {
    label: 'Close without proof',
    spoken: 'Close without proof that access is gone',
    style: 'danger',
    confirm: {
      title: 'Close without proof?',
      text: `Two people are needed. ${new Set(view.unprovenBy).size} of 2 asked. Check ${name(view)} first; you will be asked what you found.`,
      yes: 'Close without proof',
    },
  });
}

function review(view: ElevationView): Button {
  return make(view, 'review', view.digest, undefined, {
    label: 'Close the review…',
    spoken: 'Close the review of this break-glass with what you found',
    style: 'primary',
  });
}

type Spec = Omit<ButtonSpec, 'actionId' | 'value'>;

function make(
  view: ElevationView,
  kind: ActionKind,
  roundDigest: Digest,
  windowMs: number | undefined,
  spec: Spec,
  words = false,
): Button {
  const { requestId } = view.request;
  const more = { ...(windowMs === undefined ? {} : { windowMs }), ...(words ? { words } : {}) };
  return button({ ...formatAction({ kind, requestId, roundDigest, ...more }), ...spec });
}

/** Names in dialogs are plain text and never parsed; short, so that the sentence around them always fits. */
function subject(view: ElevationView): string {
  return oneLine(view.request.subject.name, 60);
}

function name(view: ElevationView): string {
  return oneLine(view.request.target.display, 90);
}

/** `admin rights on mac-bob`. */
function access(view: ElevationView): string {
  const { right, joint } = wordsOf(view.request.target);
  return `${right} ${joint} ${name(view)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
