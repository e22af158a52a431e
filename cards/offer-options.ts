/** Offers as the options of a select menu, in groups by kind, within Slack's limits (docs.slack.dev, composition objects). */
import type { PlainTextOption } from '@slack/types';
import { StintError } from '../contract/errors.js';
import type { Offer } from '../contract/preview.js';
import type { PersonRef, TargetKind } from '../contract/request.js';
import { plainText } from './blocks.js';
import { KINDS } from './kinds/index.js';
import { oneLine } from './text.js';

export const OPTIONS_MAX = 100;
const VALUE_MAX = 150;
const TEXT_MAX = 75;

/** One choice. Throws `bad-input` when the value is longer than Slack carries: it is compared, so it is never shortened. */
export function option(value: string, label: string): PlainTextOption {
  if (value.length > VALUE_MAX)
    throw new StintError('bad-input', 'A choice is longer than the 150 characters that Slack carries.');
  return { text: plainText(label, TEXT_MAX), value };
}

/** An offer by its name, and below that where it stands, or why it can't be had. */
export function optionOf(offer: Offer): PlainTextOption {
  const mark = offer.barred === undefined ? (offer.tier === 0 ? '🔴 ' : '') : '🚫 ';
  const below = oneLine(offer.barred ?? offer.detail ?? '', TEXT_MAX, '');
  return {
    ...option(offer.key, `${mark}${oneLine(offer.display, TEXT_MAX - mark.length)}`),
    ...(below ? { description: plainText(below, TEXT_MAX) } : {}),
  };
}

/** A person by their name, and by their id where several may have it. */
export function personOption(
  { personId, name }: Pick<PersonRef, 'personId' | 'name'>,
  self: Pick<PersonRef, 'personId'>,
): PlainTextOption {
  if (personId === self.personId) return option(personId, 'Myself');
  return { ...option(personId, oneLine(name, TEXT_MAX)), description: plainText(oneLine(personId, TEXT_MAX), TEXT_MAX) };
}

interface OptionGroup {
  readonly label: ReturnType<typeof plainText>;
  readonly options: readonly PlainTextOption[];
}

/** What an external select is answered with; the kind of the best offer stands first. */
export type Suggestions = { readonly options: readonly PlainTextOption[] } | { readonly option_groups: readonly OptionGroup[] };

export function suggestionsOf(offers: readonly Offer[]): Suggestions {
  const byKind = new Map<TargetKind, PlainTextOption[]>();
  const seen = new Set<string>();
  for (const offer of offers) {
    if (offer.key.length > VALUE_MAX || seen.has(offer.key) || seen.size >= OPTIONS_MAX) continue;
    seen.add(offer.key);
    byKind.set(offer.kind, [...(byKind.get(offer.kind) ?? []), optionOf(offer)]);
  }
  if (byKind.size === 0) return { options: [] };
  return {
    option_groups: [...byKind].map(([kind, options]) => ({ label: plainText(KINDS[kind].group, TEXT_MAX), options })),
  };
}
