/**
 * An external select: what is typed is asked of the app, and what it offers is listed below. The list is worked with the
 * arrow keys, Enter and Escape, as Slack's is; a slow answer never replaces that of a later question.
 */
import { act } from './api.js';
import { icon } from './icons.js';
import { plainOf } from './mrkdwn.js';
import { change, state } from './store.js';
import { h } from './vdom.js';

const PAUSE_MS = 220;
/** Slack asks from three characters on unless the app says otherwise. */
const LEAST = 3;
const timers = new Map();

/** Draws the search of one element in a modal. `where` says what choosing does. */
export function search(one, block, where) {
  const at = where.place(block, one);
  const now = state.searches[at] ?? {};
  const chosen = now.chosen ?? where.value(block, one)?.selected_option ?? one.initial_option;
  const labels = where.labelled?.(block) ?? {};
  const list = `${labels.id ?? at}-list`;
  const pick = (option) => {
    shut(at, { chosen: option });
    where.choose(block, one, option.value);
  };
  const ask = (query) => later(at, () => suggest(where.ask(block, one), at, query));
  return h(
    'div',
    { class: 'search', key: one.action_id, 'data-action': one.action_id, onfocusout: (event) => leave(event, at) },
    icon('search', 16),
    h('input', {
      ...labels,
      type: 'text',
      role: 'combobox',
      autocomplete: 'off',
      'aria-expanded': String(now.open === true),
      'aria-controls': list,
      'aria-autocomplete': 'list',
      placeholder: plainOf(one.placeholder) || 'Type to search…',
      value: now.text ?? (chosen ? plainOf(chosen.text) : ''),
      onfocus: (event) => {
        event.target.select();
        if ((one.min_query_length ?? LEAST) === 0) ask('');
      },
      oninput: (event) => {
        const query = event.target.value;
        // What answered an earlier question is not to be picked for this one.
        set(at, { text: query, open: true, at: 0, options: [], said: undefined, waiting: true });
        if (query.length >= (one.min_query_length ?? LEAST)) ask(query);
      },
      onkeydown: (event) => keys(event, at, now, pick),
    }),
    now.open && h('ul', { class: 'search-list', id: list, role: 'listbox' }, rows(now, pick)),
  );
}

function set(at, more) {
  change((s) => {
    s.searches[at] = { ...s.searches[at], ...more };
  });
}

/** Closes the list; an answer that is still on its way does not open it again. */
function shut(at, more = {}) {
  clearTimeout(timers.get(at));
  set(at, { open: false, text: undefined, turn: (state.searches[at]?.turn ?? 0) + 1, ...more });
}

function later(at, job) {
  clearTimeout(timers.get(at));
  timers.set(at, setTimeout(job, PAUSE_MS));
}

/** Asks the app; an answer to a question that is not the last one is left out. */
async function suggest(place, at, query) {
  const turn = (state.searches[at]?.turn ?? 0) + 1;
  set(at, { turn, waiting: true, open: true });
  const answer = await act('options', { ...place, query });
  if (state.searches[at]?.turn !== turn) return;
  const { option_groups: groups } = answer.response ?? {};
  const options = groups
    ? groups.flatMap((group) => group.options.map((option) => ({ ...option, group: plainOf(group.label) })))
    : (answer.options ?? []);
  set(at, { waiting: false, options, said: answer.saw, at: 0 });
}

function rows({ options = [], waiting, said, at = 0 }, pick) {
  if (said) return h('li', { class: 'search-note' }, said);
  if (options.length === 0) return h('li', { class: 'search-note' }, waiting ? 'Looking…' : 'Nothing found.');
  return options.map((option, i) => [
    option.group !== options[i - 1]?.group && h('li', { class: 'search-group', key: `group ${option.group}` }, option.group),
    h(
      'li',
      {
        class: i === at ? 'at' : '',
        key: option.value,
        role: 'option',
        'aria-selected': String(i === at),
        'data-option': option.value,
        // Before the field loses its focus, which closes the list.
        onmousedown: (event) => {
          event.preventDefault();
          pick(option);
        },
      },
      h('span', {}, plainOf(option.text)),
      option.description && h('small', {}, plainOf(option.description)),
    ),
  ]);
}

function keys(event, at, { open, options = [], at: here = 0 }, pick) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && options.length > 0) {
    event.preventDefault();
    set(at, { open: true, at: (here + step + options.length) % options.length });
  } else if (event.key === 'Enter' && open && options[here]) {
    event.preventDefault();
    pick(options[here]);
  } else if (event.key === 'Escape' && open) {
    event.stopPropagation(); // the list closes, not the form
    shut(at);
  }
}

function leave(event, at) {
  if (event.currentTarget.contains(event.relatedTarget)) return;
  shut(at);
}
