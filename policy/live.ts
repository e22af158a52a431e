/**
 * Policy and people that follow their files: an edit counts from the next question on, without a restart. A file that
 * has become invalid, or can't be read, is an error for whoever asks (nothing is approved by it); the last good content
 * is not used in its place, for somebody may have been taken out of it.
 */
import type { Directory } from '../contract/ports.js';
import { parsePolicy } from './load.js';
import { directoryFrom, parsePeople } from './people.js';
import type { Policy } from './rules.js';

/** Reads a file's text. Called for each question; the parse is repeated only when the text is another. */
export type ReadText = () => Promise<string>;

/** The policy of a file as it is at each call. Throws `bad-policy`, or what `read` throws. */
export function livePolicy(read: ReadText, name: string): () => Promise<Policy> {
  return remembered(read, (text) => parsePolicy(text, name));
}

/** A directory over the people file as it is at each call. Throws `bad-config`, or what `read` throws. */
export function liveDirectory(read: ReadText, name: string): Directory {
  const now = remembered(read, (text) => directoryFrom(parsePeople(text, name)));
  return {
    person: async (id) => (await now()).person(id),
    personBySlack: async (team, user) => (await now()).personBySlack(team, user),
    personByMac: async (serial, user) => (await now()).personByMac(serial, user),
    personByAwsUser: async (userId) => (await now()).personByAwsUser(userId),
    membersOf: async (group) => (await now()).membersOf(group),
    isActive: async (id) => (await now()).isActive(id),
  };
}

function remembered<T>(read: ReadText, parse: (text: string) => T): () => Promise<T> {
  let last: { readonly text: string; readonly value: T } | undefined;
  return async () => {
    const text = await read();
    if (last?.text !== text) {
      last = undefined;
      last = { text, value: parse(text) };
    }
    return last.value;
  };
}
