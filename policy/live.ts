/**
 * Policy and people as they are now. The policy is the one that was applied last, out of the store, so all processes go by
 * the same and a file that is being written is never judged by. People follow their file: an edit counts from the next
 * question on, and a file that became invalid, or can't be read, is an error for whoever asks (nothing is approved by it);
 * its last good content is not used in its place, for somebody may have been taken out of it. Only what takes access away goes
 * by that (`lastGood`): a mistake in a file must not keep access alive.
 */
import { StintError } from '../contract/errors.js';
import type { Directory, InForce, Policies } from '../contract/ports.js';
import { dutyOf, type Paged, unpaged } from './duty.js';
import { recalled } from './judge.js';
import { directoryFrom, parsePeopleFile } from './people.js';
import type { Policy } from './rules.js';

/** Reads a file's text. Called for each question; the parse is repeated only when the text is another. */
export type ReadText = () => Promise<string>;

const APPLY = 'Nothing is granted until somebody applies one: npx stint policy apply';

/**
 * The policy in force at each call: the store is asked which it is, and only another is read. Throws `bad-policy` when there
 * is none or this version reads it otherwise than the one that applied it, and what the store throws.
 */
export function policyInForce(policies: Pick<Policies, 'inForce' | 'get'>): () => Promise<Policy> {
  let last: Policy | undefined;
  return async () => {
    const now = await policies.inForce();
    if (now === undefined) throw new StintError('bad-policy', `No policy is in force. ${APPLY}`);
    if (last?.hash === now.hash) return last;
    const policy = (await recalled(policies, now.hash)) ?? refuse(now);
    last = policy;
    return policy;
  };
}

function refuse({ hash, since, by }: InForce): never {
  const which = `The policy in force (${hash.slice(0, 12)}, applied ${since} by ${by})`;
  throw new StintError('bad-policy', `${which} cannot be read by this version of Stint as it was by the one before. ${APPLY}`);
}

export interface Duties {
  /** Asked for the rotas that PagerDuty keeps. */
  readonly paged: Paged;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface LiveDirectory extends Directory {
  /**
   * By the file as it is while it is valid, and otherwise by its last content that was: for what takes access away, and for
   * nothing else. Throws as the directory does where this process never read a valid one.
   */
  readonly lastGood: Directory;
  /** Reads the file now, so that its last good content is no older than this; a file that is not valid changes nothing. */
  refresh(): Promise<void>;
}

/** A directory over the people file as it is at each call. Throws `bad-config`, or what `read` throws. */
export function liveDirectory(
  read: ReadText,
  name: string,
  { paged, clock }: Duties = { paged: unpaged, clock: Date.now },
): LiveDirectory {
  const { now, good } = remembered(read, (text) => {
    const file = parsePeopleFile(text, name);
    return directoryFrom(file.people, dutyOf(file, paged, clock));
  });
  const refresh = (): Promise<void> =>
    now().then(
      () => undefined,
      () => undefined,
    );
  return { ...over(now), lastGood: over(good), refresh };
}

const over = (now: () => Promise<ReturnType<typeof directoryFrom>>): Directory => ({
  person: (id) => now().then((all) => all.person(id)),
  personBySlack: (team, user) => now().then((all) => all.personBySlack(team, user)),
  personByMac: (serial, user) => now().then((all) => all.personByMac(serial, user)),
  personByAwsUser: (userId) => now().then((all) => all.personByAwsUser(userId)),
  membersOf: (group) => now().then((all) => all.membersOf(group)),
  onCall: (rota) => now().then((all) => all.onCall(rota)),
  isActive: (id) => now().then((all) => all.isActive(id)),
});

/** `now` parses again only what is another text; `good` answers the last value that could be had where there is none now. */
function remembered<T>(read: ReadText, parse: (text: string) => T): Readonly<Record<'now' | 'good', () => Promise<T>>> {
  let last: { readonly text: string; readonly value: T } | undefined;
  let valid: typeof last;
  const now = async (): Promise<T> => {
    const text = await read();
    if (last?.text !== text) {
      last = undefined;
      last = { text, value: parse(text) };
    }
    valid = last;
    return last.value;
  };
  const good = (): Promise<T> =>
    now().catch((error: unknown) => {
      if (!valid) throw error;
      return valid.value;
    });
  return { now, good };
}
