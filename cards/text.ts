/**
 * Text that people or devices wrote, made safe to show. No mrkdwn is ever written by this product: such text goes into
 * `rich_text` or `plain_text` elements, where nothing is parsed, and into the fallback text through `quiet`.
 */

/** Controls (newline kept), everything invisible, bidi overrides, lone surrogates, and annotation anchors. */
const INVISIBLE = /(?!\n)\p{Cc}|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}|\p{Cs}|[\uFFF9-\uFFFC]/gu;
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/**
 * What may be shown of a text of unknown origin: no controls, no bidi or zero-width characters, at most one empty line
 * in a row, and at most `max` UTF-16 units (Slack's own measure), never cut inside a character.
 */
export function sanitise(text: string, max = 500): string {
  const clean = text
    .replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, '\n')
    .replace(/\t/g, ' ')
    .replace(INVISIBLE, '')
    .replace(STACKED_MARKS, '$1')
    .replace(/\n[\n ]*\n/g, '\n\n')
    .trim();
  return cut(clean, max);
}

/** The same on one line: names, host names, commands. Never empty. */
export function oneLine(text: string, max = 80, empty = '(no name)'): string {
  return sanitise(sanitise(text, max * 4).replace(/\s+/g, ' '), max) || empty;
}

/** Slack decodes these three entities and nothing else (docs.slack.dev, formatting message text). */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * For the fallback text, which notifications and screen readers use: escaped, and with bare mentions, channels and
 * addresses broken by a space, because escaping alone leaves `@here` and `https://` alive for a lenient parser.
 */
export function quiet(text: string): string {
  // Also at the end: what we write after it must not become part of a name.
  return escapeMrkdwn(text.replace(/([@#])(?=\S|$)/g, '$1 ').replace(/:(?=\/\/)/g, ': '));
}

/** Shortens so that the escaped form fits: Slack seems to measure after escaping, and the stricter reading costs little. */
export function cutEscaped(text: string, max: number): string {
  const over = (t: string) => escapeMrkdwn(t).length > max;
  let shown = cut(text, max);
  for (let room = shown.length - 1; over(shown) && room > 0; room -= 1) shown = cut(text, room);
  return shown;
}

/** Shortens to `max` UTF-16 units with an ellipsis, whole characters only. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = max - 1;
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, end)}…`;
}
