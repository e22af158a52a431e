/** Fault switches of Slack, of the MDM and of AWS. */
import { post } from './api.js';
import { icon } from './icons.js';
import { aws as refreshAws, mdm as refreshMdm, slackFaults } from './live.js';
import { change, state } from './store.js';
import { switchRow } from './switch.js';
import { h } from './vdom.js';

const SLACK = [
  { key: 'slack-down', name: 'Down', about: 'every call and socket is cut', fault: { kind: 'down' } },
  { key: 'slack-429', name: 'Too many requests', about: '429 to every call', fault: { kind: '429', retryAfter: 2 } },
  { key: 'slack-drop-after', name: 'Answers get lost', about: 'the call works, nobody hears it', fault: { kind: 'drop-after' } },
  { key: 'slack-500', name: 'Server errors', about: 'nothing happens', fault: { kind: '500' } },
  { key: 'slack-delay', name: 'Slow by 1.5 s', fault: { kind: 'delay', ms: 1500 } },
  { key: 'slack-duplicate', name: 'Clicks arrive twice', fault: { kind: 'duplicate-delivery' } },
  { key: 'slack-drop-delivery', name: 'Clicks get lost', fault: { kind: 'drop-delivery' } },
];
const MDM = [
  { key: 'mdm-down', name: 'Down', about: 'every call is cut', fault: { kind: 'down' } },
  { key: 'mdm-500', name: 'Server errors', fault: { kind: '500' } },
  { key: 'mdm-429', name: 'Too many requests', fault: { kind: '429', ms: 2000 } },
  { key: 'mdm-lie', name: 'Lies', about: 'says yes and does nothing', fault: { kind: 'lie' } },
  { key: 'mdm-drop-after', name: 'Answers get lost', fault: { kind: 'drop-after' } },
  { key: 'mdm-latency', name: 'Slow by 3 s', fault: { kind: 'latency', ms: 3000 } },
];
const AWS = [
  { key: 'aws-down', name: 'Down', about: 'every call is cut', fault: { kind: 'down' } },
  { key: 'aws-throttle', name: 'Throttled', about: 'too many calls, whatever comes', fault: { kind: 'throttle' } },
  { key: 'aws-drop-after', name: 'Answers get lost', about: 'the call works, nobody hears it', fault: { kind: 'drop-after' } },
  {
    key: 'aws-fail-change',
    name: 'Takes it, and fails later',
    about: 'as with no IAM role left in the account',
    fault: { kind: 'fail-change', reason: 'Received a 409 status error: Cannot exceed quota for RolesPerAccount: 1000' },
  },
  { key: 'aws-conflict', name: 'Busy with another change', fault: { kind: 'conflict' } },
  { key: 'aws-expired', name: "Stint's credentials are expired", fault: { kind: 'expired' } },
  { key: 'aws-denied', name: 'Access denied', fault: { kind: 'denied' } },
];
/** Not a fault but a bad day: half a minute to a minute for each change. */
const USUAL_MS = [1200, 2600];
const SLOW_MS = [30_000, 60_000];

export function faultsPanel() {
  const mdm = state.mdm?.faults ?? [];
  const aws = state.aws?.faults ?? [];
  const slow = state.aws?.settings.inProgressMs[0] >= SLOW_MS[0];
  const count = state.slackFaults.length + mdm.length + aws.length + Number(slow);
  const open = state.open.faults === true;
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'faults-title' },
    h(
      'button',
      {
        type: 'button',
        class: 'panel-head fold-head',
        'aria-expanded': String(open),
        onclick: () =>
          change((s) => {
            s.open.faults = !open;
          }),
      },
      icon('bolt', 17),
      h('h2', { id: 'faults-title' }, 'Break something'),
      count > 0 ? h('span', { class: 'chip warn' }, `${count} on`) : h('small', {}, 'Slack, MDM, AWS'),
      icon('chevron', 16),
    ),
    open &&
      h(
        'div',
        { class: 'fault-groups' },
        group('Slack', SLACK, (one) => state.slackFaults.some((fault) => fault.kind === one.fault.kind), setSlack),
        group('AWS', AWS, (one) => aws.some((fault) => fault.kind === one.fault.kind), setAws, slowRow(slow)),
        group('MDM', MDM, (one) => mdm.some((fault) => fault.kind === one.fault.kind), setMdm),
      ),
  );
}

function group(title, all, isOn, set, more) {
  return h(
    'div',
    { class: 'fault-group', role: 'group', 'aria-label': `Faults of ${title}` },
    h('h3', {}, title),
    all.map((one) => switchRow({ ...one, on: isOn(one), set: (on) => set(one.fault, on) })),
    more,
  );
}

async function setSlack(fault, on) {
  if (on) await post('/slack/sim/fault', fault);
  else
    for (const one of state.slackFaults.filter((active) => active.kind === fault.kind))
      await post('/slack/sim/fault/clear', { id: one.id });
  await slackFaults();
}

const setMdm = (fault, on) => setAll('/mdm/sim/fault', state.mdm?.faults, fault, on).then(refreshMdm);
const setAws = (fault, on) => setAll('/aws/sim/fault', state.aws?.faults, fault, on).then(refreshAws);

/** These two can only clear all faults at once, so the others are set again. */
async function setAll(path, active, fault, on) {
  if (on) return post(path, fault);
  await post(`${path}/clear`);
  for (const one of (active ?? []).filter(({ kind }) => kind !== fault.kind)) await post(path, one);
}

const slowRow = (on) =>
  switchRow({
    key: 'aws-slow',
    name: 'Takes half a minute and more',
    about: 'for each change, as real ones may',
    on,
    set: async (slow) => {
      await post('/aws/sim/settings', { inProgressMs: slow ? SLOW_MS : USUAL_MS });
      await refreshAws();
    },
  });
