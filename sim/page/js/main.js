/** The demo page: Slack as each person sees it, the Macs, AWS, the MDM's tags, and switches that break things. */
import { awsPanel } from './aws.js';
import { faultsPanel } from './faults.js';
import { goLive } from './live.js';
import { macsPanel } from './macs.js';
import { mdmPanel } from './mdm.js';
import { escapeKey } from './modal.js';
import { peopleRail, personKeys } from './people.js';
import { become, channelHere, greet, markOld, markRead } from './places.js';
import { slackView } from './slack-view.js';
import { change, memory, mine, onDraw, state } from './store.js';
import { hints, topBar } from './top.js';
import { draw, h } from './vdom.js';

const app = document.getElementById('app');
const said = document.getElementById('said');

function page() {
  return [
    topBar(),
    hints(),
    h(
      'div',
      { class: 'stage' },
      peopleRail(),
      slackView(),
      h(
        'aside',
        { class: 'side', 'aria-label': 'Macs, AWS, MDM and faults' },
        macsPanel(),
        awsPanel(),
        mdmPanel(),
        faultsPanel(),
      ),
    ),
  ];
}

/** Who one is when the page opens: as last time, else the first who can ask. */
function begin() {
  if (state.as || !state.info) return;
  const known = state.info.people.find((one) => one.slack === memory.get('as'));
  become((known ?? state.info.people[0])?.slack);
}

const greeted = new Set();
/** What was there when a person was first seen is not new, and everybody has a conversation with the app. */
function meet() {
  for (const user of Object.keys(state.seen)) {
    if (greeted.has(user)) continue;
    greeted.add(user);
    markOld(user);
    if (user === state.as) greet();
  }
}

/** Lists that were at their end stay there. */
function stickToEnds() {
  for (const list of document.querySelectorAll('[data-stick]')) {
    if (list.__stuckTo === list.dataset.stick && list.__stuck === false) continue;
    if (list.__stuckTo !== list.dataset.stick) {
      list.__stuckTo = list.dataset.stick;
      list.__stuck = true;
      list.onscroll = () => {
        list.__stuck = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
      };
    }
    list.scrollTop = list.scrollHeight;
  }
}

let dialog;
/** A dialog gets the focus when it opens or its fields change, and gives it back when it is gone. */
function mindDialog() {
  const view = mine()?.modals.at(-1);
  const now = view ? `${view.id} ${view.hash}` : undefined;
  if (now === dialog) return;
  const same = view && dialog?.startsWith(`${view.id} `);
  dialog = now;
  // Drawn anew while somebody is at it: they stay where they are.
  if (state.confirm || (same && document.activeElement?.closest('.modal[data-view]'))) return;
  const lost =
    !document.activeElement || document.activeElement === document.body || document.activeElement.closest('[inert], .modal');
  if (now) {
    const modal = document.querySelector('.modal[data-view]');
    const wrong = modal?.querySelector('[aria-invalid]');
    const fields = [...(modal?.querySelectorAll('select, textarea, input') ?? [])];
    if (!wrong) (fields[0] ?? modal)?.focus();
  } else if (lost) document.querySelector('.composer-input')?.focus();
}

let newest = {};
/** New messages are spoken, for those who don't see them. */
function announce() {
  const here = channelHere();
  const last = here?.messages.at(-1);
  const key = `${state.as} ${here?.id}`;
  if (last && newest.key === key && last.ts > newest.ts && last.from.id !== state.as)
    said.textContent = `New message from ${last.from.name}: ${last.text.slice(0, 300)}`;
  newest = { key, ts: last?.ts ?? '0' };
}

onDraw(() => {
  begin();
  meet();
  markRead();
  document.documentElement.dataset.theme = state.theme;
  draw(app, page().filter(Boolean));
  stickToEnds();
  mindDialog();
  announce();
});

document.addEventListener('keydown', personKeys);
document.addEventListener('keydown', escapeKey);
document.documentElement.dataset.theme = state.theme;
goLive();
change();
