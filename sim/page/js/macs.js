/** The Macs: what is true on each by its own disk and clock, and what a person or fate can do to it. */
import { macAct, toast } from './api.js';
import { icon, ring } from './icons.js';
import { macs as refresh } from './live.js';
import { macForms } from './mac-forms.js';
import { macSwitches } from './mac-switches.js';
import { change, me, state } from './store.js';
import { clockSecs, countdown } from './time.js';
import { h } from './vdom.js';

/** All Macs; one is unfolded. */
export function macsPanel() {
  const all = state.info?.macs ?? [];
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'macs-title' },
    h(
      'header',
      { class: 'panel-head' },
      icon('laptop', 17),
      h('h2', { id: 'macs-title' }, 'Macs'),
      h('small', {}, 'as each sees itself'),
      state.links.macs === 'lost' && h('span', { class: 'chip bad' }, 'not connected'),
    ),
    all.map((one) => mac(one)),
  );
}

/** The one Mac that is unfolded: as chosen; else one with a session, one's own before others; else one's own. */
function unfolded() {
  if (state.open.mac !== undefined) return state.open.mac;
  const all = state.info.macs.map(({ serial }) => serial);
  const own = me()?.mac?.serial;
  const running = all.filter((serial) => state.macs[serial]?.session);
  return (running.includes(own) ? own : running[0]) ?? own ?? all[0];
}

/** What one Mac is now, in words. */
function standing(truth) {
  if (!truth) return { word: 'Waiting…', kind: 'unknown' };
  const admin = truth.admins.includes(truth.localUser);
  return admin ? { word: 'Administrator', kind: 'admin' } : { word: 'Standard user', kind: 'standard' };
}

function mac({ serial, owner }) {
  const truth = state.macs[serial];
  const person = state.info.people.find((one) => one.id === owner);
  const { word, kind } = standing(truth);
  const open = unfolded() === serial;
  const body = `mac-${serial}`;
  return h(
    'article',
    {
      class: `mac ${kind} ${open ? 'open' : ''}`,
      key: serial,
      'data-mac': serial,
      'aria-label': `${truth?.name ?? serial}, Mac of ${person?.name}`,
    },
    h(
      'button',
      {
        type: 'button',
        class: 'mac-head',
        'aria-expanded': String(open),
        'aria-controls': body,
        onclick: () =>
          change((s) => {
            s.open.mac = open ? '' : serial;
          }),
      },
      h('span', { class: 'mac-name' }, h('strong', {}, truth?.name ?? person?.mac?.name ?? serial), h('small', {}, person?.name)),
      (truth?.faults.length ?? 0) > 0 &&
        h(
          'span',
          { class: 'chip warn', title: truth.faults.join(', ') },
          truth.faults.length === 1 ? truth.faults[0] : `${truth.faults.length} faults`,
        ),
      !open && truth?.countdown !== undefined && h('span', { class: 'chip time' }, countdown(truth.countdown)),
      !open && h('span', { class: `chip ${kind}` }, word),
      icon('chevron', 16),
    ),
    open &&
      truth &&
      h(
        'div',
        { class: 'mac-body', id: body },
        screen(truth, word),
        strangers(truth),
        logs(truth),
        macForms(truth),
        controls(truth),
        macSwitches(truth),
      ),
  );
}

/** The Mac's screen: the word, since when, and its own countdown. */
function screen(truth, word) {
  const admin = truth.admins.includes(truth.localUser);
  return h(
    'div',
    { class: `screen ${admin ? 'admin' : ''}` },
    h(
      'div',
      { class: 'screen-words' },
      h('small', {}, h('code', {}, truth.localUser), ' is'),
      h('strong', { class: 'screen-state' }, admin ? 'an administrator' : 'a standard user'),
      h('small', {}, since(truth, word)),
    ),
    truth.countdown !== undefined &&
      h(
        'div',
        { class: 'screen-ring', role: 'timer', 'aria-label': `${truth.countdown} seconds left by this Mac's own clock` },
        ring(left(truth), countdown(truth.countdown), 68),
      ),
  );
}

function since(truth) {
  const last = truth.adminLog.filter((one) => one.user === truth.localUser).at(-1);
  if (truth.adminSince)
    return `since ${clockSecs(Date.parse(truth.adminSince))}${truth.countdown === undefined ? '' : ' · ends by itself'}`;
  if (truth.session) return 'a session is open on this Mac';
  return last
    ? `since ${clockSecs(Date.parse(last.at))}`
    : truth.daemonPid === undefined
      ? 'the agent does not run'
      : 'nothing is elevated';
}

