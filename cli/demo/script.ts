/** One whole elevation of a Mac without a person, judged by what the stand-ins themselves saw. */
import { cardAppears, openForm, pickTarget, sendForm } from './form.js';
import type { DemoHome } from './home.js';
import { awsSteps } from './script-aws.js';
import { createSight, type SeenMessage, type Sight } from './sight.js';
import { type Found, newest, type Step, type Telling, tell, Wrong } from './steps.js';
import { CHANNEL, type DemoPorts, GENERAL, PEOPLE, TAGS } from './world.js';

/** The stories that can be told; the command line names them, too. */
export type Story = 'mac' | 'aws';

export interface ScriptDeps extends Telling {
  readonly story: Story;
  readonly ports: DemoPorts;
  readonly home: DemoHome;
}

const WINDOW_S = 30;
/** How long after its deadline a healthy Mac may still be an administrator, in seconds: two polls and a demotion. */
const LAG_S = 5;
const REASON = 'Install the label printer driver for the third floor';
const [ada, , grace, , mallory] = PEOPLE;
const serial = ada?.mac?.serial ?? '';

/** Runs one story. The exit code: 0 when every step held, else 1. */
export async function runScript({ story, ports, home, ...telling }: ScriptDeps): Promise<number> {
  const sight = createSight(`http://127.0.0.1:${ports.page}`);
  const found: Found = {};
  const steps = { mac: macSteps, aws: awsSteps }[story](sight, home, found);
  return tell(steps, found, telling);
}

interface Notes {
  cardTs?: string;
  confirmedAt?: number;
}

