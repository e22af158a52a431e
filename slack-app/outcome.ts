/** What an interaction came to, in words for the person: refusals keep their own sentence, surprises get a reference. */
import { isStintError } from '../contract/errors.js';
import { errorText, type Log } from './log.js';

export interface Failure {
  readonly sentence: string;
  /** The card may show something that is no longer true: have it drawn again. */
  readonly stale: boolean;
}

/** Turns any thrown value into a sentence. Unknown errors are logged with a reference that the sentence names. */
export function failureOf(error: unknown, by: { readonly logger: Log; readonly random: () => number }, fields: object): Failure {
  if (isStintError(error)) {
    by.logger.info({ ...fields, code: error.code }, 'refused');
    const sentence = error.code === 'temporal-unavailable' ? NOT_HANDED_OVER : error.sentence;
    return { sentence, stale: error.code === 'state-conflict' };
  }
  const reference = Math.floor(by.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
  by.logger.error({ ...fields, reference, error: errorText(error) }, 'an interaction failed');
  return {
    sentence: `Something went wrong in Stint (reference ${reference}). If nothing changes, try again shortly.`,
    stale: false,
  };
}

const NOT_HANDED_OVER =
  'The workflow engine (Temporal) cannot be reached, so this was not carried out. Try again shortly; it counts once.';
