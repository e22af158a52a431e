/** The MDM's tags of each device: as they stand on record, and as the device has seen them so far. */
import { icon } from './icons.js';
import { state } from './store.js';
import { h } from './vdom.js';

export function mdmPanel() {
  const devices = state.mdm?.devices ?? [];
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'mdm-title' },
    h(
      'header',
      { class: 'panel-head' },
      icon('tag', 17),
      h('h2', { id: 'mdm-title' }, 'MDM'),
      h('small', {}, 'tags'),
      state.links.mdm === 'lost' && h('span', { class: 'chip bad' }, 'not connected'),
    ),
    h(
      'table',
      { class: 'tags' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Device'),
          h('th', { scope: 'col' }, 'On record'),
          h('th', { scope: 'col' }, 'Device has seen'),
        ),
      ),
      h(
        'tbody',
        {},
        devices.map((one) =>
          h(
            'tr',
            { key: one.serial },
            h('th', { scope: 'row' }, one.name),
            cell(one.tags, one.seenByDevice),
            cell(one.seenByDevice, one.tags),
          ),
        ),
      ),
    ),
  );
}

/** Tags that the other side does not have are set apart. */
function cell(tags, others) {
  return h(
    'td',
    {},
    tags.length === 0
      ? '–'
      : tags.map((tag) =>
          h(
            'span',
            { class: `tag ${tag.startsWith('stint-') ? 'ours' : ''} ${others.includes(tag) ? '' : 'alone'}`, key: tag },
            tag,
          ),
        ),
  );
}