function macSteps(sight: Sight, home: DemoHome, result: Found): readonly Step[] {
  const notes: Notes = {};
  const [askerId, approverId, strangerId] = [ada?.slack ?? '', grace?.slack ?? '', mallory?.slack ?? ''];
  const cards = () => sight.messages(approverId, CHANNEL.id);
  const card = async (): Promise<SeenMessage> => {
    const found = (await cards()).find((m) => m.ts === notes.cardTs);
    if (!found) throw new Error('the card is not there');
    return found;
  };
  const seen = new Set<string>();
  const newDm = async (pattern: RegExp) => (await sight.dms(askerId)).find((m) => pattern.test(m.text) && !seen.has(m.ts));
  const isAdmin = async () => (await sight.mac(serial)).admins.includes('ada');
  return [
    {
      name: 'Ada types /elevate',
      withinS: 10,
      run: async () => {
        for (const m of [...(await cards()), ...(await sight.dms(askerId))]) seen.add(m.ts);
        if (await isAdmin()) throw new Wrong('Ada is an administrator before anything was asked; start with --fresh');
        const acted = await sight.act('command', { user: askerId, channel: GENERAL.id, command: '/elevate', text: REASON });
        return acted.ack === 'ok' ? 'acknowledged in time' : undefined;
      },
    },
    {
      name: 'she fills the form and sends it',
      withinS: 15,
      run: async () => {
        const modal = await openForm(sight, askerId);
        if (!modal) return undefined;
        const wish = {
          search: 'ada',
          target: `mac-admin/${serial}`,
          windowMs: WINDOW_S * 1000,
          category: 'install',
          reason: REASON,
        };
        await pickTarget(sight, askerId, modal, wish);
        const acted = await sendForm(sight, askerId, (await openForm(sight, askerId)) ?? modal, wish);
        if (acted.errors) throw new Wrong(JSON.stringify(acted.errors));
        return acted.ack === 'ok' ? 'the form closed: the request is safely started' : undefined;
      },
    },
    cardAppears(cards, seen, notes),
    {
      name: 'Mallory presses Approve and is refused',
      withinS: 10,
      run: async () => {
        await sight.act('click', {
          user: strangerId,
          channel: CHANNEL.id,
          ts: notes.cardTs,
          actionId: `approve:${WINDOW_S * 1000}`,
        });
        const told = (await sight.messages(strangerId, CHANNEL.id)).find(
          (m) => m.ephemeral && !seen.has(m.ts) && /not an approver/.test(m.text),
        );
        if (await isAdmin()) throw new Wrong('a stranger could approve');
        return told?.text;
      },
    },
    {
      name: 'Grace presses Approve',
      withinS: 10,
      run: async () => {
        const acted = await sight.act('click', {
          user: approverId,
          channel: CHANNEL.id,
          ts: notes.cardTs,
          actionId: `approve:${WINDOW_S * 1000}`,
        });
        return acted.ack === 'ok' ? 'acknowledged in time' : undefined;
      },
    },
    {
      name: "Ada's Mac makes her an administrator",
      withinS: 30,
      run: async () => ((await isAdmin()) ? `the MDM has the tags ${(await sight.tags(serial)).join(', ')}` : undefined),
    },
    {
      name: 'the clock starts, and Ada is told',
      withinS: 15,
      run: async () => {
        const shown = await newest(home);
        const { confirmedAt, request } = shown.row.view;
        if (!confirmedAt) return undefined;
        result.requestId = request.requestId;
        notes.confirmedAt = Date.parse(confirmedAt);
        const { countdown } = await sight.mac(serial);
        return `confirmed at ${confirmedAt}; the Mac itself counts ${countdown ?? '?'} s`;
      },
    },
    {
      name: 'Ada runs two commands with sudo',
      withinS: 10,
      run: async () => {
        for (const command of ['/usr/sbin/installer -pkg LabelPrinter.pkg -target /', '/usr/bin/true']) {
          const acted = await sight.macAct(serial, 'sudo', { user: 'ada', command });
          if (!acted.ok) throw new Error(acted.output);
        }
        return 'both were allowed';
      },
    },
    {
      name: 'she is warned before the end',
      withinS: WINDOW_S,
      run: async () => (await newDm(/left|ends (in|at|soon)|minutes?|seconds?/i))?.text,
    },
    {
      name: 'she is no administrator any more',
      withinS: WINDOW_S + 15,
      run: async () => {
        if (await isAdmin()) return undefined;
        const off = (await sight.mac(serial)).adminLog.filter((c) => c.user === 'ada' && !c.admin).at(-1);
        if (!off || !notes.confirmedAt) return undefined;
        result.held = (Date.parse(off.at) - notes.confirmedAt) / 1000;
        if (result.held > WINDOW_S + LAG_S)
          throw new Wrong(`the Mac was an administrator for ${result.held} s of a window of ${WINDOW_S} s`);
        return `${result.held.toFixed(1)} s after the confirmation`;
      },
    },
    {
      name: 'the log of her sudo commands is in the thread',
      withinS: 60,
      run: async () => {
        const files = [...(await card()).replies.flatMap((m) => m.files)];
        const log = files[0] ? await sight.text(`/slack${files[0].url}`) : '';
        return log.includes('LabelPrinter.pkg')
          ? `${files[0]?.name}, ${log.split('\n').filter((line) => line.includes('COMMAND=') && !line.includes('; EXIT=')).length} commands`
          : undefined;
      },
    },
    {
      name: 'the card says how it ended, without a button left',
      withinS: 30,
      run: async () => {
        const now = await card();
        const buttons = JSON.stringify(now.blocks).includes('"type":"actions"');
        const { row } = await newest(home);
        if (row.view.state !== 'closed' || buttons) return undefined;
        if (row.view.outcome !== 'expired') throw new Wrong(`the outcome is ${row.view.outcome}, not expired`);
        return now.text;
      },
    },
    {
      name: 'the MDM carries no tag of ours any more',
      withinS: 30,
      run: async () => {
        const tags = await sight.tags(serial);
        return tags.some((tag) => tag === TAGS.elevate || tag === TAGS.collect) ? undefined : tags.join(', ');
      },
    },
  ];
}
