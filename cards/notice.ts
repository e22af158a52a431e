/**
 * What those are told who only want to know: two plain lines about one event, the same in Slack and by e-mail. Neither reason nor
 * comment stands in it: who reads a channel or a mailbox is not known here.
 */
import type { AnyEvent } from '../contract/events.js';
import { shortId } from '../contract/ids.js';
import type { Telling } from '../contract/notify.js';
import type { Rendered } from '../contract/ports.js';
import type { ElevationRequest } from '../contract/request.js';
import type { ElevationView } from '../contract/view.js';
import { lines, rendered } from './blocks.js';
import { type PeopleLookup, spell, utc } from './say.js';
import { oneLine, quiet } from './text.js';

const TITLES: { readonly [T in Telling]: string } = {
  requested: 'Access asked for',
  approved: 'Access approved',
  denied: 'Access denied',
  lapsed: 'Nobody decided in time',
  granted: 'Access granted',
  extended: 'Access extended',
  revoked: 'Access revoked before its end',
  ended: 'Access ended',
};

/** It goes to whoever is told of ends, and is none that was seen. */
const UNPROVEN = 'Closed, and the end of the access not proved';

export interface NoticeText {
  readonly subject: string;
  /** Each one line, without controls. */
  readonly lines: readonly string[];
}

/** Pure: the same event is told in the same words, whatever became of the elevation since. */
export function noticeText(
  telling: Telling,
  event: AnyEvent,
  { request }: ElevationView,
  rule: string,
  people?: PeopleLookup,
): NoticeText {
  const { requester, subject, target, requestId } = request;
  const whom = oneLine(subject.name, 60);
  const what = oneLine(target.display, 100);
  const asked = requester.personId === subject.personId ? '' : `, asked by ${oneLine(requester.name, 60)}`;
  const id = shortId(requestId);
  const title = `${event.type === 'closed-unproven' ? UNPROVEN : TITLES[telling]}${how(request)}`;
  return {
    subject: `[Stint] ${title}: ${whom}, ${what} (${id})`,
    lines: [
      `${title}: ${whom}, ${what}${asked}${detail(event, request.windowMs)}.`,
      `${utc(event.at)}, ${by(event, people)}, rule ${oneLine(rule, 60)}, elevation ${id}.`,
    ],
  };
}

function how({ breakGlass }: ElevationRequest): string {
  if (!breakGlass) return '';
  return breakGlass.drill ? ' (break-glass, a drill: nothing is granted)' : ' (break-glass)';
}

function detail(event: AnyEvent, askedMs: number): string {
  switch (event.type) {
    case 'requested':
      return `, for ${spell(askedMs)}`;
    case 'approved':
      return `, for ${spell(event.data.windowMs)}`;
    case 'confirmed':
    case 'extended':
      return `, until ${utc(event.data.deadlineAt)}`;
    case 'revoked':
      return ` (${event.data.cause})`;
    case 'closed-unproven':
      return ': two people closed it; whether anything is left of it was not seen';
    default:
      return '';
  }
}

function by({ actor }: AnyEvent, people: PeopleLookup | undefined): string {
  if (actor.personId === undefined) return 'by Stint';
  return `by ${oneLine(people?.(actor.personId)?.name ?? actor.personId, 60)}`;
}

/** The same as a message, of which Slack parses nothing. */
export function noticeMessage({ lines: said }: NoticeText): Rendered {
  return rendered(quiet(said.join(' ')), [lines(...said.map((line) => [line]))]);
}
