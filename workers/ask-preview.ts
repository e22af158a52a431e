/** The policy's first word on what somebody asks for on their own Mac. */
import type { Directory } from '../contract/ports.js';
import type { Preview } from '../contract/preview.js';
import type { AskPreview } from '../device/api/deps.js';

export interface AskPreviewDeps {
  readonly directory: Pick<Directory, 'person'>;
  readonly preview: Pick<Preview, 'offersFor'>;
}

/** Says what is offered of a Mac, or why it is not to be had. Errors pass through: none is a yes. */
export function createAskPreview({ directory, preview }: AskPreviewDeps): AskPreview {
  return async (personId, target) => {
    const person = await directory.person(personId);
    const offers = person ? (await preview.offersFor(person)).offers : [];
    const offer = offers.find((one) => one.key === target.key);
    if (!offer) return { ok: false, sentence: 'The policy does not let you ask for this Mac.' };
    const { barred, windowsMs, reason } = offer;
    if (barred !== undefined) return { ok: false, sentence: barred };
    return { ok: true, windowsMs, ...(reason && { reason: reason.rule }) };
  };
}
