/** The cards in the approver channel, as the stand-in of Slack has them, and people who press their buttons. */
import { CHANNEL } from '../../../cli/demo/world.js';
import type { RequestId } from '../../../contract/ids.js';
import { until } from '../pace.js';
import type { Rig } from './rig.js';

/** The message of each request, by its id. A button's value names the request. */
export function cards(rig: Rig): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { channel, ts, threadTs, blocks } of rig.slack.messages()) {
    if (channel !== CHANNEL.id || threadTs) continue;
    const id = /\\"r\\":\\"([^"\\]+)\\"/.exec(JSON.stringify(blocks))?.[1];
    if (id) found.set(id, ts);
  }
  return found;
}

/** Waits until all of them have a card; answers their messages in order. */
export function cardsOf(rig: Rig, ids: readonly RequestId[], ms = 120_000): Promise<readonly string[]> {
  return until(
    'every request has a card',
    () => {
      const all = cards(rig);
      const ts = ids.flatMap((id) => all.get(id) ?? []);
      return ts.length === ids.length ? ts : undefined;
    },
    ms,
  );
}

export interface Pressed {
  /** Before the press, in ms since 1970. */
  readonly at: number;
  /** Until Stint had acknowledged it, in ms; NaN when Slack showed an error. */
  readonly ackMs: number;
}

/** A person presses a button of a card. */
export async function press(rig: Rig, user: string, ts: string, actionId: string): Promise<Pressed> {
  const at = Date.now();
  const from = performance.now();
  const { ack } = await rig.slack.act.click({ user, channel: CHANNEL.id, ts, actionId });
  return { at, ackMs: ack === 'ok' ? performance.now() - from : Number.NaN };
}
