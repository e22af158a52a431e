/** Fault switches of Slack and of the MDM. */
import { post } from './api.js';
import { icon } from './icons.js';
import { mdm as refreshMdm, slackFaults } from './live.js';
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

export function faultsPanel() {
  const mdm = state.mdm?.faults ?? [];
  const count = state.slackFaults.length + mdm.length;
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
      count > 0 ? h('span', { class: 'chip warn' }, `${count} on`) : h('small', {}, 'Slack, MDM'),
      icon('chevron', 16),
    ),
    open &&
      h(
        'div',
        { class: 'fault-groups' },
        group('Slack', SLACK, (one) => state.slackFaults.some((fault) => fault.kind === one.fault.kind), setSlack),
        group('MDM', MDM, (one) => mdm.some((fault) => fault.kind === one.fault.kind), setMdm),
      ),
  );
}

function group(title, all, isOn, set) {
  return h(
    'div',
    { class: 'fault-group', role: 'group', 'aria-label': `Faults of ${title}` },
    h('h3', {}, title),
    all.map((one) => switchRow({ ...one, on: isOn(one), set: (on) => set(one.fault, on) })),
  );
}

async function setSlack(fault, on) {
  if (on) await post('/slack/sim/fault', fault);
  else
    for (const one of state.slackFaults.filter((active) => active.kind === fault.kind))
      await post('/slack/sim/fault/clear', { id: one.id });
  await slackFaults();
}

/** The MDM can only clear all faults at once, so the others are set again. */
async function setMdm(fault, on) {
  if (on) await post('/mdm/sim/fault', fault);
  else {
    const others = (state.mdm?.faults ?? []).filter((one) => one.kind !== fault.kind);
    await post('/mdm/sim/fault/clear');
    for (const one of others) await post('/mdm/sim/fault', one);
  }
  await refreshMdm();
}
