/** The page's own few pictures. */
import { state } from './store.js';
import { h } from './vdom.js';

const PATHS = {
  hash: 'M4 9h16M4 15h16M10 4 8 20M16 4l-2 16',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  home: 'M4 11.5 12 5l8 6.5M6.5 10v9h11v-9',
  chat: 'M4 5h16v11H10l-4 4v-4H4z',
  laptop: 'M5 6h14v9H5zM2.5 18.5h19',
  cloud: 'M7 18.5a4.2 4.2 0 0 1-.6-8.36A5.8 5.8 0 0 1 17.5 9.6a4.5 4.5 0 0 1 .3 8.9z',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20.5 20.5',
  tag: 'M4 12V4h8l8 8-8 8zM8 8h.01',
  bolt: 'M13 3 5 13.5h6L10 21l8-10.5h-6z',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4 12h15M13 6l6 6-6 6',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 13h5M10 16.5h5',
  eye: 'M2.5 12S6 6 12 6s9.5 6 9.5 6-3.5 6-9.5 6-9.5-6-9.5-6zM12 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  warn: 'M12 4 2.8 20h18.4zM12 10v5M12 17.6h.01',
  sun: 'M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.2A8.2 8.2 0 1 1 9.8 4a6.6 6.6 0 0 0 10.2 10.2z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  chevron: 'M8 10l4 4 4-4',
  out: 'M9 5H5v14h14v-4M13 5h6v6M19 5l-9 9',
  half: 'M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17',
};

/** A line drawing, not spoken: the words beside it say the same. */
export function icon(name, size = 18) {
  return h(
    'svg',
    { class: `icon i-${name}`, viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true' },
    h('path', { d: PATHS[name] }),
  );
}

/** Stint's own mark: a ring that does not close. */
export function mark(size = 36) {
  return h(
    'svg',
    { class: 'mark', viewBox: '0 0 32 32', width: size, height: size, 'aria-hidden': 'true' },
    h('rect', { width: 32, height: 32, rx: 7, class: 'mark-ground' }),
    h('path', { d: 'M16 7a9 9 0 1 1-8.2 5.3', class: 'mark-ring' }),
    h('path', { d: 'M16 11.5V16l3 2.4', class: 'mark-hand' }),
  );
}

/** A ring that empties, with words in its middle. `part` from 1 (full) to 0. */
export function ring(part, words, size = 60) {
  const length = 2 * Math.PI * 26;
  return h(
    'svg',
    { class: 'ring', viewBox: '0 0 60 60', width: size, height: size, 'aria-hidden': 'true' },
    h('circle', { cx: 30, cy: 30, r: 26, class: 'ring-ground' }),
    h('circle', {
      cx: 30,
      cy: 30,
      r: 26,
      class: 'ring-left',
      'stroke-dasharray': length,
      'stroke-dashoffset': length * (1 - part),
    }),
    h('text', { x: 30, y: 35, class: words.length > 4 ? 'ring-words small' : 'ring-words' }, words),
  );
}

const HUES = [262, 18, 205, 158, 40, 330, 185];

/** Everybody has a colour of their own: by their place among the people, else by their id. */
function hueOf(id) {
  const place = state.info?.people.findIndex((person) => person.slack === id) ?? -1;
  const at = place >= 0 ? place : [...id].reduce((sum, c) => sum + c.charCodeAt(0), 5);
  return HUES[at % HUES.length];
}

/** Initials on a colour of their own. */
export function avatar(person, size = 36) {
  if (person.bot) return mark(size);
  const initials = person.name
    .split(/\s+/)
    .map((word) => word[0])
    .join('')
    .slice(0, 2)
    .toUpperCase();
  const hue = hueOf(person.id);
  return h('span', { class: 'avatar', 'aria-hidden': 'true', style: { '--hue': String(hue), '--size': `${size}px` } }, initials);
}
