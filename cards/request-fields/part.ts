/**
 * What the parts of the request form are made of. A further field is a file beside these and a line in `request-modal.ts`;
 * what comes back in it is read by a file of the same name in `slack-app/request-fields`.
 */
import { createHash } from 'node:crypto';
import type { KnownBlock } from '@slack/types';
import type { Offer, Outlook } from '../../contract/preview.js';
import type { Category, TargetKind } from '../../contract/request.js';
import { KINDS, type KindTexts } from '../kinds/index.js';
import type { ForWhom } from './for-whom.js';

/** What is chosen: an offer, or why it is none. */
export type Chosen = Offer | { readonly key: string; readonly barred: string };

export interface RequestModalInput {
  /** What can be chosen without typing; at most 100 are shown. The key comes back as the selected value. */
  readonly offers: readonly Offer[];
  /** Whether there is more, to be found by typing. */
  readonly searchable: boolean;
  /** Where this person may ask for others. */
  readonly forWhom?: ForWhom | undefined;
  readonly chosen?: Chosen | undefined;
  /** What would become of it, where there is one that is or can be chosen; a sentence when that can't be told now. */
  readonly outlook?: Outlook | string | undefined;
  /** Why something may be missing from what can be found now, as a sentence. */
  readonly note?: string | undefined;
  /** Whether there is something that they could take at once, by break-glass. */
  readonly glass?: boolean | undefined;
  /** Why the form is here again although it was sent, as a sentence. */
  readonly again?: string | undefined;
  readonly categories: readonly Category[];
  /** What stands in the form already, by field. Anything: a part takes of it what it offers. */
  readonly written?: ReadonlyMap<string, string>;
}

/** What the parts look at. */
export interface Scene extends Omit<RequestModalInput, 'chosen' | 'written'> {
  readonly chosen: Chosen | undefined;
  /** The offer that is chosen, where one is. */
  readonly offer: Offer | undefined;
  /** The offers that the form speaks of: the one that is chosen, or all that could be without typing. */
  readonly shown: readonly Offer[];
  /** Whether the form is drawn anew for each choice: then a block that is another for another choice has another id. */
  readonly varies: boolean;
  readonly written: ReadonlyMap<string, string>;
}

/** One part of the form; no blocks where it has nothing to ask or say. */
export type Part = (scene: Scene) => readonly KnownBlock[];

/** The words of the one kind that there is to choose from, if there is one. */
export function onlyKind(offers: readonly Offer[], searchable = false): KindTexts | undefined {
  const [kind, ...more] = new Set<TargetKind>(offers.map((offer) => offer.kind));
  return kind && more.length === 0 && !searchable ? KINDS[kind] : undefined;
}

export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/**
 * The id of a block that is about something. Slack keeps what stands in a block for as long as its id stays: about something
 * else it begins anew.
 */
export function blockOf(field: string, about: string): string {
  return `${field}~${shortHash(about)}`;
}

/** The field that a block is for. */
export function fieldOf(blockId: string): string {
  return blockId.split('~', 1)[0] ?? blockId;
}
