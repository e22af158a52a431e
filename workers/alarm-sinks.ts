/** Where alarms go: a Slack channel, and a webhook for whatever wakes people up. */
import { context, header, lines, rendered } from '../cards/blocks.js';
import { oneLine, quiet, sanitise } from '../cards/text.js';
import { StintError } from '../contract/errors.js';
import { shortId } from '../contract/ids.js';
import type { Cards, Rendered } from '../contract/ports.js';
import type { AlarmSink, Told } from './alarms.js';
import type { Secret } from './secrets.js';

const TITLE = { error: 'Alarm', warning: 'Warning', info: 'For your information' } as const;

/** One message per alarm, posted once however often it is tried. */
export function slackSink(cards: Pick<Cards, 'ensurePosted'>, channel: string): AlarmSink {
  return {
    name: 'slack',
    send: async (alarm) => {
      await cards.ensurePosted(`alarm/${alarm.id}`, { channel }, messageOf(alarm));
    },
  };
}

/** Names of Macs and people stand in it: nothing of it is parsed by Slack. */
export function messageOf({ severity, sentence, todo, requestId, target, at }: Told): Rendered {
  const said = sanitise(sentence, 1500);
  const where = [requestId && `elevation ${shortId(requestId)}`, target && oneLine(target, 120), at].filter(Boolean).join(' · ');
  const title = `Stint: ${TITLE[severity]}`;
  return rendered(quiet(`${title}: ${said}`), [header(title), lines([said], [sanitise(todo, 800)]), context(where)]);
}

const TIMEOUT_MS = 5_000;

/** POSTs `{v, id, key, severity, sentence, todo, requestId?, target?, step?, at}` as JSON; anything but 2xx is a failure. */
export function webhookSink(url: Secret, fetcher: typeof fetch = fetch): AlarmSink {
  return { name: 'webhook', send: (alarm) => callQuietly(fetcher, url, { body: JSON.stringify({ v: 1, ...alarm }) }) };
}

/** Calls an address that is a secret: no redirect takes what is sent elsewhere, and no error names it. */
export async function callQuietly(fetcher: typeof fetch, url: Secret, { body }: { readonly body?: string } = {}): Promise<void> {
  const post = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  let status: number;
  try {
    const reply = await fetcher(url.reveal(), { ...post, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    status = reply.status;
    await reply.body?.cancel();
  } catch {
    throw new StintError('not-ready', 'The address did not answer within 5 seconds, or cannot be reached.');
  }
  if (status < 200 || status > 299) throw new StintError('not-ready', `The address answered ${status}.`);
}
