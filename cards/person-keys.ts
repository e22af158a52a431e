/** What is said of people's own keys for the command line, with the button that ends one. */
import type { KnownBlock } from '@slack/types';
import type { PersonKey, Rendered } from '../contract/ports.js';
import { actions, button, lines, rendered } from './blocks.js';
import { foreign, plain, type Sentence, strong, when } from './say.js';

/** Of every button that removes a key; the key's id is its value. */
export const REMOVE_KEY_PATTERN = /^remove-key:person-[0-9a-f]{32}$/;

/** A key was enrolled, or was there already. */
export function keyEnrolled(keyId: string, already: boolean): Rendered {
  return say(
    [
      [
        strong(already ? 'This key is yours already.' : 'A key for the command line is enrolled for you.'),
        ' Fingerprint: ',
        print(keyId),
      ],
      ['From now on whoever has this key can ask for access in your name, with "stint request". Others still have to approve.'],
      ['If you did not just run "stint enroll" on your own computer, remove it now, and tell your IT team.'],
    ],
    [keyId],
  );
}

/** All that work now. */
export function keyList(keys: readonly PersonKey[]): Rendered {
  if (keys.length === 0) return say([['You have no key for the command line. "stint enroll" on your computer makes one.']], []);
  const rows = keys.map(({ keyId, enrolledAt }): Sentence => [print(keyId), ', enrolled ', when(enrolledAt)]);
  return say(
    [[strong('Your keys for the command line:')], ...rows],
    keys.map(({ keyId }) => keyId),
  );
}

export function keyRemoved(keyId: string): Rendered {
  return say(
    [[strong('Removed: '), print(keyId), ' does not work any more, and never will again. What was asked for with it goes on.']],
    [],
  );
}

const print = (keyId: string) => foreign(keyId.replace(/^person-/, '').replace(/(.{4})(?=.)/g, '$1 '));

function say(sentences: readonly Sentence[], removable: readonly string[]): Rendered {
  const blocks: readonly KnownBlock[] = [
    lines(...sentences),
    ...actions(removable.map((keyId) => removal(keyId, removable.length > 1))),
  ];
  return rendered(sentences.map(plain).join('\n'), blocks);
}

function removal(keyId: string, several: boolean) {
  const short = keyId.slice('person-'.length, 'person-'.length + 4);
  return button({
    actionId: `remove-key:${keyId}`,
    value: keyId,
    label: several ? `Remove ${short}…` : 'Remove this key',
    spoken: `Remove the key that begins with ${short}`,
    style: 'danger',
    confirm: { title: 'Remove this key?', text: 'It stops working at once and for good.', yes: 'Remove' },
  });
}