/** The part of the window that is left; the longest countdown seen of a session stands for the whole. */
function left({ serial, session, countdown: now }) {
  const whole = Number(session?.window) || longest(serial, session?.request ?? session?.id ?? session?.deadline, now);
  return Math.min(1, now / Math.max(1, whole));
}

const seen = new Map();
function longest(serial, session, now) {
  const known = seen.get(serial);
  const most = known?.session === session ? Math.max(known.most, now) : now;
  seen.set(serial, { session, most });
  return most;
}

/** Administrators beside the user and those that every such Mac has. */
function strangers(truth) {
  const others = truth.admins.filter((name) => name !== truth.localUser && name !== 'root' && name !== 'itadmin');
  return (
    others.length > 0 &&
    h('p', { class: 'notice-line' }, icon('warn', 15), 'Also an administrator: ', h('code', {}, others.join(', ')))
  );
}

function logs(truth) {
  const which = state.open[`log ${truth.serial}`] ?? 'agent';
  const tab = (name, words) =>
    h(
      'button',
      {
        type: 'button',
        class: 'tab',
        'aria-current': which === name ? 'true' : undefined,
        onclick: () =>
          change((s) => {
            s.open[`log ${truth.serial}`] = name;
          }),
      },
      words,
    );
  const lines = { agent: truth.agentLog.map(agentLine), sudo: truth.sudoLog.map(sudoLine), group: truth.adminLog.map(groupLine) }[
    which
  ];
  return h(
    'div',
    { class: 'logs' },
    h(
      'div',
      { class: 'tabs' },
      tab('agent', "Agent's log"),
      tab('sudo', `sudo (${truth.sudoLog.filter((line) => line.includes('COMMAND=') && !/; EXIT=\d+$/.test(line)).length})`),
      tab('group', 'Admin group'),
    ),
    h(
      'div',
      {
        class: 'terminal',
        tabindex: '0',
        role: 'log',
        'aria-label': `Log of ${truth.name}`,
        'data-stick': `${truth.serial} ${which}`,
      },
      lines.length > 0
        ? lines
            .slice(-60)
            .map(([at, words], i) =>
              h('p', { key: `${lines.length - lines.slice(-60).length + i}` }, at && h('time', {}, at), words),
            )
        : h('p', { class: 'faint' }, 'nothing yet'),
    ),
  );
}

/** `2026-11-21T14:55:55+0000 stint-agent[1]: agent 1 runs` */
function agentLine(line) {
  const [, at, words] = /^(\S+) \S+?\[\d+\]: (.*)$/.exec(line) ?? [];
  const ms = Date.parse(at?.replace(/(\d\d)(\d\d)$/, '$1:$2') ?? '');
  return Number.isNaN(ms) ? ['', line] : [clockSecs(ms), words];
}

/** `Nov 21 14:09:33 2026 : ada : HOST=… ; COMMAND=…` */
function sudoLine(line) {
  const [, time] = /^\w+ +\d+ (\S+) /.exec(line) ?? [];
  const command = /COMMAND=(.*)$/.exec(line)?.[1] ?? line;
  return [time ?? '', `${line.includes('NOT in sudoers') ? 'refused: ' : ''}${command}`];
}

const groupLine = (one) => [
  clockSecs(Date.parse(one.at)),
  `${one.user} ${one.admin ? 'became an administrator' : 'is standard again'} (${one.by})`,
];

function controls(truth) {
  const { serial } = truth;
  const asking = state.open.asking === serial;
  return h(
    'div',
    { class: 'mac-controls' },
    h(
      'button',
      {
        type: 'button',
        class: 'btn small',
        'data-act': 'ask',
        'aria-expanded': String(asking),
        onclick: () =>
          change((s) => {
            s.open.asking = asking ? '' : serial;
          }),
      },
      'Request from this Mac',
    ),
    truth.session &&
      h('button', { type: 'button', class: 'btn small', 'data-act': 'end', onclick: () => end(serial) }, 'End now'),
  );
}

async function end(serial) {
  const { ok, output } = await macAct(serial, 'end');
  toast(ok ? 'ok' : 'error', output || (ok ? 'The Mac ends it now.' : 'The Mac could not end it.'));
  void refresh();
}
