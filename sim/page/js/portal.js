/** Where the links of cards lead in the demo: AWS's access portal, which knows who holds what an address names. */
import { get } from './api.js';
import { clockSecs } from './time.js';
import { draw, h } from './vdom.js';

const app = document.getElementById('app');
const EVERY_MS = 1000;

/** `#/console?account_id=…&role_name=…`, a shortcut of the access portal. */
function wanted() {
  const query = new URLSearchParams(location.hash.split('?')[1] ?? '');
  return { account: query.get('account_id') ?? '', role: query.get('role_name') ?? '' };
}

function page(truth) {
  const { account, role } = wanted();
  const place = truth.accounts.find(({ id }) => id === account);
  const sets = truth.sets.filter(({ name }) => role === '' || name === role);
  const holders = truth.access.filter((one) => one.accountId === account && sets.some(({ arn }) => arn === one.setArn));
  return [
    h('small', {}, 'AWS access portal, as the demo stands in for it'),
    h('h1', {}, role || 'Any permission set', ' in ', place?.name ?? 'no such account'),
    place && h('p', { class: 'where' }, [place.unit ?? 'Root', place.id].join(' · ')),
    h(
      'p',
      { class: holders.length > 0 ? 'state there' : 'state' },
      holders.length > 0 ? 'These people can open it now:' : 'Nobody can open it now.',
    ),
    h(
      'ul',
      {},
      holders.map((one) => {
        const who = truth.users.find(({ id }) => id === one.userId)?.displayName ?? one.userId;
        const since = one.from > 0 ? `since ${clockSecs(one.from)}` : 'since before Stint';
        return h('li', { key: `${one.userId} ${one.via}` }, h('strong', {}, who), ` ${since}`);
      }),
    ),
    h(
      'p',
      { class: 'note' },
      'Here one would sign in to the console. A session lasts ',
      length(sets[0]),
      ' once it is open, whatever happens to the assignment.',
    ),
  ];
}

const length = (set) => (set?.sessionDuration ?? 'PT1H').replace(/^PT/, '').toLowerCase();

async function look() {
  try {
    const truth = await get('/aws/sim/overview');
    if (truth.accounts) draw(app, page(truth).filter(Boolean));
  } catch {
    draw(app, [h('p', { class: 'state' }, 'Not connected. Is the demo running?')]);
  }
  setTimeout(look, EVERY_MS);
}

void look();
