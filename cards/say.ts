/**
 * Sentences as data: words, people and instants. One sentence becomes both the rich text that is shown and the plain
 * text that a notification or a screen reader gets, so the two can never say different things.
 */
import type { RichTextElement } from '@slack/types';
import { type Instant, msOf, type PersonId, type SlackUserId } from '../contract/ids.js';
import type { PersonRef } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import { oneLine, quiet, sanitise } from './text.js';

type Piece =
  | { readonly is: 'words'; readonly text: string; readonly bold?: boolean }
  | { readonly is: 'person'; readonly name: string; readonly slackUserId?: string }
  | { readonly is: 'time'; readonly at: Instant }
  | { readonly is: 'link'; readonly url: string; readonly text: string }
  | { readonly is: 'channel'; readonly id: string };

/** A permission set and an account, both as long as AWS allows, are longer than a Mac's name. */
const NAME_MAX = 100;

/** Strings in a sentence are our own words; foreign text comes in through `foreign` and `who` only. */
export type Sentence = readonly (string | Piece)[];

/** Finds how to name a person; undefined when unknown. */
export type PeopleLookup = (personId: PersonId) => Pick<PersonRef, 'name' | 'slackUserId'> | undefined;

export const strong = (text: string): Piece => ({ is: 'words', text, bold: true });
export const when = (at: Instant): Piece => ({ is: 'time', at });

/** An address of ours (the configuration's, never somebody's text), shown as these words. */
export const link = (url: string, text: string): Piece => ({ is: 'link', url, text });

/** A channel by its id, if it has the shape of one; Slack shows its name. */
export const channel = (id: string): Piece => (/^[CG][A-Z0-9]+$/.test(id) ? { is: 'channel', id } : foreign(id));

/** One line of text of unknown origin. */
export const foreign = (text: string, max = 80): Piece => ({ is: 'words', text: oneLine(text, max) });

/** A person: a mention when the Slack id has the shape of one, else the name as text. */
export function who(person: { readonly name: string; readonly slackUserId?: SlackUserId | undefined }): Piece {
  const name = oneLine(person.name);
  const id = person.slackUserId;
  return id && /^[UW][A-Z0-9]+$/.test(id) ? { is: 'person', name, slackUserId: id } : { is: 'person', name };
}

/** A person by id: as the request names them, else as the directory does, else the id itself. */
export function whoIs(view: ElevationView, personId: PersonId, people?: PeopleLookup): Piece {
  const known = [view.request.subject, view.request.requester].find((p) => p.personId === personId);
  return who(known ?? people?.(personId) ?? { name: personId });
}

/** Several people with commas, and an `and` before the last. */
export function listOf(pieces: readonly Piece[]): Sentence {
  return pieces.flatMap((piece, i) => (i === 0 ? [piece] : [i === pieces.length - 1 ? ' and ' : ', ', piece]));
}

/** The elements of a rich text section: nothing in them is parsed by Slack. */
export function rich(sentence: Sentence): RichTextElement[] {
  return sentence
    .filter((piece) => piece !== '')
    .map(element)
    .reduce<RichTextElement[]>(join, []);
}

/** Neighbours of plain text become one element: shorter to send, easier to read back. */
function join(done: RichTextElement[], next: RichTextElement): RichTextElement[] {
  const last = done.at(-1);
  if (last?.type !== 'text' || next.type !== 'text' || last.style || next.style) return [...done, next];
  return [...done.slice(0, -1), { type: 'text', text: last.text + next.text }];
}

function element(piece: string | Piece): RichTextElement {
  if (typeof piece === 'string') return { type: 'text', text: piece };
  switch (piece.is) {
    case 'words':
      return piece.bold ? { type: 'text', text: piece.text, style: { bold: true } } : { type: 'text', text: piece.text };
    case 'channel':
      return { type: 'channel', channel_id: piece.id };
    case 'link':
      return { type: 'link', url: piece.url, text: piece.text };
    case 'person':
      return piece.slackUserId ? { type: 'user', user_id: piece.slackUserId } : { type: 'text', text: piece.name };
    case 'time':
      return {
        type: 'date',
        timestamp: Math.floor(msOf(piece.at) / 1000),
        format: '{date_short_pretty} at {time}',
        fallback: utc(piece.at),
      };
  }
}

/** The same sentence for the fallback text: escaped, people by name, instants in UTC. */
export function plain(sentence: Sentence): string {
  return sentence.map((piece) => (typeof piece === 'string' ? quiet(piece) : words(piece))).join('');
}

function words(piece: Piece): string {
  if (piece.is === 'time') return utc(piece.at);
  if (piece.is === 'channel') return `the channel ${piece.id}`;
  return quiet(piece.is === 'person' ? piece.name : piece.text);
}

/** `2026-11-21 14:05 UTC`. */
export function utc(at: Instant): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** A length for people: `5 min`, `1 h 30 min`, `45 s`. */
export function spell(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [seconds % 60, 's'],
  ];
  const shown = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`);
  return shown.join(' ') || '0 s';
}

/** What is elevated, as people know it. */
export function named(view: ElevationView): Piece {
  return foreign(view.request.target.display, NAME_MAX);
}

/** `1 thing`, `2 things`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** The reason for the fallback text, short: a lock screen shows it. */
export function shortReason(reason: string | undefined): string {
  const text = reason === undefined ? '' : oneLine(sanitise(reason), 200, '');
  return text ? ` Reason: ${quiet(text)}` : '';
}
