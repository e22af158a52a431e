/** Free text as people type it into a form: cleaned as little as storage and digests need, and measured. */
import { REASON_MAX, REASON_MIN } from '../contract/request.js';

/**
 * The text without outer blanks and without what no store or screen takes (control characters except newline and tab,
 * lone surrogates). Everything else stays as written: it is shown through elements that parse nothing.
 */
export function tidy(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])\p{Cc}|\p{Cs}/gu, '')
    .trim();
}

/**
 * Why a required text cannot be taken, or undefined. The form's own limits are only the client's, and count blanks;
 * lengths are in UTF-16 units, which is what Slack's form counts.
 */
export function wrongLength(text: string, what: string): string | undefined {
  if (text.length < REASON_MIN) return `${what} needs at least ${REASON_MIN} characters; this has ${text.length}.`;
  if (text.length > REASON_MAX) return `${what} may have at most ${REASON_MAX} characters; this has ${text.length}.`;
  return undefined;
}
