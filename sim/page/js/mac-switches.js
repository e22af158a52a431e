/** Faults of a Mac, and fate: what can go wrong with it while somebody is elevated. */
import { macAct, post, toast } from './api.js';
import { macs as refresh } from './live.js';
import { change, state } from './store.js';
import { switchRow } from './switch.js';
import { h } from './vdom.js';

const SKEW_MS = 3_600_000;
const FAULTS = [
  { kind: 'offline', name: 'No network' },
  { kind: 'daemon-dead', name: 'Agent dead, not restarted' },
  { kind: 'dseditgroup-fails', name: 'Directory refuses changes' },
  { kind: 'guid-stays', name: 'Removal leaves the GUID' },
  { kind: 'reply-lost', name: 'Replies get lost' },
  { kind: 'slow', name: 'Every call takes 3 s', order: { ms: 3000 } },
  { kind: 'clock-skew', name: 'Clock set one hour ahead', order: { ms: SKEW_MS } },
];
const FATE = [
  { act: 'kick', name: 'MDM checks in' },
  { act: 'reboot', name: 'Reboot' },
  { act: 'kill-daemon', name: 'Kill the agent once' },
  { fault: { kind: 'sleep', ms: 20_000 }, name: 'Sleep 20 s' },
  { act: 'make-standing-admin', name: 'IT makes the user admin' },
  { act: 'add-admin', name: 'Add a second admin' },
];

export function macSwitches(truth) {
  const { serial } = truth;
  const open = state.open[`fate ${serial}`] === true;
  const active = truth.faults.length + (truth.skewMs === 0 ? 0 : 1);
  return h(
    'div',
    { class: 'fold' },
    h(
      'button',
      {
        type: 'button',
        class: 'fold-head',
        'aria-expanded': String(open),
        onclick: () =>
          change((s) => {
            s.open[`fate ${serial}`] = !open;
          }),
      },
      'What can go wrong here',
      active > 0 && h('span', { class: 'chip warn' }, `${active} on`),
    ),
    open &&
      h(
        'div',
        { class: 'fold-body' },
        FAULTS.map((one) =>
          switchRow({
            key: one.kind,
            name: one.name,
            on: isOn(truth, one.kind),
            set: (on) => setFault(serial, one.kind, on, one.order),
          }),
        ),
        h(
          'div',
          { class: 'fate' },
          FATE.map((one) =>
            h('button', { type: 'button', class: 'btn small', key: one.name, onclick: () => happen(serial, one) }, one.name),
          ),
        ),
      ),
  );
}

const isOn = ({ faults, skewMs }, kind) => (kind === 'clock-skew' ? skewMs !== 0 : faults.includes(kind));

/** One alone: what others have pressed meanwhile stays as it is. */
async function setFault(serial, kind, on, order = {}) {
  await post(on ? `/mac/${serial}/fault` : `/mac/${serial}/fault/clear`, { kind, ...order });
  void refresh();
}

async function happen(serial, one) {
  const { ok, output } = one.act ? await macAct(serial, one.act) : await post(`/mac/${serial}/fault`, one.fault);
  toast(ok ? 'ok' : 'error', `${one.name}: ${output || (ok ? 'done' : 'it did not work')}`);
  void refresh();
}
