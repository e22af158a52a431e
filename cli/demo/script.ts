/**
 * One whole elevation without a person, told with times, and judged by what the stand-ins themselves saw. Each step
 * waits for a fact with a deadline; the first that does not come is named, and the exit code is 1.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { askSocket } from '../../workers/admin-socket.js';
import type { Shown } from '../../workers/questions.js';
import type { DemoHome } from './home.js';
import { createSight, type SeenMessage, type Sight } from './sight.js';
import { CHANNEL, type DemoPorts, GENERAL, PEOPLE, TAGS } from './world.js';

export interface ScriptDeps {
  readonly ports: DemoPorts;
  readonly home: DemoHome;
  readonly say: (line: string) => void;
  readonly json: boolean;
}

const WINDOW_S = 30;
/** How long after its deadline a healthy Mac may still be an administrator, in seconds: two polls and a demotion. */
const LAG_S = 5;
const REASON = 'Install the label printer driver for the third floor';
const [ada, , grace, , mallory] = PEOPLE;
const serial = ada?.mac?.serial ?? '';

interface Step {
  readonly name: string;
  readonly withinS: number;
  readonly run: () => Promise<string | undefined>;
}

/** Runs the script. The exit code: 0 when every step held, else 1. */
export async function runScript({ ports, home, say, json }: ScriptDeps): Promise<number> {
  const sight = createSight(`http://127.0.0.1:${ports.page}`);
  const notes: Notes = {};
  const done: { name: string; seconds: number; saw: string }[] = [];
  for (const step of steps(sight, home, notes)) {
    const from = Date.now();
    const saw = await attempt(step);
    const seconds = (Date.now() - from) / 1000;
    if (!saw.ok) {
      say(`FAILED: ${step.name}: ${saw.why}`);
      finish(json, { ok: false, failed: step.name, why: saw.why, done });
      return 1;
    }
    done.push({ name: step.name, seconds, saw: saw.what });
    say(`${step.name}: ${saw.what}`);
  }
  say('the whole elevation went as it should');
  finish(json, { ok: true, requestId: notes.requestId, heldSeconds: notes.held, done });
  return 0;
}

function finish(json: boolean, result: object): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Repeats a step until it answers, or its time is up. */
async function attempt(step: Step): Promise<{ ok: true; what: string } | { ok: false; why: string }> {
  const end = Date.now() + step.withinS * 1000;
  let why = 'nothing of the kind was seen';
  while (Date.now() < end) {
    try {
      const what = await step.run();
      if (what !== undefined) return { ok: true, what };
    } catch (error) {
      if (error instanceof Wrong) return { ok: false, why: error.message };
      why = error instanceof Error ? error.message : String(error);
    }
    await sleep(200);
  }
  return { ok: false, why: `${why} (waited ${step.withinS} s)` };
}

/** Something is not only late but wrong: waiting longer would not help. */
class Wrong extends Error {}

interface Notes {
  cardTs?: string;
  requestId?: string;
  confirmedAt?: number;
  held?: number;
}

function steps(sight: Sight, home: DemoHome, notes: Notes): readonly Step[] {
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
        const modal = (await sight.slack(askerId)).modals.find((m) => m.callbackId === 'elevate');
        if (!modal) return undefined;
        const acted = await sight.act('submit', {
          user: askerId,
          viewId: modal.id,
          values: { target: `mac-admin/${serial}`, window: String(WINDOW_S * 1000), category: 'install', reason: REASON },
        });
        if (acted.errors) throw new Wrong(JSON.stringify(acted.errors));
        return acted.ack === 'ok' ? 'the form closed: the request is safely started' : undefined;
      },
    },
    {
      name: 'the card appears in the approver channel',
      withinS: 15,
      run: async () => {
        const found = (await cards()).find((m) => !seen.has(m.ts) && !m.ephemeral);
        if (!found) return undefined;
        notes.cardTs = found.ts;
        return found.text;
      },
    },
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
        const told = (await sight.messages(strangerId, CHANNEL.id)).find((m) => m.ephemeral && !seen.has(m.ts));
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
        notes.requestId = request.requestId;
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
        notes.held = (Date.parse(off.at) - notes.confirmedAt) / 1000;
        if (notes.held > WINDOW_S + LAG_S)
          throw new Wrong(`the Mac was an administrator for ${notes.held} s of a window of ${WINDOW_S} s`);
        return `${notes.held.toFixed(1)} s after the confirmation`;
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

/** The newest elevation in the store. */
async function newest(home: DemoHome): Promise<Shown> {
  const ask = askSocket(home.folder);
  const rows = await ask<readonly { view: { request: { requestId: string } } }[]>({ ask: 'list', limit: 1 });
  return ask<Shown>({ ask: 'show', id: rows[0]?.view.request.requestId ?? 'none--' });
}
