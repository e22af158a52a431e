/** The words of a kind of target: everything that cards, threads, messages and forms say of one kind and not of another. */
import type { Instant } from '../../contract/ids.js';
import type { Sentence } from '../say.js';

/** Where people open an access that they were given, as far as the configuration says. */
export interface Portal {
  /** The AWS access portal. */
  readonly startUrl: string;
  /** The region of Identity Center, which AWS' command line asks for. */
  readonly region: string;
}

/** What a card knows of the times of an access. */
export interface Times {
  readonly deadlineAt?: Instant | undefined;
  readonly goneAt?: Instant | undefined;
}

/** How somebody who has the access uses it. */
export interface Way {
  readonly says: readonly Sentence[];
  /** To be copied, in fixed width. */
  readonly snippet?: readonly string[];
}

/** What is said of one target. Sentences are whole unless said otherwise. */
export interface Words {
  /** What is given: `admin rights`; and the same in a button's few letters. */
  readonly right: string;
  readonly short: string;
  /** Verbs that go with it. */
  readonly are: string;
  readonly end: string;
  /** Between the right and the target's name: `admin rights on mac-bob`. */
  readonly joint: string;
  /** `are an admin`, `is an admin`, `becomes an admin`. */
  readonly youHold: string;
  readonly holds: string;
  readonly becomes: string;
  /** What must be looked at by hand when nothing is proved: `the Mac`. */
  readonly thing: string;
  /** The target in a list of facts. */
  readonly fact: Sentence;
  /** After an approval, on the card and to the subject; `by`: the instant at which it has to stand. */
  readonly granting: (by: Sentence) => Sentence;
  readonly meanwhile: (by: Sentence) => Sentence;
  /** How to use it and what is known of it; to its holder alone. */
  readonly way: (portal: Portal | undefined) => Way;
  /** What outlives the access, by its times; nothing where nothing does. */
  readonly tail: (times: Times) => Sentence;
  readonly collecting: string;
  /** Where a proof is missing: `Treat this Mac as still elevated`. */
  readonly treat: string;
  readonly check: readonly Sentence[];
  readonly wakeUp: string;
  readonly notStarted: string;
  /** What that means, and what whoever asked does then. */
  readonly unstarted: { readonly means: string; readonly todo: string };
  readonly neverConfirmed: string;
  readonly lostContact: string;
  /** The log that is collected: who delivers it, and what to do when it is missing. Or where else one has to look. */
  readonly log: { readonly from: string; readonly find: Sentence } | { readonly elsewhere: Sentence };
}
