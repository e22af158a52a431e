/** AWS as it really is: who has access and since when, what AWS works on, and what other hands can do meanwhile. */
import { post, toast } from './api.js';
import { icon } from './icons.js';
import { aws as refresh } from './live.js';
import { change, state } from './store.js';
import { clockSecs } from './time.js';
import { h } from './vdom.js';

export function awsPanel() {
  const truth = state.aws;
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'aws-title', 'data-panel': 'aws' },
    h(
      'header',
      { class: 'panel-head' },
      icon('cloud', 17),
      h('h2', { id: 'aws-title' }, 'AWS'),
      h('small', {}, 'as the organisation knows it'),
      state.links.aws === 'lost' && h('span', { class: 'chip bad' }, 'not connected'),
    ),
    truth && working(truth),
    truth && access(truth),
    truth && h('div', { class: 'aws-folds' }, ended(truth), accounts(truth)),
  );
}

const setOf = (truth, arn) => truth.sets.find((one) => one.arn === arn)?.name ?? arn.split('/').at(-1);
const accountOf = (truth, id) => truth.accounts.find((one) => one.id === id)?.name ?? id;
const userOf = (truth, id) => truth.users.find((one) => one.id === id)?.displayName ?? 'somebody who is gone';
const first = (name) => name.split(' ')[0];
const groupOf = (truth, id) => truth.groups.find((one) => one.id === id)?.displayName ?? id;

/** Operations that AWS has taken and not finished, and those that failed a moment ago. */
function working(truth) {
  return (
    truth.doing.length > 0 &&
    h(
      'ul',
      { class: 'aws-doing', 'aria-label': 'What AWS works on' },
      truth.doing.map((one) => {
        const failed = one.state === 'FAILED';
        const verb = one.kind === 'create' ? 'giving' : 'taking back';
        return h(
          'li',
          { key: one.requestId, class: failed ? 'failed' : '', 'data-doing': one.kind },
          h('span', { class: failed ? 'dot' : 'spinner', 'aria-hidden': 'true' }),
          h(
            'span',
            {},
            failed ? `failed ${verb} ` : `${verb} `,
            h('strong', {}, setOf(truth, one.wanted.setArn)),
            ` · ${first(userOf(truth, one.wanted.principalId))}`,
            failed && h('small', {}, one.failureReason),
          ),
          !failed && h('time', {}, `${Math.max(0, Math.round((truth.now - one.createdAt) / 1000))} s`),
        );
      }),
    )
  );
}

/** Access that is there now: ours in the colour of what is temporary, what stood before in plain. */
function access(truth) {
  const rows = [...truth.access].sort((a, b) => b.from - a.from);
  return h(
    'table',
    { class: 'tags aws-access' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'Who'),
        h('th', { scope: 'col' }, 'Has what'),
        h('th', { scope: 'col' }, 'Since, by whom'),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map((one) => row(truth, one)),
    ),
  );
}

const wayOf = ({ accountId, setArn, userId, via }) => `${accountId} ${setArn} ${userId} ${via}`;

function row(truth, one) {
  const ours = one.cause.by === 'call';
  return h(
    'tr',
    { key: wayOf(one), class: ours ? 'ours' : '', 'data-access': one.cause.by },
    h('th', { scope: 'row' }, first(userOf(truth, one.userId))),
    h('td', {}, h('span', { class: 'aws-set' }, setOf(truth, one.setArn)), h('small', {}, accountOf(truth, one.accountId))),
    h(
      'td',
      {},
      h('span', { class: `tag ${ours ? 'ours' : ''}` }, BY[one.cause.by] ?? one.cause.by),
      h('small', {}, one.via === 'direct' ? '' : `as one of ${groupOf(truth, one.via)} `, one.from > 0 && clockSecs(one.from)),
      one.via === 'direct' &&
        h(
          'button',
          {
            type: 'button',
            class: 'tool tiny',
            title: 'Somebody else takes it away, in the console',
            'aria-label': `Take ${setOf(truth, one.setArn)} from ${userOf(truth, one.userId)} by hand`,
            onclick: () => byHand('remove', one),
          },
          icon('close', 12),
        ),
    ),
  );
}

