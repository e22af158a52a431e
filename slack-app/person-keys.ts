/**
 * People's own keys for the command line. Slack proves who typed the line, so that is where a key becomes somebody's. All of
 * the text is attacker-controlled; and whoever is talked into pasting a stranger's line is told what it means, with a button.
 */
import type { WebClient } from '@slack/web-api';
import { keyEnrolled, keyList, keyRemoved } from '../cards/person-keys.js';
import { StintError } from '../contract/errors.js';
import { instant } from '../contract/ids.js';
import type { KeyHand, PersonKeys, Rendered } from '../contract/ports.js';
import { isPersonKey, personKeyId } from '../seal/person-key.js';
import type { Answerer } from './answer.js';
import type { Ack } from './clicks.js';
import type { Gatekeeper, Identified } from './gatekeeper.js';
import { errorText, type Log } from './log.js';
import { failureOf } from './outcome.js';
import type { Command, Press } from './payload.js';

export interface KeyDeps {
  readonly api: WebClient;
  readonly gatekeeper: Gatekeeper;
  readonly keys: PersonKeys;
  readonly answerer: Answerer;
  readonly clock: () => number;
  readonly random: () => number;
  readonly logger: Log;
}

export interface KeyDesk {
  /** Whether the text of `/elevate` is about keys; anything else is a reason. */
  takes(text: string): boolean;
  command(command: Command, ack: Ack): Promise<void>;
  remove(press: Press, ack: Ack): Promise<void>;
}

/** `keys`, or `enroll` with at most one word: what a reason would hardly be. */
const ABOUT_KEYS = /^(?:keys|enroll(?:\s+\S+)?)$/;
const HOW =
  'Type the whole line that "stint enroll" printed on your computer: /elevate enroll and the key behind it, 43 characters.';

export function createKeyDesk(deps: KeyDeps): KeyDesk {
  const { keys, answerer, logger } = deps;
  const handOf = ({ person, actor }: Identified): KeyHand => {
    if (!actor.slackUserId) throw new StintError('person-unknown');
    return { personId: person.personId, slackUserId: actor.slackUserId };
  };

  async function enroll(who: Identified, publicKey: string): Promise<Rendered> {
    if (!isPersonKey(publicKey)) throw new StintError('bad-input', `This is no key of Stint. ${HOW}`);
    const keyId = personKeyId(publicKey);
    const by = handOf(who);
    const done = await keys.enroll({ personId: by.personId, keyId, publicKey, enrolledAt: instant(deps.clock()) }, by);
    logger.info({ personId: by.personId, keyId, done }, 'key of a person enrolled');
    return keyEnrolled(keyId, done === 'already');
  }

  /** As a direct message, which stays; where that fails, in the answer to the command. */
  async function tell(command: Command, said: Rendered): Promise<void> {
    try {
      const { text, blocks } = said;
      await deps.api.chat.postMessage({ channel: command.claim.userId, text, blocks: [...blocks] as never, unfurl_links: false });
      await answerer.say(command.replyTo, 'Your key is enrolled. Stint sent you a direct message about it.');
    } catch (error) {
      logger.warn({ error: errorText(error) }, 'a direct message about a key could not be sent');
      await answerer.show(command.replyTo, said);
    }
  }

  async function carryOut(command: Command): Promise<void> {
    const who = await deps.gatekeeper.identify(command.claim);
    const [verb, key] = command.text.split(/\s+/);
    if (verb === 'keys') return void (await answerer.show(command.replyTo, keyList(await keys.live(who.person.personId))));
    if (!key) throw new StintError('bad-input', HOW);
    return tell(command, await enroll(who, key));
  }

  async function removed(press: Press): Promise<Rendered> {
    const by = handOf(await deps.gatekeeper.identify(press.claim));
    const keyId = press.value ?? '';
    // Wherever it was pressed: a key is removed by whose it is, and by nobody else.
    const done = await keys.remove(keyId, by, instant(deps.clock()));
    if (!done)
      throw new StintError('state-conflict', 'This is no key of yours that still works. Type /elevate keys to see them.');
    logger.info({ personId: by.personId, keyId }, 'key of a person removed');
    return keyRemoved(keyId);
  }

  async function failed(to: Command['replyTo'], error: unknown, what: string): Promise<void> {
    await answerer.say(to, failureOf(error, deps, { command: what, slackUserId: to.userId }).sentence);
  }

  return {
    takes: (text) => ABOUT_KEYS.test(text),
    async command(command, ack) {
      await ack();
      await carryOut(command).catch((error: unknown) => failed(command.replyTo, error, 'keys'));
    },
    async remove(press, ack) {
      const settled = await removed(press).catch((error: unknown) => ({ error }));
      // Only now, as of every button: what is acknowledged can't be lost with the process.
      await ack();
      if ('error' in settled) return failed(press.replyTo, settled.error, 'remove-key');
      await answerer.show(press.replyTo, { ...settled, replace: true });
    },
  };
}
