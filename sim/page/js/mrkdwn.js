/**
 * Slack's mrkdwn as a list of elements to draw. Everything in it may come from an attacker: only what the grammar below
 * knows becomes more than text, and only links with a harmless scheme can be followed.
 */
import { slackDate } from './time.js';
import { h } from './vdom.js';

const EMOJI = {
  white_check_mark: '✅',
  x: '❌',
  warning: '⚠️',
  lock: '🔒',
  unlock: '🔓',
  key: '🔑',
  hourglass_flowing_sand: '⏳',
  large_yellow_circle: '🟡',
  large_green_circle: '🟢',
  large_blue_circle: '🔵',
  large_orange_circle: '🟠',
  red_circle: '🔴',
  white_circle: '⚪',
  eyes: '👀',
  tada: '🎉',
  wave: '👋',
  thumbsup: '👍',
  '+1': '👍',
  bell: '🔔',
  rotating_light: '🚨',
};

/** Short names of emoji become the emoji, when we know it; else they stay as typed. */
export const emojis = (text) =>
  text.replace(/:([a-z0-9_+-]+):/g, (all, name) => (Object.hasOwn(EMOJI, name) ? EMOJI[name] : all));

/** Slack decodes exactly these three. */
export const unescapeSlack = (text) => text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: '<', gt: '>', amp: '&' })[name]);

/** An address that a click may follow, or undefined. */
export function safeUrl(url) {
  return typeof url === 'string' && /^(https?:\/\/|mailto:)/i.test(url) ? url : undefined;
}

export function link(url, words) {
  const href = safeUrl(url);
  return href ? h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, words) : h('span', {}, words);
}

/** `@Ada Lovelace`, as a mention; the id when nobody is known by it. */
export function mention(id, names) {
  const name = names.person(id);
  return h('span', { class: `mention${id === names.me ? ' me' : ''}` }, `@${name ?? id}`);
}

/** The words of a plain text object. */
export const plainOf = (object) =>
  unescapeSlack(object?.emoji === false ? String(object.text) : emojis(String(object?.text ?? '')));

/** A text object drawn: plain text, or mrkdwn. */
export function textOf(object, names) {
  if (!object) return [];
  return object.type === 'mrkdwn' ? mrkdwn(String(object.text), names) : [plainOf(object)];
}

/** Draws mrkdwn. `names` finds names of people, channels and groups. */
export function mrkdwn(text, names) {
  return text.split(/(```[\s\S]+?```)/).flatMap((part, i) => {
    if (i % 2 === 1) return [h('pre', { class: 'code' }, unescapeSlack(part.slice(3, -3).replace(/^\n/, '')))];
    return paragraphs(part, names);
  });
}

function paragraphs(text, names) {
  const out = [];
  let quote = [];
  const close = () => {
    if (quote.length > 0) out.push(h('blockquote', {}, lines(quote, names)));
    quote = [];
  };
  let plain = [];
  const flush = () => {
    if (plain.length > 0) out.push(h('span', {}, lines(plain, names)));
    plain = [];
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('&gt;')) {
      flush();
      quote.push(line.slice(4).trimStart());
    } else {
      close();
      plain.push(line);
    }
  }
  close();
  flush();
  return out;
}

const lines = (all, names) => all.flatMap((line, i) => [...(i > 0 ? [h('br', {})] : []), ...inline(line, names)]);

/** Code first, then what stands in angle brackets, then the styles. */
function inline(text, names) {
  return text.split(/(`[^`\n]+`|<[^<>\n]+>)/).flatMap((part, i) => {
    if (i % 2 === 0) return styled(part);
    return part.startsWith('`') ? [h('code', {}, unescapeSlack(part.slice(1, -1)))] : [angle(part.slice(1, -1), names)];
  });
}

const STYLES = { '*': 'strong', _: 'em', '~': 's' };

function styled(text) {
  const found = /(^|[\s(])([*_~])(?=\S)(.+?)(?<=\S)\2(?=$|[\s.,;:!?)])/.exec(text);
  if (!found) return text ? [unescapeSlack(emojis(text))] : [];
  const [all, lead, mark, inner] = found;
  const rest = text.slice(found.index + all.length);
  return [unescapeSlack(emojis(text.slice(0, found.index) + lead)), h(STYLES[mark], {}, styled(inner)), ...styled(rest)];
}

/** What stands between `<` and `>`. */
function angle(inside, names) {
  const [head, ...tail] = inside.split('|');
  const words = unescapeSlack(tail.join('|'));
  if (/^@[UWB]/.test(head)) return mention(head.slice(1), names);
  if (head.startsWith('#')) return h('span', { class: 'mention' }, `#${words || names.channel(head.slice(1))}`);
  if (head.startsWith('!subteam^')) return h('span', { class: 'mention' }, names.group(head.slice(9)) ?? (words || head));
  if (head.startsWith('!date^')) return stamp(head, words);
  // A broadcast that got through is shown as Slack shows it: loudly.
  if (/^!(here|channel|everyone)$/.test(head)) return h('span', { class: 'mention broadcast' }, `@${head.slice(1)}`);
  if (head.startsWith('!')) return h('span', {}, words || head);
  return link(unescapeSlack(head), words || unescapeSlack(head));
}

function stamp(head, fallback) {
  const [, seconds, format = ''] = head.split('^');
  const ms = Number(seconds) * 1000;
  return h('time', {}, Number.isFinite(ms) && format ? slackDate(format, ms) : fallback);
}
