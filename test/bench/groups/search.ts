/**
 * How soon the form's search answers in an organisation of five thousand pairs of account and permission set: from what somebody
 * typed (Slack's `block_suggestion`) until the options are there, through the running program, its policy and who may ask.
 */
import { openForm } from '../../../cli/demo/form.js';
import { GENERAL } from '../../../cli/demo/world.js';
import { bigOrganization } from '../../../sim/identity-center/index.js';
import { sightOf } from '../../storm/far/sight.js';
import type { Metric } from '../metric.js';
import { until } from '../pace.js';
import { type Rig, startRig } from '../rig/rig.js';
import { emailOf } from '../rig/world.js';
import { percentile, spread } from '../stats.js';

const ACCOUNTS = 200;
const SETS = 25;
const SEARCHES = 100;

export const search: Metric = {
  name: 'search',
  figures: [{ name: 'aws.search.p95', unit: 'ms', bar: { atMost: 1_000 } }],
  async measure({ quick, topology, say }) {
    const rig = await startRig({
      fleets: [{ name: 'FIND', count: 1, windowS: 60 }],
      own: () => true,
      aws: {
        seed: ([owner]) => {
          const organisation = bigOrganization({ accounts: ACCOUNTS, sets: SETS, users: 1 });
          const person = owner?.person ?? '';
          return { ...organisation, users: organisation.users.map((user) => ({ ...user, email: emailOf(person) })) };
        },
        settings: {},
        windowS: 60,
      },
      topology,
      say,
    });
    try {
      const typed = await searcher(rig);
      const took: number[] = [];
      for (const text of texts(quick ? SEARCHES / 4 : SEARCHES)) took.push(await typed(text));
      const note = `${ACCOUNTS * SETS} pairs, each text another; ${spread(took)}`;
      return { measured: { 'aws.search.p95': { value: percentile(took, 95), n: took.length, note } } };
    } finally {
      await rig.close();
    }
  },
};

/** Opens the form of the one person, once everything is known; then tells how long a text takes in ms. Throws when nothing is found. */
async function searcher({ slack, owners }: Rig): Promise<(text: string) => Promise<number>> {
  const user = owners[0]?.slack ?? '';
  await slack.act.command({ user, channel: GENERAL.id, command: '/elevate' });
  await until('the form is open', async () => openForm(sightOf(slack), user));
  const find = async (query: string) => (await slack.act.options({ user, actionId: 'target', query })).options ?? [];
  await until('the last account is known', async () => (await find(`account-${ACCOUNTS} Set${SETS}`)).length > 0 || undefined);
  return async (text) => {
    const from = performance.now();
    const found = await find(text);
    const took = performance.now() - from;
    if (found.length === 0) throw new Error(`the search for "${text}" found nothing`);
    return took;
  };
}

/** As people type: a letter, a word, a word and a half, a number, in any order of the two. All find something. */
function texts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const [account, set] = [(i * 37) % ACCOUNTS || ACCOUNTS, (i * 7) % SETS || SETS];
    const forms = [
      `account-${account}`,
      `Set${set} acc${'ount'.slice(0, i % 5)} ${account}`,
      `${account} set`,
      `workloads set${set} ${i % 10}`,
    ];
    return forms[i % forms.length] ?? '';
  });
}
