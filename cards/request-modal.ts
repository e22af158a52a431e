/**
 * The form behind `/elevate`. Where there is more than a list can hold the target is searched for by typing, and what is
 * said of it (lengths, who decides, how much is at stake) follows once it is chosen. All of it is checked again on arrival.
 */
import type { ModalView } from '@slack/types';
import { StintError } from '../contract/errors.js';
import type { PersonId } from '../contract/ids.js';
import { plainText } from './blocks.js';
import { CALLBACKS } from './modals.js';
import { categoryPart } from './request-fields/category.js';
import { confirmPart } from './request-fields/confirm.js';
import { forWhomPart, otherIn } from './request-fields/for-whom.js';
import { glassPart } from './request-fields/glass.js';
import { goesToPart } from './request-fields/goes-to.js';
import { outlookPart } from './request-fields/outlook.js';
import { onlyKind, type Part, type RequestModalInput, type Scene, shortHash } from './request-fields/part.js';
import { reasonPart } from './request-fields/reason.js';
import { saidPart } from './request-fields/said.js';
import { startPart } from './request-fields/start.js';
import { targetPart } from './request-fields/target.js';
import { windowPart } from './request-fields/window.js';

/** The form from top to bottom. */
const PARTS: readonly Part[] = [
  forWhomPart,
  targetPart,
  saidPart,
  windowPart,
  startPart,
  outlookPart,
  confirmPart,
  categoryPart,
  reasonPart,
  goesToPart,
  glassPart,
];

const NOTHING: ReadonlyMap<string, string> = new Map();

/** Throws `bad-input` when there is nothing to choose from. */
export function requestModal(input: RequestModalInput): ModalView {
  const { offers, searchable, categories, forWhom } = input;
  if ((offers.length === 0 && !searchable && !forWhom) || categories.length === 0) {
    throw new StintError('bad-input', 'There is nothing, or no category, to choose from.');
  }
  const scene = sceneOf(input);
  return {
    type: 'modal',
    callback_id: CALLBACKS.elevate,
    title: plainText(onlyKind(offers, searchable)?.title ?? 'Ask for access', 24),
    submit: plainText('Send request', 24),
    close: plainText('Cancel', 24),
    private_metadata: scene.varies ? shownAs(scene.chosen?.key, otherIn(forWhom)) : '',
    blocks: PARTS.flatMap((part) => part(scene)),
  };
}

function sceneOf(input: RequestModalInput): Scene {
  const { offers, searchable, written = NOTHING } = input;
  const chosen = input.chosen ?? (offers.length === 1 ? offers[0] : undefined);
  const offer = chosen && 'kind' in chosen ? chosen : undefined;
  const shown = offer ? [offer] : searchable || chosen ? [] : offers;
  const varies = searchable || input.chosen !== undefined || otherIn(input.forWhom) !== undefined;
  return { ...input, chosen, offer, shown, varies, written };
}

/**
 * Which offer the form speaks of, and for whom if for somebody else, in its `private_metadata`; not the key itself, which may be
 * anybody's text.
 */
function shownAs(key: string | undefined, other: PersonId | undefined): string {
  return `of:${key === undefined ? '' : shortHash(key)}${other === undefined ? '' : ` ${FOR}${other}`}`;
}

const FOR = 'for:';

/** Whether a form of this `private_metadata` speaks of that offer, or lists everything and speaks of none. */
export function speaksOf(metadata: string, key: string): boolean {
  return metadata === '' || metadata === shownAs(key, speaksFor(metadata));
}

/** For whom the form is that has this `private_metadata`, where that is somebody else. */
export function speaksFor(metadata: string): PersonId | undefined {
  const at = metadata.indexOf(FOR);
  return at === -1 ? undefined : (metadata.slice(at + FOR.length) as PersonId);
}
