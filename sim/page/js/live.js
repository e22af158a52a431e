/**
 * Keeps the state fresh. Slack, the MDM and AWS tell of changes (Server-Sent Events); the Macs are looked at once a second,
 * because their countdown is by their own clock, which a fault may move. A browser opens six connections to one host,
 * so a hidden tab lets go of its streams.
 */
import { get } from './api.js';
import { change, state } from './store.js';

const RETRY_MS = 1500;
const streams = new Map();

/** Starts, and never stops while the tab is looked at. */
export function goLive() {
  loop(info, () => (state.links.demo === 'live' ? 10_000 : RETRY_MS));
  loop(macs, () => 1000);
  loop(mdm, () => 3000);
  loop(aws, () => (state.aws?.doing.length > 0 ? 1000 : 3000));
  const follow = () => {
    for (const stream of streams.values()) stream.close();
    streams.clear();
    if (document.hidden) return;
    listen('slack', '/slack/sim/events', ['change'], heardSlack);
    listen('mdm', '/mdm/sim/events', ['device', 'fault'], soon('mdm', mdm, 250));
    listen('aws', '/aws/sim/events', ['change', 'fault'], soon('aws', aws, 100));
    slackOfAll();
  };
  document.addEventListener('visibilitychange', follow);
  follow();
}

/** Runs `job` again and again, one at a time, with a pause; not while nobody looks. */
async function loop(job, pause) {
  for (;;) {
    if (!document.hidden) await job();
    await new Promise((resolve) => setTimeout(resolve, pause()));
  }
}

function link(name, value) {
  if (state.links[name] !== value)
    change((s) => {
      s.links[name] = value;
    });
}

/** A stream that comes back after the stand-in was restarted: a proxy's 502 ends an EventSource for good. */
function listen(name, path, kinds, heard) {
  const stream = new EventSource(path);
  streams.set(name, stream);
  stream.onopen = () => {
    link(name, 'live');
    heard({});
  };
  stream.onerror = () => {
    link(name, 'lost');
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(() => {
      if (streams.get(name) === stream) listen(name, path, kinds, heard);
    }, RETRY_MS);
  };
  for (const kind of kinds) stream.addEventListener(kind, (event) => heard(JSON.parse(event.data)));
}

const timers = new Map();
/** Many calls within `ms` become one. */
function soon(name, job, ms) {
  return () => {
    if (timers.has(name)) return;
    timers.set(
      name,
      setTimeout(() => {
        timers.delete(name);
        void job();
      }, ms),
    );
  };
}

/** The person one is sees it at once, the others a little later: they only need their badges. */
function heardSlack({ kind } = {}) {
  if (kind === 'truth') return;
  soon('me', () => slackOf(state.as), 40)();
  soon('others', slackOfOthers, 300)();
  soon('faults', slackFaults, 100)();
}

/** Reads Slack as this person sees it. */
export async function slackOf(user) {
  if (!user) return;
  try {
    const seen = await get(`/slack/sim/state?as=${user}`);
    if (seen.channels)
      change((s) => {
        s.seen[user] = seen;
      });
  } catch {
    link('slack', 'lost');
  }
}

async function slackOfOthers() {
  for (const person of state.info?.people ?? []) if (person.slack !== state.as) await slackOf(person.slack);
}

async function slackOfAll() {
  await slackOf(state.as);
  await slackOfOthers();
  await slackFaults();
}

export async function slackFaults() {
  const { faults } = await get('/slack/sim/faults').catch(() => ({}));
  if (faults)
    change((s) => {
      s.slackFaults = faults;
    });
}

async function info() {
  try {
    const found = await get('/demo/info');
    const first = !state.info;
    change((s) => {
      s.info = found;
      s.links.demo = 'live';
    });
    if (first) await slackOfAll();
  } catch {
    link('demo', 'lost');
  }
}

/** A Mac whose session begins is unfolded, whatever was before, and stays so when it ends: that is what one waits for. */
function see(s, serial, truth) {
  if (truth.session && s.macs[serial] && !s.macs[serial].session) s.open.mac = serial;
  s.macs[serial] = truth;
}

/** The truth of every Mac. */
export async function macs() {
  const all = state.info?.macs ?? [];
  const answers = await Promise.all(
    all.map(({ serial, path }) =>
      get(`${path}/truth`)
        .then((truth) => [serial, truth])
        .catch(() => []),
    ),
  );
  change((s) => {
    for (const [serial, truth] of answers) if (serial) see(s, serial, truth);
    if (all.length > 0) s.links.macs = answers.every(([serial]) => serial) ? 'live' : 'lost';
  });
}

export async function mdm() {
  try {
    const { devices, faults, settings } = await get('/mdm/sim/truth');
    change((s) => {
      s.mdm = { devices, faults, settings };
    });
  } catch {
    link('mdm', 'lost');
  }
}

export async function aws() {
  try {
    const found = await get('/aws/sim/overview');
    if (found.accounts)
      change((s) => {
        s.aws = found;
      });
  } catch {
    link('aws', 'lost');
  }
}
