/**
 * Follows the demo's policy file: whoever edits it wants to see it count, so each edit is put in force by itself. A
 * deployment does that on purpose, with `stint policy apply` or SIGHUP.
 */
import { isStintError } from '../../contract/errors.js';
import { readText } from '../../workers/file-text.js';
import type { Ask } from '../../workers/questions.js';
import type { PolicyTaken } from '../../workers/take-policy.js';

export interface FollowDeps {
  readonly file: string;
  readonly ask: Ask;
  readonly operator: string;
  /** Told in a line what came of each edit. */
  readonly say: (line: string) => void;
  /** In milliseconds. */
  readonly everyMs?: number;
}

const NOT_IN_FORCE = 'the edited policy is not in force; the one before goes on';

/** Begins at once, and keeps no process alive. Answers how to stop it. */
export function followPolicy(deps: FollowDeps): () => void {
  const { file, everyMs = 500 } = deps;
  let seen: string | undefined;
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    try {
      const text = readText(file);
      if (text !== seen && (await taken(deps, text))) seen = text;
    } catch (error) {
      // Editors replace a file by another: for a moment there is none.
      if (!isStintError(error) || seen === error.sentence) return;
      seen = error.sentence;
      deps.say(`${NOT_IN_FORCE}: ${seen}`);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), everyMs).unref();
  void look();
  return () => clearInterval(timer);
}

/** Whether there is an answer; a process that is just being started again has none yet. */
async function taken({ file, ask, operator, say }: FollowDeps, text: string): Promise<boolean> {
  try {
    const { done } = await ask<PolicyTaken>({ ask: 'apply-policy', text, name: file, operator });
    if (done === 'applied') say('the edited policy is in force');
    return true;
  } catch (error) {
    if (!isStintError(error) || error.code !== 'bad-policy') return false;
    say(`${NOT_IN_FORCE}: ${error.sentence}`);
    return true;
  }
}