const BY = { standing: 'stood before', call: 'Stint', sync: 'another hand', directory: 'directory' };

/** Another hand, as from the console or from infrastructure as code. */
async function byHand(what, { accountId, setArn, userId }) {
  const answer = await post(`/aws/sim/sync/${what}`, { accountId, setArn, principalType: 'USER', principalId: userId }).catch(
    (error) => ({ error: error.message }),
  );
  if (answer.error) toast('error', answer.error);
  await refresh();
}

function fold(name, words, body) {
  const open = state.open[name] === true;
  return h(
    'div',
    { class: 'fold', key: name },
    h(
      'button',
      {
        type: 'button',
        class: 'fold-head',
        'aria-expanded': String(open),
        'data-fold': name,
        onclick: () =>
          change((s) => {
            s.open[name] = !open;
          }),
      },
      words,
    ),
    open && h('div', { class: 'fold-body' }, body()),
  );
}

function ended(truth) {
  return (
    truth.ended.length > 0 &&
    fold('aws-ended', `Ended (${truth.ended.length})`, () =>
      h(
        'ul',
        { class: 'aws-ended' },
        truth.ended.map((one) =>
          h(
            'li',
            { key: `${wayOf(one)} ${one.from}` },
            h('strong', {}, first(userOf(truth, one.userId))),
            ` ${setOf(truth, one.setArn)} in ${accountOf(truth, one.accountId)}`,
            h('small', {}, `${span(one)}, ended by ${BY[one.endedBy?.by] ?? 'somebody'}`),
            h(
              'button',
              {
                type: 'button',
                class: 'btn small',
                title: 'Infrastructure as code, or somebody in the console, gives it again: Stint should notice',
                onclick: () => byHand('add', one),
              },
              'Give again by hand',
            ),
          ),
        ),
      ),
    )
  );
}

/** `14:05:09 – 14:05:41, 32 s`; what stood before has no beginning. */
function span({ from, to }) {
  if (from === 0) return `until ${clockSecs(to)}`;
  return `${clockSecs(from)} – ${clockSecs(to)}, ${Math.round((to - from) / 1000)} s`;
}

/** The tree: OUs with their accounts and tags, and the permission sets with their session lengths. */
function accounts(truth) {
  const units = [...new Set(truth.accounts.map((one) => one.unit))];
  return fold('aws-accounts', `${truth.accounts.length} accounts, ${truth.sets.length} permission sets`, () => [
    units.map((unit) =>
      h(
        'div',
        { class: 'aws-unit', key: unit ?? 'root' },
        h('h3', {}, unit ?? 'Root'),
        truth.accounts.filter((one) => one.unit === unit).map((one) => account(truth, one)),
      ),
    ),
    h('h3', {}, 'Permission sets, and how long a session of each lasts'),
    h(
      'p',
      { class: 'aws-sets' },
      truth.sets.map((one) =>
        h('span', { class: 'tag', key: one.arn, title: one.description }, `${one.name} ${hours(one.sessionDuration)}`),
      ),
    ),
  ]);
}

const hours = (iso = 'PT1H') => iso.replace(/^PT/, '').toLowerCase();

function account(truth, { id, name, status, tags }) {
  const special = { [truth.managementAccountId]: 'management', [truth.delegatedAccountId]: 'Stint runs here' }[id];
  return h(
    'p',
    { class: `aws-account ${status === 'ACTIVE' ? '' : 'off'}`, key: id },
    h('span', {}, name),
    h('code', {}, id),
    special && h('span', { class: 'chip' }, special),
    status !== 'ACTIVE' && h('span', { class: 'chip warn' }, status.toLowerCase()),
    Object.entries(tags).map(([key, value]) => h('span', { class: 'tag', key }, `${key}=${value}`)),
  );
}
