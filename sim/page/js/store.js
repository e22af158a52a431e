/** What the page knows, in one object. Views read it; actions change it through `change`, which draws once per frame. */

/** Remembered in this browser; a browser that forbids it just forgets. */
export const memory = {
  get(key, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`stint.${key}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`stint.${key}`, JSON.stringify(value));
    } catch {
      // Private windows may refuse; nothing here is worth a complaint.
    }
  },
};

export const state = {
  /** The answer of /demo/info. */
  info: undefined,
  /** The Slack id of the person one is. */
  as: undefined,
  /** Slack as each person sees it, by Slack id. */
  seen: {},
  /** What is true on each Mac, by serial. */
  macs: {},
  mdm: undefined,
  /** The organisation in AWS as it is. */
  aws: undefined,
  /** What is typed into searches and what they offer, by place. */
  searches: {},
  slackFaults: [],
  /** Which parts answer: 'waiting', 'live' or 'lost'. */
  links: { demo: 'waiting', slack: 'waiting', mdm: 'waiting', macs: 'waiting', aws: 'waiting' },
  /** Where each person is: `{channel}`, or `{home: true}`, by Slack id. */
  places: {},
  /** The open thread of each person: `{channel, ts}`. */
  threads: {},
  /** Newest ts that each person has read, by `user channel`. */
  read: {},
  /** Acts on their way or failed, by the place of their control: 'pending', or the sentence of the failure. */
  acts: {},
  /** What was typed and not yet sent, by place. */
  drafts: {},
  /** Errors under fields of modals, by view id. */
  fieldErrors: {},
  toasts: [],
  /** A question before a click counts: `{title, text, yes, no, danger, answer}`. */
  confirm: undefined,
  /** Which parts are unfolded, by name. */
  open: {},
  /** What the last sudo on each Mac said, by serial. */
  sudo: {},
  previews: {},
  theme: memory.get('theme', 'auto'),
  hintsGone: memory.get('hintsGone', false),
};

const drawers = new Set();
let due = false;

/** Calls `draw` after every change. */
export function onDraw(draw) {
  drawers.add(draw);
}

/** Changes the state, and draws in the next frame. */
export function change(edit) {
  edit?.(state);
  if (due) return;
  due = true;
  // A hidden tab gets no frames, and must not fall behind for ever.
  if (document.hidden) setTimeout(drawNow, 50);
  else requestAnimationFrame(drawNow);
}

/** Draws at once: for a field that the page fills while a person goes on typing into it. */
export function drawNow() {
  if (!due) return;
  due = false;
  for (const draw of drawers) draw(state);
}

/** The person of this Slack id, as the demo describes them. */
export const personBySlack = (id) => state.info?.people.find((person) => person.slack === id);
export const me = () => personBySlack(state.as);
/** Slack as the person sees it whom one is. */
export const mine = () => state.seen[state.as];
