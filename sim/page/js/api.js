/** Calls to the stand-ins, through the page's own origin. Nothing here knows the product. */
import { change, state } from './store.js';

/** An answer that is no answer: the part is not there, or speaks no JSON. */
export class Unreachable extends Error {}

async function ask(path, init) {
  let response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    throw new Unreachable(error instanceof Error ? error.message : String(error));
  }
  if (response.status === 502) throw new Unreachable('the stand-in does not answer');
  try {
    return await response.json();
  } catch {
    throw new Unreachable(`status ${response.status} without JSON`);
  }
}

export const get = (path) => ask(path);
export const post = (path, body = {}) =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** A file's words, for a preview. */
export async function text(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Unreachable(`status ${response.status}`);
  return response.text();
}

let toasts = 0;

/** A sentence that goes away by itself. `kind` is `error`, `ok` or `info`. */
export function toast(kind, words) {
  toasts += 1;
  const id = toasts;
  change((s) => {
    s.toasts = [...s.toasts.slice(-3), { id, kind, words }];
  });
  setTimeout(() => untoast(id), kind === 'error' ? 9000 : 5000);
}

export function untoast(id) {
  change((s) => {
    s.toasts = s.toasts.filter((one) => one.id !== id);
  });
}

/** What went wrong, as the person would be told; undefined when nothing did. */
function trouble(answer) {
  if (answer.saw) return answer.saw;
  if (answer.error) return answer.message ?? answer.error;
  return undefined;
}

/**
 * One act in Slack by the person one is. `place` names the control, which is `pending` meanwhile and afterwards carries
 * the sentence that Slack showed, if any. Answers what the person saw.
 */
export async function act(what, body, place) {
  if (place && state.acts[place] === 'pending') return { ack: 'pending' };
  mark(place, 'pending');
  let answer;
  try {
    answer = await post(`/slack/sim/act/${what}`, { user: state.as, ...body });
  } catch (error) {
    answer = { ack: 'unreachable', saw: `Not connected: ${error.message}.` };
  }
  const words = trouble(answer);
  mark(place, words);
  return words ? { ...answer, saw: words } : answer;
}

function mark(place, value) {
  if (!place) return;
  change((s) => {
    if (value === undefined) delete s.acts[place];
    else s.acts[place] = value;
  });
}

/** One act on a Mac: `{ok, output}`. */
export async function macAct(serial, what, body) {
  try {
    return await post(`/mac/${serial}/act/${what}`, body);
  } catch (error) {
    return { ok: false, output: error.message };
  }
}
