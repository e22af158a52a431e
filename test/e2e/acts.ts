/** What people do in the running demo, and what may be seen of it: short words for the stories. Truth comes from the Macs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openForm, pickTarget, sendForm } from '../../cli/demo/form.js';
import type { SeenMessage } from '../../cli/demo/sight.js';
import { CHANNEL, GENERAL, PEOPLE } from '../../cli/demo/world.js';
import type { Shown } from '../../workers/questions.js';
import type { Demo } from './demo.js';

type Name = 'ada' | 'alan' | 'grace' | 'linus' | 'mallory';

/** The Slack account of one of the demo's people. */
export function slackOf(name: Name): string {
  return person(name).slack;
}

export function macOf(name: Name) {
  const { mac } = person(name);
  if (!mac) throw new Error(`${name} has no Mac`);
  return mac;
}

function person(name: Name) {
  const found = PEOPLE.find((p) => p.id === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}

/** Waits until something is there, and answers it. What it threw last is told when the time is up. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>, ms = 20_000): Promise<T> {
  let last: unknown;
  for (const deadline = Date.now() + ms; ; ) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${ms / 1000} s: ${what}`, { cause: last });
    await sleep(100);
  }
}

export interface SlackTruth {
  readonly calls: readonly { readonly method: string; readonly lost: boolean; readonly args: Record<string, unknown> }[];
  readonly deliveries: readonly { readonly id: string; readonly type: string; readonly payload: Record<string, unknown> }[];
  readonly messages: readonly {
    readonly channel: string;
    readonly ts: string;
    readonly text: string;
    readonly blocks: readonly unknown[];
    readonly deleted?: boolean;
    readonly onlyFor?: string;
    readonly metadata?: { readonly event_payload?: { readonly key?: string } };
  }[];
}

export interface Asked {
  readonly who: Name;
  readonly serial: string;
  readonly requestId: string;
  readonly cardTs: string;
}

/** The acts on one demo. */
export function createActs({ sight, ask, ports }: Pick<Demo, 'sight' | 'ask' | 'ports'>) {
  const base = `http://127.0.0.1:${ports.page}`;
  const json = async (path: string, body?: object) => {
    const init = body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(20_000) });
    return (await response.json()) as unknown;
  };
  const truth = () => json('/slack/sim/truth') as Promise<SlackTruth>;
  const show = (requestId: string) => ask<Shown>({ ask: 'show', id: requestId });
  const view = async (requestId: string) => (await show(requestId)).row.view;
  /** Without what the reconciler says there of access that stood before Stint. */
  const cards = async () =>
    (await sight.messages(slackOf('grace'), CHANNEL.id)).filter((m) => !m.ephemeral && !m.text.startsWith('Stint: '));
  const card = async ({ cardTs }: Pick<Asked, 'cardTs'>): Promise<SeenMessage> => {
    const found = (await cards()).find((m) => m.ts === cardTs);
    if (!found) throw new Error('the card is not there');
    return found;
  };
  const isAdmin = async (who: Name) => (await sight.mac(macOf(who).serial)).admins.includes(macOf(who).user);
  const requestIdOn = (m: SeenMessage) => /\\"r\\":\\"([a-z2-7]{26})/.exec(JSON.stringify(m.blocks))?.[1];
  const newCard = (who: Name, before: readonly SeenMessage[]) =>
    eventually(`a new card for ${who}`, async (): Promise<Asked | undefined> => {
      const found = (await cards()).find((m) => !before.some((b) => b.ts === m.ts));
      const requestId = found && requestIdOn(found);
      return requestId ? { who, serial: macOf(who).serial, requestId, cardTs: found.ts } : undefined;
    });

  /** `/elevate` and its form, up to the acknowledgement; no card is waited for. */
  const submit = async (who: Name, windowMs: number, reason: string) => {
    const user = slackOf(who);
    await sight.act('command', { user, channel: GENERAL.id, command: '/elevate' });
    const wish = { search: macOf(who).name, target: `mac-admin/${macOf(who).serial}`, windowMs, category: 'install', reason };
    const modal = await eventually('the form opens', () => openForm(sight, user));
    await eventually('the Mac is offered', () => pickTarget(sight, user, modal, wish).then(() => true));
    return eventually('the form is taken or refused', async () => {
      const now = await openForm(sight, user);
      const acted = now && (await sendForm(sight, user, now, wish));
      // On a busy machine the workflow's start takes longer than Slack waits: then the form says to press again, as people do.
      return acted?.errors && /press Send request again/.test(Object.values(acted.errors).join(' ')) ? undefined : acted;
    });
  };

  return {
    json,
    show,
    view,
    cards,
    card,
    isAdmin,
    requestIdOn,
    submit,
    newCard,
    truth,
    slackFault: (fault: object) => json('/slack/sim/fault', fault),
    mdmFault: (fault: object) => json('/mdm/sim/fault', fault),
    macAct: (who: Name, what: string, body: object) => sight.macAct(macOf(who).serial, what, body),
    macFault: (who: Name, fault: object) => json(`/mac/${macOf(who).serial}/fault`, fault),
    healed: () =>
      Promise.all([
        json('/slack/sim/fault/clear', {}),
        json('/mdm/sim/fault/clear', {}),
        ...(['ada', 'alan', 'grace'] as const).map((who) => json(`/mac/${macOf(who).serial}/fault/clear`, {})),
      ]),

    /** A request of one's own, until its card is there. */
    async elevate(who: Name, windowMs: number, reason = 'because of a test'): Promise<Asked> {
      const before = await cards();
      const acted = await submit(who, windowMs, reason);
      if (acted.ack !== 'ok' || acted.errors) throw new Error(`the form was not taken: ${JSON.stringify(acted)}`);
      return newCard(who, before);
    },
    click: (who: Name, ts: string, actionId: string, channel: string = CHANNEL.id) =>
      sight.act('click', { user: slackOf(who), channel, ts, actionId }),
    /** Presses until the vote counts: a card can be seen a moment before Stint has noted where it stands, and then says so. */
    approve: (by: Name, { cardTs, requestId }: Asked, windowMs: number) =>
      eventually(`the vote of ${by} counts`, async () => {
        await sight.act('click', { user: slackOf(by), channel: CHANNEL.id, ts: cardTs, actionId: `approve:${windowMs}` });
        const counted = async () => (await view(requestId)).votes.some((vote) => vote.personId === by);
        return eventually('the vote', counted, 2000);
      }),
    becomesAdmin: (who: Name, ms = 30_000) => eventually(`${who} is an administrator`, () => isAdmin(who), ms),
    isNoAdmin: (who: Name, ms = 30_000) => eventually(`${who} is no administrator`, async () => !(await isAdmin(who)), ms),
    /** How long the Mac was an administrator after the confirmation, by the Mac's own record, which follows the fact. */
    heldSeconds: ({ who, serial, requestId }: Asked) =>
      eventually('the Mac has noted the end', async () => {
        const from = Date.parse((await view(requestId)).confirmedAt ?? '');
        const { adminLog } = await sight.mac(serial);
        const off = adminLog.find((c) => c.user === macOf(who).user && !c.admin && Date.parse(c.at) > from);
        return off && (Date.parse(off.at) - from) / 1000;
      }),
    reaches: (requestId: string, state: string, ms = 30_000) =>
      eventually(
        `${requestId} is ${state}`,
        async () => {
          const now = await view(requestId);
          return now.state === state && now;
        },
        ms,
      ),

    /** What only this person was shown, wherever; newest last. */
    async whispers(who: Name): Promise<SlackTruth['messages']> {
      return (await truth()).messages.filter((m) => m.onlyFor === slackOf(who));
    },
    /** Ends whatever a test left open, so that one failure is one failure. */
    async settled(): Promise<void> {
      for (const { view: open } of await ask<readonly Shown['row'][]>({ ask: 'list', live: true })) {
        const { requestId, requester } = open.request;
        const found = (await cards()).find((m) => requestIdOn(m) === requestId);
        const value = JSON.stringify({ r: requestId, d: open.digest });
        const [user, actionId] = open.state === 'requested' ? [requester.slackUserId, 'withdraw'] : [slackOf('linus'), 'revoke'];
        if (found) await sight.act('click', { user, channel: CHANNEL.id, ts: found.ts, actionId, forge: { value } });
        await eventually(`${requestId} is over`, async () => (await view(requestId)).state === 'closed', 40_000);
      }
    },
    /** A direct message of the bot to this person that has that button. */
    dmWith: (who: Name, actionId: RegExp, requestId: string) =>
      eventually(`a message to ${who} with ${actionId}`, async () => {
        const channels = (await sight.slack(slackOf(who))).channels.filter((c) => c.kind === 'im');
        for (const channel of channels) {
          const found = channel.messages.findLast((m) => requestIdOn(m) === requestId && buttonOn(m, actionId));
          if (found) return { channel: channel.id, ts: found.ts, actionId: buttonOn(found, actionId) ?? '', text: found.text };
        }
        return undefined;
      }),
    /** The value of a button, as the product wrote it. */
    valueOn: (m: SeenMessage, actionId: RegExp): string => buttons(m).find((b) => actionId.test(b.action_id))?.value ?? '',
  };
}
export type Acts = ReturnType<typeof createActs>;

interface Button {
  readonly type: string;
  readonly action_id: string;
  readonly value: string;
}

export function buttons(m: SeenMessage): readonly Button[] {
  const blocks = m.blocks as readonly { readonly type: string; readonly elements?: readonly Button[] }[];
  return blocks.flatMap((block) => (block.type === 'actions' ? (block.elements ?? []) : []));
}

function buttonOn(m: SeenMessage, actionId: RegExp): string | undefined {
  return buttons(m).find((b) => actionId.test(b.action_id))?.action_id;
}
