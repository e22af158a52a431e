/** Instants and lengths in the reader's own words and zone. */
const two = (n) => String(n).padStart(2, '0');
const date = (options) => new Intl.DateTimeFormat(undefined, options);
const FORMS = {
  time: date({ hour: 'numeric', minute: '2-digit' }),
  secs: date({ hour: 'numeric', minute: '2-digit', second: '2-digit' }),
  num: date({ year: 'numeric', month: '2-digit', day: '2-digit' }),
  short: date({ month: 'short', day: 'numeric', year: 'numeric' }),
  medium: date({ month: 'long', day: 'numeric', year: 'numeric' }),
  long: date({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' }),
  full: date({ dateStyle: 'full', timeStyle: 'long' }),
};

/** `14:05`. */
export const clock = (ms) => FORMS.time.format(ms);
/** `14:05:09`. */
export const clockSecs = (ms) => FORMS.secs.format(ms);
/** Everything, for a tooltip. */
export const fully = (ms) => FORMS.full.format(ms);
/** Milliseconds of a Slack ts. */
export const msOfTs = (ts) => Number(ts) * 1000;

/** `today`, `yesterday`, `tomorrow`, or undefined. */
function near(ms) {
  const days = Math.round((new Date(ms).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86_400_000);
  return { 0: 'today', '-1': 'yesterday', 1: 'tomorrow' }[days];
}

/** The line between two days of a conversation. */
export function dayOf(ms) {
  const word = near(ms);
  return word ? word[0].toUpperCase() + word.slice(1) : FORMS.long.format(ms);
}

/** The tokens of Slack's date formatting (docs.slack.dev/messaging/formatting-message-text, date formatting). */
const TOKENS = {
  date_num: (ms) => FORMS.num.format(ms),
  date_slash: (ms) => FORMS.num.format(ms),
  date_long: (ms) => FORMS.long.format(ms),
  date_long_full: (ms) => FORMS.long.format(ms),
  date_long_pretty: (ms) => near(ms) ?? FORMS.long.format(ms),
  date: (ms) => FORMS.medium.format(ms),
  date_pretty: (ms) => near(ms) ?? FORMS.medium.format(ms),
  date_short: (ms) => FORMS.short.format(ms),
  date_short_pretty: (ms) => near(ms) ?? FORMS.short.format(ms),
  day_divider_pretty: (ms) => near(ms) ?? FORMS.long.format(ms),
  time: clock,
  time_secs: clockSecs,
  ago: (ms) => ago(ms),
};

/** A Slack date format, such as `{date_short_pretty} at {time}`, for an instant. */
export function slackDate(format, ms) {
  return format.replace(/\{([a-z_]+)\}/g, (all, name) => (Object.hasOwn(TOKENS, name) ? TOKENS[name](ms) : all));
}

function ago(ms) {
  const seconds = Math.round((ms - Date.now()) / 1000);
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
  if (Math.abs(seconds) < 60) return words.format(seconds, 'second');
  if (Math.abs(seconds) < 3600) return words.format(Math.round(seconds / 60), 'minute');
  return words.format(Math.round(seconds / 3600), 'hour');
}

/** A countdown: `0:27`, `14:05`, `1:02:03`. */
export function countdown(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A size in bytes for people. */
export function size(bytes) {
  return bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
